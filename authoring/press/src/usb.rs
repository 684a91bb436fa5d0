//! USB media: a disk with a GUID partition table, an EFI system partition (FAT32) and the seed volume (NTFS), and, where a
//! BIOS is to start it, a partition for what that goes on with.
//!
//! The one place that knows how such a medium is put together: trees of files go in, regions come out. Partitions
//! start on multiples of 1 MiB, which suits every flash memory, and lets payload go out in aligned writes.

use formats::fat::write as fat;
use formats::gpt::raw::{BASIC_DATA, BIOS_BOOT, EFI_SYSTEM, usable};
use formats::gpt::write::{self as gpt, Extras};
use formats::gpt::{Partition, Table};
use formats::ntfs::write::{self as ntfs, NtfsError};
use formats::region::{Misplaced, Region};
use formats::tree::Directory;
use formats::units::{ByteLen, ByteOffset, MIB};
use host::ErrorKind;

use crate::boot::{USB_CORE, USB_CORE_ROOM};
use crate::laid::Laid;
use crate::plan::Plan;

/// What partitions start on multiples of, in bytes.
const ALIGNMENT: u64 = MIB;
/// Where what a BIOS goes on with starts.
const CORE: ByteOffset = ByteOffset(USB_CORE * 512);

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
    /// What a BIOS goes on with cannot lie where it must.
    #[error(
        "the BIOS program of {len} does not fit on a medium with sectors of {sector_size}: expected at most {USB_CORE_ROOM} bytes and sectors of 512: press with --boot native or with --sector-size 512"
    )]
    Core {
        /// How long it is.
        len: ByteLen,
        /// The size of the medium's sectors.
        sector_size: u32,
    },
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
            Self::Gpt(_) | Self::Fat(_) | Self::Ntfs(_) | Self::Core { .. } => ErrorKind::Usage,
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
    let bios = &plan.bios;
    let extras = Extras { bootstrap: &bios.bootstrap, backup_entries: None };
    let mut regions = gpt::table_with(&table, &extras).map_err(UsbError::Gpt)?;
    if !bios.core.is_empty() {
        regions.push(Region::bytes("BIOS boot program", CORE, bios.core.clone()));
    }
    if let Some(volume) = places.esp_volume(plan) {
        let esp = fat::volume(&volume, &plan.esp).map_err(UsbError::Fat)?;
        regions.extend(moved(esp, places.esp)?);
    }
    let laid = ntfs::lay_out(&places.seed_volume(plan), seed).map_err(UsbError::Ntfs)?;
    regions.extend(moved(laid.regions, places.seed)?);
    Ok(Laid { regions, size: places.total, free: laid.free, partitions: table.partitions })
}

/// The regions of a volume that starts at `start`.
fn moved(volume: Vec<Region>, start: ByteOffset) -> Result<Vec<Region>, Misplaced> {
    volume.into_iter().map(|region| region.moved(start)).collect()
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
        check_core(plan)?;
        let needed = fat::smallest(fat::Kind::Fat32, request.sector_size, &plan.esp);
        let esp_len = request.template.esp.as_ref().map_or(ByteLen::ZERO, |esp| needed.max(esp.size()));
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
        let core = ByteLen(ALIGNMENT - CORE.0);
        let all = [
            (self.esp_len.0 > 0, partition("EFI system", EFI_SYSTEM, self.esp, self.esp_len)),
            (true, partition("SEED", BASIC_DATA, self.seed, self.seed_len)),
            (!plan.bios.core.is_empty(), partition("BIOS boot", BIOS_BOOT, CORE, core)),
        ];
        all.into_iter().filter_map(|(is_there, partition)| is_there.then_some(partition)).collect()
    }

    /// The EFI system partition, where there is one.
    fn esp_volume(&self, plan: &Plan) -> Option<fat::Volume> {
        let esp = plan.request.template.esp.as_ref()?;
        Some(fat::Volume {
            kind: fat::Kind::Fat32,
            size: self.esp_len,
            sector_size: plan.request.sector_size,
            hidden: self.esp,
            label: esp.label.clone(),
            serial: plan.identities.serial32("EFI system"),
            time: plan.request.time,
        })
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

/// Sees that what a BIOS goes on with has room: BIOSes know sectors of 512 bytes, and larger ones leave no gap for it.
fn check_core(plan: &Plan) -> Result<(), UsbError> {
    let (len, sector_size) = (plan.bios.core.len(), plan.request.sector_size);
    if len == 0 || (len <= USB_CORE_ROOM && sector_size == 512) {
        return Ok(());
    }
    Err(UsbError::Core { len: ByteLen(len as u64), sector_size })
}
