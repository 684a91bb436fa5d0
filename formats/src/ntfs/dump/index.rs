//! Indexes as text.

use alloc::string::String;
use core::fmt::{self, Write};

use zerocopy::FromBytes;

use super::attribute::print_file_name;
use super::runs::Run;
use super::{Volume, reference, undo};
use crate::io::ReadError;
use crate::ntfs::raw::INDEX_BLOCK;
use crate::ntfs::raw::attribute::kind;
use crate::ntfs::raw::index::{BlockHeader, EntryHeader, IndexHeader, IndexRoot, entry_flags};

/// Prints the value of `$INDEX_ROOT`.
pub(super) fn print_root(text: &mut String, value: &[u8]) -> fmt::Result {
    let Ok((root, list)) = IndexRoot::ref_from_prefix(value) else { return writeln!(text) };
    write!(text, ": of type {:#x} by rule {:#x}, ", root.indexed, root.collation)?;
    writeln!(text, "blocks of {} bytes in {} units", root.block_size, root.block_units)?;
    print_list(text, list, root.indexed.get() == kind::FILE_NAME)
}

/// Prints the blocks of an index of names.
pub(super) fn print_blocks(
    text: &mut String,
    volume: &Volume<'_>,
    runs: &[Run],
    size: u64,
) -> Result<(), ReadError> {
    let len = u64::from(INDEX_BLOCK);
    for number in 0..size.min(volume.source.size().0) / len {
        let block = undo(volume.read(runs, number * len, len)?);
        let _ = print_block(text, number, block.as_deref().unwrap_or_default());
    }
    Ok(())
}

fn print_block(text: &mut String, number: u64, bytes: &[u8]) -> fmt::Result {
    let Ok((header, list)) = BlockHeader::ref_from_prefix(bytes) else {
        return writeln!(text, "    block {number} is none");
    };
    writeln!(text, "    block {number}, by its own number {}", header.vcn)?;
    print_list(text, list, true)
}

/// Prints a list of entries, from its head on.
fn print_list(text: &mut String, list: &[u8], has_names: bool) -> fmt::Result {
    let Ok((header, _)) = IndexHeader::ref_from_prefix(list) else { return Ok(()) };
    write!(text, "      entries from {} to {} ", header.first_entry, header.used)?;
    writeln!(text, "of {}, flags {:#x}", header.allocated, header.flags)?;
    let mut rest = list.get(header.first_entry.get() as usize..).unwrap_or_default();
    while let Ok((entry, key)) = EntryHeader::ref_from_prefix(rest) {
        let len = usize::from(entry.len.get());
        let Some((bytes, after)) = rest.split_at_checked(len).filter(|_| len >= size_of::<EntryHeader>())
        else {
            return writeln!(text, "      an entry past its list");
        };
        print_entry(text, entry, bytes, key, has_names)?;
        if entry.flags.get() & entry_flags::LAST != 0 {
            break;
        }
        rest = after;
    }
    Ok(())
}

fn print_entry(
    text: &mut String,
    entry: &EntryHeader,
    bytes: &[u8],
    key: &[u8],
    has_names: bool,
) -> fmt::Result {
    write!(text, "      entry")?;
    if let Some(child) = bytes.last_chunk().filter(|_| entry.flags.get() & entry_flags::CHILD != 0) {
        write!(text, " after block {}", u64::from_le_bytes(*child))?;
    }
    if entry.flags.get() & entry_flags::LAST != 0 {
        return writeln!(text, ", the last");
    }
    if has_names {
        write!(text, " {}", reference(entry.reference.get()))?;
        return print_file_name(text, key.get(..entry.key_len.get().into()).unwrap_or_default());
    }
    let content = bytes.get(size_of::<EntryHeader>()..).unwrap_or_default();
    write!(text, " of {} bytes: ", entry.key_len)?;
    content.iter().try_for_each(|byte| write!(text, "{byte:02x}"))?;
    writeln!(text)
}
