//! Indexes as they lie on disk: in records, and in blocks.

use alloc::vec::Vec;

use zerocopy::IntoBytes;

use super::attributes::{RecordWriter, protect, reference_to};
use super::catalogue::Index;
use super::geometry::Units;
use super::image::Image;
use super::shape::{CHILD, FIRST_ENTRY, Shape};
use super::views::View;
use crate::ntfs::raw::attribute::kind;
use crate::ntfs::raw::index::{
    self, BlockHeader, EntryHeader, HAS_CHILDREN, I30, IndexHeader, IndexRoot, collation, entry_flags,
};
use crate::ntfs::raw::{INDEX_BLOCK, STRIDE};

/// The index of a directory whose entries fit into its record.
pub(super) fn in_record(record: &mut RecordWriter, image: &Image, index: &Index) {
    let mut entries = Vec::new();
    for child in index.entries.iter() {
        push_entry(&mut entries, Some((child, &image.key(child))), None);
    }
    push_entry(&mut entries, None, None);
    let value = root(&image.units, kind::FILE_NAME, collation::FILE_NAME, 0, &entries);
    record.resident(kind::INDEX_ROOT, I30, &value);
}

/// The root of an index with blocks: it leads to the last of them.
pub(super) fn in_blocks(record: &mut RecordWriter, shape: &Shape, units: &Units) {
    let mut entries = Vec::new();
    push_entry(&mut entries, None, Some(vcn(shape.blocks() - 1, units)));
    let value = root(units, kind::FILE_NAME, collation::FILE_NAME, HAS_CHILDREN, &entries);
    record.resident(kind::INDEX_ROOT, I30, &value);
}

/// An index of something else than names.
pub(super) fn view(record: &mut RecordWriter, view: &View, units: &Units) {
    let mut entries = view.entries.clone();
    push_entry(&mut entries, None, None);
    record.resident(kind::INDEX_ROOT, view.name, &root(units, 0, view.collation, 0, &entries));
}

/// The bytes of all blocks.
pub(super) fn blocks_len(shape: &Shape) -> u64 {
    u64::from(shape.blocks()) * u64::from(INDEX_BLOCK)
}

/// So many ones, then zeros up to `len` bytes.
pub(super) fn ones(count: u64, len: u64) -> Vec<u8> {
    let mut bytes = alloc::vec![0xFF; (count / 8) as usize];
    bytes.push(!(0xFF << (count % 8)));
    bytes.resize(len as usize, 0);
    bytes
}

/// A block of a directory's index.
pub(super) fn block(image: &Image, index: &Index, shape: &Shape, number: u32) -> Vec<u8> {
    let mut bytes = alloc::vec![0; FIRST_ENTRY];
    let mut flags = 0;
    for (entry, child) in shape.entries(&shape.block(number)) {
        if child.is_some() {
            flags = HAS_CHILDREN;
        }
        let record = entry.map(|at| index.entries.record(at));
        let key = record.map(|record| (record, image.key(record)));
        let child = child.map(|child| vcn(child, &image.units));
        push_entry(&mut bytes, key.as_ref().map(|(record, key)| (*record, key.as_slice())), child);
    }
    let lists = size_of::<BlockHeader>();
    let update = lists + size_of::<IndexHeader>();
    let header = BlockHeader {
        magic: index::MAGIC,
        update_offset: (update as u16).into(),
        update_count: (INDEX_BLOCK as u16 / STRIDE as u16 + 1).into(),
        log_sequence: 0.into(),
        vcn: vcn(number, &image.units).into(),
    };
    let list = header_of_list(FIRST_ENTRY - lists, bytes.len() - lists, INDEX_BLOCK as usize - lists, flags);
    bytes.resize(INDEX_BLOCK as usize, 0);
    bytes[..lists].copy_from_slice(header.as_bytes());
    bytes[lists..update].copy_from_slice(list.as_bytes());
    protect(&mut bytes, update);
    bytes
}

/// The number of a block, in its unit.
fn vcn(block: u32, units: &Units) -> u64 {
    u64::from(block) * u64::from(INDEX_BLOCK / units.block_unit())
}

/// The value of `$INDEX_ROOT`.
fn root(units: &Units, indexed: u32, collation: u32, flags: u8, entries: &[u8]) -> Vec<u8> {
    let head = IndexRoot {
        indexed: indexed.into(),
        collation: collation.into(),
        block_size: INDEX_BLOCK.into(),
        block_units: (INDEX_BLOCK / units.block_unit()) as u8,
        unused: [0; 3],
    };
    let first = size_of::<IndexHeader>();
    let len = first + entries.len();
    [head.as_bytes(), header_of_list(first, len, len, flags).as_bytes(), entries].concat()
}

fn header_of_list(first: usize, used: usize, allocated: usize, flags: u8) -> IndexHeader {
    IndexHeader {
        first_entry: (first as u32).into(),
        used: (used as u32).into(),
        allocated: (allocated as u32).into(),
        flags,
        unused: [0; 3],
    }
}

/// Adds an entry for a record and its key, or the last one, which has none.
fn push_entry(bytes: &mut Vec<u8>, key: Option<(u32, &[u8])>, child: Option<u64>) {
    let (record, key, last) =
        key.map_or((0, &[][..], entry_flags::LAST), |(record, key)| (reference_to(record), key, 0));
    let without_child = (size_of::<EntryHeader>() + key.len()).next_multiple_of(8);
    let header = EntryHeader {
        reference: record.into(),
        len: ((without_child + child.map_or(0, |_| CHILD)) as u16).into(),
        key_len: (key.len() as u16).into(),
        flags: (last | child.map_or(0, |_| entry_flags::CHILD)).into(),
        unused: 0.into(),
    };
    let start = bytes.len();
    bytes.extend_from_slice(header.as_bytes());
    bytes.extend_from_slice(key);
    bytes.resize(start + without_child, 0);
    bytes.extend(child.map(u64::to_le_bytes).into_iter().flatten());
}
