//! Reading a volume: its directories, its files, and where their bytes lie.
//!
//! Written from the format's descriptions, apart from the writer's structures, so that the two do not share a
//! mistake, and for volumes that someone may have prepared: nothing here panics, loops or allocates past what the
//! volume really holds, since firmware cannot catch a panic. That is why the crate `ntfs` is a judge in the tests
//! and not what this is made of: it panics on some damage, follows circles in an index for ever, and misreads
//! directories of volumes with clusters above 4 KiB.
//!
//! | module | reads |
//! |---|---|
//! | `geometry` | the boot sector |
//! | `record` | records of $MFT, their fixups and attributes |
//! | `value` | runs of clusters |
//! | `volume` | records by number, attributes over several records |
//! | `directory`, `upcase` | the index of a directory, the order of its names |

mod bytes;
mod directory;
mod error;
mod geometry;
mod record;
mod upcase;
mod value;
mod volume;

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

pub use error::NtfsReadError;

use crate::files::{Entry, Extent, Files, FilesError, Kind};
use crate::io::{ReadAt, read_vec};
use crate::units::{ByteLen, ByteOffset};
use bytes::{u16_at, units};
use directory::{FileName, Index};
use record::{Record, ty};
use upcase::{UPCASE_LEN, Upcase};
use value::{Stream, Value};
use volume::Volume;

/// The record of $Volume.
const VOLUME: u64 = 3;
/// The record of the root directory.
const ROOT: u64 = 5;
/// The record of $UpCase.
const UPCASE: u64 = 10;
/// Records below this one are the volume's own files, which are not shown.
const FIRST_USER: u64 = 16;
/// The most names that are listed of one directory, so that a listing has a bound.
const MAX_NAMES: usize = 1 << 22;

/// An NTFS volume, read.
pub struct Reader<R> {
    volume: Volume<R>,
    upcase: Upcase,
    label: String,
    is_dirty: bool,
}

impl<R: ReadAt> Reader<R> {
    /// Opens the volume that `source` starts with.
    ///
    /// # Errors
    /// [`NtfsReadError`]: `NotNtfs` when there is none.
    pub fn open(source: R) -> Result<Self, NtfsReadError> {
        let volume = Volume::open(source)?;
        let upcase = read_upcase(&volume)?;
        let record = volume.record(VOLUME)?;
        let label = record.find(ty::VOLUME_NAME, "")?.and_then(|attribute| attribute.value());
        let label = String::from_utf16_lossy(&units(label.unwrap_or_default()).collect::<Vec<_>>());
        let information = record.find(ty::VOLUME_INFORMATION, "")?.and_then(|attribute| attribute.value());
        let flags = information.and_then(|value| u16_at(value, 10));
        let flags =
            flags.ok_or_else(|| record.damaged("$Volume does not say in what state the volume is"))?;
        Ok(Self { volume, upcase, label, is_dirty: flags & 1 != 0 })
    }

    /// The volume's serial number.
    pub fn serial(&self) -> u64 {
        self.volume.geometry.serial
    }

    /// The volume's name.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// Whether the volume says that it must be checked: it was not taken down in order.
    pub fn is_dirty(&self) -> bool {
        self.is_dirty
    }

    /// The size of a cluster, in bytes.
    pub fn cluster_size(&self) -> u32 {
        self.volume.geometry.cluster_size
    }

    /// The size of a sector, in bytes.
    pub fn sector_size(&self) -> u32 {
        self.volume.geometry.sector_size
    }

    /// How long the volume is, without the copy of the boot sector in the sector behind it.
    pub fn len(&self) -> ByteLen {
        self.volume.geometry.len
    }

    /// Never: a volume has at least its boot sector.
    pub fn is_empty(&self) -> bool {
        false
    }

