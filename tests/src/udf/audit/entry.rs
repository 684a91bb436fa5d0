//! File entries with their allocation descriptors (ECMA-167 4/14.6, 14.9, 14.14, 14.17; UDF 2.3.5, 2.3.6, 2.3.10).

use super::fields::Suffix;
use super::raw::{CrcLength, Descriptor};
use super::space::{Address, Volume};
use crate::findings::Findings;
use crate::sectors::{Claims, SECTOR, Sectors};

/// More allocation extents than a file of 8 TiB has.
const MOST_CHAINED: usize = 1000;

/// What an entry says of its file.
pub struct Entry {
    /// Where it lies, for messages.
    pub what: String,
    /// The file type.
    pub file_type: u8,
    /// The link count.
    pub links: u16,
    /// In bytes.
    pub len: u64,
    /// The unique id.
    pub unique_id: u64,
    /// The stream directory's entry.
    pub streams: Option<Address>,
    /// Where the data lie.
    pub extents: Vec<Data>,
    /// The data, when they lie in the entry itself.
    pub embedded: Option<Vec<u8>>,
}

/// An extent of data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Data {
    /// The first block; `None` where nothing is recorded.
    pub at: Option<Address>,
    /// In bytes.
    pub len: u64,
}

/// Everything that entries are judged against.
pub struct Blocks<'a> {
    /// The medium.
    pub image: &'a Sectors<'a>,
    /// What the volume descriptors say.
    pub volume: &'a Volume,
    /// Who lays claim to the blocks of each partition.
    pub claims: [Claims; 2],
}

impl Blocks<'_> {
    /// The descriptor in a block.
    pub fn descriptor(&self, at: Address, what: &str, findings: &mut Findings) -> Option<Descriptor> {
        let what = format!("{what} in block {} of partition {}", at.block, at.partition);
        let bytes = self.volume.sector(at).and_then(|sector| self.image.read(sector, 1));
        Some(Descriptor { bytes: findings.there(bytes, &what)?, what })
    }

    /// Notes who owns blocks.
    pub fn claim(&mut self, at: Address, bytes: u64, owner: &str, findings: &mut Findings) {
        match self.claims.get_mut(usize::from(at.partition)) {
            Some(claims) => claims.add(at.block, bytes.div_ceil(SECTOR), owner),
            None => findings.expect(false, || format!("{owner}: there is no partition {}", at.partition)),
        }
    }

    /// Judges the entry of `path`, whose file is of a type.
    pub fn entry(&mut self, at: Address, path: &str, findings: &mut Findings) -> Option<Entry> {
        let d = self.descriptor(at, &format!("entry of {path}"), findings)?;
        self.claim(at, SECTOR, &d.what, findings);
        let is_extended = d.u16(0) == 266;
        let form = self.volume.form;
        findings.expect(d.u16(0) == 261 || is_extended && form.is_third_edition(), || {
            format!("{}: tag identifier {}", d.what, d.u16(0))
        });
        // The two kinds differ from the 64th byte on.
        let fixed = if is_extended { 216 } else { 176 };
        let (attributes, allocation) = (d.u32(fixed - 8) as usize, d.u32(fixed - 4) as usize);
        let length = fixed + attributes + allocation;
        findings.expect(length <= SECTOR as usize && attributes.is_multiple_of(4), || {
            format!("{}: {attributes} and {allocation} bytes follow its fixed part", d.what)
        });
        d.tag(form, (if is_extended { 266 } else { 261 }, at.block), CrcLength::Of(length), findings);
        d.is_zero(length, SECTOR as usize, "what follows it in its block", findings);
        fixed_part(&d, fixed, findings);
        d.entity((fixed - 48, "implementation identifier"), ("", Suffix::Implementation), form, findings);
        let mut entry = Entry {
            file_type: d.u8(27),
            links: d.u16(48),
            len: d.u64(56),
            unique_id: d.u64(fixed - 16),
            streams: (is_extended && d.u32(152) != 0)
                .then(|| Address { partition: d.u16(160), block: d.u32(156).into() }),
            extents: Vec::new(),
            embedded: None,
            what: d.what.clone(),
        };
        if is_extended && entry.streams.is_none() {
            findings.equal(entry.len, d.u64(64), &format!("{}: object size", d.what));
        }
        let recorded = d.u64(if is_extended { 72 } else { 64 });
        self.data(&d, (fixed + attributes, allocation), (at, &mut entry), findings);
        judge_data(&entry, recorded, findings);
        Some(entry)
    }

    /// Finds the data of an entry, whose allocation descriptors lie at `place`.
    fn data(
        &mut self,
        d: &Descriptor,
        place: (usize, usize),
        (at, entry): (Address, &mut Entry),
        findings: &mut Findings,
    ) {
        match d.u16(34) & 7 {
            3 => entry.embedded = Some(d.slice(place.0, place.1).to_vec()),
            form @ (0 | 1) => {
                let mut next = self.allocation((d, place), (at.partition, form == 1), entry, findings);
                for _ in 0..MOST_CHAINED {
                    let Some(link) = next else { return };
                    next = self.chained(link, form == 1, entry, findings);
                }
                findings.expect(false, || format!("{}: its allocation extents form a circle", d.what));
            }
            form => findings.expect(false, || format!("{}: allocation descriptors of form {form}", d.what)),
        }
    }

    /// An allocation extent descriptor and what follows it (ECMA-167 4/14.5; UDF 2.3.11). Gives the next one.
    fn chained(
        &mut self,
        at: Address,
        long: bool,
        entry: &mut Entry,
        findings: &mut Findings,
    ) -> Option<Address> {
        let d = self.descriptor(at, &format!("allocation extent of the {}", entry.what), findings)?;
        self.claim(at, SECTOR, &d.what, findings);
        let len = d.u32(20) as usize;
        findings.expect(len <= SECTOR as usize - 24, || format!("{}: {len} bytes of descriptors", d.what));
        d.tag(self.volume.form, (258, at.block), CrcLength::OrHead(24 + len), findings);
        d.is(0, d.u32(16), "previous allocation extent location", findings);
        d.is_zero(24 + len, SECTOR as usize, "what follows it in its block", findings);
        self.allocation((&d, (24, len)), (at.partition, long), entry, findings)
    }

    /// Allocation descriptors in one place (ECMA-167 4/12). Gives where they go on.
    fn allocation(
        &mut self,
        (d, (start, len)): (&Descriptor, (usize, usize)),
        (partition, long): (u16, bool),
        entry: &mut Entry,
        findings: &mut Findings,
    ) -> Option<Address> {
        let size = if long { 16 } else { 8 };
        findings.expect(len.is_multiple_of(size), || format!("{}: half a descriptor", d.what));
        let count = len / size;
        for (number, at) in (start..).step_by(size).take(count).enumerate() {
            let raw = d.u32(at);
            let length = u64::from(raw & 0x3FFF_FFFF);
            let partition = if long { d.u16(at + 8) } else { partition };
            let place = Address { partition, block: d.u32(at + 4).into() };
            if long {
                d.is_zero(at + 10, 6, "implementation use of an extent", findings);
            }
            findings.expect(length > 0, || format!("{}: an extent of no bytes", d.what));
            match raw >> 30 {
                3 => {
                    findings.expect(number + 1 == count, || format!("{}: more behind its link", d.what));
                    findings.equal(SECTOR, length, &format!("{}: length of an allocation extent", d.what));
                    return Some(place);
                }
                kind => {
                    if kind < 2 {
                        self.claim(place, length, &format!("data of the {}", entry.what), findings);
                    }
                    entry.extents.push(Data { at: (kind == 0).then_some(place), len: length });
                }
            }
        }
        None
    }
}

