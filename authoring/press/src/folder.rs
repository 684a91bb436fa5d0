//! Folders of the host whose files go onto a medium: walked, and their digests taken, before anything is planned.

use std::ffi::OsString;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use formats::digest::{Hasher, Sha256};
use formats::io::{ReadAt, ReadError};
use formats::manifest::Volume;
use formats::tree::join;
use formats::units::{ByteLen, ByteOffset};
use host::{Crew, Event, FileSource, HostError, Observer, Operation, Unit};

use crate::payload::{PIECE, Payload, Pieces};
use crate::sources::SourceError;

/// Something found in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The volume that it goes to.
    pub volume: Volume,
    /// Its path on the volume.
    pub path: String,
    /// Where it is on the host.
    pub from: PathBuf,
    /// How long the file is; `None` for a directory.
    pub len: Option<ByteLen>,
}

/// Everything in a folder, in the order of paths; directories come before what they hold.
///
/// # Errors
/// [`SourceError`] for what cannot be read, and for what is neither file nor directory.
pub fn walk(root: &Path, volume: Volume) -> Result<Vec<Found>, SourceError> {
    let mut found = Vec::new();
    let mut open = vec![(root.to_path_buf(), String::new())];
    while let Some((folder, path)) = open.pop() {
        let list = fs::read_dir(&folder).map_err(|e| host(Operation::Read, &folder, e))?;
        for entry in list {
            let entry = entry.map_err(|e| host(Operation::Read, &folder, e))?;
            let name = entry.file_name().into_string().map_err(|name| no_text(&folder, &name))?;
            let path = join(&path, &name);
            let len = describe(&entry)?;
            if len.is_none() {
                open.push((entry.path(), path.clone()));
            }
            found.push(Found { volume, path, from: entry.path(), len });
        }
    }
    found.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(found)
}

/// One file, for a path of a volume.
///
/// # Errors
/// [`SourceError`] when there is none.
pub fn single(file: &Path, volume: Volume, path: &str) -> Result<Found, SourceError> {
    let metadata = fs::metadata(file).map_err(|e| host(Operation::Open, file, e))?;
    if !metadata.is_file() {
        return Err(SourceError::Host(HostError::WrongKind {
            path: file.into(),
            found: "directory or special file",
        }));
    }
    Ok(Found { volume, path: path.into(), from: file.into(), len: Some(ByteLen(metadata.len())) })
}

fn host(operation: Operation, path: &Path, cause: std::io::Error) -> SourceError {
    SourceError::Host(HostError::io(operation, path)(cause))
}

fn no_text(folder: &Path, name: &OsString) -> SourceError {
    SourceError::NotText { path: folder.join(name) }
}

/// How long a file is; `None` for a directory.
fn describe(entry: &fs::DirEntry) -> Result<Option<ByteLen>, SourceError> {
    let metadata = entry.metadata().map_err(|e| host(Operation::Open, &entry.path(), e))?;
    let refuse = |found| Err(SourceError::Host(HostError::WrongKind { path: entry.path(), found }));
    match metadata.file_type() {
        kind if kind.is_dir() => Ok(None),
        kind if kind.is_file() => Ok(Some(ByteLen(metadata.len()))),
        kind if kind.is_symlink() => refuse("symbolic link"),
        _ => refuse("special file"),
    }
}

/// A payload for each file among `found`, in their order. Every file is read once, each on one thread.
///
/// # Errors
/// [`SourceError`].
pub fn payloads(found: &[Found], crew: &Crew, observer: &dyn Observer) -> Result<Vec<Payload>, SourceError> {
    let files = || found.iter().filter_map(|found| found.len.map(|len| (found, len)));
    let total = files().map(|(_, len)| len.0).sum();
    observer.event(Event::Begin { task: "reading folders", total, unit: Unit::Bytes });
    let mut payloads = Vec::new();
    let keep = |payload| {
        payloads.push(payload);
        Ok(())
    };
    crew.ordered(files(), |(found, len)| survey(found, len, (crew, observer)), keep)?;
    observer.event(Event::End);
    Ok(payloads)
}

