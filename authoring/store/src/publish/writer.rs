//! Writing a layer's stored file: put together in order on one thread, written in large pieces by any.

use formats::digest::{Hasher, Sha256};
use formats::layer::Digested;
use formats::units::ByteLen;
use host::AlignedBuf;

use crate::depot::{PIECE, Upload};
use crate::error::StoreError;

/// How much is copied and then hashed at once, in bytes: what is then still in the processor's cache.
const BITE: usize = 256 << 10;
/// How much room is asked for at once at most, in bytes, ahead of what is written.
const ROOM: u64 = 64 << 20;

/// What has been added to a file and is not written yet.
pub struct Writer {
    piece: Piece,
    /// Memory that was written out.
    spare: Vec<AlignedBuf>,
    /// Up to where room was asked for.
    reserved: u64,
    hasher: Hasher,
}

/// Bytes with their place in the file.
pub struct Piece {
    buf: AlignedBuf,
    filled: usize,
    at: u64,
    /// How much room to ask for first, in bytes; 0 for none.
    room: u64,
}

impl Writer {
    /// Nothing has been added yet.
    pub fn new() -> Self {
        let piece = Piece { buf: AlignedBuf::new(PIECE), filled: 0, at: 0, room: 0 };
        Self { piece, spare: Vec::new(), reserved: 0, hasher: Hasher::new() }
    }

    /// Adds bytes, hands pieces that became full to `full`, and gives the digest of the bytes.
    pub fn add(&mut self, bytes: &[u8], mut full: impl FnMut(Piece)) -> Sha256 {
        let mut digest = Hasher::new();
        let mut rest = bytes;
        while !rest.is_empty() {
            let filled = self.piece.filled;
            let len = rest.len().min(BITE).min(PIECE - filled);
            let (now, later) = rest.split_at(len);
            let copy = &mut self.piece.buf[filled..filled + len];
            copy.copy_from_slice(now);
            self.hasher.update(copy);
            digest.update(copy);
            self.piece.filled += len;
            rest = later;
            if self.piece.filled == PIECE {
                full(self.next_piece());
            }
        }
        digest.finish()
    }

    /// Takes back the memory of a piece that was written.
    pub fn reuse(&mut self, piece: Piece) {
        self.spare.push(piece.buf);
    }

    /// The last piece, and what all of the file is.
    pub fn finish(self) -> (Piece, Digested) {
        let len = ByteLen(self.piece.at + self.piece.filled as u64);
        (self.piece, Digested { len, sha256: self.hasher.finish() })
    }

    /// Begins the piece behind this one.
    fn next_piece(&mut self) -> Piece {
        let buf = self.spare.pop().unwrap_or_else(|| AlignedBuf::new(PIECE));
        let at = self.piece.at + PIECE as u64;
        // Twice the room each time, so that files that grow long lie in few pieces and short ones cost nothing.
        let room = if at >= self.reserved { at.min(ROOM) } else { 0 };
        self.reserved = self.reserved.max(at + room);
        std::mem::replace(&mut self.piece, Piece { buf, filled: 0, at, room })
    }
}

impl Piece {
    /// Writes the piece to its place.
    pub fn write(&self, output: &dyn Upload) -> Result<(), StoreError> {
        if self.room > 0 {
            output.reserve(self.at, self.room);
        }
        output.write_at(self.at, &self.buf[..self.filled])
    }
}
