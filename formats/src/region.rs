//! Where the bytes of a medium lie and what they are, as plain data that is complete before one is written.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

use crate::units::{ByteLen, ByteOffset};

/// When the bytes of a region are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// In any order with all others.
    Body,
    /// After everything else was written, checked and synced: without these bytes the medium cannot be read.
    Anchor,
}

/// Bytes too many to be kept, made again whenever they are needed. The same range always gives the same bytes.
pub trait Render: Send + Sync {
    /// Fills `buf` with the bytes from `offset`, counted from the region's start; the range lies inside it.
    fn render(&self, offset: u64, buf: &mut [u8]);
}

/// What the bytes of a region are.
#[derive(Clone)]
pub enum Content {
    /// These bytes, as many as the region is long.
    Bytes(Arc<[u8]>),
    /// Zeros.
    Zero,
    /// Made when they are written.
    Rendered(Arc<dyn Render>),
    /// Bytes `offset..` of the payload with this number.
    Payload {
        /// Which payload: its index in the list that came with the request.
        source: u32,
        /// Where in the payload the region's first byte is.
        offset: ByteOffset,
    },
}

/// A run of bytes of a medium.
#[derive(Clone, Debug)]
pub struct Region {
    /// Where it starts, from the start of the medium (or of the volume, as long as the volume stands alone).
    pub start: ByteOffset,
    /// How long it is.
    pub len: ByteLen,
    /// What it is, in the words of its format: `$MFT`, `backup GPT`, a path.
    pub name: Arc<str>,
    /// Its bytes.
    pub content: Content,
    /// When they are written.
    pub stage: Stage,
}

/// Two regions that claim the same bytes, or one that leaves the medium: a fault of the planner, never of input.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "region {name} at {start} with {len} does not start at or after {free_from} and end by {end} (please report this)"
)]
pub struct Misplaced {
    /// The region's name.
    pub name: String,
    /// Where it starts.
    pub start: ByteOffset,
    /// How long it is.
    pub len: ByteLen,
    /// Where the region before it ends.
    pub free_from: ByteOffset,
    /// Where the medium ends.
    pub end: ByteLen,
}

/// Regions in the order of their positions, disjoint, covering a medium without a gap.
#[derive(Clone, Debug)]
pub struct Regions {
    list: Vec<Region>,
    total: ByteLen,
}

impl Region {
    /// A region of bytes that are known.
    pub fn bytes(name: &str, start: ByteOffset, bytes: impl Into<Arc<[u8]>>) -> Self {
        let bytes: Arc<[u8]> = bytes.into();
        let len = ByteLen(bytes.len() as u64);
        Self { start, len, name: name.into(), content: Content::Bytes(bytes), stage: Stage::Body }
    }

    /// A region of zeros.
    pub fn zero(name: &str, start: ByteOffset, len: ByteLen) -> Self {
        Self { start, len, name: name.into(), content: Content::Zero, stage: Stage::Body }
    }

    /// A region of bytes that are made when they are written.
    pub fn rendered(name: &str, start: ByteOffset, len: ByteLen, render: Arc<dyn Render>) -> Self {
        Self { start, len, name: name.into(), content: Content::Rendered(render), stage: Stage::Body }
    }

    /// The same region, written last.
    pub fn anchor(self) -> Self {
        Self { stage: Stage::Anchor, ..self }
    }

    /// The same region, `base` further into the medium.
    ///
    /// # Errors
    /// [`Misplaced`] past 2^64.
    pub fn moved(self, base: ByteOffset) -> Result<Self, Misplaced> {
        match base.checked_add(ByteLen(self.start.0)) {
            Some(start) => Ok(Self { start, ..self }),
            None => Err(misplaced(&self, base, ByteLen(u64::MAX))),
        }
    }

    /// The bytes that it takes up.
    pub fn range(&self) -> Range<u64> {
        // Saturates only where `Regions::cover` refuses the region.
        self.start.0..self.start.0.saturating_add(self.len.0)
    }

