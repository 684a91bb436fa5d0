//! Records, written attribute by attribute.

use alloc::vec::Vec;

use zerocopy::IntoBytes;

use super::geometry::Units;
use crate::ntfs::raw::attribute::{
    AttributeHeader, FileName, NonResidentHeader, ResidentHeader, StandardInformation, kind,
};
use crate::ntfs::raw::index::{EntryHeader, IndexHeader, IndexRoot};
use crate::ntfs::raw::record::{self, RecordHeader};
use crate::ntfs::raw::{STRIDE, reference};

/// Everything in a record starts at a multiple of this, in bytes.
const STEP: usize = 8;
/// The end mark with the four bytes after it.
const END: usize = 8;
/// The head of an attribute whose value is in the record, in bytes.
const RESIDENT: usize = size_of::<AttributeHeader>() + size_of::<ResidentHeader>();
/// The head of an attribute whose value is in clusters, in bytes.
const NON_RESIDENT: usize = size_of::<AttributeHeader>() + size_of::<NonResidentHeader>();
/// The name `$I30`, in bytes.
const I30: usize = 8;
/// The longest bitmap of an index that stays in the record, in bytes. With the longest name and all that a directory
/// needs, a record of 1024 bytes has 56 left.
pub(super) const RESIDENT_BITMAP: u64 = 48;
/// Every update sequence starts with this number; 0 would look like a record that nobody wrote.
pub(super) const UPDATE_NUMBER: u16 = 1;

/// A record in the making.
pub(super) struct RecordWriter {
    bytes: Vec<u8>,
    next_instance: u16,
    header: RecordHeader,
}

/// The value of an attribute that lies in clusters.
pub(super) struct Stream {
    /// The run list.
    pub(super) runs: Vec<u8>,
    /// Clusters in it.
    pub(super) clusters: u64,
    /// Bytes of those clusters.
    pub(super) allocated: u64,
    /// Bytes of the value.
    pub(super) size: u64,
    /// Bytes of the value that were written.
    pub(super) initialized: u64,
}

/// How often a record was given out. Those that the format gives a meaning have their own number.
pub(super) fn sequence(number: u32) -> u16 {
    match number {
        1..24 => number as u16,
        _ => 1,
    }
}

/// The reference to a record that is in use.
pub(super) fn reference_to(number: u32) -> u64 {
    reference(number, sequence(number))
}

/// Where the first attribute of a record is, in bytes.
fn first_attribute(units: &Units) -> usize {
    let update_sequence = 2 * (units.record as usize / STRIDE + 1);
    (size_of::<RecordHeader>() + update_sequence).next_multiple_of(STEP)
}

/// The bytes that every file's record has beside its data or index.
fn common(units: &Units, name_len: u8) -> usize {
    let name = RESIDENT + size_of::<FileName>() + 2 * usize::from(name_len);
    first_attribute(units) + RESIDENT + size_of::<StandardInformation>() + name.next_multiple_of(STEP) + END
}

/// Most bytes of data that fit into the record of a file with a name of so many units.
pub(super) fn room_for_data(units: &Units, name_len: u8) -> usize {
    (units.record as usize).saturating_sub(common(units, name_len) + RESIDENT)
}

/// Most bytes of index entries that fit into the record of a directory with a name of so many units.
pub(super) fn room_for_entries(units: &Units, name_len: u8) -> usize {
    let root = RESIDENT + I30 + size_of::<IndexRoot>() + size_of::<IndexHeader>();
    (units.record as usize).saturating_sub(common(units, name_len) + root)
}

/// The length of an index entry for a name of so many units, without a child.
pub(super) fn entry_len(name_len: u8) -> usize {
    (size_of::<EntryHeader>() + size_of::<FileName>() + 2 * usize::from(name_len)).next_multiple_of(STEP)
}

impl RecordWriter {
    /// An empty record.
    pub(super) fn new(units: &Units, number: u32, flags: u16, links: u16) -> Self {
        let first = first_attribute(units);
        let header = RecordHeader {
            magic: record::MAGIC,
            update_offset: (size_of::<RecordHeader>() as u16).into(),
            update_count: (units.record as u16 / STRIDE as u16 + 1).into(),
            log_sequence: 0.into(),
            sequence: sequence(number).into(),
            links: links.into(),
            first_attribute: (first as u16).into(),
            flags: flags.into(),
            used: 0.into(),
            allocated: units.record.into(),
            base: 0.into(),
            next_instance: 0.into(),
            unused: 0.into(),
            number: number.into(),
        };
        let mut bytes = Vec::with_capacity(units.record as usize);
        bytes.resize(first, 0);
        Self { bytes, next_instance: 0, header }
    }

