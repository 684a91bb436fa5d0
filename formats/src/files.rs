//! Files and directories as a reader finds them: the same on every kind of volume.

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::io::{ReadAt, ReadError};
use crate::kind::ErrorKind;
use crate::units::{ByteLen, ByteOffset};

/// What an entry of a directory is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A file.
    File,
    /// A directory.
    Directory,
}

impl Kind {
    /// `file` or `directory`.
    pub fn name(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Directory => "directory",
        }
    }
}

/// An entry of a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name, without a path.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// The file's length; 0 for directories.
    pub len: ByteLen,
}

/// A run of a file's bytes that lies in one piece on its volume.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// Where it starts in the file.
    pub at: ByteOffset,
    /// Where it starts on the volume, or `None` where the volume keeps no bytes of its own for it
    /// (holes, and files that are so small that they lie in a record).
    pub on_volume: Option<ByteOffset>,
    /// How long it is.
    pub len: ByteLen,
}

/// Why a path could not be followed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FilesError {
    /// There is nothing under this path.
    #[error("there is no {path:?}")]
    NotFound {
        /// The path.
        path: String,
    },
    /// There is a directory where a file was expected, or the other way round.
    #[error("{path:?} is not a {}", expected.name())]
    WrongKind {
        /// The path.
        path: String,
        /// What was expected.
        expected: Kind,
    },
    /// The volume's structures say what they must not say.
    #[error("the volume is damaged at {path:?}: {reason}")]
    Damaged {
        /// The path that was being followed.
        path: String,
        /// What was found, and what was expected.
        reason: String,
    },
    /// The volume is sound, but keeps the file in a way that is not read here.
    #[error("{path:?} is {how}, which is not supported")]
    Unsupported {
        /// The path.
        path: String,
        /// How it is kept: compressed, encrypted.
        how: &'static str,
    },
    /// The volume's bytes could not be had.
    #[error("{path:?} cannot be read")]
    Read {
        /// The path that was being followed.
        path: String,
        /// The cause.
        source: ReadError,
    },
}

impl FilesError {
    /// What this means for whoever asked.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound { .. } => ErrorKind::Unreachable,
            Self::WrongKind { .. } | Self::Damaged { .. } => ErrorKind::Corrupt,
            Self::Unsupported { .. } => ErrorKind::Other,
            Self::Read { source, .. } => source.kind(),
        }
    }

    /// A [`FilesError::Damaged`].
    pub fn damaged(path: &str, reason: impl ToString) -> Self {
        Self::Damaged { path: path.into(), reason: reason.to_string() }
    }
}

/// A volume, as files under paths. Parts of a path are divided by `/`; the root is the empty path.
pub trait Files: Send + Sync {
    /// The entries of a directory, in the order of their names' code points.
    ///
    /// # Errors
    /// [`FilesError`].
    fn list(&self, path: &str) -> Result<Vec<Entry>, FilesError>;

    /// The bytes of a file.
    ///
    /// # Errors
    /// [`FilesError`].
    fn open(&self, path: &str) -> Result<Box<dyn ReadAt + '_>, FilesError>;

    /// Where a file's bytes lie on the volume, in order, covering the file; `None` where that means nothing (a
    /// folder of the host).
    ///
    /// # Errors
    /// [`FilesError`].
    fn extents(&self, path: &str) -> Result<Option<Vec<Extent>>, FilesError>;

    /// What finds many files of this volume sooner than one call for each would.
    fn finder(&self) -> Box<dyn Finder<'_> + '_> {
        Box::new(OneByOne(self))
    }
}

/// A volume's files for who follows many paths in their order, or each directory's before the next directory's. It may
/// keep the directories on the way to the last one, where a name is only found by reading a directory from its start.
pub trait Finder<'f>: Send {
    /// As [`Files::list`].
    ///
    /// # Errors
    /// [`FilesError`].
    fn list(&mut self, path: &str) -> Result<Vec<Entry>, FilesError>;

    /// As [`Files::open`].
    ///
    /// # Errors
    /// [`FilesError`].
    fn open(&mut self, path: &str) -> Result<Box<dyn ReadAt + 'f>, FilesError>;

    /// As [`Files::extents`].
    ///
    /// # Errors
    /// [`FilesError`].
    fn extents(&mut self, path: &str) -> Result<Option<Vec<Extent>>, FilesError>;
}

/// The finder of a volume that finds each name by itself.
struct OneByOne<'f, F: ?Sized>(&'f F);

impl<'f, F: Files + ?Sized> Finder<'f> for OneByOne<'f, F> {
    fn list(&mut self, path: &str) -> Result<Vec<Entry>, FilesError> {
        self.0.list(path)
    }

    fn open(&mut self, path: &str) -> Result<Box<dyn ReadAt + 'f>, FilesError> {
        self.0.open(path)
    }

    fn extents(&mut self, path: &str) -> Result<Option<Vec<Extent>>, FilesError> {
        self.0.extents(path)
    }
}

/// Reads a whole file that may have at most `limit` bytes.
///
/// # Errors
/// [`FilesError`]; a longer file is `Damaged`.
pub fn read_file(files: &dyn Files, path: &str, limit: usize) -> Result<Vec<u8>, FilesError> {
    let source = files.open(path)?;
    let len = source.size().to_usize().filter(|len| *len <= limit).ok_or_else(|| {
        FilesError::damaged(path, alloc::format!("{} where at most {limit} are expected", source.size()))
    })?;
    crate::io::read_vec(&*source, ByteOffset::ZERO, len)
        .map_err(|source| FilesError::Read { path: path.into(), source })
}
