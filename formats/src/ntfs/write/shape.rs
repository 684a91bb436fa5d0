//! The shape of a directory's index: which entry lies in which block.
//!
//! NTFS keeps entries at every level of an index. The blocks of the lowest level are filled in order; the entry
//! between two of them moves up and leads to the one before it. The same goes on with the entries that moved up,
//! until one block holds what is left; the record's `$INDEX_ROOT` leads to that block.

use alloc::vec::Vec;
use core::ops::Range;

use crate::ntfs::raw::{INDEX_BLOCK, STRIDE};

/// Where entries start in a block, in bytes: after its heads and its update sequence.
pub(super) const FIRST_ENTRY: usize = 0x40;
const _: () = assert!(FIRST_ENTRY >= 0x28 + 2 * (INDEX_BLOCK as usize / STRIDE + 1));

/// An entry without a key, which ends every list, in bytes.
pub(super) const LAST_ENTRY: usize = 0x10;
/// The number of a child at the end of an entry, in bytes.
pub(super) const CHILD: usize = 8;

/// Which entries of a directory lie in which block of its index.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Shape {
    /// How many entries there are.
    count: u32,
    /// For each level, lowest first, the positions of the entries that moved up, among the entries that came to the
    /// level. A level has one block more than that.
    moved: Vec<Vec<u32>>,
}

/// What a block holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Block {
    /// Its level; 0 has no children.
    level: usize,
    /// The positions of its entries, among those that came to the level.
    positions: Range<u32>,
    /// The block that the first entry leads to, in a level above 0; that of the next entry follows it.
    first_child: u32,
}

impl Shape {
    /// The shape for `count` entries, where `len` gives the bytes of each without a child.
    pub(super) fn of(count: u32, len: impl Fn(u32) -> usize) -> Self {
        let mut shape = Self { count, moved: Vec::new() };
        let mut room = INDEX_BLOCK as usize - FIRST_ENTRY - LAST_ENTRY;
        let mut child = 0;
        loop {
            let level = shape.moved.len();
            let moved = split(shape.came_to(level), room, |at| len(shape.entry(level, at)) + child);
            let is_one_block = moved.is_empty();
            shape.moved.push(moved);
            if is_one_block {
                return shape;
            }
            (room, child) = (INDEX_BLOCK as usize - FIRST_ENTRY - LAST_ENTRY - CHILD, CHILD);
        }
    }

    /// How many blocks there are. The last one is the one that the root leads to.
    pub(super) fn blocks(&self) -> u32 {
        self.moved.iter().map(|moved| moved.len() as u32 + 1).sum()
    }

    /// What block `number` holds. Blocks count from 0, the lowest level first.
    pub(super) fn block(&self, number: u32) -> Block {
        let mut first = 0;
        let mut below = 0;
        for (level, moved) in self.moved.iter().enumerate() {
            let blocks = moved.len() as u32 + 1;
            if number - first < blocks {
                let positions = self.positions(level, (number - first) as usize);
                return Block { level, first_child: below + positions.start, positions };
            }
            (below, first) = (first, first + blocks);
        }
        Block { level: 0, positions: 0..0, first_child: 0 }
    }

    /// The entries of a block, by their numbers in the directory, each with the block that it leads to; the last one
    /// is the entry without a key.
    pub(super) fn entries(&self, block: &Block) -> impl Iterator<Item = (Option<u32>, Option<u32>)> {
        let (level, positions) = (block.level, block.positions.clone());
        let child = move |at: u32, first: u32, from: u32| (level > 0).then(|| first + (at - from));
        let (first, from, end) = (block.first_child, positions.start, positions.end);
        positions
            .map(move |at| (Some(self.entry(level, at)), child(at, first, from)))
            .chain(core::iter::once((None, child(end, first, from))))
    }

    /// How many entries came to a level.
    fn came_to(&self, level: usize) -> u32 {
        match level {
            0 => self.count,
            _ => self.moved[level - 1].len() as u32,
        }
    }

    /// The number in the directory of the entry at a position of a level.
    fn entry(&self, level: usize, position: u32) -> u32 {
        self.moved[..level].iter().rev().fold(position, |at, moved| moved[at as usize])
    }

    /// The positions of the entries in a block of a level.
    fn positions(&self, level: usize, block: usize) -> Range<u32> {
        let moved = &self.moved[level];
        let start = if block == 0 { 0 } else { moved[block - 1] + 1 };
        start..moved.get(block).copied().unwrap_or(self.came_to(level))
    }
}

/// The positions of the entries between blocks that have `room` bytes. No block stays empty: several entries of any
/// length fit into one.
fn split(count: u32, room: usize, len: impl Fn(u32) -> usize) -> Vec<u32> {
    let mut moved = Vec::new();
    let mut used = 0;
    for at in 0..count {
        let bytes = len(at);
        if used + bytes <= room {
            used += bytes;
        } else if at + 1 < count {
            moved.push(at);
            used = 0;
        } else {
            moved.push(at - 1);
            used = bytes;
        }
    }
    moved
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The longest entry that there is: a name of 255 units.
    const LONGEST: usize = 592;

    /// The numbers of all entries below `block`, in the order of the index.
    fn walk(shape: &Shape, block: u32, depth: usize, found: &mut Vec<u32>) {
        assert!(depth < 8, "the index is no deeper than it must be");
        let block = shape.block(block);
        let entries: Vec<_> = shape.entries(&block).collect();
        assert!(entries.len() > 1 || shape.count == 0, "no block is empty");
        for (entry, child) in entries {
            if let Some(child) = child {
                walk(shape, child, depth + 1, found);
            }
            found.extend(entry);
        }
    }

    #[test]
    fn every_entry_is_found_once_and_in_order() {
        let lens: [&dyn Fn(u32) -> usize; 3] = [&|_| LONGEST, &|_| 88, &|at| 88 + (at as usize * 8) % 512];
        for len in lens {
            for count in (0..400).chain([1_000, 4_321, 100_000]) {
                let shape = Shape::of(count, len);
                let mut found = Vec::new();
                walk(&shape, shape.blocks() - 1, 0, &mut found);
                assert!(found.iter().copied().eq(0..count), "{count}");
            }
        }
    }

    #[test]
    fn no_block_holds_more_than_it_has_room_for() {
        let len = |at: u32| 88 + (at as usize * 24) % 512;
        let shape = Shape::of(20_000, len);
        for number in 0..shape.blocks() {
            let block = shape.block(number);
            let bytes: usize = shape
                .entries(&block)
                .map(|(entry, child)| entry.map_or(LAST_ENTRY, len) + child.map_or(0, |_| CHILD))
                .sum();
            assert!(FIRST_ENTRY + bytes <= INDEX_BLOCK as usize, "{number}");
        }
    }
}
