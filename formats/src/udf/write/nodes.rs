//! The tree as a list, each file and directory with the blocks of its metadata.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;
use core::mem::size_of;
use core::ops::Range;

use super::super::raw::{
    AllocationExtent, ExtendedFileEntry, FileEntry, FileIdentifier, LongAd, MAX_EXTENT, SECTOR, ShortAd,
};
use super::super::{Revision, UdfError, text};
use crate::placed::Placed;
use crate::tree::join;
use crate::units::{ByteLen, ByteOffset};

/// Unique ids begin here; 0 to 15 are kept (ECMA-167 3.2.1, UDF 3.2.1.1).
const FIRST_UNIQUE_ID: u64 = 16;
/// The file set descriptor and the terminating descriptor behind it.
const FILE_SET_BLOCKS: u32 = 2;

/// A file or directory of the volume.
#[derive(Clone, Debug)]
pub struct Node {
    /// Its name in a directory, as UDF writes it; empty for the root.
    pub name: Box<[u8]>,
    /// The index of the directory above; the root is its own.
    pub parent: u32,
    /// The block of its entry. Allocation extents, or the directory's data, follow it.
    pub block: u32,
    /// What it is.
    pub kind: Kind,
}

/// What a node is.
#[derive(Clone, Debug)]
pub enum Kind {
    /// A file with its place on the medium.
    File {
        /// The first byte.
        start: ByteOffset,
        /// How many bytes.
        len: ByteLen,
    },
    /// A directory.
    Directory {
        /// The indexes of its entries.
        entries: Vec<u32>,
        /// The length of its file identifiers, in bytes.
        len: u64,
        /// How many of its entries are directories.
        directories: u16,
    },
}

/// All nodes, the root first, in the order of their blocks.
#[derive(Clone, Debug)]
pub struct Nodes {
    list: Vec<Node>,
    blocks: u32,
}

/// How allocation descriptors lie in entries of a revision.
#[derive(Clone, Copy, Debug)]
pub struct Form {
    /// The length of one descriptor, in bytes.
    pub descriptor: usize,
    /// How many fit into a file entry.
    pub in_entry: usize,
    /// How many fit into an allocation extent.
    pub in_extent: usize,
}

impl Form {
    /// The form for files: with a metadata partition their data lie in another partition than their entry.
    pub fn of_files(revision: Revision) -> Self {
        let descriptor =
            if revision.has_metadata_partition() { size_of::<LongAd>() } else { size_of::<ShortAd>() };
        let entry = entry_size(revision);
        let fit = |head: usize| (SECTOR as usize - head) / descriptor;
        Self { descriptor, in_entry: fit(entry), in_extent: fit(size_of::<AllocationExtent>()) }
    }

    /// How many allocation extents a file with so many extents of data needs behind its entry: the last descriptor
    /// of each block but the last leads on.
    pub fn chained(self, extents: usize) -> usize {
        if extents <= self.in_entry {
            return 0;
        }
        let rest = extents - (self.in_entry - 1);
        (rest - 1).div_ceil(self.in_extent - 1)
    }
}

/// The length of the fixed part of an entry, in bytes.
pub fn entry_size(revision: Revision) -> usize {
    if revision.is_third_edition() { size_of::<ExtendedFileEntry>() } else { size_of::<FileEntry>() }
}

/// How long a file identifier with a name of so many bytes is: a multiple of 4 (ECMA-167 4/14.4.9).
pub fn identifier_len(name: usize) -> usize {
    (size_of::<FileIdentifier>() + name).next_multiple_of(4)
}

impl Nodes {
    /// Lists a tree and gives out blocks.
    pub fn new(revision: Revision, root: &Placed) -> Result<Self, UdfError> {
        let mut nodes = Self { list: Vec::new(), blocks: 0 };
        nodes.list(root)?;
        nodes.give_blocks(Form::of_files(revision))?;
        Ok(nodes)
    }

    /// The same nodes with the places that a tree of the same shape gives.
    pub fn placed(&self, root: &Placed) -> Self {
        let mut nodes = self.clone();
        let mut pending = alloc::vec![(0usize, root)];
        while let Some((index, placed)) = pending.pop() {
            let node = &mut nodes.list[index];
            match (&mut node.kind, placed) {
                (Kind::File { start, .. }, Placed::File { start: found, .. }) => *start = *found,
                (Kind::Directory { entries, .. }, Placed::Directory(inner)) => {
                    pending.extend(entries.iter().map(|e| *e as usize).zip(inner.iter().map(|(_, p)| p)));
                }
                _ => {}
            }
        }
        nodes
    }

