//! Reading a partition table: the primary one, or the backup where the primary is damaged.

use alloc::string::String;
use alloc::vec::Vec;

use uuid::Uuid;
use zerocopy::FromBytes;

use super::raw::{Entry, Header, MAX_ENTRIES, MAX_ENTRY_LEN, REVISION, SECTOR_SIZES, SIGNATURE, crc32};
use super::{Partition, Table};
use crate::io::{ReadAt, ReadError, read_vec};
use crate::units::{ByteLen, Lba};

/// One of the two copies of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Copy {
    /// The one behind the protective MBR.
    Primary,
    /// The one at the end of the disk.
    Backup,
}

/// What is wrong with one copy of a table.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// There is no header.
    #[error("there is no header")]
    Missing,
    /// The header's checksum does not fit its bytes.
    #[error("the header's checksum is {expected:#010x}, its bytes give {found:#010x}")]
    HeaderCrc {
        /// The checksum in the header.
        expected: u32,
        /// The checksum of its bytes.
        found: u32,
    },
    /// A field of the header has a value that it must not have.
    #[error("the header's {field} is {found}")]
    Field {
        /// The field, as the specification names it.
        field: &'static str,
        /// Its value.
        found: u64,
    },
    /// The entries' checksum does not fit their bytes.
    #[error("the entries' checksum is {expected:#010x}, their bytes give {found:#010x}")]
    EntriesCrc {
        /// The checksum in the header.
        expected: u32,
        /// The checksum of the entries.
        found: u32,
    },
    /// A partition lies outside the usable sectors, or over another.
    #[error(
        "partition {number} reaches from sector {first} to {last}: outside the usable sectors or over another"
    )]
    Misplaced {
        /// The number of its entry, from 1.
        number: usize,
        /// Its first sector.
        first: u64,
        /// Its last sector.
        last: u64,
    },
    /// It is sound, and describes other partitions than the primary one.
    #[error("it describes other partitions than the primary table")]
    Differs,
    /// The bytes cannot be had.
    #[error("it cannot be read")]
    Read(#[source] ReadError),
}

/// A table that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The table.
    pub table: Table,
    /// Which copy it was read from.
    pub copy: Copy,
    /// What is wrong with the other copy, when something is.
    pub other: Option<Fault>,
}

/// A disk without a usable table.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GptError {
    /// Neither end of the disk has a header.
    #[error("there is no GUID partition table")]
    Missing,
    /// There are tables, and both copies are damaged.
    #[error("both partition tables are damaged: the primary ({primary}) and the backup ({backup})")]
    Damaged {
        /// What is wrong with the primary one.
        primary: Fault,
        /// What is wrong with the backup.
        backup: Fault,
    },
}

/// Reads the table of a disk, whose sector size the place of its header tells.
///
/// # Errors
/// [`GptError`].
pub fn read(source: &(impl ReadAt + ?Sized)) -> Result<Found, GptError> {
    let (primary, backup) = best(source);
    match (primary, backup) {
        (Ok(table), backup) => Ok(Found { other: differing(&table, backup), table, copy: Copy::Primary }),
        (Err(fault), Ok(table)) => Ok(Found { table, copy: Copy::Backup, other: Some(fault) }),
        (Err(Fault::Missing), Err(Fault::Missing)) => Err(GptError::Missing),
        (Err(primary), Err(backup)) => Err(GptError::Damaged { primary, backup }),
    }
}

/// How long a disk was when its primary header was written, whatever it has now: one that was cut short has less.
pub fn written_size(source: &(impl ReadAt + ?Sized)) -> Option<ByteLen> {
    let size = |sector_size| {
        let disk = Disk { source, sector_size, sectors: source.size().0 / u64::from(sector_size) };
        let sectors = disk.sealed_header(Lba(1)).ok()?.alternate_lba.get().checked_add(1)?;
        Lba(sectors).offset(sector_size).map(|end| ByteLen(end.0))
    };
    SECTOR_SIZES.into_iter().find_map(size)
}

type Both = (Result<Table, Fault>, Result<Table, Fault>);

