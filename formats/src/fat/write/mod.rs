//! Writing a FAT16 or FAT32 volume, through crate `hadris-fat`, as regions of the volume.
//!
//! The crate makes the structures, on a device that keeps only what is not zero; files are made as long as they have
//! to be but stay empty, and their bytes go from the tree into the regions without a copy.

mod filler;
mod size;
mod sparse;

use hadris_fat::sync::format;
use hadris_fat::{FatKind, FatOptions, VolumeLabel};
use hadris_fs::{DateTime, ErrorKind};
use hadris_storage::BlockSize;

use self::filler::Filler;
pub use self::size::smallest;
use self::size::{ROOT_ENTRIES, largest};
use self::sparse::Sparse;
pub use super::Kind;
use crate::region::Region;
use crate::time::Timestamp;
use crate::tree::Directory;
use crate::units::{ByteLen, ByteOffset};

/// A volume to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Volume {
    /// Which FAT.
    pub kind: Kind,
    /// How long it is: a multiple of the sector size.
    pub size: ByteLen,
    /// The size of its sectors, in bytes: 512 or 4096.
    pub sector_size: u32,
    /// Where it starts on its disk: a multiple of the sector size.
    pub hidden: ByteOffset,
    /// Its label: 1 to 11 characters of ASCII, stored in upper case.
    pub label: String,
    /// Its serial number.
    pub serial: u32,
    /// The time of everything on it.
    pub time: Timestamp,
}

/// Why a volume cannot be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// Sectors of another size than 512 and 4096 bytes, or a volume that is not made of whole sectors.
    #[error(
        "expected whole sectors of 512 or 4096 bytes, found {size} at {hidden} in sectors of {sector_size}"
    )]
    Sectors {
        /// The size of the volume.
        size: ByteLen,
        /// Where it starts on its disk.
        hidden: ByteOffset,
        /// The size of its sectors.
        sector_size: u32,
    },
    /// A label that FAT cannot hold.
    #[error("the FAT volume label {label:?} is not 1 to 11 characters of ASCII without \"*+,./:;<=>?[\\]|")]
    Label {
        /// The label.
        label: String,
    },
    /// The files do not fit, or the volume is too short for its kind.
    #[error("the {kind} volume has {available}, its files need {needed} ({kind} has {largest} at most)")]
    TooSmall {
        /// Which FAT.
        kind: Kind,
        /// The smallest volume that has room; when it is larger than `largest`, only another kind has.
        needed: ByteLen,
        /// The size asked for.
        available: ByteLen,
        /// The largest volume of this kind.
        largest: ByteLen,
    },
    /// The volume is too long for its kind.
    #[error("a {kind} volume of {size} was asked for, the largest has {largest}")]
    TooLarge {
        /// Which FAT.
        kind: Kind,
        /// The size asked for.
        size: ByteLen,
        /// The largest volume of this kind.
        largest: ByteLen,
    },
    /// The root directory of FAT16, whose length is fixed, has no room for the names in it.
    #[error(
        "the names in the root of the FAT16 volume need {needed} directory entries, it has {ROOT_ENTRIES}"
    )]
    RootFull {
        /// How many entries there would be, counting every name as a long one.
        needed: u64,
    },
    /// A name that FAT cannot hold, or that differs from another only in case.
    #[error("{path:?} cannot be on a FAT volume: {reason}")]
    Name {
        /// The path.
        path: String,
        /// What is wrong with its last part.
        reason: String,
    },
    /// A file of 4 GiB or more.
    #[error("{path:?} has {len}, a file on a FAT volume has less than 4 GiB")]
    FileTooLong {
        /// The path.
        path: String,
        /// The file's length.
        len: ByteLen,
    },
    /// Crate `hadris-fat` refuses what we found right.
    #[error("the FAT volume was refused at {path:?}: {reason} (please report this)")]
    Refused {
        /// The path that was being written; empty for the volume as a whole.
        path: String,
        /// Its words.
        reason: String,
    },
}

/// The regions of a volume with the files of `root`, relative to its start. What no region covers is zero.
///
/// # Errors
/// [`WriteError`].
pub fn volume(volume: &Volume, root: &Directory) -> Result<Vec<Region>, WriteError> {
    let sector_size = check(volume, root)?;
    let Volume { kind, size: available, .. } = *volume;
    let largest = largest(kind, volume.sector_size);
    let too_small = || WriteError::TooSmall { kind, needed: size::needed(volume, root), available, largest };
    let mut device = Sparse::new(volume.size.0, sector_size);
    let geometry =
        format(&mut device, &options(volume)?).map_err(|e| Fault::Kind(e.kind()).at("", too_small))?;
    let mut filler = Filler::mount(device, date_time(volume.time))?;
    filler.fill(root).map_err(|(path, fault)| fault.at(&path, too_small))?;
    filler.finish(&geometry)
}

fn check(volume: &Volume, root: &Directory) -> Result<BlockSize, WriteError> {
    let Volume { kind, size, sector_size, hidden, .. } = *volume;
    let whole = |bytes: u64| bytes.is_multiple_of(u64::from(sector_size));
    let sector = BlockSize::new(sector_size)
        .filter(|_| matches!(sector_size, 512 | 4096) && whole(size.0) && whole(hidden.0))
        .ok_or(WriteError::Sectors { size, hidden, sector_size })?;
    let largest = largest(kind, sector_size);
    if size > largest {
        return Err(WriteError::TooLarge { kind, size, largest });
    }
    let needed = size::entries(root);
    if kind == Kind::Fat16 && needed > ROOT_ENTRIES.into() {
        return Err(WriteError::RootFull { needed });
    }
    Ok(sector)
}

fn options(volume: &Volume) -> Result<FatOptions, WriteError> {
    let label =
        VolumeLabel::new(&volume.label).map_err(|_| WriteError::Label { label: volume.label.clone() })?;
    Ok(FatOptions::new()
        .with_kind(match volume.kind {
            Kind::Fat16 => FatKind::Fat16,
            Kind::Fat32 => FatKind::Fat32,
        })
        .with_sector_size(volume.sector_size)
        .with_cluster_size(size::cluster_size(volume.kind, volume.size, volume.sector_size))
        .with_root_entries(ROOT_ENTRIES)
        .with_alignment(size::ALIGNMENT)
        .with_partition_offset(volume.hidden.0)
        .with_oem_name(*b"MSWIN4.1")
        .with_label(label)
        .with_serial(volume.serial)
        .with_time(date_time(volume.time)))
}

/// FAT's times have no zone; readers take them as local time or, as we write them, as UTC.
fn date_time(time: Timestamp) -> DateTime {
    DateTime::from_unix_seconds(time.unix()).unwrap_or(hadris_fs::NoClock::TIME)
}

/// What the crate found wrong.
enum Fault {
    Kind(ErrorKind),
    TooLong(ByteLen),
}

impl Fault {
    fn at(self, path: &str, too_small: impl Fn() -> WriteError) -> WriteError {
        let path = path.to_owned();
        match self {
            Self::TooLong(len) => WriteError::FileTooLong { path, len },
            Self::Kind(ErrorKind::NoSpace) => too_small(),
            Self::Kind(ErrorKind::AlreadyExists) => {
                WriteError::Name { path, reason: "its name differs from another only in case".into() }
            }
            Self::Kind(kind @ (ErrorKind::InvalidInput | ErrorKind::NameTooLong)) => {
                WriteError::Name { path, reason: kind.to_string() }
            }
            Self::Kind(kind) => WriteError::Refused { path, reason: kind.to_string() },
        }
    }
}
