//! What lies outside the partition, as text.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::{self, Write};

use zerocopy::{FromBytes, IntoBytes};

use super::super::raw::{
    ANCHOR, AnchorPointer, Integrity, IntegrityUse, LogicalVolume, LogicalVolumeInfo, MetadataMap, Partition,
    PartitionMap, PrimaryVolume, SECTOR, tag,
};
use super::super::read::descriptor::dstring;
use super::{print_entity, print_tag};
use crate::io::{ReadAt, ReadError, read_vec};
use crate::units::ByteOffset;

/// The first sector of the recognition sequence (ECMA-167 2/8.3).
const RECOGNITION: u64 = 16;
/// How many descriptors of any sequence are printed.
const MOST: u64 = 32;

/// Prints recognition sequence, anchors, volume descriptors, integrity.
pub(super) fn print(text: &mut String, source: &dyn ReadAt) -> Result<(), ReadError> {
    for number in RECOGNITION..RECOGNITION + MOST {
        let Some(bytes) = sector(source, number)? else { break };
        let Some([kind, name @ .., version]) = bytes.first_chunk::<7>() else { break };
        if !name.iter().all(u8::is_ascii_alphanumeric) {
            break;
        }
        let _ = writeln!(text, "sector {number}: {} of type {kind}, version {version}", name.escape_ascii());
    }
    let last = (source.size().0 / u64::from(SECTOR)).saturating_sub(1);
    let mut sequences = None;
    for number in [u64::from(ANCHOR), last.saturating_sub(256), last] {
        let Some(bytes) = sector(source, number)? else { continue };
        let Ok((anchor, _)) = AnchorPointer::read_from_prefix(&bytes) else { continue };
        if anchor.tag.identifier.get() == tag::ANCHOR {
            let _ = print_anchor(text, number, &anchor);
            sequences = sequences.or(Some([anchor.main, anchor.reserve]));
        }
    }
    for extent in sequences.into_iter().flatten() {
        sequence(text, source, (extent.location.get().into(), extent.length.get()))?;
    }
    Ok(())
}

/// A sector, when the medium has it.
fn sector(source: &dyn ReadAt, number: u64) -> Result<Option<Vec<u8>>, ReadError> {
    let inside = number < source.size().0 / u64::from(SECTOR);
    let read = || read_vec(source, ByteOffset(number * u64::from(SECTOR)), SECTOR as usize);
    inside.then(read).transpose()
}

fn print_anchor(text: &mut String, number: u64, anchor: &AnchorPointer) -> fmt::Result {
    write!(text, "sector {number}: anchor volume descriptor pointer")?;
    print_tag(text, anchor.tag.as_bytes())?;
    let AnchorPointer { main, reserve, .. } = anchor;
    write!(text, "  main sequence of {} bytes at {}, ", main.length, main.location)?;
    writeln!(text, "reserve sequence of {} bytes at {}", reserve.length, reserve.location)
}

