//! The block allocation table: which blocks a file has and where.

use alloc::vec::Vec;
use core::ops::Range;

use zerocopy::{FromZeros, IntoBytes};

use super::bitmap::bitmap_len;
use super::error::{Structure, VhdError};
use super::raw::{self, BatmapHeader, DynamicHeader, SECTOR};
use crate::io::ReadAt;
use crate::units::{ByteLen, ByteOffset};

/// The most blocks of a disk: 2040 GiB in blocks of 256 KiB. Programs write blocks of 512 KiB and more. What is kept
/// of them takes 64 MiB at most.
pub(super) const MAX_BLOCKS: u64 = 1 << 23;
/// How much of the table is read at a time, in bytes.
const PIECE: u64 = 64 * 1024;

/// The blocks that a file has, those that it lacks left out.
pub(super) struct Table {
    /// The data of a block, in bytes; a power of two.
    pub(super) block_size: u32,
    disk: ByteLen,
    /// By block.
    entries: Vec<Entry>,
}

/// Where a block is.
#[derive(Clone, Copy)]
struct Entry {
    block: u32,
    /// Where its bitmap starts.
    sector: u32,
}

/// What the table says of a position on the disk.
pub(super) enum Slot {
    /// No block before this position.
    Absent(u64),
    /// This block, whose bitmap starts there.
    Present(u32, ByteOffset),
}

/// Where a table lies, and in what.
pub(super) struct Place {
    /// Where the header is.
    pub(super) header_at: ByteOffset,
    /// Where the data of the file end.
    pub(super) end: ByteOffset,
}

impl Table {
    /// Reads the entries that a disk of this size needs; programs make the table larger than that.
    pub(super) fn read(
        source: &impl ReadAt,
        header: &DynamicHeader,
        disk: ByteLen,
        place: &Place,
    ) -> Result<Self, VhdError> {
        let block_size = header.block_size.get();
        let blocks = check_extent(header, disk, place)?;
        let mut table = Self { block_size, disk, entries: Vec::new() };
        let mut bytes = alloc::vec![0; (blocks * 4).min(PIECE) as usize];
        let mut block = 0;
        while u64::from(block) < blocks {
            let from = u64::from(block) * 4;
            let len = (blocks * 4 - from).min(PIECE) as usize;
            let piece = &mut bytes[..len];
            source.read_at(ByteOffset(header.table_offset.get() + from), piece)?;
            block = table.take(block, piece);
        }
        Ok(table)
    }

    /// Takes in entries from `block` on; the next block.
    fn take(&mut self, block: u32, piece: &[u8]) -> u32 {
        let sectors = piece.as_chunks().0.iter().map(|entry| u32::from_be_bytes(*entry));
        let entries = (block..).zip(sectors).map(|(block, sector)| Entry { block, sector });
        self.entries.extend(entries.filter(|entry| entry.sector != raw::ABSENT));
        block + (piece.len() / 4) as u32
    }

    /// What there is at a position on the disk.
    pub(super) fn at(&self, position: u64) -> Slot {
        let block = position / u64::from(self.block_size);
        let index = self.entries.partition_point(|entry| u64::from(entry.block) < block);
        match self.entries.get(index) {
            None => Slot::Absent(self.disk.0),
            Some(entry) if u64::from(entry.block) == block => Slot::Present(entry.block, entry.at()),
            Some(entry) => Slot::Absent(self.range(entry.block).start),
        }
    }

    /// The bytes of the disk that a block holds.
    pub(super) fn range(&self, block: u32) -> Range<u64> {
        let size = u64::from(self.block_size);
        let start = u64::from(block) * size;
        start.min(self.disk.0)..(start + size).min(self.disk.0)
    }

    /// The next run of blocks that are there, at or after a position, as bytes of the disk.
    pub(super) fn next_run(&self, position: u64) -> Option<Range<u64>> {
        let block = position / u64::from(self.block_size);
        let index = self.entries.partition_point(|entry| u64::from(entry.block) < block);
        let rest = self.entries.get(index..)?;
        let (first, last) = (rest.first()?, rest.get(run_len(rest).checked_sub(1)?)?);
        let run = self.range(first.block).start.max(position)..self.range(last.block).end;
        (run.start < run.end).then_some(run)
    }

    /// All blocks with the positions of their bitmaps, in the order of the disk.
    pub(super) fn blocks(&self) -> impl ExactSizeIterator<Item = (u32, ByteOffset)> {
        self.entries.iter().map(|entry| (entry.block, entry.at()))
    }

    /// The bytes of the file that an entry claims. Of the disk's last block only what the disk has of it, for some
    /// programs write no more.
    fn claim(&self, entry: Entry) -> Range<u64> {
        let start = entry.at().0;
        let data = self.range(entry.block);
        start..start + bitmap_len(self.block_size) + (data.end - data.start)
    }

