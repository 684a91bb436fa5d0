//! A planned VHD as a source of bytes: what the file would hold, at any position, made from the disk when it is read.

use alloc::boxed::Box;
use core::ops::Range;

use super::bitmap::SectorMap;
use super::raw::SECTOR;
use super::read::Block;
use super::write::Plan;
use crate::io::{ReadAt, ReadError, check_range};
use crate::units::{ByteLen, ByteOffset};

/// Says which sectors of a block the file has. The same block always gets the same answer.
pub type MapOf<'a> = dyn Fn(&Block) -> Result<SectorMap, ReadError> + Send + Sync + 'a;

/// The file that a plan describes, with the bytes of a disk. It keeps none of them.
pub struct VhdFile<'a, D> {
    plan: Plan,
    disk: D,
    map_of: Box<MapOf<'a>>,
}

impl<'a, D: ReadAt> VhdFile<'a, D> {
    /// The file with all sectors of its blocks.
    pub fn whole(plan: Plan, disk: D) -> Self {
        let sectors = plan.block_size() / SECTOR as u32;
        let present = |block: &Block| (block.range.end - block.range.start).div_ceil(SECTOR) as u32;
        let map_of = move |block: &Block| Ok(SectorMap::first(present(block), sectors));
        Self::with_maps(plan, disk, map_of)
    }

    /// The file with those sectors of its blocks that `map_of` names; zeros stand for the others.
    pub fn with_maps(
        plan: Plan,
        disk: D,
        map_of: impl Fn(&Block) -> Result<SectorMap, ReadError> + Send + Sync + 'a,
    ) -> Self {
        Self { plan, disk, map_of: Box::new(map_of) }
    }

    /// Where everything lies.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Draws what a block has on the sheet.
    fn draw_block(&self, block: &Block, sheet: &mut Sheet<'_>) -> Result<(), ReadError> {
        let block_end = block.data.0 + u64::from(self.plan.block_size());
        if block_end <= sheet.start || sheet.end() <= block.bitmap.0 {
            return Ok(());
        }
        let map = (self.map_of)(block)?;
        sheet.draw(block.bitmap, map.as_bytes());
        let on_disk = block.range.end - block.range.start;
        let mut sector = 0;
        while sector < map.sectors() {
            let (has, end) = map.run(sector, map.sectors());
            let run = u64::from(sector) * SECTOR..(u64::from(end) * SECTOR).min(on_disk);
            if has && let Some((skip, part)) = sheet.part(block.data.0 + run.start..block.data.0 + run.end) {
                self.disk.read_at(ByteOffset(block.range.start + run.start + skip), part)?;
            }
            sector = end;
        }
        Ok(())
    }
}

/// Some bytes of a file, filled from their start to their end.
struct Sheet<'b> {
    buf: &'b mut [u8],
    /// Where the first of the bytes is in the file.
    start: u64,
    /// How many of the bytes are filled.
    filled: usize,
}

impl Sheet<'_> {
    fn end(&self) -> u64 {
        self.start + self.buf.len() as u64
    }

    /// What the sheet has of a range of the file behind all that was filled before, and how much of the range comes
    /// before that. Zeros are put in between.
    fn part(&mut self, range: Range<u64>) -> Option<(u64, &mut [u8])> {
        let from = range.start.max(self.start);
        let until = range.end.min(self.end());
        if from >= until {
            return None;
        }
        let (from_here, until_here) = ((from - self.start) as usize, (until - self.start) as usize);
        self.clear(from_here);
        self.filled = until_here;
        Some((from - range.start, self.buf.get_mut(from_here..until_here)?))
    }

    /// Copies what the sheet has of `bytes`, which lie at `at`.
    fn draw(&mut self, at: ByteOffset, bytes: &[u8]) {
        if let Some((skip, part)) = self.part(at.0..at.0 + bytes.len() as u64) {
            let skip = skip as usize;
            part.copy_from_slice(&bytes[skip..skip + part.len()]);
        }
    }

    /// Puts zeros on all up to here that was not filled.
    fn clear(&mut self, until: usize) {
        if let Some(rest) = self.buf.get_mut(self.filled..until) {
            rest.fill(0);
        }
    }
}

impl<D: ReadAt> ReadAt for VhdFile<'_, D> {
    fn size(&self) -> ByteLen {
        self.plan.file_len()
    }

    fn read_at(&self, offset: ByteOffset, buf: &mut [u8]) -> Result<(), ReadError> {
        let range = check_range(self.size(), offset, buf.len())?;
        let mut sheet = Sheet { buf, start: range.start, filled: 0 };
        sheet.draw(ByteOffset::ZERO, self.plan.head());
        for block in self.plan.blocks_near(range.clone()) {
            self.draw_block(&block, &mut sheet)?;
        }
        sheet.draw(self.plan.footer_at(), self.plan.footer());
        sheet.clear(sheet.buf.len());
        Ok(())
    }
}
