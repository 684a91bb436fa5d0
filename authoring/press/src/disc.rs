//! Optical media: a UDF volume, bridged with ISO 9660, over one copy of the data; El Torito and a GUID partition table,
//! so that the same image starts from a disc and from a stick.
//!
//! The one place that knows how such a medium is put together: trees of files go in, regions come out.
//!
//! ```text
//! sector 0        what a BIOS starts; GUID partition table
//!        16       ISO 9660 volume descriptors (unless UDF stands alone), UDF recognition sequence
//!        32..67   UDF volume descriptors, twice, and integrity
//!        68..75   entries of the partition table's backup
//!        256      UDF anchor
//!        257..    what a BIOS starts, where that is a program; ISO 9660 metadata
//!        1 MiB..  EFI system partition (FAT16)
//!        then     UDF partition: metadata, small files, large files on multiples of 1 MiB
//!        N        the last sector: a UDF anchor, and the header of the partition table's backup
//! ```
//!
//! # Where we do not keep to UEFI
//!
//! UEFI 2.10 5.3.1 wants the entries of the partition table's backup behind the last usable sector. They lie before
//! the first usable one here, behind those that they copy: at the image's end 7-Zip takes them for a tail that does
//! not belong to the volume. The backup's header is where it must be and names their place, by which readers find
//! them: OVMF and `sgdisk -v` have no complaint. A fault at the start of the image may take both copies; what starts
//! from a disc starts by El Torito, which needs neither.

use formats::fat::write as fat;
use formats::gpt::raw::{EFI_SYSTEM, LINUX_DATA};
use formats::gpt::write::{self as gpt, Extras};
use formats::gpt::{Partition, Table};
use formats::iso::{self, IsoError};
use formats::manifest::paths;
use formats::placed::{Placed, Placer, TooMuch};
use formats::region::{Misplaced, Region};
use formats::tree::Directory;
use formats::udf::{self, UdfError, raw::SECTOR};
use formats::units::{ByteLen, ByteOffset, MIB};
use host::ErrorKind;

use crate::boot::{DISC_CORE, DISC_CORE_ROOM};
use crate::laid::Laid;
use crate::plan::Plan;

/// What the EFI system partition and large files start on multiples of, in bytes.
const ALIGNMENT: u64 = MIB;
/// The sectors of a partition table, in bytes: those of a stick.
const LOGICAL_SECTOR: u32 = 512;
/// The first sector of the volume recognition sequence (ECMA-167 2/8.3; ECMA-119 6.2.1).
const RECOGNITION: u32 = 16;
/// What follows the data, in sectors: the last anchor, and the table's last header in the same sector. ECMA-167
/// 3/8.4.2.1 wants two of three anchors: at 256, at N - 256, at N.
const TAIL: u32 = 1;
/// The image's length is a multiple of so many sectors: a block of error correction of DVD and Blu-ray.
const UNIT: u32 = 32;
/// The sector of the entries of the partition table's backup.
const BACKUP_ENTRIES: u32 = 68;
/// The longest EFI system partition, in bytes: El Torito counts its sectors of 512 bytes in 16 bits.
const MAX_ESP: u64 = u16::MAX as u64 * LOGICAL_SECTOR as u64;

/// Why an optical medium cannot be laid out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DiscError {
    /// The partition table.
    #[error("there is no partition table for this medium")]
    Gpt(#[source] gpt::WriteError),
    /// The EFI system partition.
    #[error("the EFI system partition cannot be made")]
    Fat(#[source] fat::WriteError),
    /// The EFI system partition is longer than firmware can be told.
    #[error(
        "the EFI system partition needs {}, a disc has room for one of {}: put less into --esp-tree",
        needed.exact(),
        ByteLen(MAX_ESP).exact()
    )]
    EspTooLarge {
        /// The smallest that holds its files.
        needed: ByteLen,
    },
    /// What a BIOS starts is longer than it can load.
    #[error("the BIOS program of {} is longer than {DISC_CORE_ROOM} bytes", .0.exact())]
    Core(ByteLen),
    /// The UDF volume.
    #[error("the UDF volume cannot be made")]
    Udf(#[source] UdfError),
    /// The ISO 9660 volume.
    #[error("the ISO 9660 side cannot be made: leave it out with --udf-only")]
    Iso(#[source] IsoError),
    /// The content needs more than the disc has.
    #[error("the content needs a disc of {}, this kind has {}", needed.exact(), available.exact())]
    DoesNotFit {
        /// How long the image would be.
        needed: ByteLen,
        /// How much a disc of this kind has.
        available: ByteLen,
    },
    /// The content is larger than any disc: more sectors than 32 bits can number.
    #[error("the content is larger than a disc can be: 8 TiB")]
    TooLarge,
    /// A fault of this program.
    #[error(transparent)]
    Misplaced(#[from] Misplaced),
}

impl DiscError {
    /// What it means for whoever asked.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::DoesNotFit { .. } | Self::TooLarge | Self::EspTooLarge { .. } => ErrorKind::Fit,
            Self::Fat(
                fat::WriteError::TooSmall { .. }
                | fat::WriteError::TooLarge { .. }
                | fat::WriteError::RootFull { .. },
            )
            | Self::Udf(UdfError::TooLarge { .. }) => ErrorKind::Fit,
            Self::Misplaced(_) | Self::Udf(UdfError::Misplaced(_)) => ErrorKind::Other,
            Self::Gpt(_) | Self::Fat(_) | Self::Udf(_) | Self::Iso(_) | Self::Core(_) => ErrorKind::Usage,
        }
    }
}

