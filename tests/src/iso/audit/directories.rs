//! Directory records and the files that they lead to (ECMA-119 6.8, 7.5, 7.6, 9.1, 9.3).

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::descriptors::Hierarchy;
use super::raw::{Bytes, is_d, is_joliet, unit};
use super::rock_ridge::{self, Areas};
use super::tables::PathRecord;
use crate::findings::Findings;
use crate::sectors::{Claims, SECTOR, Sectors};

/// The longest directory that is looked at, in sectors.
const LONGEST: u64 = 1 << 15;

/// Extents of files, each a first sector and a length in bytes.
pub type Extents = Vec<(u64, u64)>;

/// A directory record.
pub struct Record {
    /// The record.
    pub bytes: Bytes,
    /// The first sector.
    pub extent: u64,
    /// In bytes.
    pub len: u64,
    /// Whether it is a directory.
    pub is_directory: bool,
    /// Whether the next record goes on with the same file.
    pub goes_on: bool,
    /// The identifier.
    pub identifier: Vec<u8>,
}

/// A directory that is to be judged.
struct Directory {
    path: String,
    /// The lengths of the identifiers on the way, for ECMA-119's limit of paths.
    path_length: usize,
    level: usize,
    place: (u64, u64),
    parent: (u64, u64),
}

/// What a hierarchy holds.
#[derive(Default)]
pub struct Found {
    /// The extents of each file by its path, in the names of Rock Ridge or Joliet.
    pub files: BTreeMap<String, Extents>,
    /// The first sector of each directory.
    directories: BTreeSet<u64>,
}

/// Judges all directories of a hierarchy.
pub fn judge(
    sectors: &Sectors<'_>,
    (hierarchy, table): (&Hierarchy, &[PathRecord]),
    claims: &mut Claims,
    findings: &mut Findings,
) -> Found {
    let mut found = Found::default();
    let mut areas = Areas::default();
    let root =
        fields(Bytes { what: hierarchy.root.what.clone(), bytes: hierarchy.root.bytes.clone() }, findings);
    findings
        .expect(root.is_directory && root.identifier == [0], || format!("{}: it is none", root.bytes.what));
    let place = (root.extent, root.len);
    let first = Directory { path: String::new(), path_length: 1, level: 1, place, parent: place };
    let mut pending = VecDeque::from([first]);
    while let Some(directory) = pending.pop_front() {
        claims.add(directory.place.0, directory.place.1.div_ceil(SECTOR), &format!("{}/", directory.path));
        if !found.directories.insert(directory.place.0) {
            findings.expect(false, || format!("{}/: two names lead to it", directory.path));
            continue;
        }
        let records = records(sectors, &directory, findings);
        let mut judging = Judging { hierarchy, sectors, areas: &mut areas, found: &mut found };
        pending.extend(judging.directory(&directory, &records, findings));
    }
    let listed: BTreeSet<u64> = table.iter().map(|record| record.extent).collect();
    findings.expect(listed == found.directories && table.len() == listed.len(), || {
        format!("{}: the path table lists other directories", hierarchy.root.what)
    });
    areas.judge(claims, findings);
    found
}

/// All records of a directory, none of which crosses a sector's end (ECMA-119 6.8.1.1).
fn records(sectors: &Sectors<'_>, directory: &Directory, findings: &mut Findings) -> Vec<Record> {
    let (start, len) = directory.place;
    let what = format!("{}/ in sector {start}", directory.path);
    let whole = len.is_multiple_of(SECTOR) && (1..=LONGEST).contains(&(len / SECTOR));
    findings.expect(whole, || format!("{what}: a directory of {len} bytes"));
    let bytes = if whole { sectors.read(start, len / SECTOR) } else { None };
    let Some(bytes) = findings.there(bytes, &what) else { return Vec::new() };
    let mut records = Vec::new();
    for (number, sector) in bytes.chunks(SECTOR as usize).enumerate() {
        let mut at = 0;
        while let Some(length) = sector.get(at).copied().map(usize::from).filter(|length| *length > 0) {
            let what = format!("record at {at} of sector {} of {}/", start + number as u64, directory.path);
            let inside = length >= 34 && at + length <= sector.len() && length.is_multiple_of(2);
            findings.expect(inside, || format!("{what}: its length is {length}"));
            let Some(bytes) = sector.get(at..at + length).filter(|_| inside) else { return records };
            records.push(fields(Bytes { what, bytes: bytes.to_vec() }, findings));
            at += length;
        }
        let rest = sector.get(at..).unwrap_or_default();
        findings.expect(rest.iter().all(|byte| *byte == 0), || format!("{what}: bytes behind its records"));
    }
    records
}

