//! What is done with the bytes of one frame, and what is left to do when a layer's frames are done.

use alloc::collections::BTreeMap;
use core::ops::Range;

use formats::layer::FRAME;
use formats::units::{ByteLen, ByteOffset};
use formats::vhd::{Block, SectorMap};

use crate::covered::{Covered, SECTOR};
use crate::error::DeployError;
use crate::flatten::{Learned, Map, sectors};
use crate::places::{Blocks, Places};
use crate::target::Target;
use crate::version::Part;

/// Zeros to be written over what does not count.
static ZEROS: [u8; 64 << 10] = [0; 64 << 10];

/// A layer at work.
pub(crate) struct Pass<'a> {
    /// The sectors that layers above have decided.
    pub(crate) covered: &'a Covered,
    pub(crate) part: &'a Part<'a>,
    pub(crate) target: &'a dyn Target,
    /// Maps of blocks whose bitmaps lie in other frames, by the blocks' numbers, as far as they are known.
    pub(crate) known: &'a BTreeMap<u32, Map>,
}

/// Whether a bitmap lies in two frames or more, so that no job meets it whole.
pub(crate) fn is_torn(bitmap: &Range<u64>) -> bool {
    bitmap.start / FRAME as u64 != bitmap.end.saturating_sub(1) / FRAME as u64
}

