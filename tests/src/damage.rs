//! Sources with some bytes changed, without a copy of the rest; reading what is damaged to its end; a runner for cases
//! that are made up.

use formats::files::{Files, Kind};
use formats::io::{ReadAt, ReadError};
use formats::units::{ByteLen, ByteOffset};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::content::join;

/// More than a volume of ours in the tests ever holds.
const MANY: usize = 100_000;

/// A source in which the bytes from a position on are others.
pub struct Changed<'a> {
    source: &'a dyn ReadAt,
    at: u64,
    bytes: Vec<u8>,
}

impl<'a> Changed<'a> {
    /// `source` with `bytes` at `at`.
    pub fn new(source: &'a dyn ReadAt, at: u64, bytes: &[u8]) -> Self {
        Self { source, at, bytes: bytes.into() }
    }

    /// `source` with those bits of one byte flipped that are set in `mask`.
    ///
    /// # Panics
    /// When the source does not have the byte.
    pub fn flipped(source: &'a dyn ReadAt, at: u64, mask: u8) -> Self {
        let mut byte = [0];
        source.read_at(ByteOffset(at), &mut byte).unwrap_or_else(|e| panic!("{e}"));
        Self::new(source, at, &[byte[0] ^ mask])
    }
}

impl ReadAt for Changed<'_> {
    fn size(&self) -> ByteLen {
        self.source.size()
    }

    fn read_at(&self, offset: ByteOffset, buf: &mut [u8]) -> Result<(), ReadError> {
        self.source.read_at(offset, buf)?;
        for (index, byte) in self.bytes.iter().enumerate() {
            let at = (self.at + index as u64).checked_sub(offset.0).and_then(|at| usize::try_from(at).ok());
            if let Some(place) = at.and_then(|at| buf.get_mut(at)) {
                *place = *byte;
            }
        }
        Ok(())
    }
}

/// A runner of so many cases, the same ones every time.
pub fn runner(cases: u32) -> TestRunner {
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 200, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}

/// Follows everything that can be followed and reads it, as far as it goes. Returns whether all went well.
///
/// # Panics
/// When a small volume seems to hold more than it can.
pub fn follow(reader: &dyn Files) -> bool {
    let mut is_sound = true;
    let mut directories = vec![String::new()];
    let mut seen = 0;
    while let Some(directory) = directories.pop() {
        let Ok(entries) = reader.list(&directory) else {
            is_sound = false;
            continue;
        };
        seen += entries.len();
        assert!(seen < MANY, "a small volume seems to hold {seen} files");
        // Some of many files are enough.
        let step = entries.len() / 40 + 1;
        for entry in entries.iter().step_by(step) {
            let path = join(&directory, &entry.name);
            match entry.kind {
                Kind::Directory if path.len() < 4096 => directories.push(path),
                Kind::Directory => is_sound = false,
                Kind::File => is_sound &= read_file(reader, &path),
            }
        }
    }
    is_sound
}

fn read_file(reader: &dyn Files, path: &str) -> bool {
    let Ok(file) = reader.open(path) else { return false };
    let mut piece = [0; 4096];
    let len = file.size().0.min(piece.len() as u64) as usize;
    let last = ByteOffset(file.size().0 - len as u64);
    file.read_at(ByteOffset::ZERO, &mut piece[..len]).is_ok() && file.read_at(last, &mut piece[..len]).is_ok()
}
