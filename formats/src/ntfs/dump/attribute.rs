//! Attributes as text.

use alloc::string::String;
use core::fmt::{self, Write};

use zerocopy::FromBytes;

use super::runs::{self, Run};
use super::{Volume, index, reference};
use crate::digest::Sha256;
use crate::io::ReadError;
use crate::ntfs::raw::attribute::{
    AttributeHeader, FileName, NonResidentHeader, ResidentHeader, StandardInformation, VolumeInformation,
    kind,
};

/// Prints an attribute, with the blocks of its index where it has some.
pub(super) fn print(text: &mut String, volume: &Volume<'_>, bytes: &[u8]) -> Result<(), ReadError> {
    let Ok((header, rest)) = AttributeHeader::ref_from_prefix(bytes) else { return Ok(()) };
    let _ = print_head(text, header, bytes);
    if header.non_resident == 0 {
        let _ = print_resident(text, header.kind.get(), bytes, rest);
        return Ok(());
    }
    let Ok((value, _)) = NonResidentHeader::ref_from_prefix(rest) else { return Ok(()) };
    let list = runs::unpack(bytes.get(usize::from(value.runs_offset.get())..).unwrap_or_default());
    let _ = print_clusters(text, value, &list);
    match header.kind.get() {
        kind::INDEX_ALLOCATION => index::print_blocks(text, volume, &list, value.size.get()),
        _ => Ok(()),
    }
}

fn print_head(text: &mut String, header: &AttributeHeader, bytes: &[u8]) -> fmt::Result {
    write!(text, "  attribute {} of type {:#x}", header.instance, header.kind)?;
    if header.flags.get() != 0 {
        write!(text, " with flags {:#x}", header.flags)?;
    }
    let name = bytes.get(usize::from(header.name_offset.get())..).unwrap_or_default();
    match header.name_len {
        0 => Ok(()),
        len => write!(text, " named {:?}", utf16(name, len.into())),
    }
}

fn print_resident(text: &mut String, kind: u32, bytes: &[u8], rest: &[u8]) -> fmt::Result {
    let Ok((head, _)) = ResidentHeader::ref_from_prefix(rest) else { return writeln!(text) };
    let start = usize::from(head.value_offset.get());
    let Some(value) = bytes.get(start..).and_then(|rest| rest.get(..head.value_len.get() as usize)) else {
        return writeln!(text, ": a value past its end");
    };
    match kind {
        kind::STANDARD_INFORMATION => print_standard_information(text, value),
        kind::FILE_NAME => print_file_name(text, value),
        kind::VOLUME_NAME => writeln!(text, ": {:?}", utf16(value, value.len() / 2)),
        kind::VOLUME_INFORMATION => print_volume_information(text, value),
        kind::INDEX_ROOT => index::print_root(text, value),
        _ => writeln!(text, ": {} bytes, sha256 {}", value.len(), Sha256::of(value)),
    }
}

fn print_standard_information(text: &mut String, value: &[u8]) -> fmt::Result {
    let Ok((value, _)) = StandardInformation::ref_from_prefix(value) else { return writeln!(text) };
    let StandardInformation { created, modified, changed, accessed, flags, security, .. } = value;
    write!(text, ": flags {flags:#x}, security {security:#x}, ")?;
    writeln!(text, "times {created} {modified} {changed} {accessed}")
}

/// Prints the value of `$FILE_NAME`.
pub(super) fn print_file_name(text: &mut String, bytes: &[u8]) -> fmt::Result {
    let Ok((value, name)) = FileName::ref_from_prefix(bytes) else { return writeln!(text) };
    write!(text, ": {:?} in {}, ", utf16(name, value.name_len.into()), reference(value.parent.get()))?;
    write!(text, "namespace {}, flags {:#x}, ", value.namespace, value.flags)?;
    write!(text, "{} bytes in {}, ", value.size, value.allocated)?;
    writeln!(text, "times {} {} {} {}", value.created, value.modified, value.changed, value.accessed)
}

fn print_volume_information(text: &mut String, value: &[u8]) -> fmt::Result {
    let Ok((value, _)) = VolumeInformation::ref_from_prefix(value) else { return writeln!(text) };
    writeln!(text, ": version {}.{}, flags {:#x}", value.major, value.minor, value.flags)
}

fn print_clusters(text: &mut String, value: &NonResidentHeader, list: &[Run]) -> fmt::Result {
    write!(text, ": {} bytes, {} of them written, ", value.size, value.initialized)?;
    write!(
        text,
        "clusters {} to {}, {} bytes, at",
        value.lowest_vcn,
        value.highest_vcn.get() as i64,
        value.allocated
    )?;
    for run in list {
        match run.first {
            Some(first) => write!(text, " {first}+{}", run.clusters)?,
            None => write!(text, " hole+{}", run.clusters)?,
        }
    }
    writeln!(text)
}

/// The first `len` units of UTF-16; what is none becomes U+FFFD.
fn utf16(bytes: &[u8], len: usize) -> String {
    let units = bytes.chunks_exact(2).take(len).map(|pair| u16::from(pair[0]) | u16::from(pair[1]) << 8);
    char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}
