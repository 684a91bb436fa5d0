//! Takes a tree into the catalogue: checks its names, orders them, gives out records and shapes indexes.

use alloc::string::String;
use alloc::vec::Vec;

use super::allocation::{bitmap_len, index_clusters};
use super::attributes;
use super::catalogue::{Body, Catalogue, Entries, Index, Node};
use super::error::{NameFault, NtfsError};
use super::geometry::Units;
use super::names;
use super::runs::Extent;
use super::shape::{LAST_ENTRY, Shape};
use super::system;
use super::upcase::UpCase;
use crate::ntfs::raw::number;
use crate::tree;

/// The directory in the root where Windows keeps what it knows of a volume. Where it is there, Windows does less
/// when it sees the volume first.
const KEPT_BY_WINDOWS: &str = "System Volume Information";
/// Most records: that many fill the largest volume.
const MOST_RECORDS: usize = 1 << 31;

/// The catalogue of a tree.
///
/// # Errors
/// [`NtfsError`] for a name that cannot be, and for too many of them.
pub(super) fn gather(tree: &tree::Directory, upcase: &UpCase, units: &Units) -> Result<Catalogue, NtfsError> {
    let kept = tree::Node::Directory(tree::Directory::new());
    let mut gathering = Gathering::new(tree, upcase, units);
    let mut next = 0;
    // Directories wait in a line instead of on the stack: their depth is the caller's to choose.
    while let Some(directory) = gathering.waiting.get(next).copied() {
        let parent = gathering.catalogue.indexes[directory.0].record;
        let mut found = gathering.find_all(parent, directory.1)?;
        if parent == number::ROOT {
            gathering.keep_for_windows(&mut found, &kept)?;
        }
        gathering.add(directory.0, found)?;
        next += 1;
    }
    gathering.merge_root()?;
    gathering.shape_indexes();
    Ok(gathering.catalogue)
}

struct Gathering<'a, 't> {
    catalogue: Catalogue,
    upcase: &'a UpCase,
    units: &'a Units,
    /// Directories by the numbers of their indexes.
    waiting: Vec<(usize, &'t tree::Directory)>,
}

/// An entry of a directory, before it has a record.
struct Found<'t> {
    name: u32,
    name_len: u8,
    is_short: bool,
    is_kept: bool,
    node: &'t tree::Node,
}

impl<'a, 't> Gathering<'a, 't> {
    fn new(tree: &'t tree::Directory, upcase: &'a UpCase, units: &'a Units) -> Self {
        let indexes = alloc::vec![
            Index::new(number::ROOT, Entries::Range(0..0)),
            Index::new(number::EXTEND, Entries::List(system::EXTENSIONS.to_vec())),
        ];
        let catalogue = Catalogue {
            nodes: Vec::new(),
            indexes,
            names: Vec::new(),
            system: system::Names::new(),
            kept_by_windows: 0,
        };
        Self { catalogue, upcase, units, waiting: alloc::vec![(0, tree)] }
    }

