//! Records, attributes and runs, taken apart and not judged.

use std::collections::BTreeMap;

use formats::io::{ReadAt, read_vec};
use formats::units::ByteOffset;

/// A volume with all its records that are in use.
pub struct Image<'a> {
    source: &'a dyn ReadAt,
    /// The size of a sector, in bytes.
    pub sector: u64,
    /// The size of a cluster, in bytes.
    pub cluster: u64,
    /// The size of an index block, in bytes.
    pub index_block: u64,
    /// Sectors of the volume, by the boot sector.
    pub sectors: u64,
    /// The size of a record, in bytes.
    pub record_size: u64,
    /// The records that are in use, by number.
    pub records: BTreeMap<u64, Record>,
    /// The bits of $MFT's bitmap.
    pub in_use: Vec<u8>,
}

/// A record with its fixups undone.
pub struct Record {
    /// Its number.
    pub number: u64,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Its attributes, in order.
    pub attributes: Vec<Attribute>,
}

/// An attribute.
pub struct Attribute {
    /// Its type.
    pub ty: u32,
    /// Its name.
    pub name: String,
    /// Its number in the record.
    pub instance: u16,
    /// The value, when it is in the record.
    pub value: Option<Vec<u8>>,
    /// Its runs, when it is not: the first cluster on the volume (`None` for a hole) and how many.
    pub runs: Vec<(Option<u64>, u64)>,
    /// The highest cluster number, and the allocated, real and initialised size.
    pub sizes: [u64; 4],
}

impl<'a> Image<'a> {
    /// Takes a volume apart.
    pub fn open(source: &'a dyn ReadAt) -> Self {
        let boot = read_vec(source, ByteOffset::ZERO, 512).expect("a boot sector");
        let sector = u64::from(u16_at(&boot, 0x0b));
        let cluster = u64::from(boot[0x0d]) * sector;
        let size = |field: u8| match field.cast_signed() {
            clusters @ 1.. => cluster * u64::from(clusters.unsigned_abs()),
            exponent => 1 << exponent.unsigned_abs(),
        };
        let (record_size, index_block) = (size(boot[0x40]), size(boot[0x44]));
        let sectors = u64_at(&boot, 0x28);
        let (records, in_use) = (BTreeMap::new(), Vec::new());
        let mut image = Self { source, sector, cluster, index_block, sectors, record_size, records, in_use };
        let first = Record::new(0, image.bytes(u64_at(&boot, 0x30) * cluster, record_size)).expect("$MFT");
        let table = image.value(first.find(0x80, "").expect("the data of $MFT"));
        image.in_use = image.value(first.find(0xb0, "").expect("the bitmap of $MFT"));
        image.records = table
            .chunks_exact(record_size as usize)
            .zip(0..)
            .filter_map(|(bytes, number)| Some((number, Record::new(number, bytes.to_vec())?)))
            .collect();
        image
    }

    /// Bytes of the volume.
    pub fn bytes(&self, at: u64, len: u64) -> Vec<u8> {
        read_vec(self.source, ByteOffset(at), len as usize).expect("bytes of the volume")
    }

    /// The value of an attribute, wherever it is.
    pub fn value(&self, attribute: &Attribute) -> Vec<u8> {
        if let Some(value) = &attribute.value {
            return value.clone();
        }
        let runs = attribute.runs.iter();
        let mut value: Vec<u8> = runs
            .flat_map(|(start, len)| self.bytes(start.unwrap_or(0) * self.cluster, len * self.cluster))
            .collect();
        value.truncate(attribute.sizes[2] as usize);
        value
    }

    /// The value of an attribute of a record, or nothing when it has none.
    pub fn value_of(&self, record: u64, ty: u32, name: &str) -> Vec<u8> {
        let attribute = self.records.get(&record).and_then(|record| record.find(ty, name));
        attribute.map(|attribute| self.value(attribute)).unwrap_or_default()
    }

    /// How many clusters the volume has.
    pub fn clusters(&self) -> u64 {
        self.sectors * self.sector / self.cluster
    }
}

impl Record {
    /// A record that says that it is in use.
    fn new(number: u64, mut bytes: Vec<u8>) -> Option<Self> {
        undo_fixups(&mut bytes, b"FILE")?;
        let attributes = attributes(&bytes);
        (u16_at(&bytes, 0x16) & 1 != 0).then_some(Self { number, bytes, attributes })
    }

