//! Which sectors of a block a file has.

use alloc::vec::Vec;

use super::raw::SECTOR;

/// A block's bitmap (VHD 1.0, "Data Block Format"): one bit a sector, the first sector in the highest bit of the first
/// byte. In a dynamic disk a sector without its bit was never written; in a differencing disk it is the parent's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SectorMap {
    bits: Vec<u8>,
    sectors: u32,
}

impl SectorMap {
    /// The map of a block of `sectors` sectors, none of which is there.
    pub fn empty(sectors: u32) -> Self {
        Self { bits: alloc::vec![0; bytes(sectors)], sectors }
    }

    /// The map of a block of `sectors` sectors, the first `present` of which are there.
    pub fn first(present: u32, sectors: u32) -> Self {
        let mut map = Self::empty(sectors);
        let present = present.min(sectors);
        let (whole, rest) = map.bits.split_at_mut(present as usize / 8);
        whole.fill(0xff);
        if let (1.., Some(byte)) = (present % 8, rest.first_mut()) {
            *byte = !(0xff >> (present % 8));
        }
        map
    }

    /// The map of a block of `sectors` sectors: those that differ between the two, which are equally long.
    pub fn differing(block: &[u8], parent: &[u8], sectors: u32) -> Self {
        let mut map = Self::empty(sectors);
        let pairs = block.chunks(SECTOR as usize).zip(parent.chunks(SECTOR as usize));
        (0..).zip(pairs).filter(|(_, (one, other))| one != other).for_each(|(sector, _)| map.set(sector));
        map
    }

    /// A map as it lies in a file; bytes that are missing have no bit set.
    pub fn from_bytes(bits: &[u8], sectors: u32) -> Self {
        Self::collect(bits.iter().copied(), sectors)
    }

    /// A map from a file that counts from the lowest bit of each byte: tapdisk 0.1 wrote so (blktap, `vhd.h`).
    pub(super) fn from_turned_bytes(bits: &[u8], sectors: u32) -> Self {
        Self::collect(bits.iter().map(|byte| byte.reverse_bits()), sectors)
    }

    fn collect(bits: impl Iterator<Item = u8>, sectors: u32) -> Self {
        let mut map = Self::empty(sectors);
        map.bits.iter_mut().zip(bits).for_each(|(to, from)| *to = from);
        if let (1..8, Some(only)) = (sectors, map.bits.first_mut()) {
            *only &= !(0xff >> sectors);
        }
        map
    }

    /// How many sectors the block has.
    pub fn sectors(&self) -> u32 {
        self.sectors
    }

    /// The map as it lies in a file, without the zeros up to the next sector.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bits
    }

    /// Whether the file has this sector of the block.
    pub fn has(&self, sector: u32) -> bool {
        let byte = self.bits.get(sector as usize / 8).copied().unwrap_or(0);
        byte & bit(sector) != 0
    }

    /// Says that the file has this sector of the block.
    pub fn set(&mut self, sector: u32) {
        if let Some(byte) = self.bits.get_mut(sector as usize / 8) {
            *byte |= bit(sector);
        }
    }

    /// Whether no sector is there.
    pub fn is_empty(&self) -> bool {
        self.bits.iter().all(|byte| *byte == 0)
    }

    /// How many sectors are there.
    pub fn count(&self) -> u32 {
        self.bits.iter().map(|byte| byte.count_ones()).sum()
    }

    /// Whether the sectors from `from` on are there, and up to which sector, `end` at most, that stays so.
    pub fn run(&self, from: u32, end: u32) -> (bool, u32) {
        let has = self.has(from);
        let whole = if has { 0xff } else { 0 };
        let mut at = from.saturating_add(1).min(end);
        while at < end {
            if at.is_multiple_of(8) && end - at >= 8 && self.bits.get(at as usize / 8) == Some(&whole) {
                at += 8;
            } else if self.has(at) == has {
                at += 1;
            } else {
                break;
            }
        }
        (has, at)
    }
}

/// How many bytes of bits a block of `sectors` sectors has.
fn bytes(sectors: u32) -> usize {
    sectors.div_ceil(8) as usize
}

/// The length of a block's bitmap in the file: whole sectors.
pub(super) fn bitmap_len(block_size: u32) -> u64 {
    let sectors = u64::from(block_size) / SECTOR;
    sectors.div_ceil(8).next_multiple_of(SECTOR)
}

fn bit(sector: u32) -> u8 {
    0x80 >> (sector % 8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_sector_has_the_highest_bit() {
        let mut map = SectorMap::empty(16);
        map.set(0);
        map.set(9);
        map.set(16);
        assert_eq!(map.as_bytes(), [0x80, 0x40]);
        assert_eq!(SectorMap::from_turned_bytes(&[0x01, 0x02], 16), map);
        assert_eq!((map.has(9), map.has(10), map.has(u32::MAX)), (true, false, false));
    }

    #[test]
    fn runs_end_where_the_bit_changes() {
        let map = SectorMap::from_bytes(&[0x0f, 0xff, 0xff, 0x80], 32);
        assert_eq!(map.run(0, 32), (false, 4));
        assert_eq!(map.run(5, 32), (true, 25));
        assert_eq!(map.run(5, 17), (true, 17));
        assert_eq!(map.run(25, 32), (false, 32));
        assert_eq!(map.count(), 21);
    }

    #[test]
    fn bits_behind_the_block_are_not_there() {
        assert_eq!(SectorMap::from_bytes(&[0xff], 2).as_bytes(), [0xc0]);
        assert_eq!(SectorMap::from_bytes(&[], 2), SectorMap::empty(2));
        assert_eq!(SectorMap::first(9, 4), SectorMap::from_bytes(&[0xff], 4));
    }
}
