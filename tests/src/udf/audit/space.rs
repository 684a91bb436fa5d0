//! Where things lie: the partition, its maps, its free space.

use super::fields::Suffix;
use super::raw::{CrcLength, Descriptor, Form};
use super::sequence::Extent;
use crate::findings::Findings;
use crate::sectors::{Claims, Sectors};

/// A block of a partition, by the index of its map.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    /// The index of the partition map.
    pub partition: u16,
    /// The block in it.
    pub block: u64,
}

/// What the map to the metadata partition says (UDF 2.50 2.2.10).
#[derive(Clone, Copy, Debug)]
pub struct MetadataMap {
    /// The block of the metadata file's entry.
    pub main: u64,
    /// The block of the mirror's entry.
    pub mirror: u64,
    /// In blocks.
    pub allocation_unit: u64,
    /// In blocks.
    pub alignment_unit: u64,
    /// Whether the mirror has data of its own.
    pub is_duplicated: bool,
}

/// What the volume descriptors say.
pub struct Volume {
    /// What all descriptors have in common.
    pub form: Form,
    /// The name.
    pub label: String,
    /// The partition's first sector and its number of sectors.
    pub partition: Extent,
    /// 1: read only; 3: rewritable; 4: overwritable.
    pub access: u32,
    /// The unallocated space bitmap of the partition, when there is one: its first block, its length in bytes.
    pub bitmap: Option<(u64, u64)>,
    /// How many partition maps there are.
    pub maps: u16,
    /// The second of them, when it leads to a metadata partition.
    pub metadata: Option<MetadataMap>,
    /// The file set descriptor sequence.
    pub file_set: (Address, u64),
    /// The integrity sequence.
    pub integrity: Extent,
    /// The extents of the metadata file, by block of the partition; empty without one.
    pub metadata_extents: Vec<Extent>,
}

impl Volume {
    /// The sector of a block, when it lies in its partition.
    pub fn sector(&self, at: Address) -> Option<u64> {
        let block = match (at.partition, self.metadata) {
            (0, _) => at.block,
            (1, Some(_)) => self.metadata_block(at.block)?,
            _ => return None,
        };
        (block < self.partition.sectors).then(|| self.partition.start + block)
    }

    /// How many blocks a partition has.
    pub fn size(&self, partition: u16) -> u64 {
        match partition {
            0 => self.partition.sectors,
            _ => self.metadata_extents.iter().map(|extent| extent.sectors).sum(),
        }
    }

    fn metadata_block(&self, block: u64) -> Option<u64> {
        let mut left = block;
        for extent in &self.metadata_extents {
            if left < extent.sectors {
                return Some(extent.start + left);
            }
            left -= extent.sectors;
        }
        None
    }
}

/// Reads partition and maps out of their descriptors.
pub fn volume(
    partition: &Descriptor,
    logical: &Descriptor,
    (form, label): (Form, String),
    findings: &mut Findings,
) -> Option<Volume> {
    let count = logical.u32(268);
    let expected = if form.revision >= 0x0250 && logical.u8(446) == 2 { 2 } else { 1 };
    logical.is(expected, count, "number of partition maps", findings);
    logical.is(if expected == 2 { 70 } else { 6 }, logical.u32(264), "map table length", findings);
    logical.is(1, logical.u8(440), "type of the first partition map", findings);
    logical.is(6, logical.u8(441), "length of the first partition map", findings);
    logical.is(1, logical.u16(442), "volume of the first partition map", findings);
    let number = partition.u16(22);
    logical.is(number.into(), logical.u16(444), "partition of the first partition map", findings);
    let access = partition.u32(184);
    let metadata = (expected == 2).then(|| metadata_map(logical, (form, number, access), findings));
    let file_set = Address { partition: logical.u16(256), block: logical.u32(252).into() };
    logical.is(expected - 1, file_set.partition, "partition of the file set", findings);
    let bitmap = (partition.u32(64) != 0).then(|| (partition.u32(68).into(), partition.u32(64).into()));
    Some(Volume {
        form,
        label,
        partition: Extent { start: partition.u32(188).into(), sectors: partition.u32(192).into() },
        access,
        bitmap,
        maps: expected as u16,
        metadata,
        file_set: (file_set, logical.u32(248).into()),
        integrity: Extent::of(logical, 432, "the integrity sequence", findings),
        metadata_extents: Vec::new(),
    })
}

/// The map to the metadata partition (UDF 2.50 2.2.10).
fn metadata_map(
    d: &Descriptor,
    (form, number, access): (Form, u16, u32),
    findings: &mut Findings,
) -> MetadataMap {
    let at = 446;
    d.is(64, d.u8(at + 1), "length of the metadata map", findings);
    d.is_zero(at + 2, 2, "what is reserved in the metadata map", findings);
    let name = "*UDF Metadata Partition";
    d.entity((at + 4, "partition type identifier"), (name, Suffix::Udf), form, findings);
    d.is(1, d.u16(at + 36), "volume of the metadata map", findings);
    d.is(number.into(), d.u16(at + 38), "partition of the metadata map", findings);
    d.is_zero(at + 59, 5, "what is reserved at the end of the metadata map", findings);
    d.is(0, d.u8(at + 58) & !1, "flags of the metadata map", findings);
    // What is only read has no use for a bitmap (UDF 2.60 2.2.13).
    findings.equal(access == 1, d.u32(at + 48) == u32::MAX, "metadata bitmap: it is left out");
    let allocation_unit = u64::from(d.u32(at + 52));
    let alignment_unit = u64::from(d.u16(at + 56));
    findings.expect(allocation_unit > 0 && alignment_unit > 0, || "metadata map: it has no units".into());
    MetadataMap {
        main: d.u32(at + 40).into(),
        mirror: d.u32(at + 44).into(),
        allocation_unit: allocation_unit.max(1),
        alignment_unit: alignment_unit.max(1),
        is_duplicated: d.u8(at + 58) & 1 != 0,
    }
}

/// The partition's space bitmap (ECMA-167 4/14.12; UDF 2.3.8) has a bit for each block that nobody lays claim to.
/// Gives how many are free.
pub fn bitmap(
    image: &Sectors<'_>,
    volume: &Volume,
    claims: &mut Claims,
    findings: &mut Findings,
) -> Option<u64> {
    let Some((block, length)) = volume.bitmap else { return Some(0) };
    let sectors = length.div_ceil(2048);
    claims.add(block, sectors, "space bitmap");
    let start = volume.sector(Address { partition: 0, block })?;
    let bytes = findings.there(image.read(start, sectors), "the space bitmap")?;
    let d = Descriptor { what: "space bitmap".into(), bytes };
    let blocks = volume.partition.sectors;
    let len = blocks.div_ceil(8);
    d.tag(volume.form, (264, block), CrcLength::OrHead(24 + len as usize), findings);
    findings.equal(blocks, u64::from(d.u32(16)), "space bitmap: number of bits");
    findings.equal(len, u64::from(d.u32(20)), "space bitmap: number of bytes");
    let used = claims.bits(blocks);
    let free = d.slice(24, len as usize);
    let wrong = (0..blocks).filter(|bit| {
        let at = (bit / 8) as usize;
        (used[at] ^ free.get(at).copied().unwrap_or_default()) >> (bit % 8) & 1 == 0
    });
    let wrong: Vec<u64> = wrong.take(5).collect();
    findings.expect(wrong.is_empty(), || format!("space bitmap: it is wrong about blocks {wrong:?}"));
    Some(free.iter().map(|byte| u64::from(byte.count_ones())).sum())
}
