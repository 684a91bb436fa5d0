//! What a disk must hold, as a sum for each MiB: sectors can be added in any order, as each is written once.

use alloc::vec::Vec;

use formats::units::MIB;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// How many bytes a sector has here, whatever the disk's sectors have: the sector of VHD.
pub(crate) const SECTOR: usize = 512;

/// A sum for each MiB of a disk.
pub(crate) struct Tally {
    sums: Vec<u64>,
}

impl Tally {
    /// That of a disk of `size` bytes, all of them zeros.
    pub(crate) fn new(size: u64) -> Self {
        let count = usize::try_from(size.div_ceil(MIB)).unwrap_or(usize::MAX);
        Self { sums: alloc::vec![0; count] }
    }

    /// Adds sectors that lie at `offset`, and were zeros for the tally so far.
    pub(crate) fn add(&mut self, offset: u64, bytes: &[u8]) {
        for (number, sector) in (offset / SECTOR as u64..).zip(bytes.chunks(SECTOR)) {
            if let Some(sum) = self.sums.get_mut((number * SECTOR as u64 / MIB) as usize) {
                *sum = sum.wrapping_add(weigh(number, sector));
            }
        }
    }

    /// Whether the MiB at `offset`, which has these bytes, is as it must be.
    pub(crate) fn agrees(&self, offset: u64, bytes: &[u8]) -> bool {
        let sectors = (offset / SECTOR as u64..).zip(bytes.chunks(SECTOR));
        let found = sectors.fold(0u64, |sum, (number, sector)| sum.wrapping_add(weigh(number, sector)));
        self.sums.get((offset / MIB) as usize) == Some(&found)
    }
}

/// What a sector adds to its MiB: nothing when it is zeros.
fn weigh(number: u64, sector: &[u8]) -> u64 {
    let is_zero = sector.chunks(64).all(|part| part.iter().fold(0, |all, byte| all | byte) == 0);
    if is_zero { 0 } else { xxh3_64_with_seed(sector, number) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_sectors_does_not_matter_and_their_places_do() {
        let mut bytes = alloc::vec![0u8; 2 << 20];
        bytes.iter_mut().enumerate().for_each(|(at, byte)| *byte = (at / 512 % 251) as u8);
        let mut tally = Tally::new(2 << 20);
        for at in (0..2 << 20).step_by(SECTOR).rev() {
            tally.add(at as u64, &bytes[at..at + SECTOR]);
        }
        assert!(tally.agrees(0, &bytes[..1 << 20]) && tally.agrees(MIB, &bytes[1 << 20..]));
        bytes.swap(100, 600);
        assert!(!tally.agrees(0, &bytes[..1 << 20]));
        bytes.swap(100, 600);
        let (one, other) = bytes.split_at_mut(5 * 512);
        one[512..1024].swap_with_slice(&mut other[..512]);
        assert!(!tally.agrees(0, &bytes[..1 << 20]), "sectors that changed places");
    }
}
