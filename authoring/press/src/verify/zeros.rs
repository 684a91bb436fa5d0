//! Everything that belongs neither to a structure nor to a file: it was zero when the medium was pressed.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use formats::files::Extent;
use formats::io::{ReadAt, ReadError};
use formats::manifest::{Volume, paths};
use formats::units::{ByteOffset, MIB};
use host::{Event, Interrupted, Unit};

use super::{Change, Looking};

/// How much free space is looked at, at a time, in bytes.
pub const PLACE: u64 = 4 * MIB;

/// How many ranges are kept without looking which of them are the same.
const MANY: usize = 1 << 20;

/// Zeros to compare with.
static ZEROS: [u8; 4096] = [0; 4096];

impl Looking<'_> {
    pub(super) fn check_zeros(&self, disk: &dyn ReadAt) -> Result<(), Interrupted> {
        let Some(taken) = self.findings.guard("the places of files", || self.taken()) else { return Ok(()) };
        let free = gaps(taken, disk.size().min(self.manifest.size).0);
        let total = free.iter().map(|range| range.end - range.start).sum();
        self.observer.event(Event::Begin { task: "verifying free space", total, unit: Unit::Bytes });
        let found = Mutex::new(Vec::new());
        self.crew.each(free.iter().flat_map(places), Vec::new, |buf, place| {
            let mut read = 0;
            match first_data(disk, &place, (buf, &mut read)) {
                Ok(first) => found.lock().unwrap_or_else(PoisonError::into_inner).extend(first),
                Err(error) => {
                    let (name, reason) = ("free space".into(), error.to_string());
                    self.findings.change(Change::Unreadable { name, reason });
                }
            }
            self.observer.event(Event::Advance(read));
            self.observer.event(Event::Skip(place.end - place.start - read));
            Ok::<_, Interrupted>(())
        })?;
        let found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
        if let Some(first) = found.iter().min() {
            self.findings.change(Change::Free { first: *first, places: found.len() });
        }
        self.observer.event(Event::End);
        Ok(())
    }

    /// What structures and files take up.
    fn taken(&self) -> Vec<Range<u64>> {
        let structures = self.manifest.structures.iter();
        let mut taken: Vec<_> = structures.map(|s| s.start.0..s.start.0.saturating_add(s.len.0)).collect();
        let mut most = MANY;
        for volume in [Volume::Seed, Volume::Esp] {
            let found = self.medium.volume(volume).zip(self.medium.start(volume));
            let Some((mut files, start)) = found.map(|(files, start)| (files.finder(), start)) else {
                continue;
            };
            for path in self.paths(volume) {
                // What cannot be found was told already, or is a signature that is not there.
                let extents = files.extents(path).ok().flatten().unwrap_or_default();
                taken.extend(extents.iter().filter_map(|extent| place(start, extent)));
                // The same bytes may be those of many files of a hostile volume.
                if taken.len() > most {
                    taken = merged(taken);
                    most = MANY.max(2 * taken.len());
                }
            }
        }
        taken
    }

    /// All files that a volume of the medium was pressed with, in order.
    fn paths(&self, volume: Volume) -> Vec<&str> {
        let own = [paths::MANIFEST, paths::SIGNATURE].into_iter().filter(|_| volume == Volume::Seed);
        let listed = self.manifest.files.iter().filter(|file| file.volume == volume);
        let mut paths: Vec<_> = listed.map(|file| &*file.path).chain(own).collect();
        paths.sort_unstable();
        paths
    }
}

/// Where an extent of a volume that starts at `start` lies on the medium.
fn place(start: ByteOffset, extent: &Extent) -> Option<Range<u64>> {
    let from = start.0.saturating_add(extent.on_volume?.0);
    Some(from..from.saturating_add(extent.len.0))
}

/// The same bytes in ranges that do not touch each other.
fn merged(mut ranges: Vec<Range<u64>>) -> Vec<Range<u64>> {
    ranges.sort_by_key(|range| range.start);
    ranges.dedup_by(|range, before| {
        let touches = range.start <= before.end;
        before.end = if touches { before.end.max(range.end) } else { before.end };
        touches
    });
    ranges
}
/// What lies between ranges and up to `end`.
fn gaps(mut taken: Vec<Range<u64>>, end: u64) -> Vec<Range<u64>> {
    taken.sort_by_key(|range| range.start);
    taken.push(end..end);
    let mut gaps = Vec::new();
    let mut free_from = 0;
    for range in taken {
        let start = range.start.min(end);
        if free_from < start {
            gaps.push(free_from..start);
        }
        free_from = free_from.max(range.end);
    }
    gaps
}

fn places(range: &Range<u64>) -> impl Iterator<Item = Range<u64>> + use<> {
    let end = range.end;
    range.clone().step_by(PLACE as usize).map(move |start| start..end.min(start + PLACE))
}

/// Where the first byte in `range` lies that is not zero. Adds up how much was `read` to know it.
fn first_data(
    disk: &dyn ReadAt,
    range: &Range<u64>,
    (buf, read): (&mut Vec<u8>, &mut u64),
) -> Result<Option<ByteOffset>, ReadError> {
    let mut at = range.start;
    while let Some(data) = disk.next_data(ByteOffset(at))?.filter(|data| data.start < range.end) {
        let start = data.start.max(at);
        let end = data.end.min(range.end);
        if end <= start {
            return Ok(None);
        }
        // Cannot cut: a place is short.
        buf.resize((end - start) as usize, 0);
        disk.read_at(ByteOffset(start), buf)?;
        *read += end - start;
        if let Some(found) = first_nonzero(buf) {
            return Ok(Some(ByteOffset(start + found as u64)));
        }
        at = end;
    }
    Ok(None)
}

fn first_nonzero(bytes: &[u8]) -> Option<usize> {
    let page = bytes.chunks(ZEROS.len()).position(|page| *page != ZEROS[..page.len()])?;
    let start = page * ZEROS.len();
    bytes[start..].iter().position(|byte| *byte != 0).map(|at| start + at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_what_is_left() {
        assert_eq!(gaps(vec![5..10, 0..3, 8..12, 12..13], 20), [3..5, 13..20]);
        assert_eq!(gaps(vec![5..30, 40..50], 20)[..], [0..5; 1]);
        assert_eq!(gaps(vec![], 0), []);
    }

    #[test]
    fn ranges_that_touch_become_one() {
        assert_eq!(merged(vec![5..10, 0..3, 8..12, 5..10, 12..13, 20..21]), [0..3, 5..13, 20..21]);
    }

    #[test]
    fn the_first_byte_that_is_not_zero_is_named() {
        let mut disk = vec![0; 10_000];
        let first = |disk: &Vec<u8>, range| first_data(disk, &range, (&mut Vec::new(), &mut 0));
        assert_eq!(first(&disk, 0..10_000), Ok(None));
        disk[9000] = 1;
        assert_eq!(first(&disk, 100..10_000), Ok(Some(ByteOffset(9000))));
        assert_eq!(first(&disk, 0..9000), Ok(None));
    }
}
