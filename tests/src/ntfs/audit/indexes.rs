//! Directories: the order of names, the nodes of the tree, and each entry against the record of its file.

use std::collections::BTreeMap;

use super::Findings;
use super::raw::{Image, Record, u16_at, u32_at, u64_at, undo_fixups, units};

/// A directory that is being judged.
struct Directory<'a> {
    image: &'a Image<'a>,
    what: String,
    blocks: Vec<u8>,
    upcase: &'a [u16],
    /// The references and keys of all entries, in the order of the tree.
    entries: Vec<(u64, Vec<u8>)>,
    /// The blocks that are part of the tree.
    visited: Vec<u64>,
    /// How deep the leaves are.
    depths: Vec<usize>,
}

/// Judges all directories, and that every name of a file is in one of them.
pub fn judge(image: &Image<'_>, findings: &mut Findings) {
    let upcase = units(&image.value_of(10, 0x80, ""));
    let mut links: BTreeMap<u64, usize> = BTreeMap::new();
    for record in image.records.values().filter(|record| record.is_directory()) {
        for (file, _) in directory(image, &upcase, record, findings) {
            *links.entry(file).or_default() += 1;
        }
    }
    for record in image.records.values() {
        let (names, found) =
            (record.values(0x30).count(), links.get(&record.reference()).copied().unwrap_or(0));
        findings.equal(
            names,
            found,
            &format!("record {}: entries of directories for its names", record.number),
        );
    }
}

fn directory(
    image: &Image<'_>,
    upcase: &[u16],
    record: &Record,
    findings: &mut Findings,
) -> Vec<(u64, Vec<u8>)> {
    let root = image.value_of(record.number, 0x90, "$I30");
    let blocks = image.value_of(record.number, 0xa0, "$I30");
    let what = format!("directory {}", record.number);
    let (entries, visited, depths) = (Vec::new(), Vec::new(), Vec::new());
    let mut directory = Directory { image, what, blocks, upcase, entries, visited, depths };
    let per_block = image.index_block.checked_div(image.cluster).filter(|count| *count > 0);
    let expected = [0x30, 1, image.index_block as u32, per_block.unwrap_or(image.index_block / 512) as u32];
    let found = [u32_at(&root, 0), u32_at(&root, 4), u32_at(&root, 8), u32::from(root[12])];
    findings.equal(expected, found, &format!("{}: the head of its root", directory.what));
    let is_large = root[0x1c] & 1 != 0;
    findings.equal(!directory.blocks.is_empty(), is_large, &format!("{}: it has blocks", directory.what));
    directory.node(&root, 0x10, 0, findings);
    directory.order(findings);
    directory.blocks_in_use(record, findings);
    directory.files(record, findings);
    directory.entries
}

