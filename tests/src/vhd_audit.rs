//! An auditor of VHD files that lie on each other in one folder, written from VHD 1.0 and from what Windows' own files
//! look like, without our reader. Windows refuses, or opens another disk than it should, where one of these rules is
//! broken.

use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use uuid::Uuid;

/// From 1970 to 2000, in seconds.
const SINCE_1970: i64 = 946_684_800;

/// A file of the folder.
struct Audited {
    name: String,
    bytes: Vec<u8>,
    /// When it was changed last, in seconds since 2000.
    changed: i64,
    findings: Vec<String>,
}

/// What is wrong with the VHD files of a folder, a line each.
///
/// # Panics
/// When they cannot be read.
pub fn audit(folder: &Path) -> Vec<String> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|end| end == "vhd") {
            let name = path.file_name().and_then(|name| name.to_str()).expect("a name").to_string();
            let changed = fs::metadata(&path).expect("a file").mtime() - SINCE_1970;
            let bytes = fs::read(&path).expect("a file");
            files.insert(name.clone(), Audited { name, bytes, changed, findings: Vec::new() });
        }
    }
    let known: BTreeMap<String, (Vec<u8>, i64, i64)> = files
        .iter()
        .map(|(name, file)| {
            (name.clone(), (file.id().to_vec(), file.number(file.footer() + 24, 4) as i64, file.changed))
        })
        .collect();
    files.into_values().flat_map(|file| file.audit(&known)).collect()
}

impl Audited {
    fn audit(mut self, known: &BTreeMap<String, (Vec<u8>, i64, i64)>) -> Vec<String> {
        let footer = self.footer();
        self.expect(self.bytes.len().is_multiple_of(512), "its length is no number of sectors");
        self.expect(self.bytes[footer..].starts_with(b"conectix"), "it does not end with a footer");
        self.expect(self.sums(footer, 512, 64), "the footer's checksum is wrong");
        let id = Uuid::from_slice(self.id()).expect("16 bytes");
        self.expect(self.name == format!("{id}.vhd"), "its name is not its identity");
        match self.number(footer + 60, 4) {
            2 => {}
            kind => {
                self.expect(self.bytes[..512] == self.bytes[footer..], "the footers differ");
                self.blocks();
                if kind == 4 {
                    self.parent(known);
                }
            }
        }
        self.findings
    }

    fn expect(&mut self, holds: bool, otherwise: &str) {
        if !holds {
            self.findings.push(format!("{}: {otherwise}", self.name));
        }
    }

    fn footer(&self) -> usize {
        self.bytes.len() - 512
    }

    fn id(&self) -> &[u8] {
        &self.bytes[self.footer() + 68..self.footer() + 84]
    }

    fn header(&self) -> usize {
        self.number(self.footer() + 16, 8) as usize
    }

    fn number(&self, at: usize, len: usize) -> u64 {
        self.bytes[at..at + len].iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
    }

    fn sums(&self, at: usize, len: usize, field: usize) -> bool {
        let inside = (0..len).filter(|byte| !(field..field + 4).contains(byte));
        let sum = inside.fold(0u32, |sum, byte| sum.wrapping_add(self.bytes[at + byte].into()));
        u64::from(!sum) == self.number(at + field, 4)
    }

    /// The ranges that header, table and blocks take up.
    fn taken(&self) -> Vec<Range<u64>> {
        let header = self.header();
        let table = self.number(header + 16, 8);
        let entries = self.number(header + 28, 4);
        let block = self.number(header + 32, 4);
        let bitmap = (block / 512).div_ceil(8).next_multiple_of(512);
        let mut taken = vec![
            0..512,
            header as u64..header as u64 + 1024,
            table..(table + entries * 4).next_multiple_of(512),
        ];
        for entry in 0..entries {
            let sector = self.number((table + entry * 4) as usize, 4);
            if sector != 0xffff_ffff {
                taken.push(sector * 512..sector * 512 + bitmap + block);
            }
        }
        taken
    }

    fn blocks(&mut self) {
        let header = self.header();
        self.expect(self.bytes[header..].starts_with(b"cxsparse"), "there is no header");
        self.expect(self.sums(header, 1024, 36), "the header's checksum is wrong");
        self.expect(self.number(header + 8, 8) == u64::MAX, "the header's data offset is used");
        let (size, block) = (self.number(self.footer() + 48, 8), self.number(header + 32, 4));
        self.expect(self.number(header + 28, 4) >= size.div_ceil(block), "the table is too small");
        let mut taken = self.taken();
        taken.push(self.footer() as u64..self.bytes.len() as u64);
        taken.sort_by_key(|range| range.start);
        self.expect(
            taken.windows(2).all(|pair| pair[0].end <= pair[1].start),
            "structures or blocks lie over each other",
        );
        self.expect(
            taken.iter().all(|range| range.start.is_multiple_of(512)),
            "something does not start with a sector",
        );
    }

    fn parent(&mut self, known: &BTreeMap<String, (Vec<u8>, i64, i64)>) {
        let header = self.header();
        let name: Vec<u16> = (0..256).map(|unit| self.number(header + 64 + unit * 2, 2) as u16).collect();
        let end = name.iter().position(|unit| *unit == 0);
        self.expect(end.is_some(), "the parent's name does not end");
        let name = String::from_utf16_lossy(&name[..end.unwrap_or(256)]);
        let Some((id, stamp, changed)) = known.get(&name) else {
            return self.expect(false, &format!("its parent {name:?} is not beside it"));
        };
        self.expect(self.bytes[header + 40..header + 56] == id[..], "its parent has another identity");
        let expected = self.number(header + 56, 4) as i64;
        self.expect(expected == *stamp, "its parent's footer has another time stamp");
        self.expect(expected == *changed, "its parent's file was changed at another time");
        self.locators(header, &name);
    }

    fn locators(&mut self, header: usize, name: &str) {
        let entries: Vec<usize> = (0..8).map(|slot| header + 576 + slot * 24).collect();
        let used: Vec<usize> = entries.iter().copied().filter(|at| self.number(*at, 4) != 0).collect();
        let unused_are_zero =
            entries.iter().filter(|at| !used.contains(at)).all(|at| self.bytes[*at..at + 24] == [0; 24]);
        self.expect(unused_are_zero, "a locator that is none has fields");
        self.expect(
            used.len() == 1 && self.bytes[used[0]..].starts_with(b"W2ru"),
            "it has other locators than one W2ru",
        );
        for at in used {
            let [space, len] = [self.number(at + 4, 4), self.number(at + 8, 4)];
            let offset = self.number(at + 16, 8);
            self.expect(self.number(at + 12, 4) == 0, "a locator's reserved field is used");
            self.expect(offset.is_multiple_of(512), "a locator's path does not start with a sector");
            self.expect(
                space.is_multiple_of(512) && space >= len && space > 0,
                "a locator's space is no number of sectors",
            );
            let room = offset..offset + space;
            let is_free = self.taken().iter().all(|other| other.end <= room.start || room.end <= other.start);
            self.expect(is_free && room.end <= self.footer() as u64, "a locator's path lies over something");
            let path = &self.bytes[offset as usize..(offset + len) as usize];
            let expected: Vec<u8> = format!(".\\{name}").encode_utf16().flat_map(u16::to_le_bytes).collect();
            self.expect(path == expected, "a locator leads elsewhere");
        }
    }
}
