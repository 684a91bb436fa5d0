//! Reading a UDF volume: 1.02 to 2.50, in blocks of 2048 bytes, as optical media have them.
//!
//! Every descriptor's tag, checksum and CRC are compared before one of its fields is used; nothing is allocated
//! that the volume does not hold, and no chain is followed longer than what it describes.

pub(super) mod descriptor;
mod directory;
pub(super) mod entry;
pub(super) mod volume;

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use self::directory::{Found, Names};
use self::entry::FileEntry;
use self::volume::{Address, Spaces};
use crate::files::{Entry, Extent, Files, FilesError, Kind};
use crate::io::{ReadAt, ReadError};
use crate::pieces::Pieces;
use crate::units::{ByteLen, ByteOffset};

/// The longest directory that is read, in bytes: a million names.
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

    /// The entry that a path leads to.
    fn find(&self, path: &str) -> Result<FileEntry, FilesError> {
        let mut here = self.entry(self.root, path)?;
        for part in path.split('/').filter(|_| !path.is_empty()) {
            let not_found = || FilesError::NotFound { path: path.into() };
            if here.kind != Kind::Directory {
                return Err(not_found());
            }
            let is_wanted =
                |found: &Result<Found, _>| found.as_ref().map_or(true, |found| found.name == part);
            // Up to the name, not to the end: all files of a directory are often opened one after the other.
            let found = self.names(&here, path)?.find(is_wanted).ok_or_else(not_found)?;
            here = self.entry(found.map_err(at_path(path))?.icb, path)?;
        }
        Ok(here)
    }

    fn find_kind(&self, path: &str, expected: Kind) -> Result<FileEntry, FilesError> {
        let found = self.find(path)?;
        if found.kind == expected {
            Ok(found)
        } else {
            Err(FilesError::WrongKind { path: path.into(), expected })
        }
    }

    fn entry(&self, at: Address, path: &str) -> Result<FileEntry, FilesError> {
        entry::read(&self.source, &self.spaces, at).map_err(at_path(path))
    }

    fn names<'a>(&self, directory: &'a FileEntry, path: &str) -> Result<Names<'a>, FilesError> {
        Names::of(&self.source, directory, MAX_DIRECTORY).map_err(at_path(path))
    }
}

impl<R: ReadAt> Files for Reader<R> {
    fn list(&self, path: &str) -> Result<Vec<Entry>, FilesError> {
        let directory = self.find_kind(path, Kind::Directory)?;
        let mut entries = Vec::new();
        for found in self.names(&directory, path)? {
            let found = found.map_err(at_path(path))?;
            let (kind, len) = entry::head(&self.source, &self.spaces, found.icb).map_err(at_path(path))?;
            let len = if kind == Kind::File { len } else { ByteLen::ZERO };
            entries.push(Entry { name: found.name, kind, len });
        }
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }

    fn open(&self, path: &str) -> Result<Box<dyn ReadAt + '_>, FilesError> {
        let file = self.find_kind(path, Kind::File)?;
        Ok(Box::new(Pieces::new(&self.source, file.extents)))
    }

    fn extents(&self, path: &str) -> Result<Option<Vec<Extent>>, FilesError> {
        Ok(Some(self.find_kind(path, Kind::File)?.extents))
    }
}

fn at_path(path: &str) -> impl Fn(UdfReadError) -> FilesError {
    move |error| match error {
        UdfReadError::Read(source) => FilesError::Read { path: path.into(), source },
        other => FilesError::damaged(path, other),
    }
}
