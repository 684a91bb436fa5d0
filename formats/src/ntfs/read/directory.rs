//! The index of a directory: a tree whose root is in the record and whose other nodes are index blocks.
//!
//! Child nodes are named by virtual cluster numbers, which count clusters as long as a block is at least a cluster
//! long, and else count units of 512 bytes. (The crate `ntfs` counts clusters always, and therefore cannot read the
//! directories of volumes with clusters above 4 KiB.)

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::cmp::Ordering;

use super::bytes::{slice_at, u16_at, u32_at, u64_at, units};
use super::error::NtfsReadError;
use super::record::{Record, Reference, ty, undo_fixups};
use super::upcase::Upcase;
use super::value::Stream;
use super::volume::Volume;
use crate::io::{ReadAt, read_vec};
use crate::units::ByteOffset;

/// The deepest tree: with two names in a node it holds more than a volume has records.
const MAX_DEPTH: usize = 48;

/// What virtual cluster numbers count where blocks are shorter than a cluster, in bytes.
const SMALL_UNIT: u32 = 512;

/// The index of a directory.
pub struct Index<'a, R> {
    root: Vec<u8>,
    blocks: Option<Stream<'a, R>>,
    block_size: usize,
    unit: u32,
    name: String,
    offset: ByteOffset,
}

/// A name in a directory, with what the directory keeps of its file.
#[derive(Clone, Copy)]
pub struct FileName<'a> {
    /// The file's record.
    pub file: Reference,
    /// Whether it is a directory.
    pub is_directory: bool,
    /// How long the file was when it was last closed, in bytes.
    pub len: u64,
    /// Whether this is only a second, short name of a file that has a long one.
    pub is_alias: bool,
    /// The name's code units, little-endian.
    pub name: &'a [u8],
}

/// An entry of a node: a name, and the node whose names all come before it. The last one has no name.
struct Entry<'a> {
    name: Option<FileName<'a>>,
    child: Option<u64>,
}

impl<'a, R: ReadAt> Index<'a, R> {
    /// The index of the directory whose base record is `record`.
    pub fn open(volume: &'a Volume<R>, record: &Record) -> Result<Self, NtfsReadError> {
        let root = record.find(ty::INDEX_ROOT, "$I30")?.and_then(|root| root.value());
        let root = root.ok_or_else(|| record.damaged("the directory has no index root"))?.to_vec();
        let block_size = u32_at(&root, 8).unwrap_or_default();
        if !block_size.is_power_of_two() || !(512..=65536).contains(&block_size) {
            return Err(record.damaged("its index blocks are not of a size between 512 and 65536"));
        }
        let blocks = volume.value(record, ty::INDEX_ALLOCATION, "$I30")?;
        let cluster_size = volume.geometry.cluster_size;
        Ok(Self {
            root,
            blocks: blocks.map(|value| Stream::new(&volume.source, Cow::Owned(value))),
            block_size: block_size as usize,
            unit: if cluster_size <= block_size { cluster_size } else { SMALL_UNIT },
            name: format!("the index of {}", record.name()),
            offset: record.offset,
        })
    }

    /// Finds a file by its exact name.
    pub fn find(&self, name: &[u16], upcase: &Upcase) -> Result<Option<Reference>, NtfsReadError> {
        let mut node = self.root_entries()?;
        let mut block;
        for _ in 0..MAX_DEPTH {
            let (found, child) = search(&node, name, upcase);
            if found.is_some() {
                return Ok(found);
            }
            let Some(child) = child else { return Ok(None) };
            block = self.block(child)?;
            node = self.entries(&block, 0x18)?;
        }
        Err(self.damaged("it is deeper than any directory needs"))
    }

    /// Shows every name to `visit`, in no particular order.
    pub fn walk(
        &self,
        visit: &mut dyn FnMut(FileName<'_>) -> Result<(), NtfsReadError>,
    ) -> Result<(), NtfsReadError> {
        // A tree has every block once; one that has more nodes than blocks goes in a circle.
        let mut blocks_left =
            self.blocks.as_ref().map_or(0, |blocks| blocks.size().0 / self.block_size as u64);
        let mut children = Vec::new();
        visit_entries(self.root_entries()?, &mut children, visit)?;
        while let Some(child) = children.pop() {
            blocks_left =
                blocks_left.checked_sub(1).ok_or_else(|| self.damaged("its nodes form a circle"))?;
            visit_entries(self.entries(&self.block(child)?, 0x18)?, &mut children, visit)?;
        }
        Ok(())
    }

    fn root_entries(&self) -> Result<Vec<Entry<'_>>, NtfsReadError> {
        self.entries(&self.root, 0x10)
    }

