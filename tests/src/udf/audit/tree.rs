//! The file set, its directories, and each file against the names that lead to it (ECMA-167 4/8, 4/14.1, 4/14.4;
//! UDF 2.3.2, 2.3.4, 3.2.1).

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::entry::{Blocks, Entry};
use super::fields::{Suffix, compressed};
use super::raw::{CrcLength, Descriptor};
use super::space::Address;
use crate::findings::Findings;
use crate::sectors::SECTOR;

/// The longest directory that is looked at, in bytes.
const LONGEST: u64 = 64 << 20;

/// What is on the volume.
#[derive(Default)]
pub struct Tree {
    seen: BTreeMap<Address, Seen>,
    pending: VecDeque<Address>,
}

/// A file that names lead to.
struct Seen {
    entry: Entry,
    path: String,
    /// The directory above.
    parent: Address,
    /// How many file identifiers lead to it.
    names: u16,
}

/// What file types mean (ECMA-167 4/14.6.6).
mod file_type {
    pub const DIRECTORY: u8 = 4;
    pub const BYTES: u8 = 5;
    pub const STREAMS: u8 = 13;
}

/// Judges everything from the file set on.
pub fn judge(blocks: &mut Blocks<'_>, findings: &mut Findings) -> Tree {
    let mut tree = Tree::default();
    let Some((root, streams)) = file_set(blocks, findings) else { return tree };
    let found = tree.meet(blocks, (root, root), "/", findings).map(|seen| seen.entry.file_type);
    findings.equal(Some(file_type::DIRECTORY), found, "file type of the root");
    if let Some(streams) = streams {
        tree.meet(blocks, (streams, streams), "the system streams", findings);
    }
    while let Some(at) = tree.pending.pop_front() {
        tree.directory(blocks, at, findings);
    }
    tree.links(findings);
    tree.unique_ids(root, findings);
    tree
}

/// The file set descriptor sequence. Gives the root's entry, and that of the system stream directory.
fn file_set(blocks: &mut Blocks<'_>, findings: &mut Findings) -> Option<(Address, Option<Address>)> {
    let form = blocks.volume.form;
    let (at, length) = blocks.volume.file_set;
    findings.expect(length >= SECTOR && length.is_multiple_of(SECTOR), || {
        format!("file set: its sequence has {length} bytes")
    });
    blocks.claim(at, length, "the file set", findings);
    let d = blocks.descriptor(at, "file set descriptor", findings)?;
    d.tag(form, (256, at.block), CrcLength::Of(512), findings);
    d.stamp(16, "recording date and time", findings);
    let numbers = [d.u16(28).into(), d.u16(30).into(), d.u32(32), d.u32(36), d.u32(40), d.u32(44)];
    findings.equal([3, 3, 1, 1, 0, 0], numbers, &format!("{}: levels, sets and numbers", d.what));
    d.charspec(48, "logical volume identifier character set", findings);
    let label = d.dstring((112, 128), "logical volume identifier", findings);
    findings.equal(&blocks.volume.label, &label, &format!("{}: the name of the logical volume", d.what));
    d.charspec(240, "file set character set", findings);
    let name = d.dstring((304, 32), "file set identifier", findings);
    findings.expect(!name.is_empty(), || format!("{}: the file set has no name", d.what));
    d.dstring((336, 32), "copyright file identifier", findings);
    d.dstring((368, 32), "abstract file identifier", findings);
    d.entity((416, "domain identifier"), ("*OSTA UDF Compliant", Suffix::Domain), form, findings);
    d.is_zero(448, 16, "next extent", findings);
    d.is_zero(480, 2048, "what is reserved", findings);
    d.is(SECTOR as u32, d.u32(400), "length of the root's ICB", findings);
    if length > SECTOR {
        let next = Address { block: at.block + 1, ..at };
        let end = blocks.descriptor(next, "end of the file set", findings)?;
        end.tag(form, (8, next.block), CrcLength::Of(512), findings);
        end.is_zero(16, 2032, "what is reserved", findings);
    }
    let address = |at: usize| Address { partition: d.u16(at + 8), block: d.u32(at + 4).into() };
    let streams = (form.is_third_edition() && d.u32(464) != 0).then(|| address(464));
    Some((address(400), streams))
}

