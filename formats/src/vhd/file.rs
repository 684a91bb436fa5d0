//! A planned VHD as a source of bytes: what the file would hold, at any position, made from the disk when it is read.

use alloc::boxed::Box;

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

    fn read_block(&self, block: &Block, at: u64, buf: &mut [u8]) -> Result<(), ReadError> {
        let block_end = block.data.0 + u64::from(self.plan.block_size());
        if block_end <= at || at + buf.len() as u64 <= block.bitmap.0 {
            return Ok(());
        }
        let map = (self.map_of)(block)?;
        lay_over(buf, at, block.bitmap.0, map.as_bytes());
        let mut sector = 0;
        while sector < map.sectors() {
            let (has, end) = map.run(sector, map.sectors());
            if has {
                self.read_sectors(block, sector..end, (at, &mut *buf))?;
            }
            sector = end;
        }
        Ok(())
    }

    /// Reads sectors of a block into the bytes of the file from `at` on, as far as the two meet.
    fn read_sectors(
        &self,
        block: &Block,
        sectors: core::ops::Range<u32>,
        (at, buf): (u64, &mut [u8]),
    ) -> Result<(), ReadError> {
        let on_disk = block.range.end - block.range.start;
        let from = (block.data.0 + u64::from(sectors.start) * SECTOR).max(at);
        let until = block.data.0 + (u64::from(sectors.end) * SECTOR).min(on_disk);
        let until = until.min(at + buf.len() as u64);
        if from >= until {
            return Ok(());
        }
        let part = buf.get_mut((from - at) as usize..(until - at) as usize).unwrap_or_default();
        self.disk.read_at(ByteOffset(block.range.start + from - block.data.0), part)
    }
}

/// Copies what `bytes`, which lie at `bytes_at`, have of the bytes from `at` on.
fn lay_over(buf: &mut [u8], at: u64, bytes_at: u64, bytes: &[u8]) {
    let skip = bytes_at.saturating_sub(at).min(buf.len() as u64) as usize;
    let from = at.saturating_sub(bytes_at).min(bytes.len() as u64) as usize;
    let (to, bytes) = (&mut buf[skip..], &bytes[from..]);
    let len = to.len().min(bytes.len());
    to[..len].copy_from_slice(&bytes[..len]);
}

impl<D: ReadAt> ReadAt for VhdFile<'_, D> {
    fn size(&self) -> ByteLen {
        self.plan.file_len()
    }

    fn read_at(&self, offset: ByteOffset, buf: &mut [u8]) -> Result<(), ReadError> {
        let range = check_range(self.size(), offset, buf.len())?;
        buf.fill(0);
        lay_over(buf, range.start, 0, self.plan.head());
        for block in self.plan.blocks_near(range.clone()) {
            self.read_block(&block, range.start, buf)?;
        }
        lay_over(buf, range.start, self.plan.footer_at().0, self.plan.footer());
        Ok(())
    }
}
