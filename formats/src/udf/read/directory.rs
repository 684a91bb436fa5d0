//! File identifiers of a directory.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::UdfReadError;
use super::descriptor::{check_tag, text};
use super::entry::FileEntry;
use super::volume::Address;
use crate::io::{ReadAt, read_vec};
use crate::pieces::Pieces;
use crate::udf::raw::{characteristics, tag};
use crate::units::ByteOffset;

/// The fixed part of a file identifier (ECMA-167 4/14.4), in bytes.
const FIXED: usize = 38;
/// The entry was deleted (ECMA-167 4/14.4.3).
const DELETED: u8 = 1 << 2;

/// A name and where its file's entry is.
#[derive(Clone, Debug)]
pub struct Found {
    /// The name.
    pub name: String,
    /// The entry.
    pub icb: Address,
}

/// The names in a directory one after the other, but that of the directory above and deleted ones.
#[derive(Debug)]
pub struct Names {
    directory: FileEntry,
    bytes: Vec<u8>,
    at: usize,
}

/// The names in a directory that were looked for, and those before them.
#[derive(Debug)]
pub struct Known {
    read: BTreeMap<String, Address>,
    rest: Names,
    /// What ended the names before the directory did.
    damage: Option<UdfReadError>,
}

impl Names {
    /// Those of a directory of at most `limit` bytes.
    pub fn of(source: &impl ReadAt, directory: FileEntry, limit: u64) -> Result<Self, UdfReadError> {
        let file = Pieces::new(source, directory.extents.clone());
        let len = file.size().to_usize().filter(|len| *len as u64 <= limit);
        let len = len.ok_or_else(|| damaged(ByteOffset::ZERO, format!("{} of names", file.size())))?;
        let bytes = read_vec(&file, ByteOffset::ZERO, len).map_err(UdfReadError::Read)?;
        Ok(Self { directory, bytes, at: 0 })
    }
}

impl Iterator for Names {
    type Item = Result<Found, UdfReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        while let Some(rest) = self.bytes.get(self.at..).filter(|rest| !rest.is_empty()) {
            match identifier(rest) {
                Ok((found, length)) => {
                    self.at += length;
                    if let Some(found) = found {
                        return Some(Ok(found));
                    }
                }
                Err(reason) => {
                    let place = on_volume(&self.directory, self.at as u64);
                    self.at = self.bytes.len();
                    return Some(Err(damaged(place, reason)));
                }
            }
        }
        None
    }
}

impl Known {
    /// None of them yet.
    pub fn new(names: Names) -> Self {
        Self { read: BTreeMap::new(), rest: names, damage: None }
    }

    /// Where the entry is under a name; of two with the same name, the first one.
    pub fn find(&mut self, name: &str) -> Result<Option<Address>, UdfReadError> {
        if let Some(icb) = self.read.get(name) {
            return Ok(Some(*icb));
        }
        // Up to the name, not to the end: often one file of a directory is all that anybody wants.
        for found in self.rest.by_ref() {
            match found {
                Ok(Found { name: found, icb }) => {
                    let is_wanted = found == name;
                    self.read.entry(found).or_insert(icb);
                    if is_wanted {
                        return Ok(Some(icb));
                    }
                }
                Err(damage) => self.damage = Some(damage),
            }
        }
        self.damage.clone().map_or(Ok(None), Err)
    }
}

fn damaged(offset: ByteOffset, reason: String) -> UdfReadError {
    UdfReadError::Damaged { what: "file identifier descriptor", offset, reason }
}

/// Where a byte of the directory lies on the medium, for messages.
fn on_volume(directory: &FileEntry, at: u64) -> ByteOffset {
    let extent = directory.extents.iter().rfind(|extent| extent.at.0 <= at);
    let start = extent.and_then(|extent| Some(extent.on_volume?.0 + (at - extent.at.0)));
    ByteOffset(start.unwrap_or_default())
}

/// The first identifier in `bytes`, and its length.
fn identifier(bytes: &[u8]) -> Result<(Option<Found>, usize), String> {
    let fixed = bytes.first_chunk::<FIXED>().ok_or("it is cut off")?;
    let number = |at: usize| u32::from_le_bytes([fixed[at], fixed[at + 1], fixed[at + 2], fixed[at + 3]]);
    // Its place in the partition was checked with the directory's entry.
    let identifier = check_tag(bytes, number(12))?;
    if identifier != tag::FILE_IDENTIFIER {
        return Err(format!("tag identifier {identifier}, expected {}", tag::FILE_IDENTIFIER));
    }
    let usage = usize::from(u16::from_le_bytes([fixed[36], fixed[37]]));
    let start = FIXED + usage;
    let name = bytes.get(start..start + usize::from(fixed[19])).ok_or("its name is cut off")?;
    let icb = Address { block: number(24), partition: u16::from_le_bytes([fixed[28], fixed[29]]) };
    let hidden = fixed[18] & (characteristics::PARENT | DELETED) != 0;
    let length = (start + name.len()).next_multiple_of(4).min(bytes.len());
    Ok(((!hidden).then(|| Found { name: text(name), icb }), length))
}
