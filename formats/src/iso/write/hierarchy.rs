//! One hierarchy of directories with its path tables.

use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;

use super::super::names::{Given, Hierarchy};
use super::super::raw::{DirectoryRecord, SECTOR, flags, in_sectors};
use super::super::{IsoError, MAX_SECTORS};
use super::records::{self, Extent};
use super::rock_ridge::{Continuations, Posix, system_use};
use crate::placed::Placed;
use crate::time::Timestamp;

/// What an entry of a directory is.
#[derive(Clone, Copy, Debug)]
enum Target {
    /// A file: its first sector and its length in bytes.
    File { start: u32, len: u64 },
    /// A directory: its index.
    Directory(usize),
}

/// An entry of a directory.
#[derive(Clone, Debug)]
struct Entry {
    identifier: Vec<u8>,
    name: String,
    /// Its index among the placed entries, which are in another order.
    place: usize,
    target: Target,
}

/// A directory.
#[derive(Clone, Debug)]
struct Directory {
    identifier: Vec<u8>,
    parent: usize,
    entries: Vec<Entry>,
    /// How many directories are among the entries.
    directories: u32,
    /// Its first sector and its length in sectors.
    start: u32,
    sectors: u32,
}

impl Directory {
    fn new(identifier: &[u8]) -> Self {
        Self {
            identifier: identifier.into(),
            parent: 0,
            entries: Vec::new(),
            directories: 0,
            start: 0,
            sectors: 0,
        }
    }
}

/// All directories of a hierarchy, in the order of the path tables.
#[derive(Clone, Debug)]
pub struct Directories {
    hierarchy: Hierarchy,
    list: Vec<Directory>,
    first: u32,
    continuations: u32,
    sectors: u32,
}

impl Directories {
    /// Names and measures the directories of a tree.
    pub fn new(hierarchy: Hierarchy, root: &Placed) -> Result<Self, IsoError> {
        let list = list(hierarchy, root)?;
        let mut directories = Self { hierarchy, list, first: 0, continuations: 0, sectors: 0 };
        directories.give_sectors()?;
        Ok(directories)
    }

    /// The same directories from sector `first` on, with files in the places that a tree of the same shape gives.
    pub fn placed(&self, root: &Placed, first: u32) -> Self {
        let mut placed = self.clone();
        placed.first = first;
        placed.list.iter_mut().for_each(|directory| directory.start += first);
        let mut pending = alloc::vec![(0, root)];
        while let Some((index, node)) = pending.pop() {
            let Placed::Directory(inner) = node else { continue };
            for entry in &mut placed.list[index].entries {
                match (&mut entry.target, &inner[entry.place].1) {
                    // Cannot cut: the volume's sectors were checked to have 32 bits.
                    (Target::File { start, .. }, Placed::File { start: found, .. }) => {
                        *start = (found.0 / u64::from(SECTOR)) as u32;
                    }
                    (Target::Directory(inner), node) => pending.push((*inner, node)),
                    _ => {}
                }
            }
        }
        placed
    }

    /// Which hierarchy this is.
    pub fn hierarchy(&self) -> Hierarchy {
        self.hierarchy
    }

    /// How many sectors path tables, directories and continuation areas take.
    pub fn sectors(&self) -> u32 {
        self.sectors
    }

    /// The first sector: that of the path table of type L.
    pub fn first(&self) -> u32 {
        self.first
    }

    /// The first sector of the path table of type M.
    pub fn second_path_table(&self) -> u32 {
        self.first + self.path_table_size().div_ceil(SECTOR)
    }

    /// The length of a path table, in bytes.
    pub fn path_table_size(&self) -> u32 {
        // Cannot cut: at most 65535 records of at most 136 bytes.
        self.list.iter().map(|d| records::path(&d.identifier, [0; 4], [0; 2]).len() as u32).sum()
    }

    /// The record of the root for a volume descriptor.
    pub fn root_record(&self, time: Timestamp) -> DirectoryRecord {
        records::fixed(self.extent(0), 1, time)
    }

    /// Everything: path tables, directories, continuation areas.
    pub fn bytes(&self, time: Timestamp) -> Vec<u8> {
        let mut continuations = Continuations::new(self.first + self.continuations);
        let mut pieces = alloc::vec![
            self.path_table(u32::to_le_bytes, u16::to_le_bytes),
            self.path_table(u32::to_be_bytes, u16::to_be_bytes),
        ];
        pieces.extend((0..self.list.len()).map(|index| self.directory(index, time, &mut continuations)));
        pieces.push(continuations.into_bytes());
        in_sectors(pieces)
    }

    /// Path tables first, then directories, then continuation areas; directories are made once to see how long
    /// they are.
    fn give_sectors(&mut self) -> Result<(), IsoError> {
        let mut continuations = Continuations::default();
        let mut next = 2 * u64::from(self.path_table_size().div_ceil(SECTOR));
        for index in 0..self.list.len() {
            let len = self.directory(index, Timestamp::EARLIEST, &mut continuations).len();
            let sectors = len.div_ceil(SECTOR as usize) as u64;
            let end = checked(next + sectors)?;
            // Cannot cut: the end is less than 32 bits can say.
            (self.list[index].start, self.list[index].sectors) = (next as u32, sectors as u32);
            next = end;
        }
        let total = checked(next + (continuations.into_bytes().len() / SECTOR as usize) as u64)?;
        (self.continuations, self.sectors) = (next as u32, total as u32);
        Ok(())
    }

