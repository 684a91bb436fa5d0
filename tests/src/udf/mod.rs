//! UDF volumes on paper, without ISO 9660 beside them.

pub mod audit;

use formats::placed::{Placed, Placer};
use formats::region::Regions;
use formats::time::Timestamp;
use formats::tree::Directory;
use formats::udf::Revision;
use formats::udf::raw::SECTOR;
use formats::udf::write::{Measured, Volume};
use formats::units::{ByteLen, ByteOffset};

/// The first sector of the partition.
pub const PARTITION: u32 = 288;

/// Puts a tag right again behind a change of its descriptor, which `bytes` start with.
pub fn reseal(bytes: &mut [u8]) {
    let len = usize::from(u16::from_le_bytes([bytes[10], bytes[11]])).min(bytes.len() - 16);
    let crc = bytes[16..16 + len].iter().fold(0u16, |crc, byte| {
        (0..8)
            .fold(crc ^ u16::from(*byte) << 8, |crc, _| crc << 1 ^ if crc & 0x8000 == 0 { 0 } else { 0x1021 })
    });
    bytes[8..10].copy_from_slice(&crc.to_le_bytes());
    bytes[4] = 0;
    bytes[4] = bytes[..16].iter().fold(0, |sum: u8, byte| sum.wrapping_add(*byte));
}

/// Lays out a volume of a revision that holds `root`.
///
/// # Panics
/// When the writer refuses it.
pub fn lay_out(revision: Revision, root: &Directory) -> Regions {
    let measured = Measured::new(revision, &Placed::of(root)).unwrap_or_else(|e| panic!("{e}"));
    let start = ByteOffset(u64::from(PARTITION + measured.sectors()) * u64::from(SECTOR));
    let mut placer = Placer::new(start, SECTOR);
    let placed = placer.place(root).unwrap_or_else(|e| panic!("{e}"));
    let end = (placer.free_from().0 / u64::from(SECTOR)) as u32;
    let anchors = [end];
    let volume = Volume { partition_end: end, end_anchors: &anchors, ..volume("SEED") };
    let mut regions = measured.lay_out(&volume, &placed).unwrap_or_else(|e| panic!("{e}"));
    regions.extend(placer.into_regions());
    let size = ByteLen(u64::from(end + 1) * u64::from(SECTOR));
    Regions::cover(regions, size).unwrap_or_else(|e| panic!("{e}"))
}

/// A volume of no length yet.
pub fn volume(label: &str) -> Volume<'_> {
    Volume {
        label,
        serial: 0x1234_5678,
        time: Timestamp::EARLIEST,
        recognition: 16,
        partition_start: PARTITION,
        partition_end: PARTITION,
        end_anchors: &[],
    }
}
