//! A VHD laid out before a byte of it is written.
//!
//! A plan knows which blocks the file will have, so that it can be written from its first byte to its last, or at any
//! places in any order: the structures in front are complete, and every block has its place.

use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

use uuid::Uuid;
use zerocopy::byteorder::big_endian::{U16, U32, U64};
use zerocopy::{FromZeros, IntoBytes};

use super::bitmap::bitmap_len;
use super::error::VhdError;
use super::raw::{self, DynamicHeader, Footer, Geometry, LocatorEntry, SECTOR};
use super::read::Block;
use super::size;
use super::table::MAX_BLOCKS;
use crate::time::Timestamp;
use crate::units::{ByteLen, ByteOffset};

/// The size of a block's data, in bytes: what all programs write and some insist on.
pub const BLOCK_SIZE: u32 = 2 << 20;
/// Data of blocks start at multiples of this, in bytes: those who use the file in place do not have to read before
/// they write on disks with sectors of 4 KiB. Windows does so too.
const ALIGNMENT: u64 = 4096;
/// Where the header is, in bytes: right behind the copy of the footer.
const HEADER_AT: u64 = SECTOR;
/// Where the block allocation table is, in bytes: right behind the header.
const TABLE_AT: u64 = HEADER_AT + size_of::<DynamicHeader>() as u64;
/// The creator that is named, Hyper-V of Windows 7: qemu before 10.1 takes the size from the geometry, and thereby
/// cuts off the disk's end, unless it knows the creator as one of those that do not.
const CREATOR: ([u8; 4], u32, [u8; 4]) = (*b"win ", 0x0006_0001, *b"Wi2k");
/// The longest name of a parent, in UTF-16 units: the header has room for these and a zero.
const MAX_NAME: usize = 255;

/// The disk that a VHD to be written holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disk {
    /// Its size: whole sectors of 512 bytes, at most 2040 GiB.
    pub size: ByteLen,
    /// Its identity.
    pub unique_id: Uuid,
    /// When it was made; times before 2000 become the start of that year, which is the first that a VHD can say.
    pub time: Timestamp,
    /// The size of a block's data in bytes: a power of two.
    pub block_size: u32,
    /// The parent of a differencing disk.
    pub parent: Option<ParentLink>,
}

/// How a differencing disk names its parent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParentLink {
    /// The parent's identity; nil for a raw disk.
    pub unique_id: Uuid,
    /// The time stamp of the parent's footer, in seconds since 2000-01-01T00:00:00Z.
    pub time_stamp: u32,
    /// The parent's file name; the file is expected beside the child.
    pub name: String,
}

/// Where everything of a dynamic or differencing disk lies in its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    head: Vec<u8>,
    blocks: Vec<u32>,
    footer: Footer,
    block_size: u32,
    disk: ByteLen,
}

impl Disk {
    /// A disk that needs no parent, in blocks of [`BLOCK_SIZE`].
    pub fn new(size: ByteLen, unique_id: Uuid, time: Timestamp) -> Self {
        Self { size, unique_id, time, block_size: BLOCK_SIZE, parent: None }
    }

    /// The same disk, as what differs from a parent.
    pub fn on(self, parent: ParentLink) -> Self {
        Self { parent: Some(parent), ..self }
    }

    /// How many blocks the disk has.
    ///
    /// # Errors
    /// [`VhdError`] when no VHD can hold the disk.
    pub fn block_count(&self) -> Result<u32, VhdError> {
        size::check(self.size)?;
        let at = ByteOffset(HEADER_AT);
        if !self.block_size.is_power_of_two() || u64::from(self.block_size) < SECTOR {
            return Err(VhdError::BlockSize { at, found: self.block_size });
        }
        match self.size.0.div_ceil(self.block_size.into()) {
            found if found > MAX_BLOCKS => Err(VhdError::TooManyBlocks { at, limit: MAX_BLOCKS, found }),
            blocks => Ok(blocks as u32),
        }
    }

    fn footer(&self, disk_type: u32, data_offset: u64) -> Footer {
        let mut footer = Footer {
            cookie: raw::FOOTER_COOKIE,
            features: U32::new(raw::FEATURE_RESERVED),
            file_format_version: U32::new(raw::VERSION),
            data_offset: U64::new(data_offset),
            time_stamp: U32::new(time_stamp(self.time)),
            creator_application: CREATOR.0,
            creator_version: U32::new(CREATOR.1),
            creator_host_os: CREATOR.2,
            original_size: U64::new(self.size.0),
            current_size: U64::new(self.size.0),
            disk_geometry: Geometry::of(self.size),
            disk_type: U32::new(disk_type),
            unique_id: self.unique_id.into_bytes(),
            ..Footer::new_zeroed()
        };
        footer.checksum = U32::new(footer.compute_checksum());
        footer
    }

