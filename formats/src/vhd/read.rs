//! One VHD, checked when it is opened and read by position.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::ops::Range;

use uuid::Uuid;

use super::bitmap::{SectorMap, bitmap_len};
use super::error::{Structure, VhdError, Warning};
use super::footer::{self, Chosen};
use super::header::{self, Parent};
use super::locator;
use super::raw::{self, DynamicHeader, Footer, SECTOR};
use super::segment::{Found, Joined, Segment};
use super::size::{self, SizeRule};
use super::table::{self, Place, Slot, Table};
use crate::io::{ReadAt, ReadError, read_vec};
use crate::units::{ByteLen, ByteOffset};

/// What a VHD is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// All bytes of the disk.
    Fixed,
    /// The blocks that were ever written.
    Dynamic,
    /// What differs from a parent.
    Differencing,
}

/// One VHD file.
///
/// What it keeps in memory is 8 bytes for each block that the file has.
pub struct Vhd<R> {
    source: R,
    footer: Box<Footer>,
    header: Option<Box<DynamicHeader>>,
    size: ByteLen,
    table: Option<Table>,
    parent: Option<Parent>,
    warnings: Vec<Warning>,
}

/// A block that a file has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Its number, from 0 at the start of the disk.
    pub number: u32,
    /// The bytes of the disk that it holds; the last block's end with the disk.
    pub range: Range<u64>,
    /// Where its bitmap is in the file.
    pub bitmap: ByteOffset,
    /// Where its data are in the file, right behind the bitmap.
    pub data: ByteOffset,
}

impl Block {
    fn of(table: &Table, number: u32, bitmap: ByteOffset) -> Self {
        let data = ByteOffset(bitmap.0 + bitmap_len(table.block_size));
        Self { number, range: table.range(number), bitmap, data }
    }
}

/// The bitmap that was read last: of which block, and what.
pub(super) type LastMap = Option<(u32, SectorMap)>;

impl<R: ReadAt> Vhd<R> {
    /// Opens a VHD and checks its structures: all that says where data lie.
    ///
    /// # Errors
    /// [`VhdError`].
    pub fn open(source: R, rule: SizeRule) -> Result<Self, VhdError> {
        let Chosen { footer, end, mut warnings } = footer::find(&source)?;
        let (size, warning) = size::of(&footer, rule)?;
        warnings.extend(warning);
        let footer = Box::new(footer);
        let vhd = Self { source, footer, header: None, size, table: None, parent: None, warnings };
        match vhd.kind() {
            Kind::Fixed => vhd.with_data(end),
            Kind::Dynamic | Kind::Differencing => vhd.with_blocks(end),
        }
    }

    /// Checks that a fixed disk is all there.
    fn with_data(self, end: ByteOffset) -> Result<Self, VhdError> {
        if self.size.0 > end.0 {
            let at = ByteOffset::ZERO;
            return Err(VhdError::OutOfFile { structure: Structure::Data, at, len: self.size, end });
        }
        Ok(self)
    }

    /// Reads and checks header, table and locators.
    fn with_blocks(mut self, end: ByteOffset) -> Result<Self, VhdError> {
        let (header, header_at) = header::read(&self.source, &self.footer, end)?;
        let mut table = Table::read(&self.source, &header, self.size, &Place { header_at, end })?;
        let mut claimed = self.structures(&header, &table)?;
        let locators = match self.kind() {
            Kind::Differencing => locator::read_all(&self.source, &header, end, &mut self.warnings)?,
            _ => Vec::new(),
        };
        claimed.extend(locators.iter().map(locator::Locator::structure));
        table.check(&claimed, end)?;
        self.parent = (self.kind() == Kind::Differencing).then(|| Parent::of(&header, locators));
        self.table = Some(table);
        self.header = Some(Box::new(header));
        Ok(self)
    }

