//! What a file was when it was written: beside the disks, in `.records/NAME.json`, a sealed document for each. That of a
//! file which is about to get its name is `NAME.json.next`: whenever the machine goes down, one of the two is of the file
//! that is there.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use formats::digest::Sha256;
use formats::document;
use formats::units::ByteLen;
use host::{FileSource, HostError, Operation, Output};
use serde::{Deserialize, Serialize};

use super::error::DiskError;
use super::piece::{self, Hands};

/// The folder of the records, in that of the disks.
pub const FOLDER: &str = ".records";
/// What the names of records end with whose disks are about to get their names.
const NEXT: &str = ".next";
/// The version of the records that is read and written.
const FORMAT: u32 = 1;

/// What a file was when it was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    format: u32,
    /// The digest of what says of what the file was made, and how.
    made_of: Sha256,
    len: ByteLen,
    /// When it was changed last: seconds since 1970, and nanoseconds.
    modified: (i64, i64),
    /// The digest of the digests of its pieces of 4 MiB.
    pieces: Sha256,
}

/// What is under the name of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// Nothing.
    Absent,
    /// What was written.
    Right,
    /// Something that we wrote, and that is not right: it is made of something else, or damaged.
    Wrong,
    /// What somebody else wrote: its length or its time is not ours.
    Changed,
}

/// The record of a disk.
pub fn path_of(disk: &Path) -> PathBuf {
    let mut name = disk.file_name().unwrap_or_default().to_os_string();
    name.push(".json");
    disk.with_file_name(FOLDER).join(name)
}

/// The record of a disk that is about to get its name.
fn next_of(disk: &Path) -> PathBuf {
    let mut path = path_of(disk).into_os_string();
    path.push(NEXT);
    path.into()
}

/// The disk that a record is of, by the record's name.
pub fn disk_of(record: &str) -> Option<&str> {
    record.strip_suffix(NEXT).unwrap_or(record).strip_suffix(".json")
}

/// Looks whether a file is what was made of `made_of`; with `rehash`, by reading all of it.
///
/// # Errors
/// [`DiskError`]: what is there cannot be looked at.
pub fn look(disk: &Path, made_of: Sha256, rehash: Option<Hands<'_>>) -> Result<Look, DiskError> {
    let there = match fs::symlink_metadata(disk) {
        Ok(there) => there,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Look::Absent),
        Err(error) => return Err(HostError::io(Operation::Open, disk)(error).into()),
    };
    let read = |path: PathBuf| document::parse_sealed::<Record>(&fs::read_to_string(path).ok()?).ok();
    let mut records = [path_of(disk), next_of(disk)].into_iter().filter_map(read);
    let ours = |it: &Record| *it == Record { pieces: it.pieces, ..Record::of(&there, it.made_of) };
    let Some(record) = records.find(|it| there.is_file() && ours(it)) else { return Ok(Look::Changed) };
    if record.made_of != made_of {
        return Ok(Look::Wrong);
    }
    let is_right = match rehash {
        Some(hands) => digest(disk, hands)? == Some(record.pieces),
        None => true,
    };
    Ok(if is_right { Look::Right } else { Look::Wrong })
}

/// The digest of a file; `None` where it cannot be read.
fn digest(disk: &Path, hands: Hands<'_>) -> Result<Option<Sha256>, DiskError> {
    let Ok(source) = FileSource::open(disk) else { return Ok(None) };
    let what = || disk.display().to_string();
    let read = |piece: piece::Piece| {
        let bytes = piece.read(&source).map_err(|source| DiskError::Read { what: what(), source })?;
        Ok((piece.digest(bytes.as_deref()), ()))
    };
    match piece::each(formats::io::ReadAt::size(&source).0, "checking disks", hands, read, |()| ()) {
        Ok(found) => Ok(Some(found)),
        Err(DiskError::Read { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Gives a file that was written its name, and keeps what it is.
///
/// # Errors
/// [`DiskError::Host`].
pub fn commit(disk: &Path, output: Output, (made_of, pieces): (Sha256, Sha256)) -> Result<(), DiskError> {
    output.sync()?;
    let there = fs::symlink_metadata(output.path()).map_err(HostError::io(Operation::Open, output.path()))?;
    let (path, next) = (path_of(disk), next_of(disk));
    let folder = disk.with_file_name(FOLDER);
    fs::create_dir_all(&folder).map_err(HostError::io(Operation::Create, &folder))?;
    piece::put(&next, &document::print_sealed(&Record { pieces, ..Record::of(&there, made_of) }))?;
    output.commit()?;
    Ok(fs::rename(&next, &path).map_err(HostError::io(Operation::Rename, &path))?)
}

impl Record {
    fn of(there: &Metadata, made_of: Sha256) -> Self {
        let modified = (there.mtime(), there.mtime_nsec());
        Self { format: FORMAT, made_of, len: ByteLen(there.len()), modified, pieces: Sha256([0; 32]) }
    }
}
