//! Files in pieces: each is made, digested and written by one thread, and zeros become holes.

use std::path::Path;

use formats::digest::{Hasher, Sha256};
use formats::io::{ReadAt, ReadError};
use formats::layer::FRAME;
use formats::units::ByteOffset;
use host::{Crew, Event, Observer, Output, Unit};

use super::error::DiskError;

/// How long a piece is, in bytes; the last one may be shorter.
pub const PIECE: u64 = FRAME as u64;
/// Zeros are left out where they fill as much as this, in bytes: what file systems can leave out.
const HOLE: usize = 64 << 10;

/// Which bytes of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Where it starts.
    pub at: ByteOffset,
    /// How long it is.
    pub len: usize,
}

/// Who does the work, and who hears of it.
#[derive(Clone, Copy)]
pub struct Hands<'a> {
    /// The threads.
    pub crew: &'a Crew,
    /// Hears how far it is.
    pub observer: &'a dyn Observer,
}

impl Piece {
    /// The piece of a source; nothing where it has none but zeros there.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn read(self, source: &(impl ReadAt + ?Sized)) -> Result<Option<Vec<u8>>, ReadError> {
        let end = self.at.0 + self.len as u64;
        if source.next_data(self.at)?.is_none_or(|data| data.start >= end) {
            return Ok(None);
        }
        let mut bytes = vec![0; self.len];
        source.read_at(self.at, &mut bytes)?;
        Ok(Some(bytes))
    }

    /// The digest of what [`Piece::read`] gave.
    pub fn digest(self, bytes: Option<&[u8]>) -> Sha256 {
        bytes.map_or_else(|| Sha256::of(&vec![0; self.len]), Sha256::of)
    }

    /// Writes it, without what is zero in it, into a file that has zeros there.
    ///
    /// # Errors
    /// [`DiskError::Host`].
    pub fn write(self, output: &Output, bytes: &[u8]) -> Result<(), DiskError> {
        let is_zero = |part: &&[u8]| part.iter().all(|byte| *byte == 0);
        let mut at = self.at.0;
        let mut parts = bytes.chunks(HOLE).peekable();
        let mut rest = bytes;
        while let Some(first) = parts.next() {
            let is_hole = is_zero(&first);
            let mut len = first.len();
            while let Some(next) = parts.next_if(|part| is_zero(part) == is_hole) {
                len += next.len();
            }
            let (run, later) = rest.split_at(len);
            if !is_hole {
                output.write_past_cache(at, run)?;
            }
            at += len as u64;
            rest = later;
        }
        Ok(())
    }
}

/// Does `work` for each piece of `len` bytes, with all threads, and hands on what comes of it, in order. What `work`
/// says each piece's digest is becomes one digest: that of all of them behind each other.
///
/// # Errors
/// Those of `work`, or [`DiskError::Interrupted`].
pub fn each<T: Send>(
    len: u64,
    task: &'static str,
    hands: Hands<'_>,
    work: impl Fn(Piece) -> Result<(Sha256, T), DiskError> + Sync,
    mut sink: impl FnMut(T),
) -> Result<Sha256, DiskError> {
    let Hands { crew, observer } = hands;
    observer.event(Event::Begin { task, total: len, unit: Unit::Bytes });
    // Cannot cut: no more than PIECE.
    let piece = |at: u64| Piece { at: ByteOffset(at), len: (len - at).min(PIECE) as usize };
    let pieces = (0..len.div_ceil(PIECE)).map(|number| piece(number * PIECE));
    let mut all = Hasher::new();
    crew.ordered(
        pieces,
        |piece| work(piece).map(|done| (piece, done)),
        |(piece, (digest, rest))| {
            all.update(&digest.0);
            sink(rest);
            observer.event(Event::Advance(piece.len as u64));
            Ok::<_, DiskError>(())
        },
    )?;
    observer.event(Event::End);
    Ok(all.finish())
}

/// Puts a small file under its name, in place of the one that may be there.
///
/// # Errors
/// [`DiskError::Host`].
pub fn put(path: &Path, text: &str) -> Result<(), DiskError> {
    let (output, _) = Output::begin(path, text.len() as u64, true)?;
    output.write_at(0, text.as_bytes())?;
    Ok(output.commit()?)
}