impl Pass<'_> {
    /// Writes the bytes of a fixed disk from `at` on.
    pub(crate) fn write_whole(&self, at: u64, bytes: &[u8]) -> Result<(), DeployError> {
        self.write(at..at + bytes.len() as u64, bytes)
    }

    /// Writes what a frame, whose bytes start at `at` of the file, has of blocks.
    pub(crate) fn write_blocks(
        &self,
        blocks: &Blocks,
        at: u64,
        bytes: &[u8],
        map_of: &dyn Fn(&[u8]) -> Option<SectorMap>,
    ) -> Result<Learned, DeployError> {
        let frame = at..at + bytes.len() as u64;
        let mut learned = Learned::default();
        for block in blocks.within(frame.clone()) {
            let map = part_of(bytes, at, blocks.bitmap(&block)).and_then(map_of);
            let data = blocks.data(&block);
            let data = data.start.max(frame.start)..data.end.min(frame.end);
            let here = part_of(bytes, at, data.clone()).unwrap_or_default();
            let start = block.range.start + data.start.saturating_sub(block.data.0);
            let known = self.known.get(&block.number).and_then(Map::some);
            match map.as_ref().or(known) {
                None => self.write(start..start + here.len() as u64, here)?,
                Some(map) => self.write_mapped((blocks, &block), map, start, here)?,
            }
            let goes_on = blocks.data(&block).end > frame.end;
            learned.maps.extend(map.and_then(|map| self.learn(blocks, &block, map, goes_on)));
        }
        Ok(learned)
    }

    /// What of a map is needed later: by layers below, or for the part of the block in the next frame.
    fn learn(&self, blocks: &Blocks, block: &Block, map: SectorMap, goes_on: bool) -> Option<(u32, Map)> {
        let seen = block.range.start..block.range.end.min(self.part.limit).max(block.range.start);
        let is_whole = runs(&map, block, seen).all(|(has, _)| has);
        match is_whole {
            true => blocks.differs.then_some((block.number, Map::All)),
            false => (blocks.differs || goes_on).then_some((block.number, Map::Some(map))),
        }
    }

    /// Writes the sectors of a block that its map has.
    fn write_mapped(
        &self,
        (blocks, block): (&Blocks, &Block),
        map: &SectorMap,
        start: u64,
        bytes: &[u8],
    ) -> Result<(), DeployError> {
        for (has, range) in runs(map, block, start..start + bytes.len() as u64) {
            let here = part_of(bytes, start, range.clone()).unwrap_or_default();
            if has {
                self.write(range, here)?;
            } else if !blocks.differs {
                self.zero(range.start..range.end.min(self.part.limit))?;
            }
        }
        Ok(())
    }

    /// Makes zeros of what was written of a block without its map, and does not count.
    pub(crate) fn take_back(
        &self,
        blocks: &Blocks,
        block: &Block,
        map: &SectorMap,
    ) -> Result<(), DeployError> {
        let bitmap = blocks.bitmap(block);
        let data = blocks.data(block);
        // Jobs knew the map in the one frame that it lies in.
        let known_until = match is_torn(&bitmap) {
            true => data.start,
            false => (bitmap.start / FRAME as u64 + 1) * FRAME as u64,
        };
        let from = block.range.start + known_until.clamp(data.start, data.end) - data.start;
        for (has, range) in runs(map, block, from..block.range.end) {
            if !has {
                self.erase(range)?;
            }
        }
        Ok(())
    }

    /// Makes zeros of everything up to `end` that no layer has: this one is the base.
    pub(crate) fn zero_rest(&self, end: u64) -> Result<(), DeployError> {
        let limit = self.part.limit;
        let mut at = match &self.part.places {
            Places::Whole => limit,
            Places::Blocks(_) => 0,
        };
        if let Places::Blocks(blocks) = &self.part.places {
            for number in blocks.numbers() {
                let range = blocks.on_disk(number);
                if range.start < limit {
                    self.zero(at..range.start)?;
                    at = range.end.min(limit);
                }
            }
        }
        self.zero(at..end)
    }

    /// Writes `bytes`, which lie at `range` of the disk, as far as this layer can be seen there.
    fn write(&self, range: Range<u64>, bytes: &[u8]) -> Result<(), DeployError> {
        let seen = range.start..range.end.min(self.part.limit);
        for run in self.open(seen) {
            let here = part_of(bytes, range.start, run.clone()).unwrap_or_default();
            self.target.write_at(ByteOffset(run.start), here).map_err(DeployError::Target)?;
        }
        Ok(())
    }

    /// Makes zeros where nothing was written yet.
    fn zero(&self, range: Range<u64>) -> Result<(), DeployError> {
        for run in self.open(range) {
            let len = ByteLen(run.end - run.start);
            self.target.zero_at(ByteOffset(run.start), len).map_err(DeployError::Target)?;
        }
        Ok(())
    }

    /// Makes zeros where something was written.
    fn erase(&self, range: Range<u64>) -> Result<(), DeployError> {
        let seen = range.start..range.end.min(self.part.limit);
        for mut run in self.open(seen) {
            while !run.is_empty() {
                let zeros = ZEROS.get(..(run.end - run.start) as usize).unwrap_or(&ZEROS);
                self.target.write_at(ByteOffset(run.start), zeros).map_err(DeployError::Target)?;
                run.start += zeros.len() as u64;
            }
        }
        Ok(())
    }

    /// The runs of bytes of the disk that no layer above has decided.
    fn open(&self, range: Range<u64>) -> impl Iterator<Item = Range<u64>> + '_ {
        let outside = self.covered.outside(sectors(range.clone()));
        outside.map(move |run| run.start * SECTOR..(run.end * SECTOR).min(range.end))
    }
}

/// The runs of a block's bytes on the disk that its map has, or has not, as far as `range` goes.
fn runs<'a>(
    map: &'a SectorMap,
    block: &'a Block,
    range: Range<u64>,
) -> impl Iterator<Item = (bool, Range<u64>)> + 'a {
    let sector = |at: u64| u32::try_from((at - block.range.start).div_ceil(SECTOR)).unwrap_or(u32::MAX);
    let end = sector(range.end.max(block.range.start)).min(map.sectors());
    let mut at = sector(range.start.max(block.range.start));
    core::iter::from_fn(move || {
        if at >= end {
            return None;
        }
        let from = at;
        let (has, until) = map.run(from, end);
        at = until;
        let on_disk = |sector: u32| block.range.start + u64::from(sector) * SECTOR;
        Some((has, on_disk(from)..on_disk(until)))
    })
}

/// The part of `bytes`, which start at `at`, that lies at `range`, when all of it is there.
fn part_of(bytes: &[u8], at: u64, range: Range<u64>) -> Option<&[u8]> {
    let from = usize::try_from(range.start.checked_sub(at)?).ok()?;
    let to = usize::try_from(range.end.checked_sub(at)?).ok()?;
    bytes.get(from..to)
}
