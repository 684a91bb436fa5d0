//! The boot sector of a volume.

use alloc::vec::Vec;

use zerocopy::IntoBytes;

use super::Volume;
use super::allocation::Map;
use super::geometry::Units;
use crate::ntfs::raw::INDEX_BLOCK;
use crate::ntfs::raw::boot::{BootSector, DRIVE, FIXED_DISK, HALT, JUMP, OEM, SIGNATURE};

/// What BIOSes have taken for the geometry of disks since they stopped having one.
const SECTORS_PER_TRACK: u16 = 63;
const HEADS: u16 = 255;

/// The boot sector, as long as the sectors of the volume.
pub(super) fn sector(volume: &Volume, units: &Units, map: &Map) -> Vec<u8> {
    let mut code = [0; 426];
    code[..HALT.len()].copy_from_slice(&HALT);
    let sector = BootSector {
        jump: JUMP,
        oem: OEM,
        sector_size: (units.sector as u16).into(),
        sectors_per_cluster: (units.cluster / units.sector) as u8,
        unused: [0; 7],
        media: FIXED_DISK,
        unused_2: [0; 2],
        sectors_per_track: SECTORS_PER_TRACK.into(),
        heads: HEADS.into(),
        // Was found to fit before anything was laid out.
        hidden_sectors: (volume.hidden_sectors as u32).into(),
        unused_3: 0.into(),
        drive: DRIVE,
        sectors: units.counted_sectors(volume.size).into(),
        mft: map.mft.first.into(),
        mft_mirror: map.mirror.first.into(),
        record_size: units.coded(units.record),
        unused_4: [0; 3],
        index_block_size: units.coded(INDEX_BLOCK),
        unused_5: [0; 3],
        serial: volume.serial.into(),
        checksum: 0.into(),
        code,
        signature: SIGNATURE,
    };
    let mut bytes = sector.as_bytes().to_vec();
    bytes.resize(units.sector as usize, 0);
    bytes
}