    fn extent(&self, index: usize) -> Extent {
        let Directory { start, sectors, .. } = self.list[index];
        Extent { start, len: sectors * SECTOR, flags: flags::DIRECTORY }
    }

    fn path_table(&self, extent: fn(u32) -> [u8; 4], number: fn(u16) -> [u8; 2]) -> Vec<u8> {
        // Cannot cut: the number of directories was checked. Numbers start with 1.
        let record =
            |d: &Directory| records::path(&d.identifier, extent(d.start), number(d.parent as u16 + 1));
        self.list.iter().flat_map(record).collect()
    }

    /// The records of a directory: itself, the one above, its entries.
    fn directory(&self, index: usize, time: Timestamp, continuations: &mut Continuations) -> Vec<u8> {
        let mut bytes = Vec::new();
        let directory = &self.list[index];
        for (identifier, target) in [(0, index), (1, directory.parent)] {
            let posix = Posix {
                is_root: identifier == 0 && index == 0,
                ..self.posix("", Target::Directory(target), time)
            };
            let system_use = self.system_use(&posix, 1, continuations);
            records::append(
                &mut bytes,
                &records::record(self.extent(target), &[identifier], time, &system_use),
            );
        }
        for entry in &directory.entries {
            let posix = self.posix(&entry.name, entry.target, time);
            for extent in self.extents(entry.target) {
                let system_use = self.system_use(&posix, entry.identifier.len(), continuations);
                records::append(&mut bytes, &records::record(extent, &entry.identifier, time, &system_use));
            }
        }
        bytes
    }

    fn extents(&self, target: Target) -> Vec<Extent> {
        match target {
            Target::File { start, len } => records::extents(start, len).collect(),
            Target::Directory(index) => alloc::vec![self.extent(index)],
        }
    }

    fn posix<'a>(&self, name: &'a str, target: Target, time: Timestamp) -> Posix<'a> {
        let links = match target {
            Target::File { .. } => 1,
            Target::Directory(index) => 2 + self.list[index].directories,
        };
        Posix { name, is_directory: matches!(target, Target::Directory(_)), links, time, is_root: false }
    }

    /// Rock Ridge belongs to the primary hierarchy.
    fn system_use(&self, posix: &Posix, identifier: usize, continuations: &mut Continuations) -> Vec<u8> {
        match self.hierarchy {
            Hierarchy::Primary => system_use(posix, records::room(identifier), continuations),
            Hierarchy::Joliet => Vec::new(),
        }
    }
}

fn checked(sectors: u64) -> Result<u64, IsoError> {
    if sectors > MAX_SECTORS.into() { Err(IsoError::TooLarge { sectors }) } else { Ok(sectors) }
}

/// Lists directories by level, then by the directory above, then by identifier (ECMA-119 6.9.1).
fn list(hierarchy: Hierarchy, root: &Placed) -> Result<Vec<Directory>, IsoError> {
    let mut list = alloc::vec![Directory::new(&[0])];
    let mut pending = VecDeque::from([(0, root)]);
    while let Some((index, node)) = pending.pop_front() {
        let Placed::Directory(inner) = node else { continue };
        let mut entries = entries(hierarchy, inner);
        for entry in entries.iter_mut().filter(|e| matches!(e.target, Target::Directory(_))) {
            entry.target = Target::Directory(list.len());
            pending.push_back((list.len(), &inner[entry.place].1));
            list[index].directories += 1;
            list.push(Directory { parent: index, ..Directory::new(&entry.identifier) });
        }
        list[index].entries = entries;
    }
    if list.len() > usize::from(u16::MAX) {
        return Err(IsoError::TooManyDirectories { found: list.len() });
    }
    Ok(list)
}

/// The entries of a directory with their identifiers, in the order of these.
fn entries(hierarchy: Hierarchy, inner: &[(String, Placed)]) -> Vec<Entry> {
    let mut given = Given::new(hierarchy);
    let entry = |(place, (name, node)): (usize, &(String, Placed))| {
        let target = match node {
            Placed::File { len, .. } => Target::File { start: 0, len: len.0 },
            Placed::Directory(_) => Target::Directory(0),
        };
        let identifier = given.give(name, matches!(target, Target::Directory(_)));
        Entry { identifier, name: name.clone(), place, target }
    };
    let mut entries: Vec<Entry> = inner.iter().enumerate().map(entry).collect();
    entries.sort_by_key(|entry| sort_key(hierarchy, entry));
    entries
}

/// Names order by name, then by extension, then by version, each filled up with spaces (ECMA-119 9.3): what ends
/// a part, in the identifier of a file, must count for less than a space.
fn sort_key(hierarchy: Hierarchy, entry: &Entry) -> Vec<u16> {
    let unit = |bytes: &[u8]| bytes.iter().fold(0, |unit: u16, byte| unit << 8 | u16::from(*byte));
    let width = if hierarchy == Hierarchy::Joliet { 2 } else { 1 };
    let mut units: Vec<u16> = entry.identifier.chunks(width).map(unit).collect();
    if matches!(entry.target, Target::File { .. }) {
        let first = units.iter().position(|unit| *unit == u16::from(b'.'));
        let last = units.iter().rposition(|unit| *unit == u16::from(b';'));
        first.into_iter().chain(last).for_each(|at| units[at] = 0);
    }
    units
}
