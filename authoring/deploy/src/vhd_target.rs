//! The flattened disk as a dynamic VHD: laid out before a byte is written, so that any thread can write anywhere.

use alloc::string::ToString;
use alloc::vec::Vec;

use formats::units::{ByteLen, ByteOffset};
use formats::vhd::{Plan, SectorMap};

use crate::covered::SECTOR;
use crate::error::DeployError;
use crate::target::{Target, TargetError};

/// A target that writes a VHD into another target.
pub struct VhdTarget<'t> {
    file: &'t (dyn Target + Sync),
    plan: Plan,
    /// By block, in order.
    blocks: Vec<Entry>,
}

/// A block, small.
#[derive(Clone, Copy)]
struct Entry {
    number: u32,
    /// The sector of the file where its data start.
    sector: u32,
}

impl<'t> VhdTarget<'t> {
    /// Writes the VHD that `plan` describes: one with all blocks of the version, [`Version::blocks`].
    ///
    /// [`Version::blocks`]: crate::Version::blocks
    pub fn new(file: &'t (dyn Target + Sync), plan: Plan) -> Self {
        let entry = |number, data: ByteOffset| Entry { number, sector: (data.0 / SECTOR) as u32 };
        let blocks = plan.blocks().map(|block| entry(block.number, block.data)).collect();
        Self { file, plan, blocks }
    }

    /// Writes the structures, when all bytes of the disk are written: without them the file is no VHD.
    ///
    /// # Errors
    /// [`DeployError::Target`].
    pub fn finish(&self) -> Result<(), DeployError> {
        let write = |at, bytes: &[u8]| self.file.write_at(at, bytes).map_err(DeployError::Target);
        let sectors = (u64::from(self.plan.block_size()) / SECTOR) as u32;
        for block in self.plan.blocks() {
            let present = (block.range.end - block.range.start).div_ceil(SECTOR) as u32;
            let mut bitmap = SectorMap::first(present, sectors).as_bytes().to_vec();
            bitmap.resize((block.data.0 - block.bitmap.0) as usize, 0);
            write(block.bitmap, &bitmap)?;
        }
        write(ByteOffset::ZERO, self.plan.head())?;
        write(self.plan.footer_at(), self.plan.footer())
    }

    /// Calls `visit` with each piece of `len` bytes at `offset` of the disk that lies in one block: where it is in the
    /// file (`None` for a block that the file does not have), and which bytes of the piece.
    fn split(
        &self,
        offset: ByteOffset,
        len: u64,
        mut visit: impl FnMut(Option<ByteOffset>, core::ops::Range<u64>) -> Result<(), TargetError>,
    ) -> Result<(), TargetError> {
        let size = u64::from(self.plan.block_size());
        let mut done = 0;
        while done < len {
            let at = offset.0 + done;
            let inside = at % size;
            let count = (size - inside).min(len - done);
            let index = self.blocks.binary_search_by_key(&(at / size), |entry| entry.number.into());
            let entry = index.ok().and_then(|index| self.blocks.get(index));
            let place = entry.map(|entry| ByteOffset(u64::from(entry.sector) * SECTOR + inside));
            visit(place, done..done + count)?;
            done += count;
        }
        Ok(())
    }
}

impl Target for VhdTarget<'_> {
    fn write_at(&self, offset: ByteOffset, bytes: &[u8]) -> Result<(), TargetError> {
        self.split(offset, bytes.len() as u64, |place, part| {
            let part = bytes.get(part.start as usize..part.end as usize).unwrap_or_default();
            let unplanned =
                || TargetError::refused(offset, "the VHD has no such block (please report this)".to_string());
            self.file.write_at(place.ok_or_else(unplanned)?, part)
        })
    }

    fn zero_at(&self, offset: ByteOffset, len: ByteLen) -> Result<(), TargetError> {
        self.split(offset, len.0, |place, part| match place {
            Some(place) => self.file.zero_at(place, ByteLen(part.end - part.start)),
            None => Ok(()),
        })
    }
}
