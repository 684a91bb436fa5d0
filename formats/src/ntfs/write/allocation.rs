//! Which clusters belong to what, and `$Bitmap`, which says which of them are taken.

use alloc::vec::Vec;

use super::geometry::Units;
use super::runs::Extent;
use super::{security, upcase};
use crate::ntfs::raw::INDEX_BLOCK;
use crate::region::Render;
use crate::units::{ByteLen, MIB};

/// Bytes of `$Boot`: Windows keeps this much for code that starts it.
pub(super) const BOOT_LEN: u64 = 0x2000;
/// `$MFT` has a multiple of this many records: that fills clusters and bytes of its bitmap, whatever their size.
const RECORD_STEP: u64 = 64;
/// Records that stay free for files that come later.
const SPARE_RECORDS: u64 = 64;
/// Files of this many bytes or more start at a multiple of it.
pub(super) const ALIGNMENT: u64 = MIB;
/// Records that `$MFTMirr` copies at least.
const MIRRORED: u64 = 4;

/// What a tree needs of a volume with certain units.
#[derive(Clone, Debug, Default)]
pub(super) struct Needs {
    /// Records of `$MFT` up to the last one in use.
    pub(super) records: u64,
    /// Clusters of indexes that do not fit into records.
    pub(super) index_clusters: u64,
    /// Clusters of files below [`ALIGNMENT`].
    pub(super) small_clusters: u64,
    /// Clusters of each file from [`ALIGNMENT`] on, in order.
    pub(super) large: Vec<u64>,
}

/// Where everything lies.
#[derive(Clone, Debug)]
pub(super) struct Map {
    pub(super) boot: Extent,
    pub(super) mft: Extent,
    pub(super) up_case: Extent,
    pub(super) attr_def: Extent,
    pub(super) log_file: Extent,
    pub(super) security: Extent,
    pub(super) bitmap: Extent,
    pub(super) mft_bitmap: Extent,
    pub(super) indexes: Extent,
    pub(super) small: Extent,
    /// The files from [`ALIGNMENT`] on, in order.
    pub(super) large: Vec<Extent>,
    pub(super) mirror: Extent,
    /// Records of `$MFT`.
    pub(super) records: u64,
    /// Clusters of the volume.
    pub(super) clusters: u64,
}

impl Map {
    /// Puts everything in its place on a volume of so many clusters. It fits where [`clusters_needed`] says so.
    ///
    /// `$MFT` comes early: Linux's `ntfs` refuses at first to let an index grow that lies before a `$MFT` of more than
    /// an eighth of the volume.
    pub(super) fn of(units: &Units, needs: &Needs, clusters: u64) -> Self {
        let mut end = 0;
        let mut take = |count: u64| {
            let first = end;
            // Saturates where no volume is large enough; that is found out before the map is used.
            end = u64::saturating_add(end, count);
            Extent { first, clusters: end - first }
        };
        let records = (needs.records + SPARE_RECORDS).next_multiple_of(RECORD_STEP);
        let size = units.bytes(clusters);
        let front = Self {
            boot: take(units.clusters(BOOT_LEN)),
            mft: take(units.clusters(records * u64::from(units.record))),
            up_case: take(units.clusters(upcase::LEN)),
            attr_def: take(units.clusters(super::attrdef::LEN)),
            log_file: take(units.clusters(log_file_len(size))),
            security: take(units.clusters(security::stream_len())),
            bitmap: take(units.clusters(bitmap_len(clusters))),
            mft_bitmap: take(units.clusters(bitmap_len(records))),
            indexes: take(needs.index_clusters),
            small: take(needs.small_clusters),
            large: Vec::new(),
            mirror: Extent::default(),
            records,
            clusters,
        };
        let mirror = units.clusters(mirrored(units) * u64::from(units.record));
        Self {
            large: aligned(units, end, &needs.large),
            mirror: Extent { first: clusters.saturating_sub(mirror), clusters: mirror },
            ..front
        }
    }

    /// The extents that are in use, in order.
    pub(super) fn used(&self) -> Vec<Extent> {
        let front = Extent { first: 0, clusters: self.small.end() };
        let mut used = alloc::vec![front];
        used.extend(&self.large);
        used.push(self.mirror);
        used
    }

    /// How many clusters are in use.
    pub(super) fn used_clusters(&self) -> u64 {
        self.used().iter().fold(0, |sum, extent| sum.saturating_add(extent.clusters))
    }

    /// The cluster after the last one that is in use, `$MFTMirr` aside, which lies at the very end.
    fn end(&self) -> u64 {
        self.large.last().unwrap_or(&self.small).end()
    }
}

/// How many clusters a volume must have so that everything finds a place and `free` more are left, when the
/// structures that grow with the volume are made for `clusters`.
pub(super) fn clusters_needed(units: &Units, needs: &Needs, clusters: u64, free: u64) -> u64 {
    let map = Map::of(units, needs, clusters);
    let in_order = map.end().saturating_add(map.mirror.clusters);
    in_order.max(map.used_clusters().saturating_add(free))
}

