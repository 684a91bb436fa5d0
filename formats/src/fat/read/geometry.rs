//! Where things are on a volume, from its boot sector.

use zerocopy::FromBytes;

use super::FatError;
use crate::fat::raw::{BOOT_SIGNATURE, BootSector, FIRST_CLUSTER, MIN_CLUSTERS};
use crate::io::ReadAt;
use crate::units::{ByteLen, ByteOffset};

/// How many bytes of the boot sector are looked at, whatever its size.
const BOOT_LEN: usize = 512;
/// How large a cluster may be, in bytes: Windows' limit, twice the specification's.
const MAX_CLUSTER: u32 = 64 << 10;

/// Where things are. All positions lie inside the source, so that products of checked numbers do not wrap.
#[derive(Clone, Copy, Debug)]
pub(super) struct Geometry {
    /// In bytes.
    pub(super) cluster_size: u32,
    /// Where the table in use starts.
    pub(super) table: u64,
    /// Where the first cluster starts.
    pub(super) data: u64,
    /// How many clusters there are.
    pub(super) clusters: u32,
    /// Where the root directory starts.
    pub(super) root: u32,
    /// The volume's serial number.
    pub(super) serial: u32,
}

impl Geometry {
    /// That of the volume in `source`.
    pub(super) fn read(source: &impl ReadAt) -> Result<Self, FatError> {
        if source.size() < ByteLen(BOOT_LEN as u64) {
            return Err(FatError::NotFat);
        }
        let mut bytes = [0; BOOT_LEN];
        source.read_at(ByteOffset::ZERO, &mut bytes).map_err(FatError::Read)?;
        let (boot, _) = BootSector::read_from_prefix(&bytes).map_err(|_| FatError::NotFat)?;
        if !bytes.ends_with(&BOOT_SIGNATURE) || boot.root_entries != 0 || boot.table_size_16 != 0 {
            return Err(FatError::NotFat);
        }
        check(&boot)?;
        Self::of(&boot, source.size())
    }

    fn of(boot: &BootSector, size: ByteLen) -> Result<Self, FatError> {
        // None of these wraps: a sector size of 16 bits times numbers of 32 and 8 bits.
        let sector = u64::from(boot.sector_size.get());
        let cluster_size = u32::from(boot.sector_size.get()) * u32::from(boot.cluster_size);
        let total = u64::from(boot.total_sectors.get()) * sector;
        let table_len = u64::from(boot.table_size.get()) * sector;
        let tables = u64::from(boot.reserved_sectors.get()) * sector;
        let data = tables + u64::from(boot.tables) * table_len;
        let clusters = total.checked_sub(data).ok_or(field("BPB_TotSec32", boot.total_sectors.get()))?
            / u64::from(cluster_size);
        let clusters =
            u32::try_from(clusters).map_err(|_| field("BPB_TotSec32", boot.total_sectors.get()))?;
        let geometry = Self {
            cluster_size,
            table: tables + active(boot) * table_len,
            data,
            clusters,
            root: boot.root_cluster.get(),
            serial: boot.serial.get(),
        };
        let entries = u64::from(clusters) + u64::from(FIRST_CLUSTER);
        let rules = [
            ("BPB_TotSec32", boot.total_sectors.get(), total <= size.0 && clusters >= MIN_CLUSTERS),
            ("BPB_FATSz32", boot.table_size.get(), table_len / 4 >= entries),
            ("BPB_RootClus", geometry.root, geometry.has(geometry.root)),
            ("BPB_ExtFlags", boot.flags.get().into(), active(boot) < boot.tables.into()),
        ];
        hold(rules).map(|()| geometry)
    }

    /// Whether the volume has a cluster of this number.
    pub(super) fn has(&self, cluster: u32) -> bool {
        cluster.checked_sub(FIRST_CLUSTER).is_some_and(|index| index < self.clusters)
    }

    /// Where a cluster starts that the volume has.
    pub(super) fn offset(&self, cluster: u32) -> u64 {
        self.data + u64::from(cluster.saturating_sub(FIRST_CLUSTER)) * u64::from(self.cluster_size)
    }
}

fn check(boot: &BootSector) -> Result<(), FatError> {
    let sector = u32::from(boot.sector_size.get());
    let cluster = u32::from(boot.cluster_size);
    hold([
        ("BPB_BytsPerSec", sector, matches!(sector, 512 | 1024 | 2048 | 4096)),
        ("BPB_SecPerClus", cluster, cluster.is_power_of_two() && cluster * sector <= MAX_CLUSTER),
        ("BPB_RsvdSecCnt", boot.reserved_sectors.get().into(), boot.reserved_sectors != 0),
        ("BPB_NumFATs", boot.tables.into(), matches!(boot.tables, 1 | 2)),
        ("BPB_FSVer", boot.version.get().into(), boot.version == 0),
    ])
}

/// Which table is in use: the first, unless they are not kept the same.
fn active(boot: &BootSector) -> u64 {
    match boot.flags.get() {
        flags if flags & 0x80 != 0 => (flags & 0x0f).into(),
        _ => 0,
    }
}

fn hold<const N: usize>(rules: [(&'static str, u32, bool); N]) -> Result<(), FatError> {
    match rules.into_iter().find(|(.., holds)| !holds) {
        None => Ok(()),
        Some((name, found, _)) => Err(field(name, found)),
    }
}

fn field(field: &'static str, found: u32) -> FatError {
    FatError::Field { field, found }
}
