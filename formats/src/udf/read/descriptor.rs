//! Descriptors out of bytes that nobody vouches for: the tag first, then fields by position.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::UdfReadError;
use crate::io::{ReadAt, read_vec};
use crate::udf::raw::SECTOR;
use crate::udf::text::crc;
use crate::units::ByteOffset;

/// The length of a tag, in bytes (ECMA-167 3/7.2).
const TAG: usize = 16;

/// A descriptor whose tag was seen to be right.
#[derive(Clone, Debug)]
pub struct Descriptor {
    /// Which one.
    pub identifier: u16,
    /// Its sector, the tag first.
    pub bytes: Vec<u8>,
    what: &'static str,
    offset: ByteOffset,
}

impl Descriptor {
    /// Reads the descriptor in the sector at `offset`, which says of itself that it lies in `location`.
    pub fn read(
        source: &impl ReadAt,
        offset: ByteOffset,
        location: u32,
        what: &'static str,
    ) -> Result<Self, UdfReadError> {
        let bytes = read_vec(source, offset, SECTOR as usize).map_err(UdfReadError::Read)?;
        let identifier =
            check_tag(&bytes, location).map_err(|reason| UdfReadError::Damaged { what, offset, reason })?;
        Ok(Self { identifier, bytes, what, offset })
    }

    /// The same descriptor, when it has one of these identifiers.
    pub fn expect(self, identifiers: &[u16]) -> Result<Self, UdfReadError> {
        if identifiers.contains(&self.identifier) {
            return Ok(self);
        }
        let reason = format!("tag identifier {}, expected one of {identifiers:?}", self.identifier);
        Err(UdfReadError::Damaged { what: self.what, offset: self.offset, reason })
    }

    /// An error about this descriptor.
    pub fn damaged(&self, reason: impl Into<String>) -> UdfReadError {
        UdfReadError::Damaged { what: self.what, offset: self.offset, reason: reason.into() }
    }

    /// The number of 16 bits at `at`.
    pub fn u16(&self, at: usize) -> Result<u16, UdfReadError> {
        self.array(at).map(u16::from_le_bytes)
    }

    /// The number of 32 bits at `at`.
    pub fn u32(&self, at: usize) -> Result<u32, UdfReadError> {
        self.array(at).map(u32::from_le_bytes)
    }

    /// The number of 64 bits at `at`.
    pub fn u64(&self, at: usize) -> Result<u64, UdfReadError> {
        self.array(at).map(u64::from_le_bytes)
    }

    /// `len` bytes at `at`.
    pub fn slice(&self, at: usize, len: usize) -> Result<&[u8], UdfReadError> {
        let slice = at.checked_add(len).and_then(|end| self.bytes.get(at..end));
        slice.ok_or_else(|| self.damaged(format!("{len} bytes at {at} lie past its sector")))
    }

    fn array<const N: usize>(&self, at: usize) -> Result<[u8; N], UdfReadError> {
        let slice = self.bytes.get(at..).and_then(|rest| rest.first_chunk());
        slice.copied().ok_or_else(|| self.damaged(format!("a field at {at} lies past its sector")))
    }
}

/// Checks the tag at the start of `bytes` and gives its identifier.
pub fn check_tag(bytes: &[u8], location: u32) -> Result<u16, String> {
    let Some(tag) = bytes.first_chunk::<TAG>() else { return Err("it is shorter than a tag".into()) };
    let number = |at: usize| u16::from_le_bytes([tag[at], tag[at + 1]]);
    let sum = tag.iter().fold(0, |sum: u8, byte| sum.wrapping_add(*byte)).wrapping_sub(tag[4]);
    if sum != tag[4] {
        return Err(format!("tag checksum {:#x}, its bytes give {sum:#x}", tag[4]));
    }
    let covered = bytes[TAG..].get(..usize::from(number(10))).ok_or("its CRC covers more than there is")?;
    if crc(covered) != number(8) {
        return Err(format!("CRC {:#x}, its bytes give {:#x}", number(8), crc(covered)));
    }
    let found = u32::from_le_bytes([tag[12], tag[13], tag[14], tag[15]]);
    if found != location {
        return Err(format!("it says that it lies in block {found}, expected {location}"));
    }
    Ok(number(0))
}

/// A text in OSTA compressed unicode (UDF 2.1.1); what is none becomes U+FFFD.
pub fn text(bytes: &[u8]) -> String {
    match bytes.split_first() {
        Some((8, rest)) => rest.iter().copied().map(char::from).collect(),
        Some((16, rest)) => {
            let units = rest.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
            char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
        }
        _ => String::new(),
    }
}

/// The text in a dstring (ECMA-167 1/7.2.12).
pub fn dstring(field: &[u8]) -> String {
    let len = field.last().copied().map_or(0, usize::from);
    text(field.get(..len.min(field.len().saturating_sub(1))).unwrap_or_default())
}