/// Both copies, for the sector size that gives the most.
fn best(source: &(impl ReadAt + ?Sized)) -> Both {
    let mut best = (Err(Fault::Missing), Err(Fault::Missing));
    for sector_size in SECTOR_SIZES {
        let found = both(source, sector_size);
        if found.0.is_ok() {
            return found;
        }
        if score(&found) > score(&best) {
            best = found;
        }
    }
    best
}

/// How much was found: a good backup says more than damaged headers, and those more than none.
fn score((primary, backup): &Both) -> u8 {
    let header = |copy: &Result<Table, Fault>| u8::from(!matches!(copy, Err(Fault::Missing)));
    4 * u8::from(backup.is_ok()) + 2 * header(primary) + header(backup)
}

fn both(source: &(impl ReadAt + ?Sized), sector_size: u32) -> Both {
    let sectors = source.size().0 / u64::from(sector_size);
    let primary = Disk { source, sector_size, sectors }.copy(Lba(1), |h| h.alternate_lba.get());
    // A disk that was copied to a longer one has its backup where the primary header says.
    let (primary, end) = match primary {
        Ok((table, end)) => (Ok(table), end),
        Err(fault) => (Err(fault), sectors.saturating_sub(1)),
    };
    let backup = Disk { source, sector_size, sectors }.copy(Lba(end), |h| h.my_lba.get());
    (primary, backup.map(|(table, _)| table))
}

/// What is wrong with a backup, next to a primary table that is right.
fn differing(primary: &Table, backup: Result<Table, Fault>) -> Option<Fault> {
    match backup {
        Ok(backup) if backup == *primary => None,
        Ok(_) => Some(Fault::Differs),
        Err(fault) => Some(fault),
    }
}

/// A disk seen in sectors.
struct Disk<'a, R: ?Sized> {
    source: &'a R,
    sector_size: u32,
    sectors: u64,
}

