//! A volume's structures as text, for people and for tests that pin them.
//!
//! Prints what is there, field by field, and judges nothing: a structure that does not hold together ends its part
//! of the text.

mod tree;
mod volume;

use alloc::string::String;
use core::fmt::{self, Write};

use zerocopy::FromBytes;

use super::raw::{EntityId, Stamp, Tag};
use crate::io::{ReadAt, ReadError};

/// The structures as text: recognition sequence, anchors, both volume descriptor sequences, integrity, file set, then
/// each file and directory once. As long as the volume has files, and never longer than a few times the volume.
///
/// # Errors
/// [`ReadError`] when bytes that should be on the volume cannot be read.
pub fn dump(source: &dyn ReadAt) -> Result<String, ReadError> {
    let mut text = String::new();
    volume::print(&mut text, source)?;
    tree::print(&mut text, source)?;
    Ok(text)
}

/// Prints what a tag says, behind the name of its descriptor.
fn print_tag(text: &mut String, bytes: &[u8]) -> fmt::Result {
    let Ok((tag, _)) = Tag::ref_from_prefix(bytes) else { return writeln!(text) };
    let Tag { identifier, version, serial, crc, crc_length, location, .. } = tag;
    write!(text, ", tag {identifier} of version {version} and serial {serial} at {location}, ")?;
    writeln!(text, "CRC {crc:#06x} of {crc_length} bytes")
}

/// Prints an entity identifier: its flags, when there are any, its name, its suffix.
fn print_entity(text: &mut String, what: &str, entity: &EntityId) -> fmt::Result {
    let name = entity.identifier.split(|byte| *byte == 0).next().unwrap_or_default();
    write!(text, "  {what} \"{}\"", name.escape_ascii())?;
    if entity.flags != 0 {
        write!(text, " with flags {:#x}", entity.flags)?;
    }
    entity.suffix.iter().try_for_each(|byte| write!(text, " {byte:02x}"))?;
    writeln!(text)
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [month, day, hour, minute, second, parts @ ..] = self.rest;
        let [hundredths, more, micro] = parts;
        write!(f, "{:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}", self.year)?;
        write!(f, ".{hundredths:02}{more:02}{micro:02}/{:04x}", self.type_and_zone.get())
    }
}