/// How many records `$MFTMirr` copies: four, or a cluster of them.
pub(super) fn mirrored(units: &Units) -> u64 {
    units.records_in_cluster().max(MIRRORED)
}

/// Bytes of a bitmap of so many bits: 8 at a time.
pub(super) fn bitmap_len(bits: u64) -> u64 {
    bits.div_ceil(64) * 8
}

/// Bytes of the journal: a part of the volume that grows with it, within the bounds that other formatters keep.
fn log_file_len(size: u64) -> u64 {
    (size / 128 / MIB * MIB).clamp(2 * MIB, 64 * MIB)
}

/// Extents one after the other from `end` on, each at a multiple of [`ALIGNMENT`].
fn aligned(units: &Units, mut end: u64, large: &[u64]) -> Vec<Extent> {
    let step = ALIGNMENT / u64::from(units.cluster);
    let place = |clusters: &u64| {
        let first = end.checked_next_multiple_of(step).unwrap_or(u64::MAX);
        end = first.saturating_add(*clusters);
        Extent { first, clusters: end - first }
    };
    large.iter().map(place).collect()
}

/// `$Bitmap`: a bit for each cluster, and ones after the last.
pub(super) struct Bitmap {
    /// What is in use, in order, the bits after the volume's last cluster with it.
    used: Vec<Extent>,
}

impl Bitmap {
    /// The bitmap of a volume.
    pub(super) fn of(map: &Map) -> Self {
        let mut used = map.used();
        let past = bitmap_len(map.clusters) * 8 - map.clusters;
        used.push(Extent { first: map.clusters, clusters: past });
        Self { used }
    }
}

impl Render for Bitmap {
    fn render(&self, offset: u64, buf: &mut [u8]) {
        buf.fill(0);
        let bits = offset * 8..(offset + buf.len() as u64) * 8;
        let first = self.used.partition_point(|extent| extent.end() <= bits.start);
        for extent in self.used.iter().skip(first).take_while(|extent| extent.first < bits.end) {
            let from = extent.first.max(bits.start) - bits.start;
            let to = extent.end().min(bits.end) - bits.start;
            set(buf, from, to);
        }
    }
}

/// Sets the bits `from..to`.
fn set(buf: &mut [u8], from: u64, to: u64) {
    let upwards = 0xFF << (from % 8);
    let below = !(0xFF << (to % 8));
    let (first, last) = (from.div_ceil(8) as usize, (to / 8) as usize);
    if first > last {
        buf[last] |= upwards & below;
        return;
    }
    if upwards != 0xFF {
        buf[first - 1] |= upwards;
    }
    buf[first..last].fill(0xFF);
    if below != 0 {
        buf[last] |= below;
    }
}

/// How many index blocks fit into clusters, in clusters.
pub(super) fn index_clusters(units: &Units, blocks: u64) -> u64 {
    units.clusters(blocks.saturating_mul(INDEX_BLOCK.into()))
}

/// The bytes of a volume that are free.
pub(super) fn free(units: &Units, map: &Map) -> ByteLen {
    ByteLen(units.bytes(map.clusters - map.used_clusters()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNITS: Units = Units { sector: 512, cluster: 4096, record: 1024 };

    #[test]
    fn bits_are_set_for_what_is_used_and_past_the_end() {
        let used = [(0, 3), (9, 1), (17, 23), (60, 4)];
        let used = used.map(|(first, clusters)| Extent { first, clusters }).to_vec();
        let bitmap = Bitmap { used: used.clone() };
        let mut expected = [0u8; 8];
        for bit in used.iter().flat_map(|extent| extent.first..extent.end()) {
            expected[bit as usize / 8] |= 1 << (bit % 8);
        }
        for from in 0..8 {
            for to in from..=8 {
                let mut found = alloc::vec![0xAA; to - from];
                bitmap.render(from as u64, &mut found);
                assert_eq!(found, expected[from..to], "{from}..{to}");
            }
        }
    }

    #[test]
    fn large_files_start_at_whole_mebibytes() {
        assert_eq!(
            aligned(&UNITS, 300, &[256, 257, 1]),
            [(512, 256), (768, 257), (1280, 1)].map(|(first, clusters)| Extent { first, clusters })
        );
    }

    #[test]
    fn the_journal_grows_with_the_volume() {
        let sizes = [16 * MIB, 300 * MIB, 1 << 30, 1 << 40];
        assert_eq!(sizes.map(|size| log_file_len(size) / MIB), [2, 2, 8, 64]);
    }

    #[test]
    fn what_is_needed_counts_gaps_as_free() {
        let needs = Needs { records: 64, large: alloc::vec![256], ..Needs::default() };
        let map = Map::of(&UNITS, &needs, 10_000);
        let gap = map.large[0].first - map.small.end();
        assert!(gap > 0);
        let least = map.large[0].end() + 1;
        assert_eq!(clusters_needed(&UNITS, &needs, 10_000, 0), least);
        assert_eq!(clusters_needed(&UNITS, &needs, 10_000, gap), least);
        assert_eq!(clusters_needed(&UNITS, &needs, 10_000, gap + 1), least + 1);
    }
}