/// Reads a file for its digests.
fn survey(
    found: &Found,
    len: ByteLen,
    (crew, observer): (&Crew, &dyn Observer),
) -> Result<Payload, SourceError> {
    let file = FileSource::open(&found.from).map_err(SourceError::Host)?;
    let mut whole = Hasher::new();
    let mut digests = Vec::new();
    let mut buf = vec![0; PIECE.min(len.0) as usize];
    for start in (0..len.0).step_by(PIECE as usize) {
        crew.stop().check()?;
        let piece = &mut buf[..PIECE.min(len.0 - start) as usize];
        let read = file.read_at(ByteOffset(start), piece);
        read.map_err(|source| SourceError::Read { path: found.from.clone(), source })?;
        digests.push(Sha256::of(piece));
        if len.0 > PIECE {
            whole.update(piece);
        }
        observer.event(Event::Advance(piece.len() as u64));
    }
    let sha256 = match &digests[..] {
        [only] => *only,
        _ => whole.finish(),
    };
    let source = Later { path: found.from.clone(), len };
    let name = found.from.display().to_string();
    Ok(Payload::new(&name, sha256, Pieces::even(len, digests), Arc::new(source)).that_may_change())
}

/// A file that is opened whenever it is read: a medium may hold more files than a process may have open.
struct Later {
    path: PathBuf,
    len: ByteLen,
}

impl Later {
    fn open(&self, offset: ByteOffset) -> Result<FileSource, ReadError> {
        let file = FileSource::open(&self.path)
            .map_err(|e| ReadError::unreadable(offset, std::error::Error::source(&e).unwrap_or(&e)))?;
        if file.size() == self.len {
            return Ok(file);
        }
        let reason = format!("{} has {}, had {}", self.path.display(), file.size(), self.len);
        Err(ReadError::unreadable(offset, reason))
    }
}

impl ReadAt for Later {
    fn size(&self) -> ByteLen {
        self.len
    }

    fn read_at(&self, offset: ByteOffset, buf: &mut [u8]) -> Result<(), ReadError> {
        self.open(offset)?.read_at(offset, buf)
    }

    fn next_data(&self, offset: ByteOffset) -> Result<Option<Range<u64>>, ReadError> {
        self.open(offset)?.next_data(offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fill::FillError;
    use host::{Recorder, Stop};

    #[test]
    fn a_folder_is_seen_whole_and_in_order() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("b/empty")).unwrap();
        fs::write(folder.path().join("b/file"), vec![1; PIECE as usize + 1]).unwrap();
        fs::write(folder.path().join("a"), "").unwrap();
        let found = walk(folder.path(), Volume::Seed).unwrap();
        let paths: Vec<_> = found.iter().map(|found| (&*found.path, found.len.map(|len| len.0))).collect();
        assert_eq!(paths, [("a", Some(0)), ("b", None), ("b/empty", None), ("b/file", Some(PIECE + 1))]);
        let crew = Crew::new(Some(2), Stop::new()).unwrap();
        let recorder = Recorder::default();
        let payloads = payloads(&found, &crew, &recorder).unwrap();
        assert!(recorder.events().contains(&Event::Advance(PIECE)), "progress by pieces");
        assert_eq!(recorder.advanced(), (PIECE + 1, 0));
        assert_eq!(payloads[0].sha256, Sha256::of(b""));
        assert_eq!(payloads[1].sha256, Sha256::of(&vec![1; PIECE as usize + 1]));
        payloads[1].read_piece(1, &mut [0]).unwrap();
        for changed in [vec![2; PIECE as usize + 1], b"short".to_vec()] {
            fs::write(folder.path().join("b/file"), changed).unwrap();
            let error = FillError::of(&payloads[1], payloads[1].read_piece(1, &mut [0]).unwrap_err());
            assert!(
                matches!(&error, FillError::Changed { name, .. } if name.ends_with("/b/file")),
                "{error}"
            );
        }
    }

    #[test]
    fn links_are_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("/", folder.path().join("link")).unwrap();
        let error = walk(folder.path(), Volume::Seed).unwrap_err();
        assert!(matches!(error, SourceError::Host(HostError::WrongKind { found: "symbolic link", .. })));
    }
}
