//! Sources with some bytes changed, without a copy of the rest, and a runner for cases that are made up.

use formats::io::{ReadAt, ReadError};
use formats::units::{ByteLen, ByteOffset};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

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
