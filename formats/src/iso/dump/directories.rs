//! Path tables, directories and their system use areas as text.

use alloc::collections::{BTreeSet, VecDeque};
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::{self, Write};

use zerocopy::FromBytes;

use super::super::raw::{DirectoryRecord, SECTOR, flags};
use super::{Hierarchy, identifier, print_hex};
use crate::io::{ReadAt, ReadError, read_vec};
use crate::units::{ByteOffset, MIB};

/// How much of all path tables, directories and continuation areas is printed, in bytes.
pub(super) const MOST: u64 = 64 * MIB;
/// How many continuation areas of a record are followed.
const CONTINUED: usize = 8;

/// Prints the path table of type L, then each directory once, those of a directory behind it. What is printed is taken
/// off `left`, in bytes of the volume.
pub(super) fn print(
    text: &mut String,
    source: &dyn ReadAt,
    hierarchy: &Hierarchy,
    left: &mut u64,
) -> Result<(), ReadError> {
    let name = if hierarchy.is_joliet { "Joliet's" } else { "primary" };
    let (start, len) = hierarchy.path_table;
    let Some(table) = extent(source, (at(start), len), left)? else { return Ok(()) };
    let _ = writeln!(text, "{name} path table");
    let _ = print_table(text, hierarchy.is_joliet, &table);
    let mut printed = BTreeSet::new();
    let mut pending = VecDeque::from([hierarchy.root]);
    while let Some(record) = pending.pop_front() {
        let start = record.extent.little.get();
        if !printed.insert(start) {
            continue;
        }
        let Some(bytes) = extent(source, (at(start), record.data_length.little.get()), left)? else {
            continue;
        };
        let _ = writeln!(text, "{name} directory at {start}");
        for sector in bytes.chunks(SECTOR as usize) {
            for (record, rest) in records(sector) {
                let (name, system_use) = print_record(text, hierarchy.is_joliet, record, rest);
                print_system_use(text, source, system_use, left)?;
                // The first two lead to the directory itself and to the one above.
                let is_inner = record.flags & flags::DIRECTORY != 0 && !["\0", "\u{1}"].contains(&&*name);
                if is_inner {
                    pending.push_back(*record);
                }
            }
        }
    }
    Ok(())
}

/// Where a sector starts, in bytes.
fn at(sector: u32) -> u64 {
    u64::from(sector) * u64::from(SECTOR)
}

/// The bytes of an extent, when the volume has them and not too many were read already.
fn extent(source: &dyn ReadAt, (at, len): (u64, u32), left: &mut u64) -> Result<Option<Vec<u8>>, ReadError> {
    let inside = at + u64::from(len) <= source.size().0;
    let Some(rest) = left.checked_sub(len.into()).filter(|_| inside) else { return Ok(None) };
    *left = rest;
    read_vec(source, ByteOffset(at), len as usize).map(Some)
}

fn print_table(text: &mut String, is_joliet: bool, table: &[u8]) -> fmt::Result {
    let mut rest = table;
    while let Some(([len, _, a, b, c, d, low, high], behind)) = rest.split_first_chunk() {
        let Some(name) = behind.get(..usize::from(*len)).filter(|name| !name.is_empty()) else { break };
        let (start, parent) = (u32::from_le_bytes([*a, *b, *c, *d]), u16::from_le_bytes([*low, *high]));
        writeln!(text, "  {:?} in {parent} at {start}", identifier(is_joliet, name))?;
        rest = behind.get(name.len().next_multiple_of(2)..).unwrap_or_default();
    }
    Ok(())
}

/// The records of a sector with what follows the fixed part of each.
fn records(sector: &[u8]) -> impl Iterator<Item = (&DirectoryRecord, &[u8])> {
    let mut rest = sector;
    core::iter::from_fn(move || {
        let len = rest.first().copied().map(usize::from)?;
        let (bytes, behind) = rest.split_at_checked(len)?;
        rest = behind;
        DirectoryRecord::ref_from_prefix(bytes).ok()
    })
}

/// Prints a record; gives its identifier and its system use area.
fn print_record<'a>(
    text: &mut String,
    is_joliet: bool,
    record: &DirectoryRecord,
    rest: &'a [u8],
) -> (String, &'a [u8]) {
    let (bytes, behind) = rest.split_at_checked(record.identifier_length.into()).unwrap_or((rest, &[]));
    let name = match bytes {
        [special @ (0 | 1)] => String::from(char::from(*special)),
        _ => identifier(is_joliet, bytes),
    };
    let _ = write!(text, "  {name:?} of {} bytes at {}, ", record.data_length.little, record.extent.little);
    let _ = writeln!(text, "flags {:#x}, recorded {:?}", record.flags, record.recorded);
    // An identifier of an even length is followed by a byte of padding.
    (name, behind.get(usize::from(bytes.len().is_multiple_of(2))..).unwrap_or_default())
}

/// Prints the entries of a system use area and of those that continue it (SUSP 5).
fn print_system_use(
    text: &mut String,
    source: &dyn ReadAt,
    area: &[u8],
    left: &mut u64,
) -> Result<(), ReadError> {
    let mut area = area.to_vec();
    for _ in 0..CONTINUED {
        let Some((block, offset, len)) = print_entries(text, &area) else { break };
        // An area never crosses a sector's end.
        if offset.checked_add(len).is_none_or(|end| end > SECTOR) {
            break;
        }
        let Some(bytes) = extent(source, (at(block) + u64::from(offset), len), left)? else { break };
        area = bytes;
    }
    Ok(())
}

/// Prints the entries of an area; gives where they go on: a sector, a byte in it, a length.
fn print_entries(text: &mut String, area: &[u8]) -> Option<(u32, u32, u32)> {
    let mut next = None;
    let mut rest = area;
    while let Some([one, other, len, version]) = rest.first_chunk() {
        let Some((entry, behind)) = rest.split_at_checked((*len).into()).filter(|_| *len >= 4) else { break };
        let _ = write!(text, "    {} {version} ", [*one, *other].escape_ascii());
        let _ = print_hex(text, &entry[4..]);
        if [*one, *other] == *b"CE" {
            let number = |place: usize| entry.get(place..)?.first_chunk().copied().map(u32::from_le_bytes);
            next = number(4).zip(number(12)).zip(number(20)).map(|((block, at), len)| (block, at, len));
        }
        rest = behind;
    }
    next
}
