//! Which bytes of a layer's VHD file belong where on the disk.

use alloc::vec::Vec;
use core::ops::Range;

use formats::units::ByteOffset;
use formats::vhd::{Block, Kind, Vhd};

use crate::covered::SECTOR;
use crate::metadata::Metadata;

/// Where a layer's file keeps the disk.
pub(crate) enum Places {
    /// From its first byte on: a fixed disk.
    Whole,
    /// In blocks.
    Blocks(Blocks),
}

/// The blocks of a file.
pub(crate) struct Blocks {
    /// In the order of the file.
    list: Vec<Entry>,
    block_size: u64,
    bitmap_len: u64,
    /// Whether sectors without their bit are the parent's, not zeros.
    pub(crate) differs: bool,
}

/// A block: small, for a disk of 2 TiB has a million.
#[derive(Clone, Copy)]
struct Entry {
    /// The sector of its bitmap in the file.
    sector: u32,
    number: u32,
}

impl Places {
    /// Those of a VHD.
    pub(crate) fn of(vhd: &Vhd<Metadata>) -> Self {
        if vhd.kind() == Kind::Fixed {
            return Self::Whole;
        }
        let bitmap_len = vhd.blocks().next().map_or(0, |block| block.data.0 - block.bitmap.0);
        let entry = |block: Block| Entry { sector: (block.bitmap.0 / SECTOR) as u32, number: block.number };
        let mut list: Vec<_> = vhd.blocks().map(entry).collect();
        list.sort_unstable_by_key(|entry| entry.sector);
        let block_size = vhd.block_size().unwrap_or(0).into();
        Self::Blocks(Blocks { list, block_size, bitmap_len, differs: vhd.kind() == Kind::Differencing })
    }
}

impl Blocks {
    /// The blocks that have bytes in a range of the file, bitmaps included, in the order of the file.
    pub(crate) fn within(&self, file: Range<u64>) -> impl Iterator<Item = Block> + '_ {
        let len = self.bitmap_len + self.block_size;
        let first = self.list.partition_point(|entry| u64::from(entry.sector) * SECTOR + len <= file.start);
        let list = self.list.get(first..).unwrap_or_default().iter();
        list.take_while(move |entry| u64::from(entry.sector) * SECTOR < file.end)
            .map(|entry| self.block(entry))
    }

    /// All blocks, in the order of the file.
    pub(crate) fn all(&self) -> impl Iterator<Item = Block> + '_ {
        self.list.iter().map(|entry| self.block(entry))
    }

    /// The numbers of all blocks, in the order of the disk.
    pub(crate) fn numbers(&self) -> Vec<u32> {
        let mut numbers: Vec<_> = self.list.iter().map(|entry| entry.number).collect();
        numbers.sort_unstable();
        numbers
    }

    /// The bytes of the disk that a block holds, past the disk's end where it does.
    pub(crate) fn on_disk(&self, number: u32) -> Range<u64> {
        let start = u64::from(number) * self.block_size;
        start..start + self.block_size
    }

    /// Where a block's bitmap lies in the file.
    pub(crate) fn bitmap(&self, block: &Block) -> Range<u64> {
        block.bitmap.0..block.bitmap.0 + self.bitmap_len
    }

    /// Where a block's data lie in the file.
    pub(crate) fn data(&self, block: &Block) -> Range<u64> {
        block.data.0..block.data.0 + self.block_size
    }

    fn block(&self, entry: &Entry) -> Block {
        // Cannot wrap: a sector's number has 32 bits.
        let bitmap = ByteOffset(u64::from(entry.sector) * SECTOR);
        let data = ByteOffset(bitmap.0 + self.bitmap_len);
        Block { number: entry.number, range: self.on_disk(entry.number), bitmap, data }
    }
}
