//! The metadata, made when they are written: the file set, then each node's entry and what follows it.

use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Range;

use zerocopy::{FromZeros, IntoBytes};

use super::super::raw::{AllocationExtent, FileSet, LongAd, SECTOR, characteristics, file_type, tag};
use super::super::{Revision, text};
use super::Volume;
use super::descriptors::{self, Entry, allocation, long_ad};
use super::nodes::{Form, Kind, Node, Nodes, identifier_len};
use crate::region::Render;
use crate::time::Timestamp;

/// The type of an extent that holds more allocation descriptors, in the upper bits of its length
/// (ECMA-167 4/14.14.1.1).
const CONTINUED: u32 = 3 << 30;

/// The blocks of the metadata.
#[derive(Debug)]
pub struct Space {
    revision: Revision,
    time: Timestamp,
    label: String,
    partition_start: u32,
    nodes: Arc<Nodes>,
}

impl Space {
    /// The metadata of placed nodes on a volume.
    pub fn new(revision: Revision, volume: &Volume, nodes: Arc<Nodes>) -> Self {
        let Volume { label, time, partition_start, .. } = *volume;
        Self { revision, time, label: label.to_string(), partition_start, nodes }
    }

    /// The partition that metadata address each other in: its index in the partition maps.
    fn metadata_partition(&self) -> u16 {
        u16::from(self.revision.has_metadata_partition())
    }

    /// The partition that the data of files lie in, where descriptors must name it.
    fn data_partition(&self) -> Option<u16> {
        self.revision.has_metadata_partition().then_some(0)
    }

    /// Where the entry of a node is, as file identifiers say it.
    fn icb(&self, index: u32) -> LongAd {
        let mut icb = long_ad(SECTOR, self.nodes.all()[index as usize].block, self.metadata_partition());
        if self.revision.is_third_edition() {
            // The lower 32 bits of the unique id (UDF 2.3.4.3).
            let id = Nodes::unique_id(index) as u32;
            icb.implementation_use[2..].copy_from_slice(&id.to_le_bytes());
        }
        icb
    }

    /// The two blocks of the file set.
    fn file_set(&self) -> Vec<u8> {
        let time = text::stamp(self.time);
        let mut set = FileSet {
            recorded: time,
            interchange_level: 3.into(),
            max_interchange_level: 3.into(),
            character_sets: 1.into(),
            max_character_sets: 1.into(),
            volume_charset: text::charset(),
            logical_volume_id: text::dstring(&self.label),
            set_charset: text::charset(),
            set_id: text::dstring(&self.label),
            root: self.icb(0),
            domain_id: text::udf_entity(b"*OSTA UDF Compliant", self.revision),
            ..FileSet::new_zeroed()
        };
        text::seal(set.as_mut_bytes(), tag::FILE_SET, 0, self.revision);
        let mut end = [0; 512];
        text::seal(&mut end, tag::TERMINATING, 1, self.revision);
        in_blocks([set.as_bytes(), &end])
    }

    /// Bytes of a node from its byte `skipped` on: at least one, and of a directory's data no more than `most`, since
    /// there may be many times as many.
    fn node(&self, index: u32, skipped: u64, most: u64) -> Vec<u8> {
        let node = &self.nodes.all()[index as usize];
        let first = match &node.kind {
            Kind::File { start, len } => self.file(index, node, (start.0, len.0)),
            Kind::Directory { entries, len, .. } if skipped >= SECTOR.into() => {
                let at = skipped - u64::from(SECTOR);
                let end = (at + most).min(len.next_multiple_of(SECTOR.into()));
                return self.identifiers(node, entries, at..end);
            }
            Kind::Directory { len, directories, .. } => {
                let content = Entry {
                    file_type: file_type::DIRECTORY,
                    links: directories + 1,
                    len: *len,
                    blocks: len.div_ceil(SECTOR.into()),
                    unique_id: Nodes::unique_id(index),
                    long: false,
                };
                in_blocks([&*self.entry(&content, &allocation(*len, node.block + 1, None), node.block)])
            }
        };
        first[skipped as usize..].to_vec()
    }

    fn file(&self, index: u32, node: &Node, (start, len): (u64, u64)) -> Vec<u8> {
        let form = Form::of_files(self.revision);
        // Cannot cut: the placer's sectors were checked to have 32 bits. An empty file lies nowhere.
        let block = ((start / u64::from(SECTOR)) as u32).saturating_sub(self.partition_start);
        let descriptors = allocation(len, block, self.data_partition());
        let chain = chain(&descriptors, form, (node.block, self.metadata_partition(), self.data_partition()));
        let content = Entry {
            file_type: file_type::BYTES,
            links: 1,
            len,
            blocks: len.div_ceil(SECTOR.into()),
            unique_id: Nodes::unique_id(index),
            long: self.data_partition().is_some(),
        };
        let mut blocks = in_blocks([&*self.entry(&content, &chain[0], node.block)]);
        for (extent, block) in chain[1..].iter().zip(node.block + 1..) {
            blocks.extend(in_blocks([&*self.allocation_extent(extent, block)]));
        }
        blocks
    }

