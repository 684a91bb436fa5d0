//! Where things are on a volume, from its boot sector.

use zerocopy::FromBytes;

use super::FatError;
use crate::fat::Kind;
use crate::fat::raw::{BOOT_SIGNATURE, BootSector, Extended, FIRST_CLUSTER, Fat32Fields, JUMPS, ShortEntry};
use crate::files::Extent;
use crate::io::ReadAt;
use crate::units::{ByteLen, ByteOffset};

/// How many bytes of the boot sector are looked at, whatever its size.
const BOOT_LEN: usize = 512;
/// How large a cluster may be, in bytes: Windows' limit, twice the specification's.
const MAX_CLUSTER: u32 = 64 << 10;

/// Where things are. All positions lie inside the source, so that products of checked numbers do not wrap.
#[derive(Clone, Copy, Debug)]
pub(super) struct Geometry {
    pub(super) kind: Kind,
    /// In bytes.
    pub(super) cluster_size: u32,
    /// Where the table in use starts.
    pub(super) table: u64,
    /// Where the first cluster starts.
    pub(super) data: u64,
    /// How many clusters there are.
    pub(super) clusters: u32,
    /// Where the root directory starts; zero, which is no cluster, when it has a region of its own.
    pub(super) root: u32,
    /// Where FAT16 has its root directory.
    pub(super) root_region: Option<Extent>,
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
        let fields = Fields::read(&bytes).ok_or(FatError::NotFat)?;
        check(&fields)?;
        Self::of(&fields, source.size())
    }

    fn of(fields: &Fields, size: ByteLen) -> Result<Self, FatError> {
        let Fields { boot, kind, .. } = fields;
        // None of these wraps: a sector size of 16 bits times numbers of 32 and 8 bits.
        let sector = u64::from(boot.sector_size.get());
        let cluster_size = u32::from(boot.sector_size.get()) * u32::from(boot.cluster_size);
        let (total_field, total_sectors) = fields.total_sectors();
        let total = u64::from(total_sectors) * sector;
        let table_len = u64::from(fields.table_size) * sector;
        let tables = u64::from(boot.reserved_sectors.get()) * sector;
        let root = tables + u64::from(boot.tables) * table_len;
        let root_len = u64::from(boot.root_entries.get()) * size_of::<ShortEntry>() as u64;
        let data = root + root_len.next_multiple_of(sector);
        let clusters = total.checked_sub(data).ok_or(field(total_field, total_sectors))?;
        let clusters = u32::try_from(clusters / u64::from(cluster_size))
            .map_err(|_| field(total_field, total_sectors))?;
        if *kind == Kind::Fat16 && clusters < *kind.clusters().start() {
            // FAT12, which looks the same otherwise.
            return Err(FatError::NotFat);
        }
        let geometry = Self {
            kind: *kind,
            cluster_size,
            table: tables + u64::from(fields.active) * table_len,
            data,
            clusters,
            root: fields.root,
            root_region: (*kind == Kind::Fat16).then_some(Extent {
                at: ByteOffset::ZERO,
                on_volume: Some(ByteOffset(root)),
                len: ByteLen(root_len),
            }),
            serial: fields.serial,
        };
        let entries = u64::from(clusters) + u64::from(FIRST_CLUSTER);
        let has_root = geometry.root_region.is_some() || geometry.has(geometry.root);
        hold([
            (total_field, total_sectors, total <= size.0 && kind.clusters().contains(&clusters)),
            (fields.table_field(), fields.table_size, table_len / u64::from(kind.entry_size()) >= entries),
            ("BPB_RootClus", geometry.root, has_root),
        ])
        .map(|()| geometry)
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

/// A boot sector's fields, wherever the kind has them.
struct Fields {
    boot: BootSector,
    kind: Kind,
    /// In sectors.
    table_size: u32,
    /// Which table is in use: the first, unless they are not kept the same.
    active: u16,
    /// Zero on FAT16.
    version: u16,
    /// Zero on FAT16.
    root: u32,
    serial: u32,
}

impl Fields {
    /// Those of a boot sector, when it is one and its fields are those of one kind.
    fn read(sector: &[u8; BOOT_LEN]) -> Option<Self> {
        let (boot, rest) = BootSector::read_from_prefix(sector).ok()?;
        if !sector.ends_with(&BOOT_SIGNATURE) || !JUMPS.contains(&boot.jump[0]) {
            return None;
        }
        match (boot.root_entries.get(), boot.table_size_16.get()) {
            (0, 0) => Self::fat32(boot, rest),
            (0, _) | (_, 0) => None,
            _ => Self::fat16(boot, rest),
        }
    }

    fn fat16(boot: BootSector, rest: &[u8]) -> Option<Self> {
        let (extended, _) = Extended::read_from_prefix(rest).ok()?;
        let table_size = boot.table_size_16.get().into();
        let serial = extended.serial.get();
        Some(Self { boot, kind: Kind::Fat16, table_size, active: 0, version: 0, root: 0, serial })
    }

    fn fat32(boot: BootSector, rest: &[u8]) -> Option<Self> {
        let (own, rest) = Fat32Fields::read_from_prefix(rest).ok()?;
        let (extended, _) = Extended::read_from_prefix(rest).ok()?;
        let flags = own.flags.get();
        Some(Self {
            boot,
            kind: Kind::Fat32,
            table_size: own.table_size.get(),
            active: if flags & 0x80 == 0 { 0 } else { flags & 0x0f },
            version: own.version.get(),
            root: own.root_cluster.get(),
            serial: extended.serial.get(),
        })
    }

    fn total_sectors(&self) -> (&'static str, u32) {
        match self.boot.total_sectors_16.get() {
            0 => ("BPB_TotSec32", self.boot.total_sectors.get()),
            total => ("BPB_TotSec16", total.into()),
        }
    }

    fn table_field(&self) -> &'static str {
        match self.kind {
            Kind::Fat16 => "BPB_FATSz16",
            Kind::Fat32 => "BPB_FATSz32",
        }
    }
}

/// The rules that a field keeps whatever the others say.
fn check(fields: &Fields) -> Result<(), FatError> {
    let boot = &fields.boot;
    let sector = u32::from(boot.sector_size.get());
    let cluster = u32::from(boot.cluster_size);
    hold([
        ("BPB_BytsPerSec", sector, matches!(sector, 512 | 1024 | 2048 | 4096)),
        ("BPB_SecPerClus", cluster, cluster.is_power_of_two() && cluster * sector <= MAX_CLUSTER),
        ("BPB_RsvdSecCnt", boot.reserved_sectors.get().into(), boot.reserved_sectors != 0),
        ("BPB_NumFATs", boot.tables.into(), matches!(boot.tables, 1 | 2)),
        ("BPB_ExtFlags", fields.active.into(), fields.active < boot.tables.into()),
        ("BPB_FSVer", fields.version.into(), fields.version == 0),
    ])
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