    /// Reads the block that a virtual cluster number names.
    fn block(&self, number: u64) -> Result<Vec<u8>, NtfsReadError> {
        let blocks = self.blocks.as_ref().ok_or_else(|| self.damaged("it has child nodes, but no blocks"))?;
        let at = number.checked_mul(u64::from(self.unit)).map(ByteOffset);
        let inside = at.filter(|at| at.0.saturating_add(self.block_size as u64) <= blocks.size().0);
        let at = inside.ok_or_else(|| self.damaged("a child node lies past its blocks"))?;
        let mut block = read_vec(blocks, at, self.block_size).map_err(NtfsReadError::read(&self.name))?;
        undo_fixups(&mut block, b"INDX").map_err(|reason| self.damaged(reason))?;
        match u64_at(&block, 0x10) {
            Some(found) if found == number => Ok(block),
            _ => Err(self.damaged("a block says that it belongs somewhere else")),
        }
    }

    /// The entries of the node whose header is at `header`.
    fn entries<'n>(&self, bytes: &'n [u8], header: usize) -> Result<Vec<Entry<'n>>, NtfsReadError> {
        let node = bytes.get(header..).unwrap_or_default();
        let start = u32_at(node, 0).unwrap_or_default() as usize;
        let used = u32_at(node, 4).unwrap_or_default() as usize;
        let mut rest =
            node.get(start..used).ok_or_else(|| self.damaged("a node's entries leave the node"))?;
        let mut found = Vec::new();
        loop {
            let (entry, is_last, others) =
                split_entry(rest).ok_or_else(|| self.damaged("an entry leaves its node"))?;
            found.push(entry);
            if is_last {
                return Ok(found);
            }
            rest = others;
        }
    }

    fn damaged(&self, reason: impl ToString) -> NtfsReadError {
        NtfsReadError::damaged(&self.name, self.offset, reason)
    }
}

impl FileName<'_> {
    /// The name as text; what is no UTF-16 becomes U+FFFD.
    pub fn text(&self) -> String {
        char::decode_utf16(units(self.name)).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
    }
}

fn visit_entries(
    entries: Vec<Entry<'_>>,
    children: &mut Vec<u64>,
    visit: &mut dyn FnMut(FileName<'_>) -> Result<(), NtfsReadError>,
) -> Result<(), NtfsReadError> {
    for entry in entries {
        children.extend(entry.child);
        entry.name.map_or(Ok(()), &mut *visit)?;
    }
    Ok(())
}

/// Looks for a name in one node: the file, or else the child that may have it.
fn search(node: &[Entry<'_>], name: &[u16], upcase: &Upcase) -> (Option<Reference>, Option<u64>) {
    for entry in node {
        let Some(here) = entry.name else { return (None, entry.child) };
        match upcase.compare(name.iter().copied(), units(here.name)) {
            Ordering::Less => return (None, entry.child),
            Ordering::Equal => return (Some(here.file).filter(|_| !here.is_alias), None),
            Ordering::Greater => {}
        }
    }
    (None, None)
}

/// The first entry, whether it is the last one, and what follows. An entry holds its header, so entries end.
fn split_entry(node: &[u8]) -> Option<(Entry<'_>, bool, &[u8])> {
    let len = usize::from(u16_at(node, 8)?);
    let flags = u16_at(node, 12)?;
    let (bytes, rest) = if len < 16 { None } else { node.split_at_checked(len) }?;
    let child = if flags & 1 == 0 { None } else { Some(u64_at(bytes, len.checked_sub(8)?.max(16))?) };
    let is_last = flags & 2 != 0;
    let name = if is_last { None } else { Some(file_name(bytes)?) };
    Some((Entry { name, child }, is_last, rest))
}

/// The key of an entry: a $FILE_NAME.
fn file_name(entry: &[u8]) -> Option<FileName<'_>> {
    let key = slice_at(entry, 16, usize::from(u16_at(entry, 10)?))?;
    let units = usize::from(*key.get(0x40)?);
    Some(FileName {
        file: Reference(u64_at(entry, 0)?),
        is_directory: u32_at(key, 0x38)? & 0x1000_0000 != 0,
        len: u64_at(key, 0x30)?,
        is_alias: *key.get(0x41)? == 2,
        name: slice_at(key, 0x42, units * 2)?,
    })
}