    fn entry(&self, content: &Entry, allocation: &[u8], block: u32) -> Vec<u8> {
        descriptors::entry(content, allocation, block, (self.revision, self.time))
    }

    fn allocation_extent(&self, descriptors: &[u8], block: u32) -> Vec<u8> {
        let head = AllocationExtent {
            allocation_length: (descriptors.len() as u32).into(),
            ..AllocationExtent::new_zeroed()
        };
        let mut bytes = head.as_bytes().to_vec();
        bytes.extend_from_slice(descriptors);
        text::seal(&mut bytes, tag::ALLOCATION_EXTENT, block, self.revision);
        bytes
    }

    /// A part of the data of a directory, with zeros behind them.
    fn identifiers(&self, node: &Node, entries: &[u32], part: Range<u64>) -> Vec<u8> {
        let above = (characteristics::PARENT | characteristics::DIRECTORY, &[][..], node.parent);
        let all = core::iter::once(above).chain(entries.iter().map(|index| self.named(*index)));
        let mut bytes = Vec::new();
        let mut start = 0;
        for (characteristics, name, target) in all {
            let end = start + identifier_len(name.len()) as u64;
            if start >= part.end {
                break;
            }
            if end > part.start {
                // Cannot cut: a directory's blocks have 32 bits.
                let block = node.block + 1 + (start / u64::from(SECTOR)) as u32;
                let identifier =
                    descriptors::identifier(characteristics, name, self.icb(target), (block, self.revision));
                bytes.extend_from_slice(&identifier[part.start.saturating_sub(start) as usize..]);
            }
            start = end;
        }
        bytes.resize((part.end - part.start) as usize, 0);
        bytes
    }

    /// What a file identifier says of a node: characteristics, name, which one it is.
    fn named(&self, index: u32) -> (u8, &[u8], u32) {
        let node = &self.nodes.all()[index as usize];
        let is_directory = matches!(node.kind, Kind::Directory { .. });
        (if is_directory { characteristics::DIRECTORY } else { 0 }, &node.name, index)
    }

    /// The node that a block belongs to; `None` for the file set.
    fn node_at(&self, block: u32) -> Option<u32> {
        let behind = self.nodes.all().partition_point(|node| node.block <= block);
        behind.checked_sub(1).map(|index| index as u32)
    }
}

impl Render for Space {
    fn render(&self, offset: u64, buf: &mut [u8]) {
        let end = offset + buf.len() as u64;
        let mut at = offset;
        while at < end {
            let node = self.node_at((at / u64::from(SECTOR)) as u32);
            let wanted = &mut buf[(at - offset) as usize..];
            let bytes = match node {
                None => self.file_set().split_off(at as usize),
                Some(index) => {
                    let first = u64::from(self.nodes.all()[index as usize].block) * u64::from(SECTOR);
                    self.node(index, at - first, wanted.len() as u64)
                }
            };
            let len = wanted.len().min(bytes.len());
            wanted[..len].copy_from_slice(&bytes[..len]);
            at += len as u64;
        }
    }
}

/// Cuts a file's allocation descriptors into those in its entry and those in each allocation extent behind it.
fn chain(descriptors: &[u8], form: Form, place: (u32, u16, Option<u16>)) -> Vec<Vec<u8>> {
    let (entry, metadata, data) = place;
    let mut chain = Vec::new();
    let mut rest = descriptors;
    let mut capacity = form.in_entry;
    while rest.len() > capacity * form.descriptor {
        let (here, behind) = rest.split_at((capacity - 1) * form.descriptor);
        let next = entry + 1 + chain.len() as u32;
        let link = descriptors::descriptor(CONTINUED | SECTOR, next, data.map(|_| metadata));
        chain.push([here, &link].concat());
        rest = behind;
        capacity = form.in_extent;
    }
    chain.push(rest.to_vec());
    chain
}

/// Pieces one behind the other, each from the start of a block and filled up with zeros.
fn in_blocks<const N: usize>(pieces: [&[u8]; N]) -> Vec<u8> {
    let mut blocks = Vec::new();
    for piece in pieces {
        blocks.extend_from_slice(piece);
        blocks.resize(blocks.len().next_multiple_of(SECTOR as usize), 0);
    }
    blocks
}
