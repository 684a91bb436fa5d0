//! Why a volume or a part of it cannot be read.

use alloc::string::{String, ToString};

use crate::files::FilesError;
use crate::io::ReadError;
use crate::units::ByteOffset;

/// Why a volume or a part of it cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NtfsReadError {
    /// The first sector is not one of an NTFS volume.
    #[error("no NTFS volume: {field} at {offset} should be {expected}, but is {found}")]
    NotNtfs {
        /// The field of the boot sector.
        field: &'static str,
        /// Where it is, from the start of the volume.
        offset: ByteOffset,
        /// What may stand there.
        expected: &'static str,
        /// What stands there.
        found: String,
    },
    /// A structure says what it must not say.
    #[error("{structure} at {offset}: {reason}")]
    Damaged {
        /// Which structure.
        structure: String,
        /// Where it starts, from the start of the volume.
        offset: ByteOffset,
        /// What was found, and what was expected.
        reason: String,
    },
    /// The volume is sound, but keeps a file in a way that is not read here.
    #[error("{structure} is {how}, which is not supported")]
    Unsupported {
        /// Which structure.
        structure: String,
        /// How it is kept.
        how: &'static str,
    },
    /// The volume's bytes could not be had.
    #[error("{structure} cannot be read")]
    Read {
        /// Which structure.
        structure: String,
        /// The cause.
        source: ReadError,
    },
}

impl NtfsReadError {
    pub(super) fn damaged(structure: &str, offset: ByteOffset, reason: impl ToString) -> Self {
        Self::Damaged { structure: structure.into(), offset, reason: reason.to_string() }
    }

    pub(super) fn read(structure: &str) -> impl FnOnce(ReadError) -> Self + '_ {
        move |source| Self::Read { structure: structure.into(), source }
    }

    /// The same, as said of the path that was being followed.
    pub(super) fn at(self, path: &str) -> FilesError {
        match self {
            Self::Read { source, .. } => FilesError::Read { path: path.into(), source },
            Self::Unsupported { how, .. } => FilesError::Unsupported { path: path.into(), how },
            other => FilesError::damaged(path, other),
        }
    }
}
