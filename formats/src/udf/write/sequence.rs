//! What lies outside the partition: recognition sequence, volume descriptors, integrity, anchors.

use alloc::string::String;
use alloc::vec::Vec;

use zerocopy::little_endian::U32;
use zerocopy::{FromZeros, IntoBytes};

use super::super::raw::{
    ANCHOR, AnchorPointer, ExtentAd, Integrity, IntegrityUse, LogicalVolume, LogicalVolumeInfo, MetadataMap,
    Partition, PartitionMap, PrimaryVolume, SECTOR, tag,
};
use super::super::{Revision, UdfError, text};
use super::descriptors::long_ad;
use super::{METADATA_UNIT, Measured, Volume, sector};
use crate::region::Region;

/// The first sector of the main volume descriptor sequence.
const MAIN: u32 = 32;
/// The first sector of the reserve volume descriptor sequence.
const RESERVE: u32 = 48;
/// How many sectors a sequence has at least (ECMA-167 3/8.4.2.2).
const SEQUENCE: u32 = 16;
/// The first sector of the integrity sequence.
const INTEGRITY: u32 = 64;
/// How many sectors the integrity sequence has: 8 KiB (UDF 2.2.4.6), of which the descriptor and a terminating
/// descriptor are used.
const INTEGRITY_LENGTH: u32 = 4;

/// All regions that lie outside the partition.
pub fn regions(measured: &Measured, volume: &Volume) -> Result<Vec<Region>, UdfError> {
    let revision = measured.revision;
    let mut regions = alloc::vec![
        Region::bytes("UDF recognition", sector(volume.recognition), recognition(revision)).anchor(),
        Region::bytes("UDF volume descriptors", sector(MAIN), descriptors(measured, volume, MAIN)),
        Region::bytes(
            "UDF reserve volume descriptors",
            sector(RESERVE),
            descriptors(measured, volume, RESERVE)
        ),
        Region::bytes("UDF integrity", sector(INTEGRITY), integrity(measured, volume)),
    ];
    for location in core::iter::once(&ANCHOR).chain(volume.end_anchors) {
        regions.push(Region::bytes("UDF anchor", sector(*location), anchor(*location, revision)).anchor());
    }
    Ok(regions)
}

/// The volume recognition sequence (ECMA-167 2/8.3).
fn recognition(revision: Revision) -> Vec<u8> {
    let descriptor = if revision.is_third_edition() { b"NSR03" } else { b"NSR02" };
    in_sectors([b"BEA01", descriptor, b"TEA01"].map(|identifier| {
        // Structure type 0, the identifier, structure version 1.
        let mut bytes = alloc::vec![0];
        bytes.extend_from_slice(identifier);
        bytes.push(1);
        bytes
    }))
}

/// A volume descriptor sequence from sector `first` on.
fn descriptors(measured: &Measured, volume: &Volume, first: u32) -> Vec<u8> {
    let revision = measured.revision;
    let mut unallocated = alloc::vec![0; 24];
    unallocated[16..20].copy_from_slice(&4u32.to_le_bytes());
    let list = [
        (tag::PRIMARY_VOLUME, primary(volume).as_bytes().to_vec()),
        (tag::IMPLEMENTATION_USE, info(volume, revision).as_bytes().to_vec()),
        (tag::PARTITION, partition(volume, revision).as_bytes().to_vec()),
        (tag::LOGICAL_VOLUME, logical_volume(measured, volume)),
        (tag::UNALLOCATED_SPACE, unallocated),
        (tag::TERMINATING, alloc::vec![0; 512]),
    ];
    let mut location = first;
    in_sectors(list.map(|(identifier, mut bytes)| {
        text::seal(&mut bytes, identifier, location, revision);
        location += 1;
        bytes
    }))
}

fn primary(volume: &Volume) -> PrimaryVolume {
    PrimaryVolume {
        sequence_number: 0.into(),
        volume_id: text::dstring(volume.label),
        volume_number: 1.into(),
        max_volume_number: 1.into(),
        interchange_level: 2.into(),
        // Nobody said that the volume must never become one of several (UDF 2.2.2.2).
        max_interchange_level: 3.into(),
        character_sets: 1.into(),
        max_character_sets: 1.into(),
        volume_set_id: text::dstring(&set_id(volume)),
        descriptor_charset: text::charset(),
        explanatory_charset: text::charset(),
        recorded: text::stamp(volume.time),
        implementation_id: text::implementer(),
        flags: 1.into(),
        ..PrimaryVolume::new_zeroed()
    }
}

/// The first 16 characters make the set unique: a time of 32 bits, then what the caller chose (UDF 2.2.2.5).
fn set_id(volume: &Volume) -> String {
    // Cut on purpose.
    let time = volume.time.unix() as u32;
    alloc::format!("{time:08x}{:08x}{}", volume.serial, volume.label)
}

fn info(volume: &Volume, revision: Revision) -> LogicalVolumeInfo {
    LogicalVolumeInfo {
        sequence_number: 1.into(),
        implementation_id: text::udf_entity(b"*UDF LV Info", revision),
        charset: text::charset(),
        logical_volume_id: text::dstring(volume.label),
        implementer: text::implementer(),
        ..LogicalVolumeInfo::new_zeroed()
    }
}