/// The fields of a record (ECMA-119 9.1).
fn fields(bytes: Bytes, findings: &mut Findings) -> Record {
    bytes.is(0, bytes.u8(1).into(), "extended attribute record length", findings);
    bytes.short_date(18, "recording date", findings);
    bytes.is(0, u64::from(bytes.u8(25) & 0b0111_1101), "file flags", findings);
    bytes.is_zero(26, 2, "file unit size and gap", findings);
    let volume = bytes.both(28, 2, "volume sequence number", findings);
    bytes.is(1, volume, "volume sequence number", findings);
    let len = usize::from(bytes.u8(32));
    if len.is_multiple_of(2) {
        bytes.is(0, bytes.u8(33 + len).into(), "padding of the identifier", findings);
    }
    let identifier = bytes.slice(33, len).to_vec();
    findings
        .expect(len > 0 && identifier.len() == len, || format!("{}: its identifier is cut off", bytes.what));
    Record {
        extent: bytes.both(2, 4, "location of extent", findings),
        len: bytes.both(10, 4, "data length", findings),
        is_directory: bytes.u8(25) & 2 != 0,
        goes_on: bytes.u8(25) & 0x80 != 0,
        identifier,
        bytes,
    }
}

/// What a directory's records are judged with.
struct Judging<'a, 'b> {
    hierarchy: &'a Hierarchy,
    sectors: &'a Sectors<'b>,
    areas: &'a mut Areas,
    found: &'a mut Found,
}

impl Judging<'_, '_> {
    /// Judges a directory's records; gives the directories in it.
    fn directory(&mut self, here: &Directory, records: &[Record], findings: &mut Findings) -> Vec<Directory> {
        for (number, place) in [(0, here.place), (1, here.parent)] {
            let record = records.get(number);
            let name = record.map(|record| (&record.identifier[..], (record.extent, record.len)));
            let expected = Some((&[number as u8][..], place));
            findings.equal(expected, name, &format!("{}/: its record {number}", here.path));
        }
        let directories = records.iter().skip(2).filter(|record| record.is_directory).count();
        let mut inner = Vec::new();
        let mut names = BTreeSet::new();
        let mut last: Option<&Record> = None;
        for (number, record) in records.iter().enumerate() {
            let posix = self.posix(record, (number, directories, here.level == 1), findings);
            if number < 2 {
                continue;
            }
            let is_same = last.is_some_and(|last| last.goes_on);
            order(self.hierarchy.is_joliet, last, record, findings);
            let name = posix.unwrap_or_else(|| identifier_text(self.hierarchy.is_joliet, &record.identifier));
            findings.expect(names.insert(name.clone()) || is_same, || {
                format!("{}: {name:?} is there twice", record.bytes.what)
            });
            self.identifier(record, here, findings);
            let path = format!("{}/{name}", here.path);
            if record.is_directory {
                inner.push(Directory {
                    path,
                    path_length: here.path_length + record.identifier.len() + 1,
                    level: here.level + 1,
                    place: (record.extent, record.len),
                    parent: here.place,
                });
            } else {
                let whole = !record.goes_on || record.len.is_multiple_of(SECTOR);
                findings.expect(whole, || {
                    format!("{}: an extent of no whole sectors goes on", record.bytes.what)
                });
                self.found.files.entry(path).or_default().push((record.extent, record.len));
            }
            last = Some(record);
        }
        findings.expect(last.is_none_or(|last| !last.goes_on), || {
            format!("{}/: its last file goes on", here.path)
        });
        inner
    }