    /// Checks that the blocks lie in the file, apart from each other and from the structures.
    pub(super) fn check(
        &mut self,
        structures: &[(Structure, Range<u64>)],
        end: ByteOffset,
    ) -> Result<(), VhdError> {
        self.entries.sort_unstable_by_key(|entry| entry.sector);
        for (structure, range) in structures {
            self.check_apart(*structure, range)?;
        }
        for pair in self.entries.windows(2) {
            if let [one, next] = pair
                && self.claim(*one).end > next.at().0
            {
                let (other, other_at) = (one.block, one.at());
                return Err(VhdError::BlocksOverlap { block: next.block, at: next.at(), other, other_at });
            }
        }
        if let Some(last) = self.entries.last() {
            let claim = self.claim(*last);
            if claim.end > end.0 {
                let len = ByteLen(claim.end - claim.start);
                return Err(VhdError::BlockOutOfFile { block: last.block, at: last.at(), len, end });
            }
        }
        self.entries.sort_unstable_by_key(|entry| entry.block);
        Ok(())
    }

    /// Checks that no block lies over a structure. The entries are in the order of the file.
    fn check_apart(&self, structure: Structure, range: &Range<u64>) -> Result<(), VhdError> {
        let behind = self.entries.partition_point(|entry| entry.at().0 < range.end);
        let before = behind.checked_sub(1).and_then(|index| self.entries.get(index));
        match before {
            Some(entry) if self.claim(*entry).end > range.start => Err(VhdError::BlockInMetadata {
                block: entry.block,
                at: entry.at(),
                structure,
                structure_at: ByteOffset(range.start),
            }),
            _ => Ok(()),
        }
    }

    /// Whether a block claims bytes of this range. The entries may be in any order.
    pub(super) fn claims(&self, range: &Range<u64>) -> bool {
        self.entries
            .iter()
            .map(|entry| self.claim(*entry))
            .any(|c| c.start < range.end && range.start < c.end)
    }
}

impl Entry {
    fn at(self) -> ByteOffset {
        ByteOffset(u64::from(self.sector) * SECTOR)
    }
}

/// How many entries at the start have blocks that follow each other. Found by halving, for a full disk is one run, and
/// who walks through it asks again and again.
fn run_len(entries: &[Entry]) -> usize {
    let follows = |index: usize| match (entries.first(), entries.get(index)) {
        (Some(first), Some(entry)) => (entry.block - first.block) as usize == index,
        _ => false,
    };
    let (mut run, mut end) = (0, entries.len());
    while run < end {
        let middle = run + (end - run) / 2;
        if follows(middle) {
            run = middle + 1;
        } else {
            end = middle;
        }
    }
    run
}

/// Checks that the table holds the disk and lies in the file; the number of the disk's blocks.
fn check_extent(header: &DynamicHeader, disk: ByteLen, place: &Place) -> Result<u64, VhdError> {
    let (at, end) = (ByteOffset(header.table_offset.get()), place.end);
    let blocks = disk.0.div_ceil(header.block_size.get().into());
    let found = header.max_table_entries.get();
    if u64::from(found) < blocks {
        return Err(VhdError::TableTooSmall { at: place.header_at, expected: blocks, found });
    }
    if blocks > MAX_BLOCKS {
        return Err(VhdError::TooManyBlocks { at: place.header_at, limit: MAX_BLOCKS, found: blocks });
    }
    let len = ByteLen(blocks * 4);
    if at.checked_add(len).is_none_or(|e| e > end) {
        return Err(VhdError::OutOfFile { structure: Structure::Table, at, len, end });
    }
    Ok(blocks)
}

/// The bytes of the file that the table takes up by its own word, whole sectors.
pub(super) fn extent(header: &DynamicHeader) -> Range<u64> {
    let start = header.table_offset.get();
    let len = (u64::from(header.max_table_entries.get()) * 4).next_multiple_of(SECTOR);
    start..start.saturating_add(len)
}

/// Looks for tapdisk's map of full blocks behind the table: the bytes that it takes up.
///
/// Other programs have a block there, whose bitmap may look like anything; tapdisk's own files have none there.
pub(super) fn find_batmap(
    source: &impl ReadAt,
    table: &Table,
    at: ByteOffset,
    is_tapdisk: bool,
) -> Result<Vec<Range<u64>>, VhdError> {
    let mut header = BatmapHeader::new_zeroed();
    let header_range = at.0..at.0.saturating_add(size_of::<BatmapHeader>() as u64);
    if header_range.end > source.size().0 {
        return Ok(Vec::new());
    }
    source.read_at(at, header.as_mut_bytes())?;
    if header.cookie != raw::BATMAP_COOKIE || (!is_tapdisk && table.claims(&header_range)) {
        return Ok(Vec::new());
    }
    if header.key_hash_cookie != 0 {
        return Err(VhdError::Encrypted { at });
    }
    let start = header.batmap_offset.get();
    let map = start..start.saturating_add(u64::from(header.batmap_size.get()) * SECTOR);
    Ok(alloc::vec![header_range, map])
}