    /// What structures but the parent locators take up of the file.
    fn structures(
        &self,
        header: &DynamicHeader,
        table: &Table,
    ) -> Result<Vec<(Structure, Range<u64>)>, VhdError> {
        let header_at = ByteOffset(self.footer.data_offset.get());
        let mut structures = Vec::from(main_structures(header, header_at)?);
        let table_end = ByteOffset(table::extent(header).end);
        let is_tapdisk = footer::is_tapdisk(&self.footer);
        let batmap = table::find_batmap(&self.source, table, table_end, is_tapdisk)?;
        structures.extend(batmap.into_iter().map(|range| (Structure::Batmap, range)));
        Ok(structures)
    }

    /// Where the data of the file end: in front of the footer.
    pub(super) fn data_end(&self) -> Result<ByteOffset, VhdError> {
        footer::find(&self.source).map(|chosen| chosen.end)
    }

    /// Whether neither structures nor blocks take up these bytes of the file. Parent locators count for nothing.
    pub(super) fn is_free(&self, range: &Range<u64>) -> Result<bool, VhdError> {
        let (Some(header), Some(table)) = (&self.header, &self.table) else { return Ok(false) };
        let apart = |other: &Range<u64>| other.end <= range.start || range.end <= other.start;
        let structures = self.structures(header, table)?;
        Ok(range.end <= self.data_end()?.0
            && structures.iter().all(|(_, other)| apart(other))
            && !table.claims(range))
    }
}

impl<R> Vhd<R> {
    /// The footer that counts.
    pub fn footer(&self) -> &Footer {
        &self.footer
    }

    /// The dynamic disk header, which fixed disks have not.
    pub fn header(&self) -> Option<&DynamicHeader> {
        self.header.as_deref()
    }

    /// What it is.
    pub fn kind(&self) -> Kind {
        match self.footer.disk_type.get() {
            raw::FIXED => Kind::Fixed,
            raw::DYNAMIC => Kind::Dynamic,
            // The footer was checked to have no other type.
            _ => Kind::Differencing,
        }
    }

    /// The disk's identity, which its children name.
    pub fn unique_id(&self) -> Uuid {
        Uuid::from_bytes(self.footer.unique_id)
    }

    /// The size of the disk, by the rule that the file was opened with.
    pub fn disk_size(&self) -> ByteLen {
        self.size
    }

    /// What a differencing disk says about its parent.
    pub fn parent(&self) -> Option<&Parent> {
        self.parent.as_ref()
    }

    /// What is not as it should be, in the order in which it was found.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// The file.
    pub fn source(&self) -> &R {
        &self.source
    }

    /// The size of a block's data in bytes, or `None` for fixed disks.
    pub fn block_size(&self) -> Option<u32> {
        self.table.as_ref().map(|table| table.block_size)
    }

    /// The blocks that the file has, in the order of the disk; none for fixed disks.
    pub fn blocks(&self) -> impl Iterator<Item = Block> {
        self.table.iter().flat_map(|table| table.blocks().map(|(number, at)| Block::of(table, number, at)))
    }

    /// Makes sense of the bytes of a block's bitmap, for callers who have them at hand.
    pub fn sector_map(&self, bitmap: &[u8]) -> SectorMap {
        let sectors = u64::from(self.block_size().unwrap_or(0)) / SECTOR;
        // tapdisk 0.1 counted from the other end of each byte.
        let is_turned = footer::is_tapdisk(&self.footer) && self.footer.creator_version.get() == 1;
        let map = if is_turned { SectorMap::from_turned_bytes } else { SectorMap::from_bytes };
        map(bitmap, sectors as u32)
    }

    /// What stands for the sectors that the file does not have.
    fn elsewhere(&self) -> Found {
        if self.parent.is_some() { Found::Parent } else { Found::Zero }
    }
}