    /// The attribute of a type and a name.
    pub fn find(&self, ty: u32, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| attribute.ty == ty && attribute.name == name)
    }

    /// The values of all attributes of a type that lie in the record.
    pub fn values(&self, ty: u32) -> impl Iterator<Item = &[u8]> {
        self.attributes
            .iter()
            .filter(move |attribute| attribute.ty == ty)
            .filter_map(|attribute| attribute.value.as_deref())
    }

    /// What others refer to it by: its number and its sequence number.
    pub fn reference(&self) -> u64 {
        self.number | u64::from(u16_at(&self.bytes, 0x10)) << 48
    }

    /// Whether it is a directory's.
    pub fn is_directory(&self) -> bool {
        u16_at(&self.bytes, 0x16) & 2 != 0
    }
}

/// Checks a signature and that all sectors were written together, and puts the ends of sectors back.
pub fn undo_fixups(bytes: &mut [u8], signature: &[u8; 4]) -> Option<()> {
    let count = bytes.len() / 512;
    let array = usize::from(u16_at(bytes, 4));
    if !bytes.starts_with(signature) || usize::from(u16_at(bytes, 6)) != count + 1 {
        return None;
    }
    for sector in 0..count {
        let (end, saved) = (sector * 512 + 510, array + 2 + sector * 2);
        if bytes[end..end + 2] != bytes[array..array + 2] {
            return None;
        }
        bytes.copy_within(saved..saved + 2, end);
    }
    Some(())
}

fn attributes(record: &[u8]) -> Vec<Attribute> {
    let mut found = Vec::new();
    let mut at = usize::from(u16_at(record, 0x14));
    while u32_at(record, at) != u32::MAX {
        let bytes = &record[at..at + u32_at(record, at + 4) as usize];
        found.push(attribute(bytes));
        at += bytes.len();
    }
    found
}

fn attribute(bytes: &[u8]) -> Attribute {
    let name = usize::from(u16_at(bytes, 0x0a));
    let is_resident = bytes[8] == 0;
    let value = usize::from(u16_at(bytes, 0x14));
    Attribute {
        ty: u32_at(bytes, 0),
        name: text(&bytes[name..name + usize::from(bytes[9]) * 2]),
        instance: u16_at(bytes, 0x0e),
        value: is_resident.then(|| bytes[value..value + u32_at(bytes, 0x10) as usize].to_vec()),
        runs: if is_resident { Vec::new() } else { runs(&bytes[usize::from(u16_at(bytes, 0x20))..]) },
        sizes: if is_resident { [0; 4] } else { [0x18, 0x28, 0x30, 0x38].map(|at| u64_at(bytes, at)) },
    }
}

fn runs(mut packed: &[u8]) -> Vec<(Option<u64>, u64)> {
    let mut found = Vec::new();
    let mut cluster = 0;
    while packed[0] != 0 {
        let (count, distance) = (usize::from(packed[0] & 15), usize::from(packed[0] >> 4));
        cluster += number(&packed[1 + count..1 + count + distance]);
        let start = (distance > 0).then_some(cluster.cast_unsigned());
        found.push((start, number(&packed[1..1 + count]).cast_unsigned()));
        packed = &packed[1 + count + distance..];
    }
    found
}

/// A little-endian number in two's complement.
fn number(bytes: &[u8]) -> i64 {
    bytes.iter().rev().enumerate().fold(0, |number, (index, byte)| match index {
        0 => i64::from(byte.cast_signed()),
        _ => number << 8 | i64::from(*byte),
    })
}

/// Text of UTF-16 code units; lone surrogates become U+FFFD.
pub fn text(bytes: &[u8]) -> String {
    String::from_utf16_lossy(&units(bytes))
}

/// UTF-16 code units.
pub fn units(bytes: &[u8]) -> Vec<u16> {
    bytes.chunks_exact(2).map(|unit| u16_at(unit, 0)).collect()
}

/// The two bytes at `at`.
pub fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(bytes[at..at + 2].try_into().expect("two bytes"))
}

/// The four bytes at `at`.
pub fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

/// The eight bytes at `at`.
pub fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"))
}
