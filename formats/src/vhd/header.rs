//! The dynamic disk header, and the parent that it names.

use alloc::string::String;
use alloc::vec::Vec;

use uuid::Uuid;
use zerocopy::{FromZeros, IntoBytes};

use super::error::{Structure, VhdError, Warning};
use super::locator::{Locator, utf16};
use super::raw::{self, DynamicHeader, Footer};
use crate::io::ReadAt;
use crate::units::{ByteLen, ByteOffset};

/// What a differencing disk says about its parent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parent {
    /// The parent's identity; nil when the parent is no VHD but a raw disk.
    pub unique_id: Uuid,
    /// When the parent was changed last, in seconds since 2000-01-01T00:00:00Z; 0 where the program kept no time.
    pub time_stamp: u32,
    /// The parent's file name, or path.
    pub name: String,
    /// Where the parent was last seen.
    pub locators: Vec<Locator>,
}

impl Parent {
    /// Whether the parent is a raw disk, which has no identity.
    pub fn is_raw(&self) -> bool {
        self.unique_id.is_nil()
    }

    /// Whether the parent's footer has the time stamp that its child expects.
    pub fn compare_time(&self, child: Uuid, found: u32) -> Option<Warning> {
        let expected = self.time_stamp;
        let differ = expected != 0 && expected != found;
        differ.then_some(Warning::ParentTimeStamp { child, parent: self.unique_id, expected, found })
    }

    pub(super) fn of(header: &DynamicHeader, locators: Vec<Locator>) -> Self {
        let units = header.parent_unicode_name.iter().map(|unit| unit.get());
        Self {
            unique_id: Uuid::from_bytes(header.parent_unique_id),
            time_stamp: header.parent_time_stamp.get(),
            name: utf16(units.take_while(|unit| *unit != 0)),
            locators,
        }
    }
}

/// Reads the header that the footer names, and checks all that does not depend on the disk's size.
pub(super) fn read(
    source: &impl ReadAt,
    footer: &Footer,
    end: ByteOffset,
) -> Result<(DynamicHeader, ByteOffset), VhdError> {
    let structure = Structure::Header;
    let at = ByteOffset(footer.data_offset.get());
    let len = ByteLen(size_of::<DynamicHeader>() as u64);
    if at.checked_add(len).is_none_or(|e| e > end) {
        return Err(VhdError::OutOfFile { structure, at, len, end });
    }
    let mut header = DynamicHeader::new_zeroed();
    source.read_at(at, header.as_mut_bytes())?;
    check(&header, at)?;
    Ok((header, at))
}

fn check(header: &DynamicHeader, at: ByteOffset) -> Result<(), VhdError> {
    let structure = Structure::Header;
    if header.cookie != raw::HEADER_COOKIE {
        return Err(VhdError::Cookie { structure, at, expected: raw::HEADER_COOKIE, found: header.cookie });
    }
    let expected = header.checksum.get();
    let found = header.compute_checksum();
    if expected != found {
        return Err(VhdError::Checksum { structure, at, expected, found });
    }
    let version = header.header_version.get();
    if version != raw::VERSION {
        return Err(VhdError::Version { structure, at, found: version });
    }
    match header.block_size.get() {
        size if size.is_power_of_two() && u64::from(size) >= raw::SECTOR => Ok(()),
        found => Err(VhdError::BlockSize { at, found }),
    }
}
