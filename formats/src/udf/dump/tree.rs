//! The file set, files and directories as text.

use alloc::collections::{BTreeSet, VecDeque};
use alloc::string::String;
use core::fmt::{self, Write};

use zerocopy::FromBytes;

use super::super::raw::{
    ExtendedFileEntry, FileEntry, FileIdentifier, FileSet, IcbTag, SECTOR, ShortAd, characteristics, tag,
};
use super::super::read::descriptor::{dstring, text as decoded};
use super::super::read::volume::{Address, Opened};
use super::super::read::{MAX_DIRECTORY, entry, volume};
use super::{print_entity, print_tag};
use crate::files::{Extent, Kind};
use crate::io::{ReadAt, ReadError, read_vec};
use crate::pieces::Pieces;
use crate::units::ByteOffset;

/// What a damaged entry counts for, in bytes: long chains may have been followed before it was seen to be one.
const DAMAGED: u64 = 1 << 16;

/// Prints the file set, then each file and directory once, those of a directory behind it.
pub(super) fn print(text: &mut String, source: &dyn ReadAt) -> Result<(), ReadError> {
    let opened = match volume::open(&source) {
        Ok(opened) => opened,
        Err(error) => {
            let _ = writeln!(text, "no file set: {error}");
            return Ok(());
        }
    };
    print_block(text, source, &opened, opened.file_set)?;
    let mut printed = BTreeSet::new();
    let mut pending = VecDeque::from([opened.root]);
    // What descriptors of extents and names take up together: no more than the volume, although they may lie over
    // each other.
    let mut left = source.size().0.min(MAX_DIRECTORY);
    while let Some(at) = pending.pop_front().filter(|_| left > 0) {
        if !printed.insert((at.partition, at.block)) {
            continue;
        }
        print_block(text, source, &opened, at)?;
        let file = match entry::read(&source, &opened.spaces, at) {
            Ok(file) => file,
            Err(error) => {
                let _ = writeln!(text, "  {error}");
                left = left.saturating_sub(DAMAGED);
                continue;
            }
        };
        let names = if file.kind == Kind::Directory { file.len.0 } else { 0 };
        let taken = (file.extents.len() * size_of::<ShortAd>()) as u64;
        let Some(rest) = left.checked_sub(taken).and_then(|left| left.checked_sub(names)) else { break };
        left = rest;
        let _ = print_extents(text, &file.extents);
        if names > 0 {
            let names = Pieces::new(source, file.extents);
            print_names(text, &read_vec(&names, ByteOffset::ZERO, file.len.0 as usize)?, &mut pending);
        }
    }
    Ok(())
}

/// Prints the descriptor in a block: a file set descriptor or a file entry.
fn print_block(
    text: &mut String,
    source: &dyn ReadAt,
    opened: &Opened,
    at: Address,
) -> Result<(), ReadError> {
    let Some(place) = opened.spaces.offset(at, 1) else { return Ok(()) };
    let bytes = read_vec(source, place, SECTOR as usize)?;
    let _ = write!(text, "block {}/{}", at.partition, at.block);
    let _ = print_tag(text, &bytes);
    let identifier = super::Tag::ref_from_prefix(&bytes).map_or(0, |(tag, _)| tag.identifier.get());
    let _ = match identifier {
        tag::FILE_SET => FileSet::ref_from_prefix(&bytes).map_or(Ok(()), |(d, _)| print_file_set(text, d)),
        tag::FILE_ENTRY => FileEntry::ref_from_prefix(&bytes).map_or(Ok(()), |(d, _)| print_entry(text, d)),
        tag::EXTENDED_FILE_ENTRY => {
            ExtendedFileEntry::ref_from_prefix(&bytes).map_or(Ok(()), |(d, _)| print_extended(text, d))
        }
        _ => Ok(()),
    };
    Ok(())
}

fn print_file_set(text: &mut String, d: &FileSet) -> fmt::Result {
    write!(text, "  file set {} {} {:?} ", d.number, d.descriptor_number, dstring(&d.set_id))?;
    write!(text, "of volume {:?}, ", dstring(&d.logical_volume_id))?;
    write!(text, "levels {} to {}, ", d.interchange_level, d.max_interchange_level)?;
    write!(text, "character sets {:#x} to {:#x}, ", d.character_sets, d.max_character_sets)?;
    writeln!(text, "root {}/{}, recorded {}", d.root.partition, d.root.block, d.recorded)?;
    print_entity(text, "domain", &d.domain_id)
}

fn print_entry(text: &mut String, d: &FileEntry) -> fmt::Result {
    print_icb(text, &d.icb)?;
    write!(text, "id {}, {} links, permissions {:#x}, ", d.unique_id, d.links, d.permissions)?;
    writeln!(text, "owner {:#x} {:#x}", d.uid, d.gid)?;
    write!(text, "  {} bytes in {} blocks, ", d.information_length, d.blocks_recorded)?;
    writeln!(text, "times {}, {}, {}", d.accessed, d.modified, d.attributes_changed)
}

fn print_extended(text: &mut String, d: &ExtendedFileEntry) -> fmt::Result {
    print_icb(text, &d.icb)?;
    write!(text, "id {}, {} links, permissions {:#x}, ", d.unique_id, d.links, d.permissions)?;
    writeln!(text, "owner {:#x} {:#x}", d.uid, d.gid)?;
    write!(text, "  {} bytes of {} in {} blocks, ", d.information_length, d.object_size, d.blocks_recorded)?;
    writeln!(text, "times {}, {}, {}, {}", d.accessed, d.modified, d.created, d.attributes_changed)
}

fn print_icb(text: &mut String, d: &IcbTag) -> fmt::Result {
    write!(text, "  type {}, strategy {}, flags {:#x}, ", d.file_type, d.strategy, d.flags)
}

fn print_extents(text: &mut String, extents: &[Extent]) -> fmt::Result {
    for Extent { on_volume, len, .. } in extents {
        match on_volume {
            Some(place) => writeln!(text, "  {} bytes at {place}", len.0)?,
            None => writeln!(text, "  {} bytes nowhere", len.0)?,
        }
    }
    Ok(())
}

/// Prints the names of a directory, and remembers what they lead to.
fn print_names(text: &mut String, bytes: &[u8], pending: &mut VecDeque<Address>) {
    let mut rest = bytes;
    while let Ok((d, behind)) = FileIdentifier::ref_from_prefix(rest) {
        let usage = usize::from(d.implementation_use_length.get());
        let name = behind.get(usage..).and_then(|name| name.get(..d.name_length.into()));
        let Some(name) = name.filter(|_| d.tag.identifier.get() == tag::FILE_IDENTIFIER) else { break };
        let icb = Address { partition: d.icb.partition.get(), block: d.icb.block.get() };
        let _ = write!(text, "  name {:?} of version {}, ", decoded(name), d.version);
        let _ = write!(text, "characteristics {:#x}, ", d.characteristics);
        let [_, _, id @ ..] = d.icb.implementation_use;
        let _ = write!(text, "at {}/{}, id {}", icb.partition, icb.block, u32::from_le_bytes(id));
        let _ = print_tag(text, rest);
        if d.characteristics & characteristics::PARENT == 0 {
            pending.push_back(icb);
        }
        let length = (size_of::<FileIdentifier>() + usage + name.len()).next_multiple_of(4);
        rest = rest.get(length..).unwrap_or_default();
    }
}