    /// The record of what is at `path`, or `None` when nothing is.
    fn find(&self, path: &str) -> Result<Option<Record>, NtfsReadError> {
        let mut record = self.volume.record(ROOT)?;
        let mut above = Vec::new();
        for part in path.split('/').filter(|_| !path.is_empty()) {
            if !record.is_directory() {
                return Ok(None);
            }
            above.push(record.number);
            let name: Vec<u16> = part.encode_utf16().collect();
            let found = Index::open(&self.volume, &record)?.find(&name, &self.upcase)?;
            let Some(file) = found.filter(|file| file.number() >= FIRST_USER) else { return Ok(None) };
            record = self.volume.referred(file)?;
            if above.contains(&record.number) {
                return Err(record.damaged("the directory contains itself"));
            }
        }
        Ok(Some(record))
    }

    fn record(&self, path: &str, expected: Kind) -> Result<Record, FilesError> {
        let found = self.find(path).map_err(|error| error.at(path))?;
        let record = found.ok_or_else(|| FilesError::NotFound { path: path.into() })?;
        match record.is_directory() == (expected == Kind::Directory) {
            true => Ok(record),
            false => Err(FilesError::WrongKind { path: path.into(), expected }),
        }
    }

    /// The bytes of the file at `path`, and where they are.
    fn data(&self, path: &str) -> Result<Value, FilesError> {
        let record = self.record(path, Kind::File)?;
        let value = self.volume.value(&record, ty::DATA, "").map_err(|error| error.at(path))?;
        value.ok_or_else(|| record.damaged("the file has no $DATA").at(path))
    }

    fn list_index(&self, record: &Record) -> Result<Vec<Entry>, NtfsReadError> {
        let mut entries = Vec::new();
        Index::open(&self.volume, record)?.walk(&mut |name| {
            if is_shown(&name) {
                entries.push(entry(record, name)?);
            }
            match entries.len() > MAX_NAMES {
                true => Err(record.damaged("the directory has more names than are ever listed")),
                false => Ok(()),
            }
        })?;
        entries.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(entries)
    }
}

impl<R: ReadAt> Files for Reader<R> {
    fn list(&self, path: &str) -> Result<Vec<Entry>, FilesError> {
        let record = self.record(path, Kind::Directory)?;
        self.list_index(&record).map_err(|error| error.at(path))
    }

    fn open(&self, path: &str) -> Result<Box<dyn ReadAt + '_>, FilesError> {
        let value = self.data(path)?;
        Ok(Box::new(Stream::new(&self.volume.source, Cow::Owned(value))))
    }

    fn extents(&self, path: &str) -> Result<Option<Vec<Extent>>, FilesError> {
        self.data(path).map(|value| Some(value.extents()))
    }
}

fn read_upcase<R: ReadAt>(volume: &Volume<R>) -> Result<Upcase, NtfsReadError> {
    let record = volume.record(UPCASE)?;
    let value = volume.value(&record, ty::DATA, "")?;
    let value = value.filter(|value| value.len() == UPCASE_LEN as u64);
    let value = value.ok_or_else(|| record.damaged("$UpCase is not 128 KiB long"))?;
    let bytes = read_vec(&Stream::new(&volume.source, Cow::Owned(value)), ByteOffset::ZERO, UPCASE_LEN);
    Ok(Upcase::new(&bytes.map_err(NtfsReadError::read("$UpCase"))?))
}

/// Whether a name is one that users see: not the volume's own files, nor a second name of one file.
fn is_shown(name: &FileName<'_>) -> bool {
    !name.is_alias && name.file.number() >= FIRST_USER
}

/// An entry of a listing. A name that would lead elsewhere when it is made a path is damage.
fn entry(directory: &Record, found: FileName<'_>) -> Result<Entry, NtfsReadError> {
    let name = found.text();
    if matches!(&*name, "" | "." | "..") || name.contains(['/', '\0']) {
        return Err(directory.damaged("it has a name that cannot be one"));
    }
    Ok(match found.is_directory {
        true => Entry { name, kind: Kind::Directory, len: ByteLen::ZERO },
        false => Entry { name, kind: Kind::File, len: ByteLen(found.len) },
    })
}
