//! Cuts a medium into runs: what one thread reads, checks and writes at a time.
//!
//! A run is a range of the medium. It ends where a piece of a payload ends, so that no piece is read twice, or
//! anywhere between payloads. Long runs of zeros are left out where the output already has zeros.

use std::ops::Range;

use formats::region::{Content, Region, Regions, Stage};

use crate::payload::Payload;

/// What a device writes in one go, in bytes: ranges to be written start and end on its multiples.
pub const BLOCK: u64 = host::ALIGNMENT as u64;

/// Zeros shorter than this, in bytes, are written rather than left out: leaving them out would cost more.
const GAP: u64 = 64 << 10;

/// Whether nothing but zeros is written for a region as long as the medium is not sealed.
pub fn is_blank(region: &Region) -> bool {
    matches!(region.content, Content::Zero) || region.stage == Stage::Anchor
}

/// The ranges of a medium that have to be written, in order: all of it, or all but long runs of zeros. Where
/// zeros are left out, the ranges lie on multiples of [`BLOCK`].
pub fn written(regions: &Regions, leave_out_zeros: bool) -> Vec<Range<u64>> {
    let total = regions.total().0;
    let mut ranges = Vec::new();
    let mut from = 0;
    for zeros in blanks(regions).filter(|_| leave_out_zeros) {
        let start = zeros.start.next_multiple_of(BLOCK);
        let end = if zeros.end == total { total } else { zeros.end - zeros.end % BLOCK };
        if end >= start.saturating_add(GAP) || (end == total && start < end) {
            push(&mut ranges, from..start);
            from = end;
        }
    }
    push(&mut ranges, from..total);
    ranges
}

fn push(ranges: &mut Vec<Range<u64>>, range: Range<u64>) {
    if !range.is_empty() {
        ranges.push(range);
    }
}

/// Runs of zeros, each as long as it goes.
fn blanks(regions: &Regions) -> impl Iterator<Item = Range<u64>> {
    let mut rest = regions.iter().peekable();
    std::iter::from_fn(move || {
        let first = rest.find(|region| is_blank(region))?;
        let mut end = first.range().end;
        while let Some(next) = rest.next_if(|region| is_blank(region)) {
            end = next.range().end;
        }
        Some(first.start.0..end)
    })
}

/// A medium that is to be cut.
#[derive(Clone, Copy)]
pub struct Cutter<'a> {
    /// What lies where.
    pub regions: &'a Regions,
    /// The payloads that the regions name by number.
    pub payloads: &'a [Payload],
    /// How long a run should be, in bytes; a run with a piece longer than this is as long as that piece.
    pub target: u64,
}

impl<'a> Cutter<'a> {
    /// The runs that make up `ranges`, in order.
    pub fn runs(self, ranges: Vec<Range<u64>>) -> impl Iterator<Item = Range<u64>> + Send + 'a {
        ranges.into_iter().flat_map(move |range| self.cut(range))
    }

    fn cut(self, range: Range<u64>) -> impl Iterator<Item = Range<u64>> + Send + 'a {
        let mut at = range.start;
        std::iter::from_fn(move || {
            let end = self.end_of_run(at, range.end);
            let run = at..end;
            at = end;
            (!run.is_empty()).then_some(run)
        })
    }

    /// Where a run from `start` ends, at the latest at `limit`.
    fn end_of_run(self, start: u64, limit: u64) -> u64 {
        let ideal = start.saturating_add(self.target);
        if ideal >= limit {
            return limit;
        }
        let Some(region) = self.regions.within(ideal..ideal + 1).first() else { return limit };
        let bounds = match self.piece_at(region, ideal) {
            Some(piece) => piece,
            None => region.start.0.max(ideal - ideal % BLOCK)..limit,
        };
        if bounds.start > start { bounds.start } else { bounds.end.min(limit) }
    }

    /// Where the piece of a payload lies that has the byte at `at` of the medium, as far as it lies in `region`.
    fn piece_at(self, region: &Region, at: u64) -> Option<Range<u64>> {
        let Content::Payload { source, offset } = region.content else { return None };
        let pieces = &self.payloads.get(source as usize)?.pieces;
        let piece = pieces.range(pieces.holding(at - region.start.0 + offset.0));
        Some(on_medium(region, offset.0, &piece))
    }
}

/// Where `range` of a payload, which `region` holds from `offset` on, lies on the medium.
fn on_medium(region: &Region, offset: u64, range: &Range<u64>) -> Range<u64> {
    let place = |at: u64| (region.start.0 + at.saturating_sub(offset)).min(region.range().end);
    place(range.start)..place(range.end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::Pieces;
    use formats::digest::Sha256;
    use formats::units::{ByteLen, ByteOffset, MIB};

    fn payload(ends: &[u64]) -> Payload {
        let digests = ends.iter().map(|_| Sha256::of(b"")).collect();
        Payload::new(
            "p",
            Sha256::of(b""),
            Pieces::frames(ends.to_vec(), digests),
            std::sync::Arc::new(Vec::new()),
        )
    }

    fn region(start: u64, len: u64) -> Region {
        let content = Content::Payload { source: 0, offset: ByteOffset(0) };
        Region { content, ..Region::zero("p", ByteOffset(start), ByteLen(len)) }
    }

    #[test]
    fn runs_end_between_pieces_and_leave_out_zeros() {
        let payloads = [payload(&[3 * MIB + 5, 6 * MIB, 9 * MIB + 1])];
        let regions = Regions::cover(vec![region(MIB, 9 * MIB + 1)], ByteLen(100 * MIB)).unwrap();
        let ranges = written(&regions, true);
        assert_eq!((ranges.len(), &ranges[0]), (1, &(MIB..10 * MIB + BLOCK)));
        let runs: Vec<_> =
            Cutter { regions: &regions, payloads: &payloads, target: 4 * MIB }.runs(ranges).collect();
        let at = [MIB, 4 * MIB + 5, 7 * MIB, 10 * MIB + BLOCK];
        assert_eq!(runs, [at[0]..at[1], at[1]..at[2], at[2]..at[3]]);
    }

    #[test]
    fn runs_tile_what_is_written() {
        let payloads = [payload(&[5000, 9000, 9001])];
        let made = Region::bytes("m", ByteOffset(200_000), vec![1; 300_000]);
        let late = Region::bytes("a", ByteOffset(700_000), vec![1; 512]).anchor();
        let regions = Regions::cover(vec![region(512, 9001), made, late], ByteLen(900_001)).unwrap();
        for target in [1, 512, 4096, 70_000, MIB] {
            for leave_out in [false, true] {
                let ranges = written(&regions, leave_out);
                let cutter = Cutter { regions: &regions, payloads: &payloads, target };
                let mut joined: Vec<Range<u64>> = Vec::new();
                for run in cutter.runs(ranges.clone()) {
                    match joined.last_mut().filter(|last| last.end == run.start) {
                        Some(last) => last.end = run.end,
                        None => joined.push(run),
                    }
                }
                assert_eq!(joined, ranges, "{target}");
            }
        }
        assert_eq!(written(&regions, false)[0], 0..900_001);
        assert_eq!(written(&regions, true), [0..12_288, 196_608..503_808]);
    }
}