    fn header(&self, blocks: u32, locator: Option<LocatorEntry>) -> DynamicHeader {
        let mut header = DynamicHeader {
            cookie: raw::HEADER_COOKIE,
            data_offset: U64::new(raw::NOWHERE),
            table_offset: U64::new(TABLE_AT),
            header_version: U32::new(raw::VERSION),
            max_table_entries: U32::new(blocks),
            block_size: U32::new(self.block_size),
            ..DynamicHeader::new_zeroed()
        };
        if let Some(parent) = &self.parent {
            parent.name_in(&mut header, locator);
        }
        header.checksum = U32::new(header.compute_checksum());
        header
    }
}

impl ParentLink {
    /// Names the parent in a header without locators.
    pub(super) fn name_in(&self, header: &mut DynamicHeader, locator: Option<LocatorEntry>) {
        header.parent_unique_id = self.unique_id.into_bytes();
        header.parent_time_stamp = U32::new(self.time_stamp);
        header.parent_unicode_name = FromZeros::new_zeroed();
        let units = self.name.encode_utf16().take(MAX_NAME).map(U16::new);
        header.parent_unicode_name.iter_mut().zip(units).for_each(|(to, unit)| *to = unit);
        if let (Some(first), Some(locator)) = (header.parent_locators.first_mut(), locator) {
            *first = locator;
        }
    }

    pub(super) fn check(&self) -> Result<(), VhdError> {
        let len = self.name.encode_utf16().count();
        let is_path = self.name.contains(['/', '\\', ':', '\0']) || self.name == "..";
        if is_path || !(1..=MAX_NAME).contains(&len) {
            return Err(VhdError::ParentName { found: self.name.chars().take(80).collect() });
        }
        Ok(())
    }

    /// The path relative to the child, as `W2ru` has it, and its locator.
    pub(super) fn locator(&self, at: u64) -> (Vec<u8>, LocatorEntry) {
        let path: Vec<u8> =
            ".\\".encode_utf16().chain(self.name.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        let entry = LocatorEntry {
            platform_code: *b"W2ru",
            // In bytes, as Windows has it: who takes small numbers for sectors takes large ones for bytes.
            platform_data_space: U32::new((path.len() as u64).next_multiple_of(SECTOR) as u32),
            platform_data_length: U32::new(path.len() as u32),
            reserved: U32::ZERO,
            platform_data_offset: U64::new(at),
        };
        (path, entry)
    }
}

impl Plan {
    /// Lays out a dynamic disk, or a differencing one where the disk has a parent, with the blocks that it is to have:
    /// ascending numbers.
    ///
    /// # Errors
    /// [`VhdError`] when no VHD can hold the disk, or name the parent.
    pub fn new(disk: &Disk, blocks: impl IntoIterator<Item = u32>) -> Result<Self, VhdError> {
        let count = disk.block_count()?;
        disk.parent.as_ref().map_or(Ok(()), ParentLink::check)?;
        let blocks: Vec<u32> = blocks.into_iter().collect();
        check_order(&blocks, count)?;
        let disk_type = if disk.parent.is_some() { raw::DIFFERENCING } else { raw::DYNAMIC };
        let footer = disk.footer(disk_type, HEADER_AT);
        let head = Vec::new();
        let mut plan = Self { head, blocks, footer, block_size: disk.block_size, disk: disk.size };
        plan.head = plan.lay_out_head(disk, count);
        Ok(plan)
    }

    /// The structures in front: the copy of the footer, the header, the table, and the path of the parent.
    fn lay_out_head(&self, disk: &Disk, count: u32) -> Vec<u8> {
        let table_len = (u64::from(count) * 4).next_multiple_of(SECTOR);
        let locator = disk.parent.as_ref().map(|parent| parent.locator(TABLE_AT + table_len));
        let (path, entry) = locator.unzip();
        let path = path.unwrap_or_default();
        let head_len = (TABLE_AT + table_len + path.len() as u64).next_multiple_of(SECTOR);
        let mut table = alloc::vec![0xff; table_len as usize];
        let slots = table.as_chunks_mut::<4>().0;
        for (index, block) in self.blocks.iter().enumerate() {
            if let Some(slot) = slots.get_mut(*block as usize) {
                *slot = ((self.place(head_len, index) / SECTOR) as u32).to_be_bytes();
            }
        }
        let mut head = Vec::with_capacity(head_len as usize);
        head.extend_from_slice(self.footer.as_bytes());
        head.extend_from_slice(disk.header(count, entry).as_bytes());
        head.append(&mut table);
        head.extend_from_slice(&path);
        head.resize(head_len as usize, 0);
        head
    }

