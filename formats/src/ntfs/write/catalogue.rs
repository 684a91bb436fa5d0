//! All files and directories of a volume. Each has its record, and the entries of a directory have their records in
//! the order of their names, so that a directory is a range of records.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Range;

use super::allocation::{ALIGNMENT, Map, Needs};
use super::geometry::Units;
use super::runs::Extent;
use super::shape::Shape;
use super::system;
use crate::tree::Data;
use crate::units::ByteOffset;

/// The first record of the tree. Windows puts metadata files of its own into the records before it.
pub(super) const FIRST_USER: u32 = 64;
/// Most bytes that a file keeps in its record.
const RESIDENT_LIMIT: usize = 600;

/// All files and directories.
pub(super) struct Catalogue {
    /// The files and directories of the tree, from record [`FIRST_USER`] on.
    pub(super) nodes: Vec<Node>,
    /// The directories: the root, `$Extend`, then those of the tree.
    pub(super) indexes: Vec<Index>,
    /// The names of all nodes, in UTF-16.
    pub(super) names: Vec<u16>,
    /// The names of the metadata files.
    pub(super) system: system::Names,
    /// The record of `System Volume Information`.
    pub(super) kept_by_windows: u32,
}

/// A file or directory of the tree.
#[derive(Debug)]
pub(super) struct Node {
    /// The record of the directory that it is in.
    pub(super) parent: u32,
    /// Where its name starts among all names, in UTF-16 units.
    pub(super) name: u32,
    /// The length of its name, in UTF-16 units.
    pub(super) name_len: u8,
    /// Whether its name is its own short name.
    pub(super) is_short: bool,
    /// The first cluster of its bytes, where they have clusters.
    pub(super) first: u32,
    /// What it is.
    pub(super) body: Body,
}

/// What a file or directory is.
#[derive(Debug)]
pub(super) enum Body {
    /// A directory: its number in [`Catalogue::indexes`].
    Directory(u32),
    /// A file whose bytes lie in its record.
    Resident(Arc<[u8]>),
    /// A file whose bytes are known and have clusters.
    Bytes(Arc<[u8]>),
    /// A file whose bytes come from a payload, as in [`Data::Payload`].
    Payload { source: u32, offset: ByteOffset, len: u64 },
}

/// A directory's index.
#[derive(Debug)]
pub(super) struct Index {
    /// The record of the directory.
    pub(super) record: u32,
    /// The records of its entries, in the order of their names.
    pub(super) entries: Entries,
    /// Its blocks, where its entries do not fit into the record.
    pub(super) shape: Option<Shape>,
    /// The clusters of its blocks.
    pub(super) blocks: Extent,
    /// The clusters of its bitmap, where that does not fit into the record.
    pub(super) bitmap: Extent,
}

/// The records of a directory's entries, in the order of their names.
#[derive(Debug)]
pub(super) enum Entries {
    /// They follow each other.
    Range(Range<u32>),
    /// They do not.
    List(Vec<u32>),
}

impl Entries {
    /// How many there are.
    pub(super) fn len(&self) -> u32 {
        match self {
            Self::Range(range) => range.end - range.start,
            Self::List(list) => list.len() as u32,
        }
    }

    /// The record of one that is there.
    pub(super) fn record(&self, at: u32) -> u32 {
        match self {
            Self::Range(range) => range.start + at,
            Self::List(list) => list[at as usize],
        }
    }

    /// The records of all.
    pub(super) fn iter(&self) -> impl Iterator<Item = u32> {
        (0..self.len()).map(|at| self.record(at))
    }
}

impl Body {
    /// A file, in a record that has `room` bytes left for it. Payloads stay out of records, so that their bytes can
    /// be found and checked on the medium.
    pub(super) fn of(data: &Data, room: usize) -> Self {
        match data {
            Data::Bytes(bytes) if bytes.len() <= room.min(RESIDENT_LIMIT) => Self::Resident(bytes.clone()),
            Data::Bytes(bytes) => Self::Bytes(bytes.clone()),
            Data::Payload { .. } if data.is_empty() => Self::Resident(Arc::from([])),
            Data::Payload { source, offset, len } => {
                Self::Payload { source: *source, offset: *offset, len: len.0 }
            }
        }
    }

    /// How many bytes have clusters.
    pub(super) fn clustered_len(&self) -> u64 {
        match self {
            Self::Directory(_) | Self::Resident(_) => 0,
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Payload { len, .. } => *len,
        }
    }
}

impl Catalogue {
    /// The file or directory of the tree in a record.
    pub(super) fn node(&self, record: u32) -> Option<&Node> {
        self.nodes.get(record.checked_sub(FIRST_USER)? as usize)
    }

    /// The record after the last one in use.
    pub(super) fn end(&self) -> u32 {
        FIRST_USER + self.nodes.len() as u32
    }

    /// The name of a record that has one.
    pub(super) fn name(&self, record: u32) -> &[u16] {
        match self.node(record) {
            Some(node) => self.slice(node.name, node.name_len),
            None => self.system.of(record),
        }
    }

    /// A piece of all names.
    pub(super) fn slice(&self, start: u32, len: u8) -> &[u16] {
        &self.names[start as usize..][..len.into()]
    }

    /// The path of a record, its parts divided by `/`; the root's is empty.
    pub(super) fn path(&self, mut record: u32) -> String {
        let mut parts = Vec::new();
        while let Some(node) = self.node(record) {
            parts.push(String::from_utf16_lossy(self.name(record)));
            record = node.parent;
        }
        parts.reverse();
        parts.join("/")
    }

    /// The index of a directory's record.
    pub(super) fn index(&self, record: u32) -> Option<&Index> {
        match self.node(record) {
            Some(Node { body: Body::Directory(index), .. }) => self.indexes.get(*index as usize),
            Some(_) => None,
            None => self.indexes.iter().take(2).find(|index| index.record == record),
        }
    }

    /// The clusters of a file.
    pub(super) fn extent(&self, node: &Node, units: &Units) -> Extent {
        Extent { first: node.first.into(), clusters: units.clusters(node.body.clustered_len()) }
    }

    /// What the tree needs of a volume.
    pub(super) fn needs(&self, units: &Units) -> Needs {
        let mut needs = Needs { records: self.end().into(), ..Needs::default() };
        needs.index_clusters = self.indexes.iter().map(|i| i.blocks.clusters + i.bitmap.clusters).sum();
        for len in self.nodes.iter().map(|node| node.body.clustered_len()) {
            match units.clusters(len) {
                clusters if len >= ALIGNMENT => needs.large.push(clusters),
                clusters => needs.small_clusters += clusters,
            }
        }
        needs
    }

    /// Gives files and indexes their clusters, on a volume that has room for them.
    pub(super) fn place(&mut self, map: &Map, units: &Units) {
        let mut next = map.indexes.first;
        for extent in self.indexes.iter_mut().flat_map(|index| [&mut index.blocks, &mut index.bitmap]) {
            extent.first = next;
            next += extent.clusters;
        }
        let mut next = map.small.first;
        let mut large = map.large.iter();
        for node in &mut self.nodes {
            let len = node.body.clustered_len();
            if len >= ALIGNMENT {
                node.first = large.next().map_or(0, |extent| extent.first as u32);
            } else if len > 0 {
                node.first = next as u32;
                next += units.clusters(len);
            }
        }
    }
}