impl Directory<'_> {
    /// Judges a node and all below it, whose header is at `header`.
    fn node(&mut self, bytes: &[u8], header: usize, depth: usize, findings: &mut Findings) {
        let what = format!("{}, a node at depth {depth}", self.what);
        let node = &bytes[header..];
        let [start, used, allocated] = [0, 4, 8].map(|at| u32_at(node, at) as usize);
        findings.equal(node.len(), allocated, &format!("{what}: its length"));
        findings.expect(used <= allocated && start % 8 == 0 && used % 8 == 0, || {
            format!("{what}: {start} to {used}")
        });
        let mut at = start;
        let mut children = 0;
        loop {
            let (len, key, flags) = (u16_at(node, at + 8), u16_at(node, at + 10), u16_at(node, at + 12));
            let expected = (16 + usize::from(key)).next_multiple_of(8) + if flags & 1 == 0 { 0 } else { 8 };
            findings.equal(expected, usize::from(len), &format!("{what}: the length of an entry"));
            let end = at + usize::from(len);
            if flags & 1 != 0 {
                children += 1;
                self.child(u64_at(node, end - 8), depth + 1, findings);
            }
            if flags & 2 != 0 {
                findings.equal(used, end, &format!("{what}: its last entry"));
                break;
            }
            self.entries.push((u64_at(node, at), node[at + 16..at + 16 + usize::from(key)].to_vec()));
            at = end;
        }
        if children == 0 {
            self.depths.push(depth);
        }
        findings.equal(u8::from(children > 0), node[12] & 1, &format!("{what}: its mark for children"));
    }

    fn child(&mut self, number: u64, depth: usize, findings: &mut Findings) {
        let unit = if self.image.index_block < self.image.cluster { 512 } else { self.image.cluster };
        let at = (number * unit) as usize;
        let mut block = self.blocks[at..at + self.image.index_block as usize].to_vec();
        let fixed = undo_fixups(&mut block, b"INDX").is_some();
        findings.expect(fixed, || format!("{}: block {number} was not written in one piece", self.what));
        findings.equal(number, u64_at(&block, 0x10), &format!("{}: the number of a block", self.what));
        self.visited.push(at as u64 / self.image.index_block);
        self.node(&block, 0x18, depth, findings);
    }

    /// Names go up by upper-case forms, and all leaves are equally deep.
    fn order(&self, findings: &mut Findings) {
        let upper = |key: &[u8]| -> Vec<u16> {
            units(&key[0x42..]).into_iter().map(|unit| self.upcase[usize::from(unit)]).collect()
        };
        let mut last = Vec::new();
        for (_, key) in &self.entries {
            let name = upper(key);
            findings.expect(last < name, || {
                format!("{}: {:?} is out of order", self.what, String::from_utf16_lossy(&name))
            });
            last = name;
        }
        let depths = (self.depths.iter().min(), self.depths.iter().max());
        findings.expect(depths.0 == depths.1, || format!("{}: leaves from depth {depths:?}", self.what));
    }

    /// The bitmap of the blocks has those that are part of the tree, each once.
    fn blocks_in_use(&mut self, record: &Record, findings: &mut Findings) {
        let bitmap = self.image.value_of(record.number, 0xb0, "$I30");
        let marked: Vec<u64> = (0..bitmap.len() as u64 * 8)
            .filter(|bit| bitmap[*bit as usize / 8] & 1 << (bit % 8) != 0)
            .collect();
        self.visited.sort_unstable();
        findings
            .expect(marked == self.visited, || format!("{}: its bitmap differs from its tree", self.what));
        findings.equal(
            0,
            bitmap.len() % 8,
            &format!("{}: what its bitmap has over multiples of 8", self.what),
        );
    }

    /// The key of an entry is the name in the file's record, and says of it what the record says.
    fn files(&self, record: &Record, findings: &mut Findings) {
        for (file, key) in &self.entries {
            let what = format!("{}, entry for {file:#x}", self.what);
            findings.equal(record.reference(), u64_at(key, 0), &format!("{what}: its directory"));
            let Some(owner) = self.image.records.get(&(file & 0xffff_ffff_ffff)) else {
                findings.expect(false, || format!("{what}: there is no such record"));
                continue;
            };
            findings.equal(owner.reference(), *file, &format!("{what}: the reference"));
            let same = owner.values(0x30).any(|name| name == key.as_slice());
            findings.expect(same, || format!("{what}: the record has no such $FILE_NAME"));
            duplicate(owner, key, findings, &what);
        }
    }
}

/// Times, sizes and flags of a key are those of the record.
fn duplicate(owner: &Record, key: &[u8], findings: &mut Findings, what: &str) {
    let information = owner.values(0x10).next().unwrap_or_default();
    if information.len() >= 0x24 && owner.number >= 24 {
        findings.equal(&information[..0x20], &key[8..0x28], &format!("{what}: times"));
        let flags = u32_at(information, 0x20) | if owner.is_directory() { 0x1000_0000 } else { 0 };
        let views = 0x2000_0000;
        findings.equal(flags & !views, u32_at(key, 0x38) & !views, &format!("{what}: flags"));
    }
    let sizes = match owner.find(0x80, "") {
        Some(data) => match &data.value {
            Some(value) => [(value.len() as u64).next_multiple_of(8), value.len() as u64],
            None => [data.sizes[1], data.sizes[2]],
        },
        None => [0, 0],
    };
    if owner.number >= 24 {
        findings.equal(sizes, [u64_at(key, 0x28), u64_at(key, 0x30)], &format!("{what}: sizes"));
    }
}
