//! The kinds of volumes that a medium may have. Another kind is another line in [`KINDS`].

use alloc::boxed::Box;
use alloc::sync::Arc;

use formats::fat::{self, FatError};
use formats::files::Files;
use formats::io::ReadAt;
use formats::ntfs::read::{self as ntfs, NtfsReadError};
use formats::udf::read::{self as udf, UdfReadError};
use formats::units::ByteLen;

/// Why a volume cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VolumeError {
    /// Nothing that is known starts here.
    #[error("there is no volume of a known kind")]
    Unknown,
    /// An NTFS volume, damaged.
    #[error("the NTFS volume cannot be read")]
    Ntfs(#[source] NtfsReadError),
    /// A FAT16 or FAT32 volume, damaged.
    #[error("the FAT volume cannot be read")]
    Fat(#[source] FatError),
    /// A UDF volume, damaged.
    #[error("the UDF volume cannot be read")]
    Udf(#[source] UdfReadError),
}

/// Opens a volume of one kind; `Unknown` when the source holds another.
type Open = fn(Arc<dyn ReadAt>) -> Result<Box<dyn Files>, VolumeError>;

/// The kinds.
const KINDS: [Open; 3] = [ntfs, fat, udf];

/// No volume is shorter than its boot sector.
const SHORTEST: ByteLen = ByteLen(512);

/// Opens the volume in `source`, of whatever kind it is.
///
/// # Errors
/// [`VolumeError`].
pub(crate) fn open(source: &Arc<dyn ReadAt>) -> Result<Box<dyn Files>, VolumeError> {
    if source.size() < SHORTEST {
        return Err(VolumeError::Unknown);
    }
    let opened = KINDS.iter().map(|open| open(source.clone()));
    opened
        .into_iter()
        .find(|result| !matches!(result, Err(VolumeError::Unknown)))
        .unwrap_or(Err(VolumeError::Unknown))
}

fn ntfs(source: Arc<dyn ReadAt>) -> Result<Box<dyn Files>, VolumeError> {
    match ntfs::Reader::open(source) {
        Ok(reader) => Ok(Box::new(reader)),
        Err(NtfsReadError::NotNtfs { .. }) => Err(VolumeError::Unknown),
        Err(error) => Err(VolumeError::Ntfs(error)),
    }
}

fn fat(source: Arc<dyn ReadAt>) -> Result<Box<dyn Files>, VolumeError> {
    match fat::Reader::open(source) {
        Ok(reader) => Ok(Box::new(reader)),
        Err(FatError::NotFat) => Err(VolumeError::Unknown),
        Err(error) => Err(VolumeError::Fat(error)),
    }
}

/// A UDF volume, whose sectors are counted from the start of the medium whatever partitions there are.
pub(crate) fn udf(source: Arc<dyn ReadAt>) -> Result<Box<dyn Files>, VolumeError> {
    match udf::Reader::open(source) {
        Ok(reader) => Ok(Box::new(reader)),
        Err(UdfReadError::NotUdf) => Err(VolumeError::Unknown),
        Err(error) => Err(VolumeError::Udf(error)),
    }
}
