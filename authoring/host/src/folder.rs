//! A folder of this machine, seen as a volume: where a medium is mounted.

use std::fs;
use std::path::{Path, PathBuf};

use formats::files::{Entry, Extent, Files, FilesError, Kind};
use formats::io::{ReadAt, ReadError};
use formats::units::{ByteLen, ByteOffset};

use crate::source::FileSource;

/// A folder as a volume. Paths cannot leave it: neither by `..` nor through symbolic links, which are as if absent.
#[derive(Debug)]
pub struct Folder {
    root: PathBuf,
}

impl Folder {
    /// The folder `root`.
    pub fn new(root: &Path) -> Self {
        Self { root: root.into() }
    }

    /// The host's path for a path on the volume, when every step of it is a plain entry.
    fn find(&self, path: &str) -> Result<PathBuf, FilesError> {
        let not_found = || FilesError::NotFound { path: path.into() };
        let mut found = self.root.clone();
        for part in path.split('/').filter(|part| !part.is_empty()) {
            if matches!(part, "." | "..") {
                return Err(not_found());
            }
            found.push(part);
            let kind = fs::symlink_metadata(&found).map_err(|_| not_found())?.file_type();
            if !kind.is_file() && !kind.is_dir() {
                return Err(not_found());
            }
        }
        Ok(found)
    }
}

impl Files for Folder {
    fn list(&self, path: &str) -> Result<Vec<Entry>, FilesError> {
        let folder = self.find(path)?;
        if !folder.is_dir() {
            return Err(FilesError::WrongKind { path: path.into(), expected: Kind::Directory });
        }
        let read = |e: std::io::Error| FilesError::Read {
            path: path.into(),
            source: ReadError::unreadable(ByteOffset::ZERO, e),
        };
        let mut entries = Vec::new();
        for entry in fs::read_dir(&folder).map_err(read)? {
            let entry = entry.map_err(read)?;
            entries.extend(describe(&entry).map_err(read)?);
        }
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }

    fn open(&self, path: &str) -> Result<Box<dyn ReadAt + '_>, FilesError> {
        let found = self.find(path)?;
        if found.is_dir() {
            return Err(FilesError::WrongKind { path: path.into(), expected: Kind::File });
        }
        let source = FileSource::open(&found).map_err(|e| FilesError::Read {
            path: path.into(),
            source: ReadError::unreadable(ByteOffset::ZERO, std::error::Error::source(&e).unwrap_or(&e)),
        })?;
        Ok(Box::new(source))
    }

    fn extents(&self, _: &str) -> Result<Option<Vec<Extent>>, FilesError> {
        Ok(None)
    }
}

/// The entry, unless it is neither file nor directory or its name is no Unicode.
fn describe(entry: &fs::DirEntry) -> std::io::Result<Option<Entry>> {
    let metadata = entry.metadata()?;
    let kind = match metadata.file_type() {
        k if k.is_dir() => Kind::Directory,
        k if k.is_file() => Kind::File,
        _ => return Ok(None),
    };
    let len = ByteLen(if kind == Kind::File { metadata.len() } else { 0 });
    Ok(entry.file_name().into_string().ok().map(|name| Entry { name, kind, len }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use formats::files::read_file;

    #[test]
    fn paths_do_not_leave_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("root");
        fs::create_dir_all(root.join("a")).unwrap();
        fs::write(root.join("a/b"), "inside").unwrap();
        fs::write(folder.path().join("secret"), "outside").unwrap();
        std::os::unix::fs::symlink(folder.path(), root.join("link")).unwrap();
        let files = Folder::new(&root);
        assert_eq!(read_file(&files, "a/b", 100).unwrap(), b"inside");
        for path in ["../secret", "a/../../secret", "link/secret", "absent"] {
            assert!(matches!(files.open(path), Err(FilesError::NotFound { .. })), "{path}");
        }
        assert_eq!(files.list("").unwrap().len(), 1);
    }
}