impl<R: ReadAt> Vhd<R> {
    /// What stands for the bytes `range` of the disk, as far as the disk goes, in order and in pieces as long as can
    /// be. Bitmaps are read on the way, each once.
    pub fn segments(&self, range: Range<u64>) -> impl Iterator<Item = Result<Segment, ReadError>> {
        let mut at = range.start;
        let end = range.end.min(self.size.0);
        let mut last = None;
        Joined::new(core::iter::from_fn(move || {
            if at >= end {
                return None;
            }
            let step = self.step(&mut last, at..end);
            at = step.as_ref().map_or(end, |segment| segment.range.end);
            Some(step)
        }))
    }

    /// The segment at the start of `range`, which is not empty and lies on the disk.
    pub(super) fn step(&self, last: &mut LastMap, range: Range<u64>) -> Result<Segment, ReadError> {
        let Some(table) = &self.table else {
            return Ok(Segment { found: Found::Here(ByteOffset(range.start)), range });
        };
        match table.at(range.start) {
            Slot::Absent(until) => {
                Ok(Segment { range: range.start..until.min(range.end), found: self.elsewhere() })
            }
            Slot::Present(block, bitmap) => self.step_in_block(last, (block, bitmap), range),
        }
    }

    fn step_in_block(
        &self,
        last: &mut LastMap,
        (block, bitmap): (u32, ByteOffset),
        range: Range<u64>,
    ) -> Result<Segment, ReadError> {
        let map = match last {
            Some((of, map)) if *of == block => map,
            _ => &mut last.insert((block, self.read_map(bitmap)?)).1,
        };
        let start = u64::from(block) * u64::from(self.block_size().unwrap_or(0));
        let into = range.start - start;
        let (has, until) = map.run((into / SECTOR) as u32, map.sectors());
        let end = (start + u64::from(until) * SECTOR).min(range.end);
        let data = bitmap.0 + bitmap_len(self.block_size().unwrap_or(0));
        let found = if has { Found::Here(ByteOffset(data + into)) } else { self.elsewhere() };
        Ok(Segment { range: range.start..end, found })
    }

    /// Reads a block's bitmap; the block was checked to lie in the file.
    pub(super) fn read_map(&self, bitmap: ByteOffset) -> Result<SectorMap, ReadError> {
        let sectors = u64::from(self.block_size().unwrap_or(0)) / SECTOR;
        let bytes = read_vec(&self.source, bitmap, sectors.div_ceil(8) as usize)?;
        Ok(self.sector_map(&bytes))
    }

    /// The next bytes of the disk at or after `offset` for which the file may have data, by whole blocks: no bitmap is
    /// read.
    ///
    /// # Errors
    /// [`ReadError`] when the file of a fixed disk cannot tell.
    pub fn next_data(&self, offset: ByteOffset) -> Result<Option<Range<u64>>, ReadError> {
        let found = match &self.table {
            Some(table) => table.next_run(offset.0),
            None => self.source.next_data(offset)?,
        };
        let clipped = found.map(|range| range.start..range.end.min(self.size.0));
        Ok(clipped.filter(|range| range.start < range.end))
    }
}

/// The places of the structures in front of the blocks, which must not lie over each other.
fn main_structures(
    header: &DynamicHeader,
    header_at: ByteOffset,
) -> Result<[(Structure, Range<u64>); 3], VhdError> {
    let header_end = header_at.0.saturating_add(size_of::<DynamicHeader>() as u64);
    let copy = (Structure::FooterCopy, 0..size_of::<Footer>() as u64);
    let main = (Structure::Header, header_at.0..header_end);
    let table = (Structure::Table, table::extent(header));
    apart(&main, &copy)?;
    apart(&table, &copy)?;
    apart(&table, &main)?;
    Ok([copy, main, table])
}

fn apart(one: &(Structure, Range<u64>), other: &(Structure, Range<u64>)) -> Result<(), VhdError> {
    if one.1.start < other.1.end && other.1.start < one.1.end {
        let (at, other_at) = (ByteOffset(one.1.start), ByteOffset(other.1.start));
        return Err(VhdError::StructuresOverlap { structure: one.0, at, other: other.0, other_at });
    }
    Ok(())
}