    /// Where the bitmap of the block that is number `index` in the file starts, behind a head of this length.
    fn place(&self, head_len: u64, index: usize) -> u64 {
        let bitmap = bitmap_len(self.block_size);
        let first = (head_len + bitmap).next_multiple_of(ALIGNMENT) - bitmap;
        first + index as u64 * self.stride()
    }

    fn stride(&self) -> u64 {
        (bitmap_len(self.block_size) + u64::from(self.block_size)).next_multiple_of(ALIGNMENT)
    }

    /// The file's first bytes: all structures in front of the blocks.
    pub fn head(&self) -> &[u8] {
        &self.head
    }

    /// The blocks in the order of the file, which is that of the disk. Between them, and in front of the first, are
    /// zeros.
    pub fn blocks(&self) -> impl Iterator<Item = Block> {
        self.block_range(0..self.blocks.len())
    }

    fn block_range(&self, range: Range<usize>) -> impl Iterator<Item = Block> {
        let numbers = self.blocks.get(range.clone()).unwrap_or_default();
        let head_len = self.head.len() as u64;
        range.zip(numbers).map(move |(index, number)| self.block(*number, self.place(head_len, index)))
    }

    /// The blocks that have bytes in this range of the file, or stand right beside it.
    pub(super) fn blocks_near(&self, range: Range<u64>) -> impl Iterator<Item = Block> {
        let first = self.place(self.head.len() as u64, 0);
        let index = |at: u64| (at.saturating_sub(first) / self.stride()) as usize;
        let end = index(range.end).saturating_add(1).min(self.blocks.len());
        self.block_range(index(range.start).min(end)..end)
    }

    fn block(&self, number: u32, at: u64) -> Block {
        let size = u64::from(self.block_size);
        let start = u64::from(number) * size;
        let range = start..(start + size).min(self.disk.0);
        let data = ByteOffset(at + bitmap_len(self.block_size));
        Block { number, range, bitmap: ByteOffset(at), data }
    }

    /// The size of a block's data in bytes. The last block of a disk has it too: zeros follow the disk's end.
    pub fn block_size(&self) -> u32 {
        self.block_size
    }

    /// The length of a block's bitmap in the file, in bytes: whole sectors.
    pub fn bitmap_len(&self) -> u64 {
        bitmap_len(self.block_size)
    }

    /// The file's last bytes.
    pub fn footer(&self) -> &[u8] {
        self.footer.as_bytes()
    }

    /// Where the footer is: right behind the last block.
    pub fn footer_at(&self) -> ByteOffset {
        let head_len = self.head.len() as u64;
        let last = self.blocks.len().checked_sub(1).map(|index| self.place(head_len, index));
        let behind = |at: u64| at + bitmap_len(self.block_size) + u64::from(self.block_size);
        ByteOffset(last.map_or(head_len, behind))
    }

    /// How long the file is.
    pub fn file_len(&self) -> ByteLen {
        ByteLen(self.footer_at().0 + SECTOR)
    }

    /// The size of the disk.
    pub fn disk_size(&self) -> ByteLen {
        self.disk
    }
}

/// The footer of a fixed disk: what follows all bytes of the disk.
///
/// # Errors
/// [`VhdError`] when no VHD can hold the disk.
pub fn fixed_footer(disk: &Disk) -> Result<[u8; 512], VhdError> {
    size::check(disk.size)?;
    let mut bytes = [0; 512];
    bytes.copy_from_slice(disk.footer(raw::FIXED, raw::NOWHERE).as_bytes());
    Ok(bytes)
}

fn check_order(blocks: &[u32], count: u32) -> Result<(), VhdError> {
    let mut previous = None;
    for &found in blocks {
        if previous.is_some_and(|previous| previous >= found) || found >= count {
            return Err(VhdError::BlockOrder { found, previous, blocks: count.into() });
        }
        previous = Some(found);
    }
    Ok(())
}

/// As a VHD counts: seconds since 2000-01-01T00:00:00Z.
pub fn time_stamp(time: Timestamp) -> u32 {
    u32::try_from((time.unix() - raw::SINCE_1970).max(0)).unwrap_or(u32::MAX)
}
