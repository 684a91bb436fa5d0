//! Entries of files and directories, allocation descriptors and file identifiers.

use alloc::vec::Vec;

use zerocopy::{FromZeros, IntoBytes};

use super::super::raw::{
    ExtendedFileEntry, FileEntry, FileIdentifier, IcbTag, LongAd, MAX_EXTENT, SECTOR, ShortAd, file_type, tag,
};
use super::super::{Revision, text};
use super::{METADATA_UNIT, Measured, Volume, sector};
use crate::region::Region;
use crate::time::Timestamp;

/// Everybody may read (ECMA-167 4/14.9.5).
const READ: u32 = 0b00100_00100_00100;
/// Everybody may read and search.
const READ_AND_SEARCH: u32 = 0b00101_00101_00101;
/// No owner, no group (UDF 2.3.6.1).
const NOBODY: u32 = u32::MAX;
/// Allocation descriptors are long ones (ECMA-167 4/14.6.8).
const LONG: u16 = 1;
/// Set when a file is made (ECMA-167 4/14.6.8).
const ARCHIVE: u16 = 1 << 5;

/// What a file entry says.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// [`file_type`].
    pub file_type: u8,
    /// How many file identifiers lead to it.
    pub links: u16,
    /// In bytes.
    pub len: u64,
    /// In blocks.
    pub blocks: u64,
    /// See `Nodes::unique_id`.
    pub unique_id: u64,
    /// Whether allocation descriptors name the partition.
    pub long: bool,
}

/// The fixed part of an entry with its allocation descriptors behind it, sealed for a block.
pub fn entry(entry: &Entry, allocation: &[u8], block: u32, form: (Revision, Timestamp)) -> Vec<u8> {
    let (revision, time) = form;
    let (mut bytes, identifier) = if revision.is_third_edition() {
        (extended(entry, allocation.len(), time).as_bytes().to_vec(), tag::EXTENDED_FILE_ENTRY)
    } else {
        (plain(entry, allocation.len(), time).as_bytes().to_vec(), tag::FILE_ENTRY)
    };
    bytes.extend_from_slice(allocation);
    text::seal(&mut bytes, identifier, block, revision);
    bytes
}

fn plain(entry: &Entry, allocation: usize, time: Timestamp) -> FileEntry {
    let time = text::stamp(time);
    FileEntry {
        icb: icb(entry),
        uid: NOBODY.into(),
        gid: NOBODY.into(),
        permissions: permissions(entry).into(),
        links: entry.links.into(),
        information_length: entry.len.into(),
        blocks_recorded: entry.blocks.into(),
        accessed: time,
        modified: time,
        attributes_changed: time,
        checkpoint: 1.into(),
        implementation_id: text::implementer(),
        unique_id: entry.unique_id.into(),
        // Cannot cut: at most a block.
        allocation_length: (allocation as u32).into(),
        ..FileEntry::new_zeroed()
    }
}

fn extended(entry: &Entry, allocation: usize, time: Timestamp) -> ExtendedFileEntry {
    let time = text::stamp(time);
    ExtendedFileEntry {
        icb: icb(entry),
        uid: NOBODY.into(),
        gid: NOBODY.into(),
        permissions: permissions(entry).into(),
        links: entry.links.into(),
        information_length: entry.len.into(),
        object_size: entry.len.into(),
        blocks_recorded: entry.blocks.into(),
        accessed: time,
        modified: time,
        created: time,
        attributes_changed: time,
        checkpoint: 1.into(),
        implementation_id: text::implementer(),
        unique_id: entry.unique_id.into(),
        // Cannot cut: at most a block.
        allocation_length: (allocation as u32).into(),
        ..ExtendedFileEntry::new_zeroed()
    }
}

fn icb(entry: &Entry) -> IcbTag {
    IcbTag {
        strategy: 4.into(),
        max_entries: 1.into(),
        file_type: entry.file_type,
        flags: (ARCHIVE | if entry.long { LONG } else { 0 }).into(),
        ..IcbTag::new_zeroed()
    }
}

fn permissions(entry: &Entry) -> u32 {
    if entry.file_type == file_type::DIRECTORY { READ_AND_SEARCH } else { READ }
}

/// Allocation descriptors of `len` bytes that lie in one piece from `block` of partition `partition` on; short ones
/// without a partition.
pub fn allocation(len: u64, block: u32, partition: Option<u16>) -> Vec<u8> {
    let pieces =
        (0..len.div_ceil(MAX_EXTENT)).map(|n| (n * MAX_EXTENT, (len - n * MAX_EXTENT).min(MAX_EXTENT)));
    // Cannot cut: extents have 30 bits, and blocks of a volume 32.
    let one =
        |(at, len): (u64, u64)| descriptor(len as u32, block + (at / u64::from(SECTOR)) as u32, partition);
    pieces.flat_map(one).collect()
}

/// One allocation descriptor, short without a partition.
pub fn descriptor(length: u32, block: u32, partition: Option<u16>) -> Vec<u8> {
    match partition {
        None => ShortAd { length: length.into(), block: block.into() }.as_bytes().to_vec(),
        Some(partition) => long_ad(length, block, partition).as_bytes().to_vec(),
    }
}

/// A long allocation descriptor.
pub fn long_ad(length: u32, block: u32, partition: u16) -> LongAd {
    LongAd {
        length: length.into(),
        block: block.into(),
        partition: partition.into(),
        implementation_use: [0; 6],
    }
}

/// A file identifier that starts in `location`, sealed.
pub fn identifier(characteristics: u8, name: &[u8], icb: LongAd, location: (u32, Revision)) -> Vec<u8> {
    let fixed = FileIdentifier {
        version: 1.into(),
        characteristics,
        // Cannot cut: names were checked.
        name_length: name.len() as u8,
        icb,
        ..FileIdentifier::new_zeroed()
    };
    let mut bytes = fixed.as_bytes().to_vec();
    bytes.extend_from_slice(name);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    text::seal(&mut bytes, tag::FILE_IDENTIFIER, location.0, location.1);
    bytes
}

/// The entries of the metadata file and of its mirror, which share their data (UDF 2.50 2.2.13).
pub fn metadata_files(measured: &Measured, volume: &Volume) -> [Region; 2] {
    let blocks = measured.metadata_blocks();
    let len = u64::from(blocks) * u64::from(SECTOR);
    let one = |file_type, block: u32, name| {
        let content = Entry { file_type, links: 0, len, blocks: blocks.into(), unique_id: 0, long: false };
        let bytes =
            entry(&content, &allocation(len, METADATA_UNIT, None), block, (measured.revision, volume.time));
        Region::bytes(name, sector(volume.partition_start + block), bytes)
    };
    [
        one(file_type::METADATA, 0, "UDF metadata file"),
        one(file_type::METADATA_MIRROR, measured.mirror_block(), "UDF metadata mirror file"),
    ]
}