impl From<TooMuch> for DiscError {
    fn from(_: TooMuch) -> Self {
        Self::TooLarge
    }
}

/// Lays out the medium of a plan, with `seed` as the tree of its seed volume.
///
/// # Errors
/// [`DiscError`].
pub fn lay_out(plan: &Plan, seed: &Directory) -> Result<Laid, DiscError> {
    let measured = Measured::new(plan, seed)?;
    let mut placer = Placer::new(sector(measured.partition + measured.udf.sectors()), SECTOR);
    let placed = placer.place(seed)?;
    // More than any disc can have is more than this one has.
    let end = ByteLen(placer.free_from().0);
    if let Some(available) = plan.request.size.filter(|available| *available < end) {
        return Err(DiscError::DoesNotFit { needed: end, available });
    }
    let places = measured.places(placer.free_from())?;
    if let Some(available) = plan.request.size.filter(|available| *available < places.size()) {
        return Err(DiscError::DoesNotFit { needed: places.size(), available });
    }
    let mut regions = places.table(plan)?;
    if let Some(volume) = measured.esp_volume(plan) {
        for region in fat::volume(&volume, &plan.esp).map_err(DiscError::Fat)? {
            regions.push(region.moved(measured.esp_start())?);
        }
    }
    if !plan.bios.core.is_empty() {
        regions.push(Region::bytes("BIOS boot program", sector(DISC_CORE), plan.bios.core.clone()));
    }
    regions.extend(places.volumes(plan, &placed)?);
    regions.extend(placer.into_regions());
    let partitions = places.partitions(plan);
    let capacity = plan.request.size.unwrap_or(places.size());
    let free = ByteLen(capacity.0.saturating_sub(places.size().0));
    Ok(Laid { regions, size: places.size(), free, partitions })
}

/// What is known before the data have their places.
struct Measured {
    udf: udf::write::Measured,
    iso: Option<iso::write::Measured>,
    /// The first sector of ISO 9660's metadata.
    metadata: u32,
    esp: u32,
    esp_len: ByteLen,
    /// The first sector of the UDF partition.
    partition: u32,
}

impl Measured {
    fn new(plan: &Plan, seed: &Directory) -> Result<Self, DiscError> {
        let disc = &plan.request.template.disc;
        let skeleton = Placed::of(seed);
        let udf = udf::write::Measured::new(disc.udf_revision, &skeleton).map_err(DiscError::Udf)?;
        let iso = disc.iso_9660.then(|| iso::write::Measured::new(&skeleton)).transpose();
        let iso = iso.map_err(DiscError::Iso)?;
        let esp_len = esp_len(plan)?;
        let metadata = DISC_CORE + core_sectors(plan)?;
        let head = metadata + iso.as_ref().map_or(0, iso::write::Measured::sectors);
        // Cannot overflow: the metadata of each side were seen to have far fewer sectors than 32 bits can number.
        let esp = head.next_multiple_of((ALIGNMENT / u64::from(SECTOR)) as u32);
        let partition = esp + sectors(ByteOffset(esp_len.0))?;
        Ok(Self { udf, iso, metadata, esp, esp_len, partition })
    }

    fn esp_start(&self) -> ByteOffset {
        sector(self.esp)
    }

    /// The EFI system partition, where there is one.
    fn esp_volume(&self, plan: &Plan) -> Option<fat::Volume> {
        let esp = plan.request.template.esp.as_ref()?;
        Some(fat::Volume {
            kind: fat::Kind::Fat16,
            size: self.esp_len,
            sector_size: LOGICAL_SECTOR,
            hidden: self.esp_start(),
            label: esp.label.clone(),
            serial: plan.identities.serial32("EFI system"),
            time: plan.request.time,
        })
    }

    /// Where everything lies when the data end at `end`.
    fn places(&self, end: ByteOffset) -> Result<Places<'_>, DiscError> {
        let total = sectors(end)?.checked_add(TAIL).and_then(|total| total.checked_next_multiple_of(UNIT));
        Ok(Places { measured: self, total: total.ok_or(DiscError::TooLarge)? })
    }
}