    /// Adds an attribute whose value is in the record.
    pub(super) fn resident(&mut self, kind: u32, name: &str, value: &[u8]) {
        let start = self.bytes.len();
        let value_offset = (RESIDENT + 2 * name.len()).next_multiple_of(STEP);
        let head = ResidentHeader {
            value_len: (value.len() as u32).into(),
            value_offset: (value_offset as u16).into(),
            indexed: (kind == kind::FILE_NAME).into(),
            unused: 0,
        };
        let len = (value_offset + value.len()).next_multiple_of(STEP);
        self.head(kind, len, name, head.as_bytes());
        self.bytes.resize(start + value_offset, 0);
        self.bytes.extend_from_slice(value);
        self.bytes.resize(start + len, 0);
    }

    /// Adds an attribute whose value is in clusters.
    pub(super) fn clusters(&mut self, kind: u32, name: &str, stream: &Stream) {
        let start = self.bytes.len();
        let runs_offset = (NON_RESIDENT + 2 * name.len()).next_multiple_of(STEP);
        let head = NonResidentHeader {
            lowest_vcn: 0.into(),
            highest_vcn: (stream.clusters - 1).into(),
            runs_offset: (runs_offset as u16).into(),
            compression_unit: 0,
            unused: [0; 5],
            allocated: stream.allocated.into(),
            size: stream.size.into(),
            initialized: stream.initialized.into(),
        };
        let len = (runs_offset + stream.runs.len()).next_multiple_of(STEP);
        self.head(kind, len, name, head.as_bytes());
        self.bytes.resize(start + runs_offset, 0);
        self.bytes.extend_from_slice(&stream.runs);
        self.bytes.resize(start + len, 0);
    }

    /// The finished record.
    pub(super) fn finish(mut self) -> Vec<u8> {
        self.bytes.extend_from_slice(&kind::END.to_le_bytes());
        self.bytes.resize(self.bytes.len() + END - 4, 0);
        self.header.used = (self.bytes.len() as u32).into();
        self.header.next_instance = self.next_instance.into();
        self.bytes.resize(self.header.allocated.get() as usize, 0);
        self.bytes[..size_of::<RecordHeader>()].copy_from_slice(self.header.as_bytes());
        protect(&mut self.bytes, size_of::<RecordHeader>());
        self.bytes
    }

    fn head(&mut self, kind: u32, len: usize, name: &str, rest: &[u8]) {
        let is_resident = rest.len() == size_of::<ResidentHeader>();
        let header = AttributeHeader {
            kind: kind.into(),
            len: (len as u32).into(),
            non_resident: u8::from(!is_resident),
            name_len: name.len() as u8,
            name_offset: if is_resident { RESIDENT as u16 } else { NON_RESIDENT as u16 }.into(),
            flags: 0.into(),
            instance: self.next_instance.into(),
        };
        self.next_instance += 1;
        self.bytes.extend_from_slice(header.as_bytes());
        self.bytes.extend_from_slice(rest);
        // Names of attributes are ours, and ASCII.
        self.bytes.extend(name.bytes().flat_map(|byte| [byte, 0]));
    }
}

/// Writes the update sequence of a record or block at `at`: its number, and the two bytes at the end of each 512
/// bytes, which the number replaces.
pub(super) fn protect(bytes: &mut [u8], at: usize) {
    let number = UPDATE_NUMBER.to_le_bytes();
    bytes[at..at + 2].copy_from_slice(&number);
    for stride in 0..bytes.len() / STRIDE {
        let end = (stride + 1) * STRIDE;
        let saved = at + 2 + 2 * stride;
        bytes.copy_within(end - 2..end, saved);
        bytes[end - 2..end].copy_from_slice(&number);
    }
}

#[cfg(test)]
mod tests {
    use super::super::shape::CHILD;
    use super::*;

    #[test]
    fn the_largest_directory_fits_its_record() {
        for (sector, record) in [(512, 1024), (4096, 4096)] {
            let units = Units { sector, cluster: 4096, record };
            let root = RESIDENT + I30 + 0x20 + 0x10 + CHILD;
            let with_runs = (NON_RESIDENT + I30 + 12).next_multiple_of(STEP);
            let resident_bitmap = RESIDENT + I30 + RESIDENT_BITMAP as usize;
            let used = common(&units, 255) + root + with_runs + with_runs.max(resident_bitmap);
            assert!(used <= record as usize, "{used} bytes in a record of {record}");
        }
    }

    #[test]
    fn update_sequences_save_what_they_replace() {
        let mut bytes: Vec<u8> = (0..1024).map(|at| (at / 4) as u8).collect();
        protect(&mut bytes, 0x30);
        assert_eq!(bytes[0x30..0x36], [1, 0, 127, 127, 255, 255]);
        assert_eq!((bytes[510], bytes[511], bytes[1022], bytes[1023]), (1, 0, 1, 0));
    }
}