impl Tree {
    /// How many files and directories there are, as the integrity descriptor counts them.
    pub fn counts(&self) -> (u32, u32) {
        let of =
            |file_type| self.seen.values().filter(|seen| seen.entry.file_type == file_type).count() as u32;
        (of(file_type::BYTES), of(file_type::DIRECTORY))
    }

    /// The highest unique id.
    pub fn highest_id(&self) -> u64 {
        self.seen.values().map(|seen| seen.entry.unique_id).max().unwrap_or_default()
    }

    /// A name leads to an entry: judges it when it is the first one. Gives whether it is a directory.
    fn meet(
        &mut self,
        blocks: &mut Blocks<'_>,
        (at, parent): (Address, Address),
        path: &str,
        findings: &mut Findings,
    ) -> Option<&mut Seen> {
        if !self.seen.contains_key(&at) {
            let entry = blocks.entry(at, path, findings)?;
            let what = &entry.what;
            let metadata = u16::from(blocks.volume.metadata.is_some());
            findings.equal(metadata, at.partition, &format!("{what}: its partition"));
            match entry.file_type {
                file_type::DIRECTORY | file_type::STREAMS => {
                    self.pending.push_back(at);
                    let here = entry.extents.iter().filter_map(|data| data.at);
                    let in_metadata = here.into_iter().all(|data| data.partition == metadata);
                    findings.expect(in_metadata, || format!("{what}: its names lie in another partition"));
                }
                file_type::BYTES => data(&entry, findings),
                other => findings.expect(false, || format!("{what}: file type {other}")),
            }
            if let Some(streams) = entry.streams {
                findings.expect(false, || format!("{what}: it has streams at {streams:?}"));
            }
            let path = path.trim_end_matches('/').to_owned();
            self.seen.insert(at, Seen { entry, path, parent, names: 0 });
        }
        self.seen.get_mut(&at)
    }

    /// Judges all file identifiers of a directory.
    fn directory(&mut self, blocks: &mut Blocks<'_>, at: Address, findings: &mut Findings) {
        let Some(seen) = self.seen.get(&at) else { return };
        let (path, parent) = (seen.path.clone(), seen.parent);
        let Some((bytes, places)) = names(blocks, at, &seen.entry, findings) else { return };
        let mut given = BTreeSet::new();
        let mut start = 0;
        while start < bytes.len() {
            let place = places[start / SECTOR as usize];
            let d =
                Descriptor { what: format!("name at {start} in {path}/"), bytes: bytes[start..].to_vec() };
            let d = cut(d);
            let length = judge_identifier(&d, (blocks.volume.form, place), start == 0, findings);
            let name = &d.bytes[38..].get(..usize::from(d.u8(19))).unwrap_or_default();
            let icb = Address { partition: d.u16(28), block: d.u32(24).into() };
            if start == 0 {
                findings.equal(parent, icb, &format!("{}: the directory above", d.what));
                self.parent(icb, &d, blocks, findings);
            } else {
                let text = compressed(name, &d.what, findings);
                findings
                    .expect(given.insert(text.clone()), || format!("{}: {text:?} is there twice", d.what));
                self.name(blocks, (icb, at), (&d, &format!("{path}/{text}")), findings);
            }
            start += length;
        }
        findings.equal(bytes.len(), start, &format!("{path}/: the end of its last name"));
    }

    fn parent(&mut self, icb: Address, d: &Descriptor, blocks: &Blocks<'_>, findings: &mut Findings) {
        if let Some(seen) = self.seen.get_mut(&icb) {
            seen.names += 1;
            udf_unique_id(d, &seen.entry, blocks, findings);
        }
    }

    fn name(
        &mut self,
        blocks: &mut Blocks<'_>,
        (icb, parent): (Address, Address),
        (d, path): (&Descriptor, &str),
        findings: &mut Findings,
    ) {
        let Some(seen) = self.meet(blocks, (icb, parent), path, findings) else { return };
        seen.names += 1;
        let is_directory = seen.entry.file_type == file_type::DIRECTORY;
        findings.equal(is_directory, d.u8(18) & 2 != 0, &format!("{}: its mark for directories", d.what));
        udf_unique_id(d, &seen.entry, blocks, findings);
    }

    /// Link counts are those of the names (ECMA-167 4/14.9.6).
    fn links(&self, findings: &mut Findings) {
        for seen in self.seen.values() {
            findings.equal(seen.names, seen.entry.links, &format!("{}: link count", seen.entry.what));
        }
    }