    /// All nodes.
    pub fn all(&self) -> &[Node] {
        &self.list
    }

    /// How many blocks the metadata take, the file set among them.
    pub fn blocks(&self) -> u32 {
        self.blocks
    }

    /// The number that the file identifiers and the entry of a node share (UDF 3.2.1.1).
    pub fn unique_id(index: u32) -> u64 {
        if index == 0 { 0 } else { FIRST_UNIQUE_ID - 1 + u64::from(index) }
    }

    /// The unique id that comes next.
    pub fn next_unique_id(&self) -> u64 {
        Self::unique_id(self.list.len() as u32).max(FIRST_UNIQUE_ID)
    }

    /// How many directories there are, the root among them.
    pub fn directories(&self) -> u32 {
        self.list.iter().filter(|node| matches!(node.kind, Kind::Directory { .. })).count() as u32
    }

    /// Breadth first, so that a directory's entries are neighbours.
    fn list(&mut self, root: &Placed) -> Result<(), UdfError> {
        self.list.push(Node { name: Box::default(), parent: 0, block: 0, kind: empty(root) });
        let mut pending = VecDeque::from([(0, String::new(), root)]);
        while let Some((index, path, placed)) = pending.pop_front() {
            let Placed::Directory(inner) = placed else { continue };
            let first = self.list.len();
            for (name, entry) in inner {
                let refused = |reason| UdfError::Name { path: join(&path, name), reason };
                let node_name = text::name(name).map_err(refused)?.into_boxed_slice();
                if matches!(entry, Placed::Directory(_)) {
                    pending.push_back((self.list.len(), join(&path, name), entry));
                }
                self.list.push(Node { name: node_name, parent: index as u32, block: 0, kind: empty(entry) });
            }
            check_count(self.list.len())?;
            let directories = directories(&path, inner)?;
            self.list[index].kind = self.directory(first as u32..self.list.len() as u32, directories);
        }
        Ok(())
    }

    fn directory(&self, range: Range<u32>, directories: u16) -> Kind {
        let names =
            self.list[range.start as usize..].iter().map(|node| identifier_len(node.name.len()) as u64);
        let len = identifier_len(0) as u64 + names.sum::<u64>();
        Kind::Directory { entries: range.collect(), len, directories }
    }

    fn give_blocks(&mut self, form: Form) -> Result<(), UdfError> {
        let mut next = u64::from(FILE_SET_BLOCKS);
        for node in &mut self.list {
            // Cannot cut: checked below, before anything uses it.
            node.block = next as u32;
            next += 1 + match &node.kind {
                Kind::File { len, .. } => form.chained(len.0.div_ceil(MAX_EXTENT) as usize) as u64,
                Kind::Directory { len, .. } => len.div_ceil(SECTOR.into()),
            };
        }
        self.blocks = u32::try_from(next).map_err(|_| UdfError::TooLarge { sectors: next })?;
        Ok(())
    }
}

/// How many directories the directory `path` has: one link is its own.
fn directories(path: &str, inner: &[(String, Placed)]) -> Result<u16, UdfError> {
    let found = inner.iter().filter(|(_, entry)| matches!(entry, Placed::Directory(_))).count();
    let count = u16::try_from(found).ok().filter(|count| *count < u16::MAX);
    count.ok_or_else(|| UdfError::TooManyDirectories { path: alloc::format!("{path}/"), found })
}

fn empty(placed: &Placed) -> Kind {
    match placed {
        Placed::File { len, start } => Kind::File { start: *start, len: *len },
        Placed::Directory(_) => Kind::Directory { entries: Vec::new(), len: 0, directories: 0 },
    }
}

/// Every node has at least a block, and blocks have 32 bits.
fn check_count(nodes: usize) -> Result<(), UdfError> {
    match u32::try_from(nodes) {
        Ok(_) => Ok(()),
        Err(_) => Err(UdfError::TooLarge { sectors: nodes as u64 }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chained_extents_lead_on_with_their_last_descriptor() {
        let form = Form { descriptor: 8, in_entry: 3, in_extent: 4 };
        // With a chain the entry's last descriptor leads on too.
        for (extents, chained) in [(0, 0), (3, 0), (4, 1), (6, 1), (7, 2), (9, 2), (10, 3)] {
            assert_eq!(form.chained(extents), chained, "{extents} extents");
        }
    }
}
