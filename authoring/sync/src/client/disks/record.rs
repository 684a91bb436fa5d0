//! What a file was when it was written: beside the disks, in `.records/NAME.json`, a sealed document for each.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use formats::digest::Sha256;
use formats::document;
use formats::units::ByteLen;
use host::{FileSource, HostError, Operation};
use serde::{Deserialize, Serialize};

use super::error::DiskError;
use super::piece::{self, Hands};

/// The folder of the records, in that of the disks.
pub const FOLDER: &str = ".records";
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
    /// Something else.
    Wrong,
}

/// The record of a disk.
pub fn path_of(disk: &Path) -> PathBuf {
    let mut name = disk.file_name().unwrap_or_default().to_os_string();
    name.push(".json");
    disk.with_file_name(FOLDER).join(name)
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
    let record = fs::read_to_string(path_of(disk)).ok();
    let record = record.and_then(|text| document::parse_sealed::<Record>(&text).ok());
    let known = record.filter(|it| *it == Record { pieces: it.pieces, ..Record::of(&there, made_of) });
    let Some(record) = known.filter(|_| there.is_file()) else { return Ok(Look::Wrong) };
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

/// Keeps what a file is that was just written.
///
/// # Errors
/// [`DiskError::Host`].
pub fn keep(disk: &Path, made_of: Sha256, pieces: Sha256) -> Result<(), DiskError> {
    let there = fs::symlink_metadata(disk).map_err(HostError::io(Operation::Open, disk))?;
    let path = path_of(disk);
    let folder = disk.with_file_name(FOLDER);
    fs::create_dir_all(&folder).map_err(HostError::io(Operation::Create, &folder))?;
    piece::put(&path, &document::print_sealed(&Record { pieces, ..Record::of(&there, made_of) }))
}

impl Record {
    fn of(there: &Metadata, made_of: Sha256) -> Self {
        let modified = (there.mtime(), there.mtime_nsec());
        Self { format: FORMAT, made_of, len: ByteLen(there.len()), modified, pieces: Sha256([0; 32]) }
    }
}
