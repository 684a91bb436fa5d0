//! How large a volume has to be and can be, and which clusters it has.

use super::{Kind, Volume};
use crate::tree::{Directory, Node};
use crate::units::{ByteLen, KIB, MIB};

/// Where the data region starts: at a multiple of this many bytes from the start of the disk.
pub(super) const ALIGNMENT: u32 = 4096;
/// How many entries the root directory of FAT16 has (FAT 1.03, "BPB_RootEntCnt": for the best compatibility).
pub(super) const ROOT_ENTRIES: u16 = 512;
/// Volumes keep this many clusters away from where kinds meet: some drivers count wrong (FAT 1.03, "FAT Type Determination").
const MARGIN: u32 = 16;
/// Up to this size clusters of FAT32 have 512 bytes, above it 4 KiB (FAT 1.03, "DskTableFAT32").
const SMALL: u64 = 260 * MIB;
/// Sectors before the first table on FAT32.
const RESERVED: u64 = 32;
/// How many bytes a directory entry has.
const ENTRY: u64 = 32;
/// How many UTF-16 units of a long name one directory entry holds.
const UNITS_PER_ENTRY: u64 = 13;

/// The cluster size of a volume, in bytes.
pub(super) fn cluster_size(kind: Kind, size: ByteLen, sector_size: u32) -> u32 {
    match kind {
        Kind::Fat16 => sector_size.max(KIB as u32),
        Kind::Fat32 if size.0 <= SMALL => sector_size,
        Kind::Fat32 => sector_size.max(4096),
    }
}

/// The smallest volume of a kind, in whole MiB, that has room for all files of `root`. At most a few KiB a directory are
/// reserved for long names that turn out to need none. It may be larger than the kind can be.
pub fn smallest(kind: Kind, sector_size: u32, root: &Directory) -> ByteLen {
    let with = |size| size_for(kind, sector_size, cluster_size(kind, size, sector_size).into(), root);
    let small = with(ByteLen::ZERO);
    match kind {
        Kind::Fat32 if small > ByteLen(SMALL) => with(small).max(ByteLen(SMALL + MIB)),
        Kind::Fat16 | Kind::Fat32 => small,
    }
}

/// How large a volume has to be that is meant to be as large as `volume`.
pub(super) fn needed(volume: &Volume, root: &Directory) -> ByteLen {
    let Volume { kind, size, sector_size, .. } = *volume;
    if size.0 <= SMALL {
        return smallest(kind, sector_size, root);
    }
    size_for(kind, sector_size, cluster_size(kind, size, sector_size).into(), root)
}

/// The largest volume of a kind, in whole MiB.
pub(super) fn largest(kind: Kind, sector_size: u32) -> ByteLen {
    let clusters = u64::from(kind.clusters().end() - MARGIN);
    let cluster = u64::from(cluster_size(kind, ByteLen(u64::MAX), sector_size));
    let countable = u64::from(u32::MAX) * u64::from(sector_size);
    let total = (clusters * cluster + before(kind, sector_size, clusters)).min(countable);
    ByteLen(total - total % MIB)
}

fn size_for(kind: Kind, sector_size: u32, cluster: u64, root: &Directory) -> ByteLen {
    let clusters = clusters(root, cluster).max((kind.clusters().start() + MARGIN).into());
    // A tree in memory is far from 2^64 bytes; payloads may claim any length, and saturate.
    let total = clusters.saturating_mul(cluster).saturating_add(before(kind, sector_size, clusters));
    ByteLen(total.checked_next_multiple_of(MIB).unwrap_or(u64::MAX))
}

/// How many bytes lie before so many clusters, at most.
fn before(kind: Kind, sector_size: u32, clusters: u64) -> u64 {
    let sector = u64::from(sector_size);
    let table = ((clusters + 2) * u64::from(kind.entry_size())).next_multiple_of(sector);
    let own = match kind {
        Kind::Fat16 => sector + u64::from(ROOT_ENTRIES) * ENTRY,
        Kind::Fat32 => RESERVED * sector,
    };
    own + u64::from(ALIGNMENT) + 2 * table
}

/// How many clusters a tree takes up, those of its root among them, which FAT16 does without.
fn clusters(root: &Directory, cluster: u64) -> u64 {
    let mut open = vec![root];
    let mut clusters = 0u64;
    while let Some(directory) = open.pop() {
        clusters = clusters.saturating_add((entries(directory) * ENTRY).div_ceil(cluster));
        for (_, node) in directory.entries() {
            match node {
                Node::File(data) => clusters = clusters.saturating_add(data.len().0.div_ceil(cluster)),
                Node::Directory(inner) => open.push(inner),
            }
        }
    }
    clusters.min(1 << 40)
}

/// How many entries a directory has when every name needs a long one: with `.` and `..`, or the label in the root.
pub(super) fn entries(directory: &Directory) -> u64 {
    let long = |name: &str| (name.encode_utf16().count() as u64).div_ceil(UNITS_PER_ENTRY);
    2 + directory.entries().map(|(name, _)| 1 + long(name)).sum::<u64>()
}
