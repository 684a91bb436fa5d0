//! Texts, names, times and tags as UDF writes them.

use alloc::vec::Vec;

use zerocopy::IntoBytes;

use super::Revision;
use super::raw::{CharSpec, EntityId, Stamp, Tag};
use crate::label;
use crate::time::Timestamp;

/// A text in OSTA compressed unicode (UDF 2.1.1): a byte that says 8 or 16, then the characters in as many bits.
/// Characters beyond the Basic Multilingual Plane take two of 16 bits. UDF speaks of Unicode 2.0, which has these
/// surrogates, in all revisions; Windows writes and all readers that we know read them so.
pub fn compressed(text: &str) -> Vec<u8> {
    if text.chars().all(|c| u32::from(c) <= 0xFF) {
        // Cannot cut: all characters were seen to fit.
        core::iter::once(8).chain(text.chars().map(|c| u32::from(c) as u8)).collect()
    } else {
        core::iter::once(16).chain(text.encode_utf16().flat_map(u16::to_be_bytes)).collect()
    }
}

/// A dstring (ECMA-167 1/7.2.12): the label, zeros, and in the last byte how many bytes the label has. All zeros for
/// the empty label. One that does not fit is cut.
pub fn dstring<const N: usize>(text: &str) -> [u8; N] {
    let mut field = [0; N];
    let text = label::cut(text, |text| compressed(text).len() < N);
    if !text.is_empty() {
        let bytes = compressed(&text);
        field[..bytes.len()].copy_from_slice(&bytes);
        field[N - 1] = bytes.len() as u8;
    }
    field
}

/// A name in a directory.
///
/// # Errors
/// Which rule it breaks: it has more than 254 bytes (UDF 2.3.4.5) or a character that is none (UDF 2.1.1).
pub fn name(text: &str) -> Result<Vec<u8>, &'static str> {
    let bytes = compressed(text);
    if bytes.len() > 255 {
        return Err(
            "it has more than 254 Latin-1 characters, or more than 127 UTF-16 units where others are among them",
        );
    }
    check(text)?;
    Ok(bytes)
}

/// Checks that a text can name a volume or a file, however long it is: UDF 2.2.4 wants volumes to have names.
///
/// # Errors
/// Which rule it breaks: it is empty or has a character that is none (UDF 2.1.1).
pub fn check(text: &str) -> Result<(), &'static str> {
    if text.is_empty() {
        Err("it is empty")
    } else if text.contains(['\0', '\u{FEFF}', '\u{FFFE}']) {
        Err("it has a zero character or a byte order mark")
    } else {
        Ok(())
    }
}

/// The one character set of UDF (UDF 2.1.2).
pub fn charset() -> CharSpec {
    CharSpec { kind: 0, information: padded(b"OSTA Compressed Unicode") }
}

/// An identifier of UDF itself, with the revision in its suffix (UDF 2.1.5.3).
pub fn udf_entity(identifier: &[u8], revision: Revision) -> EntityId {
    let [low, high] = revision.number().to_le_bytes();
    EntityId { flags: 0, identifier: padded(identifier), suffix: [low, high, 0, 0, 0, 0, 0, 0] }
}

/// The identifier of this program.
pub fn implementer() -> EntityId {
    EntityId { flags: 0, identifier: padded(b"*seedpress"), suffix: [0; 8] }
}

/// An identifier of the standard, without a suffix.
pub fn standard_entity(identifier: &[u8]) -> EntityId {
    EntityId { flags: 0, identifier: padded(identifier), suffix: [0; 8] }
}

/// A time in UTC (ECMA-167 1/7.3).
pub fn stamp(time: Timestamp) -> Stamp {
    let [year, month, day, hour, minute, second] = time.civil();
    let small = |n: u16| n as u8;
    Stamp {
        type_and_zone: (1 << 12).into(),
        // Cannot cut: years end in 2099.
        year: (year as i16).into(),
        rest: [small(month), small(day), small(hour), small(minute), small(second), 0, 0, 0],
    }
}

/// Puts the tag in front of a descriptor: its CRC covers all the bytes behind the tag's own 16.
pub fn seal(descriptor: &mut [u8], identifier: u16, location: u32, revision: Revision) {
    let (head, body) = descriptor.split_at_mut(size_of::<Tag>());
    let mut tag = Tag {
        identifier: identifier.into(),
        version: revision.descriptor_version().into(),
        checksum: 0,
        reserved: 0,
        serial: 1.into(),
        crc: crc(body).into(),
        // Cannot cut: descriptors are shorter than a sector.
        crc_length: (body.len() as u16).into(),
        location: location.into(),
    };
    tag.checksum = tag.as_bytes().iter().fold(0, |sum: u8, byte| sum.wrapping_add(*byte));
    head.copy_from_slice(tag.as_bytes());
}

/// CRC-ITU-T of ECMA-167 1/7.2.6: polynomial 0x1021, from 0, highest bit first.
pub fn crc(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc: u16, byte| (crc << 8) ^ CRC[usize::from((crc >> 8) as u8 ^ byte)])
}

const CRC: [u16; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut crc = (byte as u16) << 8;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 };
            bit += 1;
        }
        table[byte] = crc;
        byte += 1;
    }
    table
};

fn padded<const N: usize>(text: &[u8]) -> [u8; N] {
    let mut field = [0; N];
    field[..text.len()].copy_from_slice(text);
    field
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_crc_is_that_of_the_standard() {
        // ECMA-167 1/7.2.6: the example there.
        assert_eq!(crc(&[0x70, 0x6A, 0x77]), 0x3299);
    }

    #[test]
    fn names_keep_every_character() {
        assert_eq!(name("a\u{e9}").unwrap(), [8, 0x61, 0xE9]);
        assert_eq!(name("\u{3042}").unwrap(), [16, 0x30, 0x42]);
        assert_eq!(name("\u{1F4BF}").unwrap(), [16, 0xD8, 0x3D, 0xDC, 0xBF]);
        assert!(name("a\0").is_err() && name("\u{FEFF}a").is_err());
        assert!(name(&"a".repeat(254)).is_ok() && name(&"a".repeat(255)).is_err());
        assert!(name(&"\u{3042}".repeat(127)).is_ok() && name(&"\u{3042}".repeat(128)).is_err());
    }

    #[test]
    fn long_labels_are_cut_behind_a_whole_character() {
        let field: [u8; 8] = dstring("\u{1F4BF}\u{1F4BF}");
        assert_eq!(field, [16, 0xD8, 0x3D, 0xDC, 0xBF, 0, 0, 5]);
        assert_eq!(dstring::<4>(""), [0; 4]);
        assert_eq!(dstring::<4>("abcd"), [8, b'a', b'b', 3]);
        assert_eq!(dstring::<6>("abcd-12"), [8, b'a', b'-', b'1', b'2', 5]);
    }
}
