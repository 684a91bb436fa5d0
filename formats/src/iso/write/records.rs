//! Directory records and path table records (ECMA-119 9.1 and 9.4).

use alloc::vec::Vec;

use zerocopy::{FromZeros, IntoBytes};

use super::super::raw::{Both16, Both32, DirectoryRecord, MAX_EXTENT, SECTOR, flags, short_time};
use crate::time::Timestamp;

/// The most bytes of a record: its length has 8 bits and is even.
const LONGEST: usize = 254;

/// Data that a record leads to.
#[derive(Clone, Copy, Debug)]
pub struct Extent {
    /// The first sector.
    pub start: u32,
    /// In bytes.
    pub len: u32,
    /// [`flags`].
    pub flags: u8,
}

/// The extents of `len` bytes that lie in one piece from sector `start` on; an empty file has one, of no bytes.
pub fn extents(start: u32, len: u64) -> impl Iterator<Item = Extent> {
    let count = len.div_ceil(MAX_EXTENT).max(1);
    (0..count).map(move |n| Extent {
        // Cannot cut: sectors of a volume and lengths of extents have 32 bits.
        start: start + (n * MAX_EXTENT / u64::from(SECTOR)) as u32,
        len: (len - n * MAX_EXTENT).min(MAX_EXTENT) as u32,
        flags: if n + 1 < count { flags::MORE_EXTENTS } else { 0 },
    })
}

/// The fixed part of a record with an identifier of so many bytes, and nothing behind that.
pub fn fixed(extent: Extent, identifier: usize, time: Timestamp) -> DirectoryRecord {
    DirectoryRecord {
        // Cannot cut: identifiers have at most 128 bytes.
        length: identified(identifier) as u8,
        extent: Both32::new(extent.start),
        data_length: Both32::new(extent.len),
        recorded: short_time(time),
        flags: extent.flags,
        volume: Both16::new(1),
        identifier_length: identifier as u8,
        ..DirectoryRecord::new_zeroed()
    }
}

/// The length of a record up to its system use area, which starts at an even byte.
fn identified(identifier: usize) -> usize {
    (size_of::<DirectoryRecord>() + identifier).next_multiple_of(2)
}

/// How many bytes of system use fit into a record.
pub fn room(identifier: usize) -> usize {
    LONGEST - identified(identifier)
}

/// A whole record.
pub fn record(extent: Extent, identifier: &[u8], time: Timestamp, system_use: &[u8]) -> Vec<u8> {
    let mut fixed = fixed(extent, identifier.len(), time);
    let length = (identified(identifier.len()) + system_use.len()).next_multiple_of(2);
    // Cannot cut: the system use area was made for the room that there is.
    fixed.length = length as u8;
    let mut bytes = fixed.as_bytes().to_vec();
    bytes.extend_from_slice(identifier);
    bytes.resize(identified(identifier.len()), 0);
    bytes.extend_from_slice(system_use);
    bytes.resize(length, 0);
    bytes
}

/// Adds a record to a directory: none crosses a sector's end (ECMA-119 6.8.1.1).
pub fn append(directory: &mut Vec<u8>, record: &[u8]) {
    let sector = SECTOR as usize;
    if directory.len() % sector + record.len() > sector {
        directory.resize(directory.len().next_multiple_of(sector), 0);
    }
    directory.extend_from_slice(record);
}

/// A path table record, with numbers in the order that `put` gives them.
pub fn path(identifier: &[u8], extent: [u8; 4], parent: [u8; 2]) -> Vec<u8> {
    // Cannot cut: identifiers have at most 128 bytes.
    let mut bytes = alloc::vec![identifier.len() as u8, 0];
    bytes.extend_from_slice(&extent);
    bytes.extend_from_slice(&parent);
    bytes.extend_from_slice(identifier);
    bytes.resize(bytes.len().next_multiple_of(2), 0);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_cut_at_four_gibibytes() {
        let cut = |len| extents(100, len).map(|e| (e.start, e.len, e.flags)).collect::<Vec<_>>();
        assert_eq!(cut(0), [(100, 0, 0)]);
        assert_eq!(cut(MAX_EXTENT), [(100, MAX_EXTENT as u32, 0)]);
        let second = 100 + (MAX_EXTENT / 2048) as u32;
        assert_eq!(cut(MAX_EXTENT + 1), [(100, MAX_EXTENT as u32, flags::MORE_EXTENTS), (second, 1, 0)]);
    }
}