impl<R: ReadAt + ?Sized> Disk<'_, R> {
    /// The copy whose header is at `lba`, and the last sector of the disk that it describes, which `end` knows.
    fn copy(&self, lba: Lba, end: impl Fn(&Header) -> u64) -> Result<(Table, u64), Fault> {
        let header = self.header(lba)?;
        let end = end(&header);
        if end < header.last_usable.get() {
            return Err(Fault::Field { field: "AlternateLBA", found: header.alternate_lba.get() });
        }
        let size = end.checked_add(1).and_then(|sectors| Lba(sectors).offset(self.sector_size));
        let size = size.ok_or(Fault::Field { field: "AlternateLBA", found: header.alternate_lba.get() })?;
        let partitions = self.partitions(&header)?;
        let guid = Uuid::from_bytes_le(header.disk_guid);
        Ok((Table { size: ByteLen(size.0), sector_size: self.sector_size, guid, partitions }, end))
    }

    /// The header at `lba`, with every field checked that is used later.
    fn header(&self, lba: Lba) -> Result<Header, Fault> {
        let header = self.sealed_header(lba)?;
        self.check_fields(&header, lba)?;
        Ok(header)
    }

    /// The header at `lba`, as its checksum says that it was written.
    fn sealed_header(&self, lba: Lba) -> Result<Header, Fault> {
        let at = lba.offset(self.sector_size).ok_or(Fault::Missing)?;
        let sector = read_vec(self.source, at, self.sector_size as usize).map_err(|e| match e {
            ReadError::PastEnd { .. } => Fault::Missing,
            other => Fault::Read(other),
        })?;
        let (header, _) = Header::read_from_prefix(&sector).map_err(|_| Fault::Missing)?;
        if header.signature != SIGNATURE {
            return Err(Fault::Missing);
        }
        check_header_crc(&header, sector)?;
        Ok(header)
    }

    fn check_fields(&self, header: &Header, lba: Lba) -> Result<(), Fault> {
        let entry_len = header.entry_len.get();
        let usable = header.first_usable.get()..=header.last_usable.get();
        let rules = [
            ("Revision", header.revision.get().into(), header.revision == REVISION),
            ("MyLBA", header.my_lba.get(), header.my_lba.get() == lba.0),
            ("LastUsableLBA", *usable.end(), !usable.is_empty() && *usable.end() < self.sectors),
            ("NumberOfPartitionEntries", header.entries.get().into(), header.entries.get() <= MAX_ENTRIES),
            (
                "SizeOfPartitionEntry",
                entry_len.into(),
                (size_of::<Entry>() as u32..=MAX_ENTRY_LEN).contains(&entry_len)
                    && entry_len.is_power_of_two(),
            ),
        ];
        match rules.into_iter().find(|(.., holds)| !holds) {
            None => Ok(()),
            Some((field, found, _)) => Err(Fault::Field { field, found }),
        }
    }

    fn partitions(&self, header: &Header) -> Result<Vec<Partition>, Fault> {
        let lba = header.entries_lba.get();
        let at = Lba(lba).offset(self.sector_size);
        let at = at.ok_or(Fault::Field { field: "PartitionEntryLBA", found: lba })?;
        // Bounded: at most MAX_ENTRIES times MAX_ENTRY_LEN, 4 MiB, and no more than the source has.
        let entry_len = header.entry_len.get() as usize;
        let bytes =
            read_vec(self.source, at, header.entries.get() as usize * entry_len).map_err(Fault::Read)?;
        let (expected, found) = (header.entries_crc.get(), crc32(&bytes));
        if expected != found {
            return Err(Fault::EntriesCrc { expected, found });
        }
        let entries = bytes.chunks_exact(entry_len).zip(1..);
        let used = entries.filter_map(|(entry, number)| {
            let (entry, _) = Entry::read_from_prefix(entry).ok()?;
            (entry.kind != [0; 16]).then(|| self.partition(&entry, number, header))
        });
        let numbered: Vec<(usize, Partition)> = used.collect::<Result<_, _>>()?;
        self.check_disjoint(&numbered)?;
        Ok(numbered.into_iter().map(|(_, partition)| partition).collect())
    }

    fn partition(&self, entry: &Entry, number: usize, header: &Header) -> Result<(usize, Partition), Fault> {
        let (first, last) = (entry.first.get(), entry.last.get());
        let misplaced = || Fault::Misplaced { number, first, last };
        if first < header.first_usable.get() || last < first || last > header.last_usable.get() {
            return Err(misplaced());
        }
        let start = Lba(first).offset(self.sector_size).ok_or_else(misplaced)?;
        let len = Lba(last - first + 1).offset(self.sector_size).ok_or_else(misplaced)?;
        let units = entry.name.iter().map(|unit| unit.get()).take_while(|unit| *unit != 0);
        let name =
            char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect::<String>();
        let partition = Partition {
            name,
            kind: Uuid::from_bytes_le(entry.kind),
            guid: Uuid::from_bytes_le(entry.guid),
            start,
            len: ByteLen(len.0),
            attributes: entry.attributes.get(),
        };
        Ok((number, partition))
    }

    fn check_disjoint(&self, numbered: &[(usize, Partition)]) -> Result<(), Fault> {
        let sector = u64::from(self.sector_size);
        let range = |p: &Partition| (p.start.0 / sector, (p.start.0 + p.len.0) / sector - 1);
        let mut order: Vec<_> = numbered.iter().map(|(number, p)| (range(p), *number)).collect();
        order.sort_unstable();
        match order.windows(2).find(|pair| pair[1].0.0 <= pair[0].0.1) {
            None => Ok(()),
            Some(pair) => Err(Fault::Misplaced { number: pair[1].1, first: pair[1].0.0, last: pair[1].0.1 }),
        }
    }
}

fn check_header_crc(header: &Header, mut sector: Vec<u8>) -> Result<(), Fault> {
    let size = header.header_size.get();
    let covered = usize::try_from(size).ok().filter(|size| *size >= size_of::<Header>());
    let covered = covered.and_then(|size| sector.get_mut(..size));
    let covered = covered.ok_or(Fault::Field { field: "HeaderSize", found: size.into() })?;
    // The checksum is computed with zeros in its own place: bytes 16 to 19.
    covered.iter_mut().skip(16).take(4).for_each(|byte| *byte = 0);
    match (header.header_crc.get(), crc32(covered)) {
        (expected, found) if expected == found => Ok(()),
        (expected, found) => Err(Fault::HeaderCrc { expected, found }),
    }
}
