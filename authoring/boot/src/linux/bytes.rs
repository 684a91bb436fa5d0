//! Fields of structures that others wrote: what is not there is `None`.

use std::ops::Range;

/// The bytes of a range that a structure names.
pub fn slice(bytes: &[u8], start: u64, len: u64) -> Option<&[u8]> {
    let range: Range<usize> = usize::try_from(start).ok()?..usize::try_from(start.checked_add(len)?).ok()?;
    bytes.get(range)
}

/// Two bytes, the low one first.
pub fn u16_at(bytes: &[u8], at: u64) -> Option<u16> {
    Some(u16::from_le_bytes(slice(bytes, at, 2)?.try_into().ok()?))
}

/// Four bytes, the low one first.
pub fn u32_at(bytes: &[u8], at: u64) -> Option<u32> {
    Some(u32::from_le_bytes(slice(bytes, at, 4)?.try_into().ok()?))
}

/// Eight bytes, the low one first.
pub fn u64_at(bytes: &[u8], at: u64) -> Option<u64> {
    Some(u64::from_le_bytes(slice(bytes, at, 8)?.try_into().ok()?))
}

/// Text up to the zero that ends it, or up to the end.
pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes.split(|byte| *byte == 0).next().unwrap_or_default()).into_owned()
}
