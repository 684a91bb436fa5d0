//! A volume's structures as text, for people and for tests that pin them.
//!
//! Prints what is there, field by field, and judges nothing: a structure that does not hold together ends its part
//! of the text.

mod directories;

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::{self, Write};

use zerocopy::FromBytes;

use super::raw::{BootRecord, DirectoryRecord, FIRST_DESCRIPTOR, SECTOR, VolumeDescriptor};
use crate::io::{ReadAt, ReadError, read_vec};
use crate::units::ByteOffset;

/// How many volume descriptors are printed.
const MOST: u32 = 32;
/// The length of an entry of a boot catalog, in bytes.
const ENTRY: usize = 32;

/// Where a hierarchy is.
struct Hierarchy {
    is_joliet: bool,
    /// The path table of type L: its first sector and its length in bytes.
    path_table: (u32, u32),
    root: DirectoryRecord,
}

/// The structures as text: volume descriptors, boot catalog, then the path table and each directory of every
/// hierarchy once. Never longer than 16 times the volume: each of its bytes is printed in at most six characters, and
/// all that hierarchies and records lead to, however often, is charged to one budget of the volume's length.
///
/// # Errors
/// [`ReadError`] when bytes that should be on the volume cannot be read.
pub fn dump(source: &dyn ReadAt) -> Result<String, ReadError> {
    let mut text = String::new();
    let mut hierarchies = Vec::new();
    let mut catalog = None;
    for number in FIRST_DESCRIPTOR..FIRST_DESCRIPTOR + MOST {
        let Some(bytes) = sector(source, number)? else { break };
        if bytes.get(1..6) != Some(b"CD001") {
            break;
        }
        // Text can always be added to a string.
        let _ = print_descriptor(&mut text, number, &bytes);
        match bytes.first() {
            Some(0) => {
                catalog = BootRecord::ref_from_prefix(&bytes).ok().map(|(record, _)| record.catalog.get())
            }
            Some(1 | 2) => hierarchies.extend(VolumeDescriptor::ref_from_prefix(&bytes).map(|(d, _)| of(d))),
            _ => break,
        }
    }
    if let Some(bytes) = catalog.map(|catalog| sector(source, catalog)).transpose()?.flatten() {
        let _ = print_catalog(&mut text, &bytes);
    }
    let mut left = source.size().0.min(directories::MOST);
    for hierarchy in &hierarchies {
        directories::print(&mut text, source, hierarchy, &mut left)?;
    }
    Ok(text)
}

fn of(d: &VolumeDescriptor) -> Hierarchy {
    let path_table = (d.path_table_l.get(), d.path_table_size.little.get());
    Hierarchy { is_joliet: d.kind == 2, path_table, root: d.root }
}

/// A sector, when the medium has it.
fn sector(source: &dyn ReadAt, number: u32) -> Result<Option<Vec<u8>>, ReadError> {
    let at = u64::from(number) * u64::from(SECTOR);
    let inside = at + u64::from(SECTOR) <= source.size().0;
    inside.then(|| read_vec(source, ByteOffset(at), SECTOR as usize)).transpose()
}

fn print_descriptor(text: &mut String, number: u32, bytes: &[u8]) -> fmt::Result {
    let [kind, _, _, _, _, _, version] = bytes.first_chunk().copied().unwrap_or_default();
    writeln!(text, "sector {number}: volume descriptor of type {kind}, version {version}")?;
    let Ok((d, _)) = VolumeDescriptor::ref_from_prefix(bytes) else { return Ok(()) };
    if ![1, 2].contains(&kind) {
        return Ok(());
    }
    let texts: [(&str, &[u8]); 6] = [
        ("volume", &d.volume_id),
        ("set", &d.set_id),
        ("system", &d.system_id),
        ("publisher", &d.publisher_id),
        ("preparer", &d.preparer_id),
        ("application", &d.application_id),
    ];
    for (name, bytes) in texts {
        writeln!(text, "  {name} {:?}", identifier(kind == 2, bytes).trim_end_matches([' ', '\0']))?;
    }
    write!(text, "  {} sectors of {}, ", d.space_size.little, d.block_size.little)?;
    write!(text, "volume {} of {}, ", d.sequence_number.little, d.set_size.little)?;
    let escapes = d.escapes.split(|byte| *byte == 0).next().unwrap_or_default();
    writeln!(text, "escapes \"{}\", flags {:#x}", escapes.escape_ascii(), d.flags)?;
    write!(text, "  path tables of {} bytes at {} ", d.path_table_size.little, d.path_table_l)?;
    write!(text, "and {}, root of {} bytes ", d.path_table_m, d.root.data_length.little)?;
    writeln!(text, "at {}", d.root.extent.little)?;
    for (name, date) in
        [("created", d.created), ("modified", d.modified), ("expires", d.expires), ("effective", d.effective)]
    {
        writeln!(text, "  {name} {}", date.escape_ascii())?;
    }
    Ok(())
}

/// A text: in UCS-2 in Joliet's hierarchy; what is none becomes U+FFFD.
fn identifier(is_joliet: bool, bytes: &[u8]) -> String {
    if !is_joliet {
        return String::from_utf8_lossy(bytes).into_owned();
    }
    let units = bytes.chunks_exact(2).map(|pair| u16::from(pair[0]) << 8 | u16::from(pair[1]));
    char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

fn print_catalog(text: &mut String, bytes: &[u8]) -> fmt::Result {
    writeln!(text, "boot catalog")?;
    let entries = bytes.chunks_exact(ENTRY).enumerate();
    for (number, entry) in entries.filter(|(_, entry)| entry.iter().any(|byte| *byte != 0)) {
        write!(text, "  entry {number}: ")?;
        print_hex(text, entry)?;
    }
    Ok(())
}

fn print_hex(text: &mut String, bytes: &[u8]) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(text, "{byte:02x}"))?;
    writeln!(text)
}
