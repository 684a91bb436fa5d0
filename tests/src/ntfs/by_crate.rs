//! The crate `ntfs`, another's reader.

use std::collections::BTreeMap;
use std::io::{Error, Read, Seek, SeekFrom};

use formats::digest::{Hasher, Sha256};
use formats::io::ReadAt;
use formats::units::ByteOffset;
use ntfs::structured_values::{NtfsFileName, NtfsFileNamespace};
use ntfs::{Ntfs, NtfsFile, NtfsFileFlags, NtfsReadSeek};

use crate::content::{Content, join};

/// The record of the root directory.
const ROOT: u64 = 5;
/// The record of $Extend, whose files are the volume's own.
const EXTEND: u64 = 11;
/// The first record that users' files have.
const FIRST_USER: u64 = 24;

/// A volume as that crate reads one.
pub struct Cursor<'a> {
    source: &'a dyn ReadAt,
    at: u64,
}

/// What a record says of its file.
struct Found {
    name: String,
    parent: u64,
    /// `None` for a directory.
    digest: Option<Sha256>,
}

/// What the crate finds when it goes through all records and puts paths together from the names in them.
///
/// # Panics
/// When it cannot read something.
pub fn content(volume: &dyn ReadAt) -> Content {
    let mut cursor = Cursor::new(volume);
    let ntfs = Ntfs::new(&mut cursor).unwrap_or_else(|e| panic!("{e}"));
    let records = count_records(&ntfs, &mut cursor);
    let found: BTreeMap<u64, Found> = (FIRST_USER..records)
        .filter_map(|number| Some((number, look_at(&ntfs, &mut cursor, number)?)))
        .collect();
    let mut content = Content::default();
    for file in found.values() {
        let Some(path) = path_of(&found, file) else { continue };
        match file.digest {
            Some(digest) => drop(content.files.insert(path, digest)),
            None => drop(content.directories.insert(path)),
        }
    }
    content
}

/// What the crate finds when it follows the indexes of the directories, which it can where clusters have at most
/// 4 KiB.
///
/// # Panics
/// When it cannot read something.
pub fn content_by_index(volume: &dyn ReadAt) -> Content {
    let mut cursor = Cursor::new(volume);
    let ntfs = Ntfs::new(&mut cursor).unwrap_or_else(|e| panic!("{e}"));
    let mut content = Content::default();
    let mut directories = vec![(String::new(), ROOT)];
    while let Some((directory, number)) = directories.pop() {
        for (name, number) in names(&ntfs, &mut cursor, number) {
            let file = ntfs.file(&mut cursor, number).unwrap_or_else(|e| panic!("{name}: {e}"));
            let path = join(&directory, &name);
            if file.is_directory() {
                content.directories.insert(path.clone());
                directories.push((path, number));
            } else {
                let digest = digest(&file, &mut cursor).unwrap_or_else(|| panic!("{path} has no $DATA"));
                content.files.insert(path, digest);
            }
        }
    }
    content
}

/// The names in a directory with the numbers of their records.
///
/// # Panics
/// When the crate cannot read the directory.
pub fn names(ntfs: &Ntfs, cursor: &mut Cursor<'_>, directory: u64) -> Vec<(String, u64)> {
    let directory = ntfs.file(cursor, directory).unwrap_or_else(|e| panic!("{e}"));
    let index = directory.directory_index(cursor).unwrap_or_else(|e| panic!("{e}"));
    let mut entries = index.entries();
    let mut found = Vec::new();
    while let Some(entry) = entries.next(cursor) {
        let entry = entry.unwrap_or_else(|e| panic!("{e}"));
        let number = entry.file_reference().file_record_number();
        let key = entry.key().expect("an entry with a key").unwrap_or_else(|e| panic!("{e}"));
        if number >= FIRST_USER && key.namespace() != NtfsFileNamespace::Dos {
            found.push((key.name().to_string().expect("a name in UTF-16"), number));
        }
    }
    found
}

fn count_records(ntfs: &Ntfs, cursor: &mut Cursor<'_>) -> u64 {
    let mft = ntfs.file(cursor, 0).unwrap_or_else(|e| panic!("{e}"));
    let data = mft.data(cursor, "").expect("$MFT has data").unwrap_or_else(|e| panic!("{e}"));
    let len = data.to_attribute().unwrap_or_else(|e| panic!("{e}")).value_length();
    len / u64::from(ntfs.file_record_size())
}

/// A record's name and digest, when it is a file's or a directory's.
fn look_at(ntfs: &Ntfs, cursor: &mut Cursor<'_>, number: u64) -> Option<Found> {
    let file = ntfs.file(cursor, number).unwrap_or_else(|e| panic!("record {number}: {e}"));
    if !file.flags().contains(NtfsFileFlags::IN_USE) {
        return None;
    }
    let name = long_name(&file, cursor)?;
    let text = name.name().to_string().expect("a name in UTF-16");
    let parent = name.parent_directory_reference().file_record_number();
    if parent == EXTEND {
        return None;
    }
    let digest = if file.is_directory() { None } else { Some(digest(&file, cursor)?) };
    Some(Found { name: text, parent, digest })
}

fn long_name(file: &NtfsFile<'_>, cursor: &mut Cursor<'_>) -> Option<NtfsFileName> {
    let spaces = [NtfsFileNamespace::Win32AndDos, NtfsFileNamespace::Win32, NtfsFileNamespace::Posix];
    let found = spaces.into_iter().find_map(|space| file.name(cursor, Some(space), None))?;
    Some(found.unwrap_or_else(|e| panic!("{e}")))
}

/// The digest of a file, or `None` for a record that only continues a file's.
fn digest(file: &NtfsFile<'_>, cursor: &mut Cursor<'_>) -> Option<Sha256> {
    let item = file.data(cursor, "")?.unwrap_or_else(|e| panic!("{e}"));
    let attribute = item.to_attribute().unwrap_or_else(|e| panic!("{e}"));
    let mut value = attribute.value(cursor).unwrap_or_else(|e| panic!("{e}"));
    let mut hasher = Hasher::new();
    let mut piece = vec![0; 1 << 20];
    loop {
        match value.read(cursor, &mut piece).unwrap_or_else(|e| panic!("{e}")) {
            0 => return Some(hasher.finish()),
            len => hasher.update(&piece[..len]),
        }
    }
}

fn path_of(found: &BTreeMap<u64, Found>, file: &Found) -> Option<String> {
    let mut path = file.name.clone();
    let mut parent = file.parent;
    while parent != ROOT {
        let directory = found.get(&parent)?;
        path = format!("{}/{path}", directory.name);
        parent = directory.parent;
    }
    Some(path)
}

impl<'a> Cursor<'a> {
    /// At the start of `source`.
    pub fn new(source: &'a dyn ReadAt) -> Self {
        Self { source, at: 0 }
    }
}

impl Read for Cursor<'_> {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        let left = self.source.size().0.saturating_sub(self.at);
        let len = usize::try_from(left).map_or(buf.len(), |left| left.min(buf.len()));
        self.source.read_at(ByteOffset(self.at), &mut buf[..len]).map_err(Error::other)?;
        self.at += len as u64;
        Ok(len)
    }
}

impl Seek for Cursor<'_> {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
            SeekFrom::End(by) => self.source.size().0.checked_add_signed(by),
        };
        self.at = at.ok_or_else(|| Error::other("a position before the start"))?;
        Ok(self.at)
    }
}
