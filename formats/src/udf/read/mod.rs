//! Reading a UDF volume: 1.02 to 2.50, in blocks of 2048 bytes, as optical media have them.
//!
//! Every descriptor's tag, checksum and CRC are compared before one of its fields is used; nothing is allocated
//! that the volume does not hold, and no chain is followed longer than what it describes.

pub(super) mod descriptor;
mod directory;
pub(super) mod entry;
mod finder;
pub(super) mod volume;

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use self::finder::Finder;
use self::volume::{Address, Spaces};
use crate::files::{self, Entry, Extent, Files, FilesError};
use crate::io::{ReadAt, ReadError};
use crate::units::ByteOffset;

/// The longest directory that is read, together with those above it, in bytes: a million names.
pub(super) const MAX_DIRECTORY: u64 = 64 << 20;

/// Why a volume, or a part of it, cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UdfReadError {
    /// There is no volume: no anchor that leads to volume descriptors.
    #[error("there is no UDF volume: no anchor at sector 256 or at the end leads to volume descriptors")]
    NotUdf,
    /// The volume has a form that is not read here.
    #[error("the UDF volume has {what} {found}, which is not read here")]
    Unsupported {
        /// What it is.
        what: &'static str,
        /// Its value.
        found: u32,
    },
    /// A descriptor is not what belongs there, or its checksums disagree.
    #[error("{what} at {offset}: {reason}")]
    Damaged {
        /// Which descriptor, in the standard's words.
        what: &'static str,
        /// Where it lies on the medium.
        offset: ByteOffset,
        /// What was found, and what was expected.
        reason: String,
    },
    /// The volume's bytes cannot be had.
    #[error("the UDF volume cannot be read")]
    Read(#[source] ReadError),
}

/// A UDF volume that is read. Names are found as they are written.
#[derive(Debug)]
pub struct Reader<R> {
    source: R,
    spaces: Spaces,
    root: Address,
    label: String,
    revision: u16,
}

impl<R: ReadAt> Reader<R> {
    /// Opens the volume in `source`, the whole medium.
    ///
    /// # Errors
    /// [`UdfReadError`].
    pub fn open(source: R) -> Result<Self, UdfReadError> {
        let volume = volume::open(&source)?;
        let volume::Opened { spaces, root, label, revision, .. } = volume;
        Ok(Self { source, spaces, root, label, revision })
    }

    /// The logical volume's name.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// The revision that the volume conforms to, as UDF writes it: 0x0201 for 2.01.
    pub fn revision(&self) -> u16 {
        self.revision
    }
}

impl<R: ReadAt> Files for Reader<R> {
    fn list(&self, path: &str) -> Result<Vec<Entry>, FilesError> {
        self.finder().list(path)
    }

    fn open(&self, path: &str) -> Result<Box<dyn ReadAt + '_>, FilesError> {
        self.finder().open(path)
    }

    fn extents(&self, path: &str) -> Result<Option<Vec<Extent>>, FilesError> {
        self.finder().extents(path)
    }

    fn finder(&self) -> Box<dyn files::Finder<'_> + '_> {
        Box::new(Finder::new(self))
    }
}

fn at_path(path: &str) -> impl Fn(UdfReadError) -> FilesError {
    move |error| match error {
        UdfReadError::Read(source) => FilesError::Read { path: path.into(), source },
        other => FilesError::damaged(path, other),
    }
}