    /// Fills `buf` with bytes of this region from `offset`, counted from its start; payloads are left to the caller.
    /// The range lies inside the region.
    pub fn fill(&self, offset: u64, buf: &mut [u8]) {
        match &self.content {
            Content::Bytes(bytes) => {
                let at = offset as usize;
                buf.copy_from_slice(&bytes[at..at + buf.len()]);
            }
            Content::Rendered(render) => render.render(offset, buf),
            Content::Zero | Content::Payload { .. } => buf.fill(0),
        }
    }
}

impl Regions {
    /// Puts regions in order and fills the gaps between them with zeros, so that they cover `total` bytes.
    ///
    /// # Errors
    /// [`Misplaced`] when two overlap or one ends past `total`.
    pub fn cover(mut regions: Vec<Region>, total: ByteLen) -> Result<Self, Misplaced> {
        regions.retain(|r| r.len != ByteLen::ZERO);
        regions.sort_by_key(|r| r.start);
        let mut list = Vec::with_capacity(regions.len());
        let mut free_from = ByteOffset::ZERO;
        for region in regions {
            let gap = region.start.since(free_from).ok_or_else(|| misplaced(&region, free_from, total))?;
            push_gap(&mut list, free_from, gap);
            free_from = region
                .start
                .checked_add(region.len)
                .filter(|end| end.0 <= total.0)
                .ok_or_else(|| misplaced(&region, free_from, total))?;
            list.push(region);
        }
        push_gap(&mut list, free_from, ByteLen(total.0 - free_from.0));
        Ok(Self { list, total })
    }

    /// All regions, in the order of their positions.
    pub fn iter(&self) -> core::slice::Iter<'_, Region> {
        self.list.iter()
    }

    /// How long the medium is.
    pub fn total(&self) -> ByteLen {
        self.total
    }

    /// The regions that share bytes with `range`, in order.
    pub fn within(&self, range: Range<u64>) -> &[Region] {
        let first = self.list.partition_point(|r| r.range().end <= range.start);
        let last = self.list.partition_point(|r| r.start.0 < range.end);
        &self.list[first.min(last)..last]
    }
}

fn push_gap(list: &mut Vec<Region>, start: ByteOffset, len: ByteLen) {
    if len != ByteLen::ZERO {
        list.push(Region::zero("free", start, len));
    }
}

fn misplaced(region: &Region, free_from: ByteOffset, end: ByteLen) -> Misplaced {
    Misplaced { name: (*region.name).into(), start: region.start, len: region.len, free_from, end }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(_) => f.write_str("bytes"),
            Self::Zero => f.write_str("zero"),
            Self::Rendered(_) => f.write_str("rendered"),
            Self::Payload { source, offset } => write!(f, "payload {source} from {offset}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(start: u64, len: u64) -> Region {
        Region::zero("r", ByteOffset(start), ByteLen(len))
    }

    #[test]
    fn gaps_become_zeros() {
        let regions = Regions::cover(alloc::vec![at(20, 5), at(5, 5)], ByteLen(30)).unwrap();
        let ranges: Vec<_> = regions.iter().map(Region::range).collect();
        assert_eq!(ranges, [0..5, 5..10, 10..20, 20..25, 25..30]);
        assert_eq!(regions.within(9..21).len(), 3);
        assert_eq!(regions.within(30..40).len(), 0);
    }

    #[test]
    fn overlaps_and_overruns_are_faults() {
        assert!(Regions::cover(alloc::vec![at(0, 6), at(5, 5)], ByteLen(30)).is_err());
        assert!(Regions::cover(alloc::vec![at(25, 6)], ByteLen(30)).is_err());
        assert!(Regions::cover(alloc::vec![at(u64::MAX, 6)], ByteLen(30)).is_err());
    }
}