/// What entries of both kinds have before their allocation descriptors, the data aside.
fn fixed_part(d: &Descriptor, fixed: usize, findings: &mut Findings) {
    d.is(0, d.u32(16), "prior recorded number of direct entries", findings);
    d.is(4, d.u16(20), "ICB strategy", findings);
    d.is(0, d.u16(22), "strategy parameter", findings);
    d.is(1, d.u16(24), "maximum number of entries", findings);
    d.is(0, d.u8(26), "reserved byte of the ICB tag", findings);
    d.is_zero(28, 6, "parent ICB location", findings);
    // Sorted, transformed, multi-version and what is reserved (UDF 2.3.5.4); bit 13 belongs to streams.
    d.is(0, d.u16(34) & 0b1101_1000_0000_1000, "ICB flags", findings);
    d.is(0, d.u32(44) >> 15, "reserved permissions", findings);
    d.is_zero(50, 6, "record format, attributes and length", findings);
    let stamps: &[usize] = if fixed == 216 { &[80, 92, 104, 116] } else { &[72, 84, 96] };
    stamps.iter().for_each(|at| d.stamp(*at, "a time", findings));
    let checkpoint = if fixed == 216 { 128 } else { 108 };
    d.is(1, d.u32(checkpoint), "checkpoint", findings);
    d.is_zero(if fixed == 216 { 136 } else { 112 }, 16, "extended attribute ICB", findings);
    if fixed == 216 {
        d.is_zero(132, 4, "what is reserved", findings);
    }
}

/// Lengths of extents add up (ECMA-167 4/12.1; UDF 2.3.10).
fn judge_data(entry: &Entry, recorded: u64, findings: &mut Findings) {
    let what = &entry.what;
    let sum = match &entry.embedded {
        Some(bytes) => bytes.len() as u64,
        None => entry.extents.iter().map(|extent| extent.len).sum(),
    };
    findings.equal(entry.len, sum, &format!("{what}: information length, and its extents together"));
    let of_blocks = |extent: &&Data| extent.at.is_some();
    let blocks: u64 = entry.extents.iter().filter(of_blocks).map(|extent| extent.len.div_ceil(SECTOR)).sum();
    findings.equal(blocks, recorded, &format!("{what}: logical blocks recorded"));
    let inner = entry.extents.split_last().map_or(&[][..], |(_, inner)| inner);
    let whole = inner.iter().all(|extent| extent.len.is_multiple_of(SECTOR));
    findings.expect(whole, || format!("{what}: an extent before its last is no whole blocks"));
}