/// Prints a volume descriptor sequence, and the integrity sequence that its logical volume descriptor leads to.
fn sequence(text: &mut String, source: &dyn ReadAt, (start, length): (u64, u32)) -> Result<(), ReadError> {
    for number in start..start + u64::from(length / SECTOR).min(MOST) {
        let Some(bytes) = sector(source, number)? else { break };
        let Ok((head, _)) = super::Tag::ref_from_prefix(&bytes) else { break };
        let identifier = head.identifier.get();
        let _ = print_descriptor(text, number, identifier, &bytes);
        match identifier {
            0 | tag::TERMINATING => break,
            tag::LOGICAL_VOLUME => {
                let Ok((volume, _)) = LogicalVolume::ref_from_prefix(&bytes) else { break };
                // Its own sequence ends with a terminating descriptor, and has no logical volume in it.
                for part in 0..2u64 {
                    let number = u64::from(volume.integrity.location.get()) + part;
                    let Some(bytes) = sector(source, number)? else { break };
                    let Ok((head, _)) = super::Tag::ref_from_prefix(&bytes) else { break };
                    let _ = print_descriptor(text, number, head.identifier.get(), &bytes);
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn print_descriptor(text: &mut String, number: u64, identifier: u16, bytes: &[u8]) -> fmt::Result {
    let name = match identifier {
        tag::PRIMARY_VOLUME => "primary volume descriptor",
        tag::IMPLEMENTATION_USE => "implementation use volume descriptor",
        tag::PARTITION => "partition descriptor",
        tag::LOGICAL_VOLUME => "logical volume descriptor",
        tag::UNALLOCATED_SPACE => "unallocated space descriptor",
        tag::TERMINATING => "terminating descriptor",
        tag::LOGICAL_VOLUME_INTEGRITY => "logical volume integrity descriptor",
        _ => return writeln!(text, "sector {number}: no volume descriptor"),
    };
    write!(text, "sector {number}: {name}")?;
    print_tag(text, bytes)?;
    match identifier {
        tag::PRIMARY_VOLUME => {
            PrimaryVolume::ref_from_prefix(bytes).map_or(Ok(()), |(d, _)| primary(text, d))
        }
        tag::IMPLEMENTATION_USE => {
            LogicalVolumeInfo::ref_from_prefix(bytes).map_or(Ok(()), |(d, _)| info(text, d))
        }
        tag::PARTITION => Partition::ref_from_prefix(bytes).map_or(Ok(()), |(d, _)| partition(text, d)),
        tag::LOGICAL_VOLUME => {
            LogicalVolume::ref_from_prefix(bytes).map_or(Ok(()), |(d, rest)| logical(text, d, rest))
        }
        tag::LOGICAL_VOLUME_INTEGRITY => {
            Integrity::ref_from_prefix(bytes).map_or(Ok(()), |(d, rest)| integrity(text, d, rest))
        }
        _ => Ok(()),
    }
}

fn primary(text: &mut String, d: &PrimaryVolume) -> fmt::Result {
    write!(text, "  number {}, volume {:?}, ", d.sequence_number, dstring(&d.volume_id))?;
    writeln!(text, "{} of {}, set {:?}", d.volume_number, d.max_volume_number, dstring(&d.volume_set_id))?;
    write!(text, "  interchange level {} to {}, ", d.interchange_level, d.max_interchange_level)?;
    write!(text, "character sets {:#x} to {:#x}, ", d.character_sets, d.max_character_sets)?;
    writeln!(text, "flags {:#x}, recorded {}", d.flags, d.recorded)?;
    print_entity(text, "by", &d.implementation_id)
}

fn info(text: &mut String, d: &LogicalVolumeInfo) -> fmt::Result {
    write!(text, "  number {}, volume {:?}", d.sequence_number, dstring(&d.logical_volume_id))?;
    d.info.iter().try_for_each(|info| write!(text, ", {:?}", dstring(info)))?;
    writeln!(text)?;
    print_entity(text, "kind", &d.implementation_id)?;
    print_entity(text, "by", &d.implementer)
}

fn partition(text: &mut String, d: &Partition) -> fmt::Result {
    write!(text, "  number {}, partition {}, flags {:#x}, ", d.sequence_number, d.number, d.flags)?;
    writeln!(text, "access {}, sectors {}+{}", d.access_type, d.start, d.length)?;
    print_entity(text, "contents", &d.contents)?;
    print_entity(text, "by", &d.implementation_id)
}

fn logical(text: &mut String, d: &LogicalVolume, rest: &[u8]) -> fmt::Result {
    write!(text, "  number {}, volume {:?}, ", d.sequence_number, dstring(&d.logical_volume_id))?;
    write!(text, "blocks of {} bytes, file set of {} bytes ", d.block_size, d.file_set.length)?;
    write!(text, "at {}/{}, ", d.file_set.partition, d.file_set.block)?;
    writeln!(text, "integrity of {} bytes at {}", d.integrity.length, d.integrity.location)?;
    print_entity(text, "domain", &d.domain_id)?;
    print_entity(text, "by", &d.implementation_id)?;
    let mut maps = rest.get(..d.map_table_length.get() as usize).unwrap_or_default();
    while let Some((map, after)) = maps.get(1).and_then(|len| maps.split_at_checked((*len).max(2).into())) {
        print_map(text, map)?;
        maps = after;
    }
    Ok(())
}

fn print_map(text: &mut String, map: &[u8]) -> fmt::Result {
    if let Ok(map) = PartitionMap::ref_from_bytes(map) {
        return writeln!(
            text,
            "  map of type {} to partition {} of volume {}",
            map.kind, map.number, map.volume
        );
    }
    let Ok(map) = MetadataMap::ref_from_bytes(map) else { return writeln!(text, "  map of another kind") };
    write!(text, "  map of type {} to partition {} of volume {}, ", map.kind, map.number, map.volume)?;
    write!(text, "files {} {} {:#x}, ", map.metadata_file, map.mirror_file, map.bitmap_file)?;
    write!(text, "units of {} and {} blocks, ", map.allocation_unit, map.alignment_unit)?;
    writeln!(text, "flags {:#x}", map.flags)?;
    print_entity(text, "kind", &map.id)
}

fn integrity(text: &mut String, d: &Integrity, rest: &[u8]) -> fmt::Result {
    writeln!(text, "  type {}, next unique id {}, recorded {}", d.kind, d.unique_id, d.recorded)?;
    let tables = d.partitions.get().min(2) as usize * 8;
    let Some((tables, usage)) = rest.split_at_checked(tables) else { return Ok(()) };
    write!(text, "  {} partitions, free and sizes", d.partitions)?;
    for entry in tables.chunks_exact(4) {
        write!(text, " {}", entry.iter().rev().fold(0u32, |number, byte| number << 8 | u32::from(*byte)))?;
    }
    writeln!(text)?;
    let Ok((usage, _)) = IntegrityUse::ref_from_prefix(usage) else { return Ok(()) };
    write!(text, "  {} files, {} directories, ", usage.files, usage.directories)?;
    write!(text, "read {:#06x}, write {:#06x}, ", usage.min_read_revision, usage.min_write_revision)?;
    writeln!(text, "written {:#06x}", usage.max_write_revision)?;
    print_entity(text, "by", &usage.implementation_id)
}
