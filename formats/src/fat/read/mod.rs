//! Reading a FAT16 or FAT32 volume.

mod chain;
mod entries;
mod geometry;

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

use self::chain::{ChainError, pieces};
use self::entries::{Found, decode};
use self::geometry::Geometry;
use super::raw::MAX_DIRECTORY;
use crate::fat;
use crate::files::{Entry, Extent, Files, FilesError, Kind};
use crate::io::{ReadAt, ReadError, read_vec};
use crate::pieces::Pieces;
use crate::units::{ByteLen, ByteOffset};

/// Why a volume cannot be read at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FatError {
    /// There is no boot sector of FAT16 or FAT32.
    #[error("there is no FAT16 or FAT32 volume")]
    NotFat,
    /// A field of the boot sector has a value that it must not have.
    #[error("the FAT boot sector's {field} is {found}")]
    Field {
        /// The field, as the specification names it.
        field: &'static str,
        /// Its value.
        found: u32,
    },
    /// The boot sector cannot be had.
    #[error("the FAT boot sector cannot be read")]
    Read(#[source] ReadError),
}

/// A FAT volume that is read. Names are found whatever their case.
#[derive(Debug)]
pub struct Reader<R> {
    source: R,
    geometry: Geometry,
}

impl<R: ReadAt> Reader<R> {
    /// Opens the volume in `source`.
    ///
    /// # Errors
    /// [`FatError`].
    pub fn open(source: R) -> Result<Self, FatError> {
        let geometry = Geometry::read(&source)?;
        Ok(Self { source, geometry })
    }

    /// Which kind of FAT it is.
    pub fn kind(&self) -> fat::Kind {
        self.geometry.kind
    }

    /// The volume's serial number.
    pub fn serial(&self) -> u32 {
        self.geometry.serial
    }

    /// How large a cluster is, in bytes.
    pub fn cluster_size(&self) -> u32 {
        self.geometry.cluster_size
    }

    /// What a path leads to; the root is a directory without a name.
    fn find(&self, path: &str) -> Result<Found, FilesError> {
        let not_found = || FilesError::NotFound { path: path.into() };
        let mut here =
            Found { name: path.into(), kind: Kind::Directory, first_cluster: self.geometry.root, size: 0 };
        let mut above = Vec::new();
        for part in path.split('/').filter(|_| !path.is_empty()) {
            if here.kind != Kind::Directory {
                return Err(not_found());
            }
            above.push(here.first_cluster);
            let mut entries = self.entries(here.first_cluster, path)?.into_iter();
            here = entries.find(|entry| same(&entry.name, part)).ok_or_else(not_found)?;
            if here.kind == Kind::Directory && above.contains(&here.first_cluster) {
                return Err(FilesError::damaged(path, "the directory contains itself"));
            }
        }
        Ok(here)
    }

    fn find_kind(&self, path: &str, expected: Kind) -> Result<Found, FilesError> {
        let found = self.find(path)?;
        if found.kind == expected {
            Ok(found)
        } else {
            Err(FilesError::WrongKind { path: path.into(), expected })
        }
    }

    fn entries(&self, first: u32, path: &str) -> Result<Vec<Found>, FilesError> {
        let pieces = match self.geometry.root_region {
            Some(region) if first == self.geometry.root => vec![region],
            _ => self.pieces(first, MAX_DIRECTORY, true, path)?,
        };
        // Pieces of a directory have at most MAX_DIRECTORY bytes together.
        let len = ByteLen(pieces.iter().map(|piece| piece.len.0).sum());
        let bytes = Pieces::new(&self.source, pieces);
        let bytes = read_vec(&bytes, ByteOffset::ZERO, len.0 as usize)
            .map_err(|source| FilesError::Read { path: path.into(), source })?;
        Ok(decode(&bytes, self.geometry.kind))
    }

    fn pieces(&self, first: u32, len: u64, may_end: bool, path: &str) -> Result<Vec<Extent>, FilesError> {
        pieces(&self.source, &self.geometry, first, len, may_end).map_err(|error| match error {
            ChainError::Read(source) => FilesError::Read { path: path.into(), source },
            ChainError::Broken(reason) => FilesError::damaged(path, reason),
        })
    }

    fn file_pieces(&self, path: &str) -> Result<Vec<Extent>, FilesError> {
        let file = self.find_kind(path, Kind::File)?;
        self.pieces(file.first_cluster, file.size.into(), false, path)
    }
}

impl<R: ReadAt> Files for Reader<R> {
    fn list(&self, path: &str) -> Result<Vec<Entry>, FilesError> {
        let directory = self.find_kind(path, Kind::Directory)?;
        let found = self.entries(directory.first_cluster, path)?.into_iter();
        let mut entries: Vec<Entry> = found
            .map(|entry| Entry { name: entry.name, kind: entry.kind, len: ByteLen(entry.size.into()) })
            .collect();
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }

    fn open(&self, path: &str) -> Result<Box<dyn ReadAt + '_>, FilesError> {
        let pieces = self.file_pieces(path)?;
        Ok(Box::new(Pieces::new(&self.source, pieces)))
    }

    fn extents(&self, path: &str) -> Result<Option<Vec<Extent>>, FilesError> {
        self.file_pieces(path).map(Some)
    }
}

/// Whether two names are the same on a FAT volume.
fn same(a: &str, b: &str) -> bool {
    a.chars().flat_map(char::to_uppercase).eq(b.chars().flat_map(char::to_uppercase))
}
