//! Which sectors of a disk have been decided: by layers that lie above the one at work.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use core::ops::Range;

use formats::vhd::SectorMap;

/// How many bytes a sector has, in every VHD.
pub(crate) const SECTOR: u64 = 512;
/// How many sectors are kept together: 2 MiB, the usual block.
const UNIT: u64 = 4096;
/// How many sectors a word has a bit for.
const WORD: u64 = 64;

/// The sectors, as a set. It takes 512 bytes for each 2 MiB that are neither wholly in it nor wholly out of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Covered {
    units: BTreeMap<u64, Unit>,
}

/// 2 MiB of the disk, some sector of which is in the set.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Unit {
    Whole,
    /// A bit a sector, the first in the lowest bit of the first word.
    Partly(Box<[u64; (UNIT / WORD) as usize]>),
}

impl Covered {
    /// Puts sectors into the set.
    pub(crate) fn add(&mut self, sectors: Range<u64>) {
        let mut at = sectors.start;
        while at < sectors.end {
            let number = at / UNIT;
            let end = ((number + 1) * UNIT).min(sectors.end);
            if end - at == UNIT {
                self.units.insert(number, Unit::Whole);
            } else {
                self.units.entry(number).or_insert_with(Unit::nothing).add(at % UNIT..at % UNIT + (end - at));
            }
            at = end;
        }
    }

    /// Puts the sectors of a block that a map has into the set, as far as `sectors` goes.
    pub(crate) fn add_map(&mut self, sectors: Range<u64>, map: &SectorMap) {
        let len =
            u32::try_from(sectors.end.saturating_sub(sectors.start)).unwrap_or(u32::MAX).min(map.sectors());
        let mut at = 0;
        while at < len {
            let (has, end) = map.run(at, len);
            if has {
                self.add(sectors.start + u64::from(at)..sectors.start + u64::from(end));
            }
            at = end;
        }
    }

    /// Whether all of these sectors are in the set.
    pub(crate) fn has_all(&self, sectors: Range<u64>) -> bool {
        self.outside(sectors).next().is_none()
    }

    /// The runs of these sectors that are not in the set, in order, each as long as can be.
    pub(crate) fn outside(&self, sectors: Range<u64>) -> impl Iterator<Item = Range<u64>> + '_ {
        let mut at = sectors.start;
        core::iter::from_fn(move || {
            let start = self.next(at, sectors.end, false);
            let end = self.next(start, sectors.end, true);
            at = end;
            (start < end).then_some(start..end)
        })
    }

    /// The first sector from `at` on that is in the set, or out of it; `end` when there is none.
    fn next(&self, at: u64, end: u64, inside: bool) -> u64 {
        let mut at = at;
        while at < end {
            let number = at / UNIT;
            let unit_end = (number + 1) * UNIT;
            let (found, skip_to) = match self.units.get(&number) {
                None => (!inside, if inside { self.next_unit(number) } else { unit_end }),
                Some(Unit::Whole) => (inside, unit_end),
                Some(Unit::Partly(bits)) => match next_bit(bits.as_slice(), at % UNIT, inside) {
                    Some(bit) => {
                        at = number * UNIT + bit;
                        (true, at)
                    }
                    None => (false, unit_end),
                },
            };
            if found {
                return at.min(end);
            }
            at = skip_to;
        }
        end
    }

    /// Where the next unit after `number` starts that has a sector in the set.
    fn next_unit(&self, number: u64) -> u64 {
        self.units.range(number + 1..).next().map_or(u64::MAX, |(number, _)| number * UNIT)
    }
}

impl Unit {
    fn nothing() -> Self {
        Self::Partly(Box::new([0; (UNIT / WORD) as usize]))
    }

    /// Puts sectors of the unit into the set.
    fn add(&mut self, sectors: Range<u64>) {
        let Self::Partly(bits) = self else { return };
        for (word, first) in bits.iter_mut().zip((0..).step_by(WORD as usize)) {
            let from = sectors.start.clamp(first, first + WORD) - first;
            let to = sectors.end.clamp(first, first + WORD) - first;
            *word |= low_bits(to) & !low_bits(from);
        }
        if bits.iter().all(|word| *word == u64::MAX) {
            *self = Self::Whole;
        }
    }
}

/// A word whose `count` lowest bits are set; at most 64.
fn low_bits(count: u64) -> u64 {
    u32::try_from(count).ok().and_then(|count| 1u64.checked_shl(count)).map_or(u64::MAX, |bit| bit - 1)
}

/// The first bit from `from` on that is set, or not.
fn next_bit(bits: &[u64], from: u64, set: bool) -> Option<u64> {
    let words = bits.iter().zip((0..).step_by(WORD as usize)).skip((from / WORD) as usize);
    words.map(|(word, first)| (if set { *word } else { !*word }, first)).find_map(|(word, first)| {
        let wanted = word & !low_bits(from.saturating_sub(first).min(WORD));
        (wanted != 0).then(|| first + u64::from(wanted.trailing_zeros()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    /// The same set, one flag a sector.
    struct Plain(Vec<bool>);

    impl Plain {
        fn outside(&self, sectors: Range<u64>) -> Vec<Range<u64>> {
            let mut runs: Vec<Range<u64>> = Vec::new();
            for at in sectors.filter(|at| !self.0[*at as usize]) {
                match runs.last_mut() {
                    Some(run) if run.end == at => run.end += 1,
                    _ => runs.push(at..at + 1),
                }
            }
            runs
        }
    }

    #[test]
    fn it_is_a_set_of_sectors() {
        let len = 5 * UNIT;
        let mut plain = Plain(alloc::vec![false; len as usize]);
        let mut covered = Covered::default();
        let mut state = 7u64;
        let mut draw = move |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) % below
        };
        for round in 0..300 {
            let start = draw(len);
            let end = (start + draw(if round % 9 == 0 { 2 * UNIT } else { 200 })).min(len);
            covered.add(start..end);
            plain.0[start as usize..end as usize].fill(true);
            let from = draw(len);
            let to = from + draw(len - from + 1);
            assert_eq!(covered.outside(from..to).collect::<Vec<_>>(), plain.outside(from..to));
            assert_eq!(covered.has_all(from..to), plain.outside(from..to).is_empty());
        }
        covered.add(0..len);
        assert!(covered.units.values().all(|unit| *unit == Unit::Whole));
        assert!(covered.has_all(0..len) && !covered.has_all(0..len + 1));
    }

    #[test]
    fn a_map_adds_what_it_has_as_far_as_the_disk_goes() {
        let mut map = SectorMap::empty(16);
        [0, 1, 5, 15].into_iter().for_each(|sector| map.set(sector));
        let mut covered = Covered::default();
        covered.add_map(100..110, &map);
        assert_eq!(covered.outside(100..120).collect::<Vec<_>>(), [102..105, 106..120]);
    }
}
