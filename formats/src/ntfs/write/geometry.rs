//! The sizes that everything else follows from: sectors, clusters, records.

use super::Volume;
use super::error::NtfsError;
use super::runs::Extent;
use crate::ntfs::raw::INDEX_BLOCK;
use crate::units::{ByteLen, MIB};

/// Most clusters of a volume: their numbers have 32 bits, and Windows does not use the last number.
const MOST_CLUSTERS: u64 = u32::MAX as u64;
/// Largest clusters that every driver reads, in bytes.
const LARGEST_CLUSTER: u32 = 0x1_0000;
/// Clusters of this size are taken when nothing else is asked for and they are enough, in bytes.
const USUAL_CLUSTER: u32 = 0x1000;
/// Smallest volume that Windows formats and that leaves some room, in bytes.
pub(super) const SMALLEST_VOLUME: ByteLen = ByteLen(16 * MIB);

/// The sizes of the units of a volume, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Units {
    /// Of a sector: 512 or 4096.
    pub(super) sector: u32,
    /// Of a cluster.
    pub(super) cluster: u32,
    /// Of a record of `$MFT`: 1024, or a sector where that is more.
    pub(super) record: u32,
}

impl Units {
    /// The units of a volume, for the size that it has.
    pub(super) fn of(volume: &Volume) -> Result<Self, NtfsError> {
        let sector = volume.sector_size;
        if !matches!(sector, 512 | 4096) {
            return Err(NtfsError::SectorSize { found: sector });
        }
        let cluster = volume.cluster_size.unwrap_or_else(|| usual_cluster(volume.size));
        if !cluster.is_power_of_two() || !(sector..=LARGEST_CLUSTER).contains(&cluster) {
            return Err(NtfsError::ClusterSize { found: cluster, sector_size: sector });
        }
        Ok(Self { sector, cluster, record: sector.max(1024) })
    }

    /// How many clusters hold `bytes`.
    pub(super) fn clusters(&self, bytes: u64) -> u64 {
        bytes.div_ceil(self.cluster.into())
    }

    /// The bytes in `clusters`.
    pub(super) fn bytes(&self, clusters: u64) -> u64 {
        clusters * u64::from(self.cluster)
    }

    /// Where an extent starts, in bytes from the start of the volume.
    pub(super) fn start(&self, extent: Extent) -> u64 {
        self.bytes(extent.first)
    }

    /// How many records fit into a cluster; 0 where a record is longer.
    pub(super) fn records_in_cluster(&self) -> u64 {
        u64::from(self.cluster / self.record)
    }

    /// The unit of the numbers of index blocks, in bytes: clusters, or 512 bytes where a block is less than a cluster.
    pub(super) fn block_unit(&self) -> u32 {
        if self.cluster <= INDEX_BLOCK { self.cluster } else { 512 }
    }

    /// A size as the boot sector says it: in clusters, or as a negative power of two.
    pub(super) fn coded(&self, size: u32) -> i8 {
        match size / self.cluster {
            0 => -(size.trailing_zeros() as i8),
            clusters => clusters as i8,
        }
    }

    /// The clusters of a volume of `size`: whole ones in all sectors but the last.
    pub(super) fn counted_clusters(&self, size: ByteLen) -> u64 {
        self.counted_sectors(size) / u64::from(self.cluster / self.sector)
    }

    /// The sectors of a volume of `size` that it counts: all but the one for the copy of the boot sector.
    pub(super) fn counted_sectors(&self, size: ByteLen) -> u64 {
        (size.0 / u64::from(self.sector)).saturating_sub(1)
    }

    /// The smallest size of a volume that counts `clusters`.
    pub(super) fn size_for(&self, clusters: u64) -> ByteLen {
        ByteLen(clusters.saturating_mul(self.cluster.into()).saturating_add(self.sector.into()))
    }

    /// The largest size of a volume with these clusters.
    pub(super) fn largest(&self) -> ByteLen {
        ByteLen((MOST_CLUSTERS + 1) * u64::from(self.cluster))
    }

    /// Whether no volume has larger clusters.
    pub(super) fn is_largest(&self) -> bool {
        self.cluster == LARGEST_CLUSTER
    }

    /// Finds out whether a volume can have this size.
    pub(super) fn check(&self, size: ByteLen) -> Result<(), NtfsError> {
        let largest = self.largest();
        let is_whole = size.0.is_multiple_of(self.sector.into());
        if is_whole && (SMALLEST_VOLUME..=largest).contains(&size) {
            return Ok(());
        }
        Err(NtfsError::Size { size, sector_size: self.sector, smallest: SMALLEST_VOLUME, largest })
    }
}

/// The smallest clusters from 4 KiB on whose numbers do for a volume of `size`.
fn usual_cluster(size: ByteLen) -> u32 {
    let needed = size.0.div_ceil(1 << 32).next_power_of_two();
    u32::try_from(needed).unwrap_or(LARGEST_CLUSTER).clamp(USUAL_CLUSTER, LARGEST_CLUSTER)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::{KIB, TIB};

    fn units(sector: u32, cluster: u32) -> Units {
        Units { sector, cluster, record: sector.max(1024) }
    }

    #[test]
    fn clusters_grow_when_their_numbers_run_out() {
        assert_eq!(usual_cluster(ByteLen(16 * MIB)), 4096);
        assert_eq!(usual_cluster(ByteLen(16 * TIB)), 4096);
        assert_eq!(usual_cluster(ByteLen(16 * TIB + 512)), 8192);
        assert_eq!(usual_cluster(ByteLen(256 * TIB)), 65536);
        assert_eq!(usual_cluster(ByteLen(u64::MAX)), 65536);
    }

    #[test]
    fn sizes_less_than_a_cluster_are_powers_of_two() {
        assert_eq!([512, 1024, 2048, 4096, 65536].map(|c| units(512, c).coded(1024)), [2, 1, -10, -10, -10]);
        assert_eq!([512, 1024, 2048, 4096, 65536].map(|c| units(512, c).coded(4096)), [8, 4, 2, 1, -12]);
        assert_eq!([512, 4096, 8192].map(|c| units(512, c).block_unit()), [512, 4096, 512]);
    }

    #[test]
    fn the_copy_of_the_boot_sector_is_not_counted() {
        let units = units(512, 4096);
        assert_eq!(units.counted_sectors(ByteLen(16 * MIB)), 32767);
        assert_eq!(units.counted_clusters(ByteLen(16 * MIB)), 4095);
        assert_eq!(units.counted_clusters(ByteLen(16 * MIB + 512)), 4096);
        assert_eq!(units.size_for(4096), ByteLen(16 * MIB + 512));
    }

    #[test]
    fn sizes_have_both_their_ends() {
        let small = units(512, 512);
        assert!(small.check(ByteLen(16 * MIB)).is_ok());
        assert!(small.check(ByteLen(16 * MIB - 512)).is_err());
        assert!(small.check(ByteLen(16 * MIB + 1)).is_err());
        assert!(units(512, 4096).check(ByteLen(16 * TIB)).is_ok());
        assert!(units(512, 4096).check(ByteLen(16 * TIB + 4 * KIB)).is_err());
        assert!(units(4096, 4096).check(ByteLen(16 * TIB + 4 * KIB)).is_err());
    }
}