fn partition(volume: &Volume, revision: Revision) -> Partition {
    let contents: &[u8] = if revision.is_third_edition() { b"+NSR03" } else { b"+NSR02" };
    Partition {
        sequence_number: 2.into(),
        flags: 1.into(),
        contents: text::standard_entity(contents),
        access_type: 1.into(),
        start: volume.partition_start.into(),
        length: (volume.partition_end - volume.partition_start).into(),
        implementation_id: text::implementer(),
        ..Partition::new_zeroed()
    }
}

fn logical_volume(measured: &Measured, volume: &Volume) -> Vec<u8> {
    let revision = measured.revision;
    let mut maps =
        PartitionMap { kind: 1, length: 6, volume: 1.into(), number: 0.into() }.as_bytes().to_vec();
    if revision.has_metadata_partition() {
        maps.extend_from_slice(metadata_map(measured).as_bytes());
    }
    let fixed = LogicalVolume {
        sequence_number: 3.into(),
        charset: text::charset(),
        logical_volume_id: text::dstring(volume.label),
        block_size: SECTOR.into(),
        domain_id: text::udf_entity(b"*OSTA UDF Compliant", revision),
        file_set: long_ad(2 * SECTOR, 0, u16::from(revision.has_metadata_partition())),
        map_table_length: (maps.len() as u32).into(),
        partition_maps: partition_maps(revision).into(),
        implementation_id: text::implementer(),
        integrity: extent(INTEGRITY, INTEGRITY_LENGTH),
        ..LogicalVolume::new_zeroed()
    };
    [fixed.as_bytes(), &maps].concat()
}

fn metadata_map(measured: &Measured) -> MetadataMap {
    MetadataMap {
        kind: 2,
        length: 64,
        id: text::udf_entity(b"*UDF Metadata Partition", measured.revision),
        volume: 1.into(),
        metadata_file: 0.into(),
        mirror_file: measured.mirror_block().into(),
        bitmap_file: u32::MAX.into(),
        allocation_unit: METADATA_UNIT.into(),
        // Cannot cut: 32.
        alignment_unit: (METADATA_UNIT as u16).into(),
        ..MetadataMap::new_zeroed()
    }
}

fn partition_maps(revision: Revision) -> u32 {
    1 + u32::from(revision.has_metadata_partition())
}

/// The logical volume integrity descriptor, closed, and the end of its sequence (ECMA-167 3/10.10).
fn integrity(measured: &Measured, volume: &Volume) -> Vec<u8> {
    let revision = measured.revision;
    let directories = measured.nodes.directories();
    let files = measured.nodes.all().len() as u32 - directories;
    let fixed = Integrity {
        recorded: text::stamp(volume.time),
        kind: 1.into(),
        unique_id: measured.nodes.next_unique_id().into(),
        partitions: partition_maps(revision).into(),
        implementation_use_length: (size_of::<IntegrityUse>() as u32).into(),
        ..Integrity::new_zeroed()
    };
    let usage = IntegrityUse {
        implementation_id: text::implementer(),
        files: files.into(),
        directories: directories.into(),
        min_read_revision: revision.number().into(),
        min_write_revision: revision.number().into(),
        max_write_revision: revision.number().into(),
    };
    let mut bytes = [fixed.as_bytes(), tables(measured, volume).as_bytes(), usage.as_bytes()].concat();
    text::seal(&mut bytes, tag::LOGICAL_VOLUME_INTEGRITY, INTEGRITY, revision);
    let mut end = alloc::vec![0; 512];
    text::seal(&mut end, tag::TERMINATING, INTEGRITY + 1, revision);
    in_sectors([bytes, end])
}

/// The free space table, all zeros, and the size table (ECMA-167 3/10.10.5 and 10.10.6).
fn tables(measured: &Measured, volume: &Volume) -> Vec<U32> {
    let mut sizes = alloc::vec![U32::new(volume.partition_end - volume.partition_start)];
    if measured.revision.has_metadata_partition() {
        sizes.push(measured.metadata_blocks().into());
    }
    core::iter::repeat_n(U32::ZERO, sizes.len()).chain(sizes.iter().copied()).collect()
}

/// The 512 bytes of an anchor; what follows them in its sector is nobody's.
fn anchor(location: u32, revision: Revision) -> Vec<u8> {
    let mut pointer = AnchorPointer {
        main: extent(MAIN, SEQUENCE),
        reserve: extent(RESERVE, SEQUENCE),
        ..AnchorPointer::new_zeroed()
    };
    text::seal(pointer.as_mut_bytes(), tag::ANCHOR, location, revision);
    pointer.as_bytes().to_vec()
}

fn extent(location: u32, sectors: u32) -> ExtentAd {
    ExtentAd { length: (sectors * SECTOR).into(), location: location.into() }
}

/// Pieces one behind the other, each in a sector of its own.
fn in_sectors<const N: usize>(pieces: [Vec<u8>; N]) -> Vec<u8> {
    let mut sectors = Vec::with_capacity(N * SECTOR as usize);
    for piece in pieces {
        sectors.extend_from_slice(&piece);
        sectors.resize(sectors.len().next_multiple_of(SECTOR as usize), 0);
    }
    sectors
}
