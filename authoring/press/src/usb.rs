//! USB media: a disk with a GUID partition table, an EFI system partition (FAT32) and the seed volume (NTFS).
//!
//! The one place that knows how such a medium is put together: trees of files go in, regions come out. Partitions
//! start on multiples of 1 MiB, which suits every flash memory, and lets payload go out in aligned writes.

use formats::fat::write as fat;
use formats::gpt::raw::{BASIC_DATA, EFI_SYSTEM, usable};
use formats::gpt::write::{self as gpt, Extras};
use formats::gpt::{Partition, Table};
use formats::ntfs::write::{self as ntfs, NtfsError};
use formats::region::Misplaced;
use formats::tree::Directory;
use formats::units::{ByteLen, ByteOffset, MIB};
use host::ErrorKind;

use crate::bios;
use crate::laid::Laid;
use crate::plan::Plan;

/// What partitions start on multiples of, in bytes.
const ALIGNMENT: u64 = MIB;

/// Why a medium cannot be laid out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UsbError {
    /// The partition table.
    #[error("there is no partition table for this medium")]
    Gpt(#[source] gpt::WriteError),
    /// The EFI system partition.
    #[error("the EFI system partition cannot be made")]
    Fat(#[source] fat::WriteError),
    /// The seed volume.
    #[error("the seed volume cannot be made")]
    Ntfs(#[source] NtfsError),
    /// The content needs more than the size that was asked for.
    #[error("the content needs a medium of {}, {} were asked for", needed.exact(), available.exact())]
    DoesNotFit {
        /// The smallest size that holds the content.
        needed: ByteLen,
        /// The size asked for.
        available: ByteLen,
    },
    /// The content is larger than any medium.
    #[error("the content is larger than a medium can be")]
    TooLarge,
    /// A fault of this program.
    #[error(transparent)]
    Misplaced(#[from] Misplaced),
}

impl UsbError {
    /// What it means for whoever asked.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::DoesNotFit { .. }
            | Self::TooLarge
            | Self::Fat(fat::WriteError::TooSmall { .. } | fat::WriteError::TooLarge { .. })
            | Self::Ntfs(NtfsError::TooSmall { .. } | NtfsError::Size { .. } | NtfsError::TooMany) => {
                ErrorKind::Fit
            }
            Self::Misplaced(_) => ErrorKind::Other,
            Self::Gpt(_) | Self::Fat(_) | Self::Ntfs(_) => ErrorKind::Usage,
        }
    }
}

/// Lays out the medium of a plan, with `seed` as the tree of its seed volume.
///
/// # Errors
/// [`UsbError`].
pub fn lay_out(plan: &Plan, seed: &Directory) -> Result<Laid, UsbError> {
    let places = Places::find(plan, seed)?;
    let partitions = places.partitions(plan);
    let table = Table {
        size: places.total,
        sector_size: plan.request.sector_size,
        guid: plan.identities.uuid("disk"),
        partitions,
    };
    let extras = Extras { bootstrap: &bios::program(), backup_entries: None };
    let mut regions = gpt::table_with(&table, &extras).map_err(UsbError::Gpt)?;
    let esp = fat::volume(&places.esp_volume(plan), &plan.esp).map_err(UsbError::Fat)?;
    let laid = ntfs::lay_out(&places.seed_volume(plan), seed).map_err(UsbError::Ntfs)?;
    for (start, volume) in [(places.esp, esp), (places.seed, laid.regions)] {
        for region in volume {
            regions.push(region.moved(start)?);
        }
    }
    Ok(Laid { regions, size: places.total, free: laid.free, partitions: table.partitions })
}

/// Where the partitions lie.
struct Places {
    esp: ByteOffset,
    esp_len: ByteLen,
    seed: ByteOffset,
    seed_len: ByteLen,
    total: ByteLen,
}

impl Places {
    fn find(plan: &Plan, seed: &Directory) -> Result<Self, UsbError> {
        let request = &plan.request;
        let esp = ByteOffset(ALIGNMENT);
        let esp_len =
            fat::smallest(fat::Kind::Fat32, request.sector_size, &plan.esp).max(request.template.esp.size());
        let aligned = esp_len.align_up(ALIGNMENT).ok_or(UsbError::TooLarge)?;
        let seed_start = esp.checked_add(aligned).ok_or(UsbError::TooLarge)?;
        let places =
            Self { esp, esp_len: aligned, seed: seed_start, seed_len: ByteLen::ZERO, total: ByteLen::ZERO };
        match request.size {
            Some(size) => places.within(plan, seed, size),
            None => places.smallest(plan, seed, request.template.seed.free()),
        }
    }

    /// The smallest medium that has `free` bytes of room.
    fn smallest(self, plan: &Plan, seed: &Directory, free: ByteLen) -> Result<Self, UsbError> {
        let volume = self.seed_volume(plan);
        let needed = ntfs::smallest(&volume, seed, free).map_err(UsbError::Ntfs)?;
        let seed_len = needed.align_up(ALIGNMENT).ok_or(UsbError::TooLarge)?;
        // The backup of the table is shorter than this, for every sector size.
        let total =
            ByteLen(self.seed.0).checked_add(seed_len).and_then(|end| end.checked_add(ByteLen(ALIGNMENT)));
        Ok(Self { seed_len, total: total.ok_or(UsbError::TooLarge)?, ..self })
    }

    /// A medium of `size` bytes, in whole sectors.
    fn within(self, plan: &Plan, seed: &Directory, size: ByteLen) -> Result<Self, UsbError> {
        let sector_size = plan.request.sector_size;
        let sector = u64::from(sector_size).max(1);
        let total = ByteLen(size.0 - size.0 % sector);
        let end = usable(total, sector_size).map_or(0, |range| range.end);
        let seed_len = ByteLen((end - end % ALIGNMENT).saturating_sub(self.seed.0));
        let least = self.smallest(plan, seed, ByteLen::ZERO)?;
        if seed_len < least.seed_len {
            return Err(UsbError::DoesNotFit { needed: least.total, available: size });
        }
        Ok(Self { seed_len, total, ..least })
    }

    fn partitions(&self, plan: &Plan) -> Vec<Partition> {
        let partition = |name: &str, kind, start, len| Partition {
            name: name.into(),
            kind,
            guid: plan.identities.uuid(name),
            start,
            len,
            attributes: 0,
        };
        vec![
            partition("EFI system", EFI_SYSTEM, self.esp, self.esp_len),
            partition("SEED", BASIC_DATA, self.seed, self.seed_len),
        ]
    }

    fn esp_volume(&self, plan: &Plan) -> fat::Volume {
        fat::Volume {
            kind: fat::Kind::Fat32,
            size: self.esp_len,
            sector_size: plan.request.sector_size,
            hidden: self.esp,
            label: plan.request.template.esp.label.clone(),
            serial: plan.identities.serial32("EFI system"),
            time: plan.request.time,
        }
    }

    fn seed_volume(&self, plan: &Plan) -> ntfs::Volume {
        let request = &plan.request;
        ntfs::Volume {
            size: self.seed_len,
            sector_size: request.sector_size,
            cluster_size: request.cluster_size,
            hidden_sectors: self.seed.0 / u64::from(request.sector_size).max(1),
            label: request.label.clone(),
            serial: plan.identities.serial64("SEED"),
            time: request.time,
        }
    }
}