    /// What Rock Ridge says of a record: the name.
    fn posix(
        &mut self,
        record: &Record,
        (number, directories, is_root): (usize, usize, bool),
        findings: &mut Findings,
    ) -> Option<String> {
        let start = (33 + record.identifier.len()).next_multiple_of(2);
        if self.hierarchy.is_joliet {
            findings.equal(start, record.bytes.bytes.len(), &format!("{}: its length", record.bytes.what));
            return None;
        }
        let expected = rock_ridge::Expected {
            is_directory: record.is_directory,
            has_name: number >= 2,
            is_first: is_root && number == 0,
            // Links of directories further up or down are counted there.
            links: (number == 0).then_some(2 + directories as u64),
        };
        rock_ridge::judge(self.sectors, (&record.bytes, start), &expected, self.areas, findings)
    }

    /// Characters and lengths of identifiers (ECMA-119 7.5, 7.6, 6.8.2.1; Joliet).
    fn identifier(&self, record: &Record, here: &Directory, findings: &mut Findings) {
        let what = &record.bytes.what;
        if self.hierarchy.is_joliet {
            let (name, _) = versioned(&record.identifier, 2);
            let units: Vec<u16> = name.chunks(2).map(unit).collect();
            findings.expect(units.iter().all(|unit| is_joliet(*unit)) && units.len() <= 64, || {
                format!("{what}: Joliet has no such identifier: {}", String::from_utf16_lossy(&units))
            });
            return;
        }
        let length = here.path_length + record.identifier.len();
        findings.expect(length <= 255, || format!("{what}: its path has {length} characters"));
        findings.expect(here.level <= 8 && (here.level < 8 || !record.is_directory), || {
            format!("{what}: too deep")
        });
        let text = record.identifier.escape_ascii();
        if record.is_directory {
            let sound = record.identifier.iter().all(|byte| is_d(*byte)) && record.identifier.len() <= 31;
            return findings.expect(sound, || format!("{what}: {text} is no directory identifier"));
        }
        let (name, version) = versioned(&record.identifier, 1);
        let mut parts = name.split(|byte| *byte == b'.');
        let (stem, extension) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let plain = stem.iter().chain(extension).all(|byte| is_d(*byte)) && parts.next().is_none();
        let length = stem.len() + extension.len();
        findings
            .expect(plain && (1..=30).contains(&length) && version == b"1" && name.contains(&b'.'), || {
                format!("{what}: {text} is no file identifier")
            });
    }
}

/// An identifier without its version, and the version (ECMA-119 7.5.1).
fn versioned(identifier: &[u8], width: usize) -> (&[u8], &[u8]) {
    let units: Vec<u16> = identifier.chunks(width).map(unit).collect();
    match units.iter().rposition(|unit| *unit == u16::from(b';')) {
        Some(at) => (&identifier[..at * width], &identifier[(at + 1) * width..]),
        None => (identifier, &[]),
    }
}

/// The name in an identifier, for people.
fn identifier_text(is_joliet: bool, identifier: &[u8]) -> String {
    let (name, _) = versioned(identifier, if is_joliet { 2 } else { 1 });
    let units: Vec<u16> = name.chunks(if is_joliet { 2 } else { 1 }).map(unit).collect();
    String::from_utf16_lossy(&units)
}

/// By name, then by extension, each as if filled up with spaces (ECMA-119 9.3); pieces of a file follow each other.
fn order(is_joliet: bool, last: Option<&Record>, record: &Record, findings: &mut Findings) {
    let Some(last) = last else { return };
    let (one, other) = (key(is_joliet, last), key(is_joliet, record));
    let is_same = last.identifier == record.identifier;
    let sound = if last.goes_on { is_same } else { one <= other && !is_same };
    findings.expect(sound, || format!("{}: it is out of order", record.bytes.what));
}

fn key(is_joliet: bool, record: &Record) -> (Vec<u16>, Vec<u16>) {
    let width = if is_joliet { 2 } else { 1 };
    let units: Vec<u16> = versioned(&record.identifier, width).0.chunks(width).map(unit).collect();
    if record.is_directory {
        return (units, Vec::new());
    }
    let dot = units.iter().position(|unit| *unit == u16::from(b'.')).unwrap_or(units.len());
    let extension = units.get(dot + 1..).unwrap_or_default().to_vec();
    (units[..dot].to_vec(), extension)
}