    /// The root has 0, nobody else anything below 16 or what another has (UDF 3.2.1.1).
    fn unique_ids(&self, root: Address, findings: &mut Findings) {
        let mut given = BTreeSet::new();
        for (at, seen) in &self.seen {
            let (id, what) = (seen.entry.unique_id, &seen.entry.what);
            if *at == root || seen.entry.file_type == file_type::STREAMS {
                findings.equal(0, id, &format!("{what}: unique id"));
            } else {
                let is_low = u32::try_from(id & 0xFFFF_FFFF).is_ok_and(|low| low < 16);
                findings.expect(!is_low && given.insert(id), || format!("{what}: unique id {id}"));
            }
        }
    }
}

/// The data of a file lie in the partition on the medium, and not in its first block: libudfread takes that for a hole.
fn data(entry: &Entry, findings: &mut Findings) {
    for at in entry.extents.iter().filter_map(|data| data.at) {
        findings.expect(at.partition == 0 && at.block != 0, || format!("{}: data at {at:?}", entry.what));
    }
}

/// From UDF 2.00 on a name has the lower half of its file's unique id (UDF 2.3.4.3).
fn udf_unique_id(d: &Descriptor, entry: &Entry, blocks: &Blocks<'_>, findings: &mut Findings) {
    let id = if blocks.volume.form.is_third_edition() { entry.unique_id & 0xFFFF_FFFF } else { 0 };
    findings.equal(id, d.u32(32).into(), &format!("{}: UDF unique id", d.what));
}

/// The bytes of a directory, and the block of each 2048 of them.
fn names(
    blocks: &Blocks<'_>,
    at: Address,
    entry: &Entry,
    findings: &mut Findings,
) -> Option<(Vec<u8>, Vec<u64>)> {
    if let Some(bytes) = &entry.embedded {
        return Some((bytes.clone(), vec![at.block; bytes.len().div_ceil(SECTOR as usize)]));
    }
    findings.expect(entry.len <= LONGEST, || format!("{}: {} bytes of names", entry.what, entry.len));
    let (mut bytes, mut places) = (Vec::new(), Vec::new());
    for data in entry.extents.iter().filter(|_| entry.len <= LONGEST) {
        let count = data.len.div_ceil(SECTOR);
        let sectors = data.at.and_then(|at| blocks.image.read(blocks.volume.sector(at)?, count));
        bytes.extend(findings.there(sectors, &format!("{}: data", entry.what))?);
        places.extend((0..count).map(|number| data.at.map_or(0, |at| at.block) + number));
    }
    let unused = bytes.get(entry.len as usize..).unwrap_or_default();
    findings
        .expect(unused.iter().all(|byte| *byte == 0), || format!("{}: bytes behind its names", entry.what));
    bytes.truncate(entry.len as usize);
    Some((bytes, places))
}

/// No more of a directory than one file identifier can have.
fn cut(mut d: Descriptor) -> Descriptor {
    d.bytes.truncate(SECTOR as usize);
    d.bytes.resize(d.bytes.len().max(40), 0);
    d
}

/// A file identifier descriptor (ECMA-167 4/14.4; UDF 2.3.4), the first one of which is that of the directory above.
/// Gives its length.
fn judge_identifier(
    d: &Descriptor,
    (form, block): (super::raw::Form, u64),
    is_first: bool,
    findings: &mut Findings,
) -> usize {
    let (name, usage) = (usize::from(d.u8(19)), usize::from(d.u16(36)));
    let length = (38 + usage + name).next_multiple_of(4);
    d.tag(form, (257, block), CrcLength::Of(length), findings);
    d.is(1, d.u16(16), "file version number", findings);
    d.is(0, usage as u32, "length of implementation use", findings);
    let expected = if is_first { 0b1010 } else { d.u8(18) & 0b10 };
    d.is(expected.into(), d.u8(18), "file characteristics", findings);
    findings.expect(is_first == (name == 0) && name != 1, || format!("{}: a name of {name} bytes", d.what));
    d.is(SECTOR as u32, d.u32(20), "length of the ICB", findings);
    d.is_zero(30, 2, "flags of the ICB", findings);
    d.is_zero(38 + usage + name, length - 38 - usage - name, "padding", findings);
    length
}
