//! How large a volume has to be, and which clusters it has.

use super::Volume;
use crate::tree::{Directory, Node};
use crate::units::{ByteLen, MIB};

/// Where the data region starts: at a multiple of this many bytes from the start of the disk.
pub(super) const ALIGNMENT: u32 = 4096;
/// With fewer clusters a volume is FAT16 (FAT 1.03, "FAT Type Determination").
const MIN_CLUSTERS: u64 = 65_525;
/// Up to this size clusters have 512 bytes, above it 4 KiB (FAT 1.03, "DskTableFAT32").
const SMALL: u64 = 260 * MIB;
/// Sectors before the first table, and what aligning the data region adds to them.
const RESERVED: u64 = 32;
/// How many bytes a directory entry has.
const ENTRY: u64 = 32;
/// How many UTF-16 units of a long name one directory entry holds.
const UNITS_PER_ENTRY: u64 = 13;

/// The cluster size of a volume, in bytes.
pub(super) fn cluster_size(size: ByteLen, sector_size: u32) -> u32 {
    if size.0 <= SMALL { sector_size } else { sector_size.max(4096) }
}

/// The smallest volume, in whole MiB, that has room for all files of `root`. At most a few KiB a directory are
/// reserved for long names that turn out to need none.
pub fn smallest(sector_size: u32, root: &Directory) -> ByteLen {
    let with_small = size_for(sector_size, sector_size.into(), root);
    if with_small <= ByteLen(SMALL) {
        return with_small;
    }
    let large = sector_size.max(4096).into();
    size_for(sector_size, large, root).max(ByteLen(SMALL + MIB))
}

/// How large a volume has to be that is meant to be as large as `volume`.
pub(super) fn needed(volume: &Volume, root: &Directory) -> ByteLen {
    if volume.size.0 <= SMALL {
        return smallest(volume.sector_size, root);
    }
    size_for(volume.sector_size, cluster_size(volume.size, volume.sector_size).into(), root)
}

fn size_for(sector_size: u32, cluster: u64, root: &Directory) -> ByteLen {
    let clusters = clusters(root, cluster).max(MIN_CLUSTERS + 16);
    let table = ((clusters + 2) * 4).next_multiple_of(sector_size.into());
    let before = RESERVED * u64::from(sector_size) + u64::from(ALIGNMENT) + 2 * table;
    // A tree in memory is far from 2^64 bytes; payloads may claim any length, and saturate.
    let total = clusters.saturating_mul(cluster).saturating_add(before);
    ByteLen(total.checked_next_multiple_of(MIB).unwrap_or(u64::MAX))
}

/// How many clusters a tree takes up.
fn clusters(root: &Directory, cluster: u64) -> u64 {
    let mut open = vec![root];
    let mut clusters = 0u64;
    while let Some(directory) = open.pop() {
        // `.` and `..`, or the label in the root.
        let mut entries = 2;
        for (name, node) in directory.entries() {
            entries += 1 + (name.encode_utf16().count() as u64).div_ceil(UNITS_PER_ENTRY);
            match node {
                Node::File(data) => clusters = clusters.saturating_add(data.len().0.div_ceil(cluster)),
                Node::Directory(inner) => open.push(inner),
            }
        }
        clusters = clusters.saturating_add((entries * ENTRY).div_ceil(cluster));
    }
    clusters.min(1 << 40)
}
