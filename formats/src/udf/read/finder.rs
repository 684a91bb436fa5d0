//! Following paths one after the other, with the directories on the way to the last one kept.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::directory::{Known, Names};
use super::entry::{self, FileEntry};
use super::volume::Address;
use super::{MAX_DIRECTORY, Reader, at_path};
use crate::files::{self, Entry, Extent, FilesError, Kind};
use crate::io::ReadAt;
use crate::pieces::Pieces;
use crate::units::ByteLen;

/// How often a directory is read when all paths are followed in their order: for the list of its names, and to find
/// those in it.
const READINGS: u64 = 2;

/// Follows paths.
#[derive(Debug)]
pub struct Finder<'r, R> {
    reader: &'r Reader<R>,
    /// The directories above what the last path led to, the root first.
    way: Vec<Directory>,
    /// How many bytes of directories may still be read: a damaged volume may have the same ones under many paths.
    left: u64,
}

#[derive(Debug)]
struct Directory {
    icb: Address,
    /// How much of it is in memory, in bytes, without the names that were found.
    size: u64,
    names: Known,
}

impl<'r, R: ReadAt> Finder<'r, R> {
    /// On a volume on which no path was followed yet.
    pub fn new(reader: &'r Reader<R>) -> Self {
        Self { reader, way: Vec::new(), left: reader.source.size().0.saturating_mul(READINGS) }
    }

    fn file(&mut self, path: &str) -> Result<FileEntry, FilesError> {
        let icb = self.follow(path)?;
        let entry = self.entry(icb, path)?;
        match entry.kind {
            Kind::File => Ok(entry),
            Kind::Directory => Err(FilesError::WrongKind { path: path.into(), expected: Kind::File }),
        }
    }

    /// Where the entry is that a path leads to.
    fn follow(&mut self, path: &str) -> Result<Address, FilesError> {
        let mut icb = self.reader.root;
        let mut depth = 0;
        for part in path.split('/').filter(|_| !path.is_empty()) {
            self.enter(icb, depth, path)?;
            let directory = self.way.get_mut(depth);
            let found = directory.map_or(Ok(None), |directory| directory.names.find(part));
            icb = found.map_err(at_path(path))?.ok_or_else(|| not_found(path))?;
            depth += 1;
        }
        self.way.truncate(depth);
        Ok(icb)
    }

    /// Makes a directory the one on the way that has `depth` others above it.
    fn enter(&mut self, icb: Address, depth: usize, path: &str) -> Result<(), FilesError> {
        if self.way.get(depth).is_some_and(|directory| directory.icb == icb) {
            return Ok(());
        }
        self.way.truncate(depth);
        let entry = self.entry(icb, path)?;
        if entry.kind != Kind::Directory {
            return Err(not_found(path));
        }
        let size = entry.len.0 + size_of_val(&*entry.extents) as u64;
        let names = Known::new(self.names(icb, entry, path)?);
        self.way.push(Directory { icb, size, names });
        Ok(())
    }

    /// The names in a directory below those on the way.
    fn names(&mut self, icb: Address, directory: FileEntry, path: &str) -> Result<Names, FilesError> {
        if self.way.iter().any(|above| above.icb == icb) {
            return Err(FilesError::damaged(path, "the directory contains itself"));
        }
        let left = self.left.checked_sub(directory.len.0);
        self.left = left.ok_or_else(|| FilesError::damaged(path, "directories take more than the volume"))?;
        let kept: u64 = self.way.iter().map(|above| above.size).sum();
        let limit = MAX_DIRECTORY.saturating_sub(kept);
        Names::of(&self.reader.source, directory, limit).map_err(at_path(path))
    }

    fn entry(&self, icb: Address, path: &str) -> Result<FileEntry, FilesError> {
        entry::read(&self.reader.source, &self.reader.spaces, icb).map_err(at_path(path))
    }
}

impl<'r, R: ReadAt> files::Finder<'r> for Finder<'r, R> {
    fn list(&mut self, path: &str) -> Result<Vec<Entry>, FilesError> {
        let icb = self.follow(path)?;
        let directory = self.entry(icb, path)?;
        if directory.kind != Kind::Directory {
            return Err(FilesError::WrongKind { path: path.into(), expected: Kind::Directory });
        }
        let Reader { source, spaces, .. } = self.reader;
        let mut entries = Vec::new();
        for found in self.names(icb, directory, path)? {
            let found = found.map_err(at_path(path))?;
            let (kind, len) = entry::head(source, spaces, found.icb).map_err(at_path(path))?;
            let len = if kind == Kind::File { len } else { ByteLen::ZERO };
            entries.push(Entry { name: found.name, kind, len });
        }
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }

    fn open(&mut self, path: &str) -> Result<Box<dyn ReadAt + 'r>, FilesError> {
        let file = self.file(path)?;
        Ok(Box::new(Pieces::new(&self.reader.source, file.extents)))
    }

    fn extents(&mut self, path: &str) -> Result<Option<Vec<Extent>>, FilesError> {
        self.file(path).map(|file| Some(file.extents))
    }
}

fn not_found(path: &str) -> FilesError {
    FilesError::NotFound { path: path.into() }
}
