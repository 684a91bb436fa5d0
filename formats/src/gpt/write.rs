//! Writing a partition table, through crate `gpt`, as regions of the disk.

mod edges;
mod room;

use std::collections::{BTreeMap, BTreeSet};

use gpt::GptConfig;
use gpt::disk::LogicalBlockSize;
use gpt::mbr::ProtectiveMBR;
use gpt::partition_types::{OperatingSystem, Type};

use self::edges::Edges;
use super::raw::{ENTRIES, ENTRIES_LEN, NAME_UNITS, usable};
use super::{Partition, Table};
use crate::region::Region;
use crate::units::{ByteLen, ByteOffset};

/// Why a table cannot be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// Sectors of another size than 512 and 4096 bytes.
    #[error("expected sectors of 512 or 4096 bytes, found {found}")]
    SectorSize {
        /// The size asked for.
        found: u32,
    },
    /// The disk is no whole number of sectors, or too short for the tables.
    #[error("a disk of {size} in sectors of {sector_size} has no room for a partition table")]
    DiskSize {
        /// The size asked for.
        size: ByteLen,
        /// The size of a sector.
        sector_size: u32,
    },
    /// More partitions than the table has entries.
    #[error("{found} partitions, where the table has entries for {ENTRIES}")]
    TooMany {
        /// How many there are.
        found: usize,
    },
    /// A name with too many characters.
    #[error("the partition name {name:?} is longer than {NAME_UNITS} UTF-16 units")]
    Name {
        /// The name.
        name: String,
    },
    /// A partition without a type or an identity of its own.
    #[error("partition {name:?} has no type, or no identity of its own")]
    Identity {
        /// The partition's name.
        name: String,
    },
    /// A partition that is not made of whole sectors, lies over another or outside the usable bytes.
    #[error(
        "partition {name:?} at {start} with {len} is not made of whole sectors between {free_from} and {end}"
    )]
    Misplaced {
        /// The partition's name.
        name: String,
        /// Where it starts.
        start: ByteOffset,
        /// How long it is.
        len: ByteLen,
        /// Where the one before it ends.
        free_from: ByteOffset,
        /// Where the usable bytes end.
        end: ByteOffset,
    },
    /// Crate `gpt` refuses what we found right.
    #[error("the partition table was refused: {reason} (please report this)")]
    Refused {
        /// Its words.
        reason: String,
    },
}

/// What a disk has besides its partition table where the table lies.
#[derive(Clone, Copy, Debug, Default)]
pub struct Extras<'a> {
    /// What a BIOS starts from the first sector: at most [`MAX_BOOTSTRAP`] bytes.
    pub bootstrap: &'a [u8],
    /// Where the backup's entries lie when somebody else needs the end of the disk: behind the primary's, and
    /// before the first partition.
    pub backup_entries: Option<ByteOffset>,
}

/// The most code that the first sector has room for, in bytes (UEFI 2.10, 5.2.1).
pub const MAX_BOOTSTRAP: usize = 440;

/// The regions of a disk that hold its partition table: the protective MBR, the primary header and entries, the
/// backup's entries and header. The partitions themselves are not among them.
///
/// # Errors
/// [`WriteError`].
pub fn table(table: &Table) -> Result<Vec<Region>, WriteError> {
    table_with(table, &Extras::default())
}

/// The same, for a disk that has more at its ends than the table.
///
/// # Errors
/// [`WriteError`].
pub fn table_with(table: &Table, extras: &Extras) -> Result<Vec<Region>, WriteError> {
    check(table, extras.backup_entries)?;
    let mut edges = write(table)?;
    if let Some(entries) = extras.backup_entries {
        room::make(&mut edges, table, entries);
    }
    edges.put(0, extras.bootstrap.get(..MAX_BOOTSTRAP).unwrap_or(extras.bootstrap));
    let sector = u64::from(table.sector_size);
    let end = table.size.0;
    let cut = |name, start, len| Region::bytes(name, ByteOffset(start), edges.cut(start, len));
    let (standard, entries) =
        (end - sector - ENTRIES_LEN, edges.cut(end - sector - ENTRIES_LEN, ENTRIES_LEN));
    let backup_entries = extras.backup_entries.unwrap_or(ByteOffset(standard));
    Ok(vec![
        cut("protective MBR", 0, sector).anchor(),
        cut("GPT header", sector, sector).anchor(),
        cut("GPT entries", 2 * sector, ENTRIES_LEN),
        Region::bytes("backup GPT entries", backup_entries, entries),
        cut("backup GPT header", end - sector, sector).anchor(),
    ])
}