/// A medium whose length is known.
struct Places<'a> {
    measured: &'a Measured,
    /// In sectors.
    total: u32,
}

impl Places<'_> {
    fn size(&self) -> ByteLen {
        ByteLen(sector(self.total).0)
    }

    fn partitions(&self, plan: &Plan) -> Vec<Partition> {
        let measured = self.measured;
        let partition = |name: &str, kind, start: u32, end: u32| Partition {
            name: name.into(),
            kind,
            guid: plan.identities.uuid(name),
            start: sector(start),
            len: ByteLen(sector(end).0 - sector(start).0),
            attributes: 0,
        };
        // Windows leaves the second one alone: it has no volume at its start, only data.
        let esp = partition("EFI system", EFI_SYSTEM, measured.esp, measured.partition);
        let seed = partition("SEED", LINUX_DATA, measured.partition, self.total - TAIL);
        if measured.esp_len == ByteLen::ZERO { vec![seed] } else { vec![esp, seed] }
    }

    fn table(&self, plan: &Plan) -> Result<Vec<Region>, DiscError> {
        let table = Table {
            size: self.size(),
            sector_size: LOGICAL_SECTOR,
            guid: plan.identities.uuid("disk"),
            partitions: self.partitions(plan),
        };
        let extras = Extras { bootstrap: &plan.bios.bootstrap, backup_entries: Some(sector(BACKUP_ENTRIES)) };
        gpt::table_with(&table, &extras).map_err(DiscError::Gpt)
    }

    /// The file systems, their data aside.
    fn volumes(&self, plan: &Plan, placed: &Placed) -> Result<Vec<Region>, DiscError> {
        let Measured { udf, iso, partition, .. } = self.measured;
        let request = &plan.request;
        let mut recognition = RECOGNITION;
        let mut regions = Vec::new();
        if let Some(iso) = iso {
            let volume = self.iso_volume(plan, placed);
            recognition += iso::write::Measured::descriptors(&volume.boot);
            regions.extend(iso.lay_out(&volume, placed));
        }
        let volume = udf::write::Volume {
            label: &request.label,
            serial: plan.identities.serial32("SEED"),
            time: request.time,
            recognition,
            partition_start: *partition,
            partition_end: self.total - TAIL,
            end_anchors: &[self.total - 1],
        };
        regions.extend(udf.lay_out(&volume, placed).map_err(DiscError::Udf)?);
        Ok(regions)
    }

    fn iso_volume<'p>(&self, plan: &'p Plan, placed: &Placed) -> iso::write::Volume<'p> {
        let measured = self.measured;
        let logical = u64::from(LOGICAL_SECTOR);
        // Cannot cut: the partition was seen to be short enough.
        let esp = iso::write::Image { start: measured.esp, count: (measured.esp_len.0 / logical) as u16 };
        // Cannot cut: the sectors of all data were counted. Four sectors of 512 bytes are one of the disc's.
        let image = |start: u32| iso::write::Image { start, count: 4 };
        let message = placed.start_of(paths::BIOS_IMAGE).map(|start| (start.0 / u64::from(SECTOR)) as u32);
        let bios = if plan.bios.core.is_empty() { message } else { Some(DISC_CORE) };
        let boots = plan.request.has_el_torito();
        iso::write::Volume {
            label: &plan.request.label,
            time: plan.request.time,
            metadata: measured.metadata,
            sectors: self.total,
            boot: iso::write::Boot {
                bios: bios.filter(|_| boots).map(image),
                uefi: Some(esp).filter(|_| boots && measured.esp_len > ByteLen::ZERO),
            },
        }
    }
}

/// How many sectors the program that a BIOS starts takes.
fn core_sectors(plan: &Plan) -> Result<u32, DiscError> {
    match plan.bios.core.len() {
        len if len > DISC_CORE_ROOM => Err(DiscError::Core(ByteLen(len as u64))),
        // Cannot cut: the room is far shorter.
        len => Ok((len as u32).div_ceil(SECTOR)),
    }
}

/// How long the EFI system partition is, a multiple of a sector; nothing where there is none.
fn esp_len(plan: &Plan) -> Result<ByteLen, DiscError> {
    let Some(esp) = &plan.request.template.esp else { return Ok(ByteLen::ZERO) };
    let needed = fat::smallest(fat::Kind::Fat16, LOGICAL_SECTOR, &plan.esp);
    let len = needed.max(esp.size());
    if len.0 > MAX_ESP { Err(DiscError::EspTooLarge { needed: len }) } else { Ok(len) }
}

/// How many sectors there are up to an offset.
fn sectors(end: ByteOffset) -> Result<u32, DiscError> {
    u32::try_from(end.0.div_ceil(SECTOR.into())).map_err(|_| DiscError::TooLarge)
}

/// Where a sector starts.
fn sector(number: u32) -> ByteOffset {
    ByteOffset(u64::from(number) * u64::from(SECTOR))
}
