//! A medium in sectors of 2048 bytes, and who lays claim to which of them.

use formats::io::{ReadAt, read_vec};
use formats::units::ByteOffset;

use crate::findings::Findings;

/// Bytes of a sector, and of a logical block.
pub const SECTOR: u64 = 2048;

/// A medium.
pub struct Sectors<'a> {
    source: &'a dyn ReadAt,
    /// How many whole sectors it has.
    pub count: u64,
}

/// Extents with their owners; no two may share anything.
#[derive(Default)]
pub struct Claims(Vec<(u64, u64, String)>);

impl<'a> Sectors<'a> {
    /// The medium in `source`.
    pub fn new(source: &'a dyn ReadAt) -> Self {
        Self { source, count: source.size().0 / SECTOR }
    }

    /// `count` sectors from `first` on; `None` where the medium ends before.
    pub fn read(&self, first: u64, count: u64) -> Option<Vec<u8>> {
        let end = first.checked_add(count)?;
        let len = usize::try_from(count.checked_mul(SECTOR)?).ok()?;
        (end <= self.count).then(|| read_vec(self.source, ByteOffset(first * SECTOR), len).ok())?
    }
}

impl Claims {
    /// Notes that `count` sectors or blocks from `start` on belong to `owner`.
    pub fn add(&mut self, start: u64, count: u64, owner: &str) {
        if count > 0 {
            self.0.push((start, start.saturating_add(count), owner.into()));
        }
    }

    /// No two claims overlap, and all end by `end`.
    pub fn judge(&mut self, what: &str, end: u64, findings: &mut Findings) {
        self.0.sort();
        for (_, last, owner) in self.0.iter().filter(|(_, last, _)| *last > end) {
            findings.expect(false, || format!("{what}: {owner} ends at {last}, past {end}"));
        }
        for pair in self.0.windows(2) {
            let [(_, end, one), (start, _, other)] = pair else { continue };
            findings.expect(end <= start, || format!("{what}: {one} and {other} overlap at {start}"));
        }
    }

    /// Whether anybody lays claim to each number below `end`, as bits, the lowest first.
    pub fn bits(&self, end: u64) -> Vec<u8> {
        let mut bits = vec![0; end.div_ceil(8) as usize];
        for (start, last, _) in &self.0 {
            (*start..(*last).min(end)).for_each(|bit| bits[(bit / 8) as usize] |= 1 << (bit % 8));
        }
        bits
    }
}