fn write(table: &Table) -> Result<Edges, WriteError> {
    let sector = u64::from(table.sector_size);
    let mut edges = Edges::new(table.size.0, 2 * sector + ENTRIES_LEN);
    let sectors = u32::try_from(table.size.0 / sector - 1).unwrap_or(u32::MAX);
    ProtectiveMBR::with_lb_size(sectors).overwrite_lba0(&mut edges).map_err(refused)?;
    let mut disk = GptConfig::new()
        .writable(true)
        .logical_block_size(LogicalBlockSize::try_from(sector).map_err(refused)?)
        .create_from_device(edges, Some(table.guid))
        .map_err(refused)?;
    let entries = table.partitions.iter().map(|partition| entry(partition, sector));
    disk.update_partitions((1..).zip(entries).collect()).map_err(refused)?;
    disk.write().map_err(refused)
}

fn refused(error: impl ToString) -> WriteError {
    WriteError::Refused { reason: error.to_string() }
}

fn entry(partition: &Partition, sector: u64) -> gpt::partition::Partition {
    let first_lba = partition.start.0 / sector;
    gpt::partition::Partition {
        part_type_guid: Type { guid: partition.kind, os: OperatingSystem::None },
        part_guid: partition.guid,
        first_lba,
        last_lba: first_lba + partition.len.0 / sector - 1,
        flags: partition.attributes,
        name: partition.name.clone(),
    }
}

fn check(table: &Table, backup_entries: Option<ByteOffset>) -> Result<(), WriteError> {
    let Table { size, sector_size, partitions, .. } = table;
    if !super::raw::SECTOR_SIZES.contains(sector_size) {
        return Err(WriteError::SectorSize { found: *sector_size });
    }
    let usable = usable(*size, *sector_size)
        .filter(|_| size.0.is_multiple_of((*sector_size).into()))
        .ok_or(WriteError::DiskSize { size: *size, sector_size: *sector_size })?;
    if partitions.len() > ENTRIES as usize {
        return Err(WriteError::TooMany { found: partitions.len() });
    }
    check_identities(partitions)?;
    let by_start: BTreeMap<_, _> = partitions.iter().map(|p| ((p.start, p.guid), p)).collect();
    let mut free_from = ByteOffset(usable.start);
    let mut end = usable.end;
    if let Some(entries) = backup_entries {
        free_from = entries.checked_add(ByteLen(ENTRIES_LEN)).unwrap_or(free_from).max(free_from);
        end += ENTRIES_LEN;
    }
    for partition in by_start.into_values() {
        free_from = check_place(partition, free_from, end, (*sector_size).into())?;
    }
    Ok(())
}

fn check_identities(partitions: &[Partition]) -> Result<(), WriteError> {
    let mut seen = BTreeSet::new();
    for Partition { name, kind, guid, .. } in partitions {
        if name.encode_utf16().count() > NAME_UNITS {
            return Err(WriteError::Name { name: name.clone() });
        }
        if kind.is_nil() || guid.is_nil() || !seen.insert(guid) {
            return Err(WriteError::Identity { name: name.clone() });
        }
    }
    Ok(())
}

/// Where the bytes after a partition start, when it lies in its place.
fn check_place(
    partition: &Partition,
    free_from: ByteOffset,
    end: u64,
    sector: u64,
) -> Result<ByteOffset, WriteError> {
    let Partition { name, start, len, .. } = partition;
    let whole = len.0 > 0 && start.0.is_multiple_of(sector) && len.0.is_multiple_of(sector);
    start.checked_add(*len).filter(|after| whole && *start >= free_from && after.0 <= end).ok_or_else(|| {
        WriteError::Misplaced {
            name: name.clone(),
            start: *start,
            len: *len,
            free_from,
            end: ByteOffset(end),
        }
    })
}