    fn find_all(&mut self, parent: u32, directory: &'t tree::Directory) -> Result<Vec<Found<'t>>, NtfsError> {
        let entries = directory.entries();
        let mut found = Vec::with_capacity(entries.len() + 1);
        for (name, node) in entries {
            found.push(self.find(parent, name, node)?);
        }
        Ok(found)
    }

    /// Checks a name and keeps it.
    fn find(&mut self, parent: u32, name: &str, node: &'t tree::Node) -> Result<Found<'t>, NtfsError> {
        names::check(name).map_err(|fault| NtfsError::Name { path: self.path(parent, name), fault })?;
        let names = &mut self.catalogue.names;
        let start = u32::try_from(names.len()).map_err(|_| NtfsError::TooMany)?;
        names.extend(name.encode_utf16());
        let name_len = (names.len() - start as usize) as u8;
        Ok(Found { name: start, name_len, is_short: names::is_short(name), is_kept: false, node })
    }

    /// Makes sure that the root has the directory that Windows wants there.
    fn keep_for_windows(
        &mut self,
        found: &mut Vec<Found<'t>>,
        empty: &'t tree::Node,
    ) -> Result<(), NtfsError> {
        let kept: Vec<u16> = KEPT_BY_WINDOWS.encode_utf16().collect();
        let is_it = |f: &&mut Found<'_>| self.upcase.compare(self.name(f), &kept).is_eq();
        match found.iter_mut().find(is_it) {
            Some(Found { node: tree::Node::File(_), .. }) => {
                Err(NtfsError::Name { path: KEPT_BY_WINDOWS.into(), fault: NameFault::NotADirectory })
            }
            Some(f) => {
                f.is_kept = true;
                Ok(())
            }
            None => {
                let f = self.find(number::ROOT, KEPT_BY_WINDOWS, empty)?;
                found.push(Found { is_kept: true, ..f });
                Ok(())
            }
        }
    }

    /// Gives the entries of a directory their records, in the order of their names.
    fn add(&mut self, index: usize, mut found: Vec<Found<'t>>) -> Result<(), NtfsError> {
        let parent = self.catalogue.indexes[index].record;
        found.sort_by(|a, b| self.upcase.compare(self.name(a), self.name(b)));
        let twin =
            |pair: &&[Found<'_>]| self.upcase.compare(self.name(&pair[0]), self.name(&pair[1])).is_eq();
        if let Some(pair) = found.windows(2).find(twin) {
            let [path, other] =
                [0, 1].map(|at| self.path(parent, &String::from_utf16_lossy(self.name(&pair[at]))));
            return Err(NtfsError::SameName { path, other });
        }
        if self.catalogue.nodes.len() + found.len() > MOST_RECORDS {
            return Err(NtfsError::TooMany);
        }
        let first = self.catalogue.end();
        found.into_iter().for_each(|found| self.add_node(parent, found));
        self.catalogue.indexes[index].entries = Entries::Range(first..self.catalogue.end());
        Ok(())
    }

    fn add_node(&mut self, parent: u32, found: Found<'t>) {
        let Found { name, name_len, is_short, is_kept, node } = found;
        let record = self.catalogue.end();
        let body = match node {
            tree::Node::File(data) => Body::of(data, attributes::room_for_data(self.units, name_len)),
            tree::Node::Directory(directory) => {
                let index = self.catalogue.indexes.len();
                self.catalogue.indexes.push(Index::new(record, Entries::Range(0..0)));
                self.waiting.push((index, directory));
                Body::Directory(index as u32)
            }
        };
        if is_kept {
            self.catalogue.kept_by_windows = record;
        }
        self.catalogue.nodes.push(Node { parent, name, name_len, is_short, first: 0, body });
    }

    /// Puts the metadata files among the entries of the root.
    fn merge_root(&mut self) -> Result<(), NtfsError> {
        let catalogue = &mut self.catalogue;
        let mut list: Vec<u32> =
            (number::MFT..number::UNNAMED).chain(catalogue.indexes[0].entries.iter()).collect();
        let compare = |a: &u32, b: &u32| self.upcase.compare(catalogue.name(*a), catalogue.name(*b));
        list.sort_by(compare);
        if let Some(pair) = list.windows(2).find(|pair| compare(&pair[0], &pair[1]).is_eq()) {
            let name = String::from_utf16_lossy(catalogue.name(pair[0].min(pair[1])));
            let path = catalogue.path(pair[0].max(pair[1]));
            return Err(NtfsError::Name { path, fault: NameFault::Taken { name } });
        }
        catalogue.indexes[0].entries = Entries::List(list);
        Ok(())
    }

    /// Finds out which directories need blocks, and how many.
    fn shape_indexes(&mut self) {
        for at in 0..self.catalogue.indexes.len() {
            let (shape, blocks, bitmap) = self.shape(&self.catalogue.indexes[at]);
            let index = &mut self.catalogue.indexes[at];
            (index.shape, index.blocks.clusters, index.bitmap.clusters) = (shape, blocks, bitmap);
        }
    }

    fn shape(&self, index: &Index) -> (Option<Shape>, u64, u64) {
        let name_len = |record| self.catalogue.name(record).len() as u8;
        let entry_len = |at| attributes::entry_len(name_len(index.entries.record(at)));
        let len: usize = (0..index.entries.len()).map(entry_len).sum();
        if len + LAST_ENTRY <= attributes::room_for_entries(self.units, name_len(index.record)) {
            return (None, 0, 0);
        }
        let shape = Shape::of(index.entries.len(), entry_len);
        let blocks = shape.blocks().into();
        let bitmap = match bitmap_len(blocks) {
            len if len <= attributes::RESIDENT_BITMAP => 0,
            len => self.units.clusters(len),
        };
        (Some(shape), index_clusters(self.units, blocks), bitmap)
    }

    fn name(&self, found: &Found<'_>) -> &[u16] {
        self.catalogue.slice(found.name, found.name_len)
    }

    fn path(&self, parent: u32, name: &str) -> String {
        let mut path = self.catalogue.path(parent);
        if !path.is_empty() {
            path.push('/');
        }
        path + name
    }
}

impl Index {
    fn new(record: u32, entries: Entries) -> Self {
        Self { record, entries, shape: None, blocks: Extent::default(), bitmap: Extent::default() }
    }
}
