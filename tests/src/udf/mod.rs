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
    let volume = Volume {
        label: "SEED",
        serial: 0x1234_5678,
        time: Timestamp::EARLIEST,
        recognition: 16,
        partition_start: PARTITION,
        partition_end: end,
        end_anchors: &[end],
    };
    let mut regions = measured.lay_out(&volume, &placed).unwrap_or_else(|e| panic!("{e}"));
    regions.extend(placer.into_regions());
    let size = ByteLen(u64::from(end + 1) * u64::from(SECTOR));
    Regions::cover(regions, size).unwrap_or_else(|e| panic!("{e}"))
}
