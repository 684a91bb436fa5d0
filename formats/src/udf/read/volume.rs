//! From the anchor to the root directory: volume descriptors, partitions, file set.

use alloc::string::String;
use alloc::vec::Vec;

use super::UdfReadError;
use super::descriptor::{Descriptor, dstring};
use super::entry;
use crate::files::Extent;
use crate::io::ReadAt;
use crate::udf::raw::{ANCHOR, SECTOR, file_type, tag};
use crate::units::ByteOffset;

/// How many descriptors of a sequence are looked at.
const MAX_SEQUENCE: u32 = 64;

/// A block of one of the volume's partitions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address {
    /// The index of the partition map.
    pub partition: u16,
    /// The block in the partition.
    pub block: u32,
}

/// Where the blocks of each partition lie.
#[derive(Clone, Debug)]
pub struct Spaces {
    /// The first sector and the number of sectors of the partition on the medium.
    start: u32,
    length: u32,
    /// Which partition maps lead to it, and which to the metadata file; at most two.
    maps: Vec<Map>,
}

/// What a partition map leads to.
#[derive(Clone, Debug)]
enum Map {
    /// The partition on the medium.
    Physical,
    /// The metadata file in it (UDF 2.50 2.2.10).
    Metadata(Vec<Extent>),
}

/// What is known of a volume once it is open.
#[derive(Debug)]
pub struct Opened {
    /// Where blocks are.
    pub spaces: Spaces,
    /// The file set descriptor.
    pub file_set: Address,
    /// The root directory's entry.
    pub root: Address,
    /// The logical volume's name.
    pub label: String,
    /// The revision.
    pub revision: u16,
}

impl Spaces {
    /// Where `blocks` blocks from an address on start on the medium, when they lie in their partition in one piece.
    pub fn offset(&self, at: Address, blocks: u64) -> Option<ByteOffset> {
        let sectors = u64::from(SECTOR);
        match self.maps.get(usize::from(at.partition))? {
            Map::Physical => {
                let inside = u64::from(at.block).checked_add(blocks)? <= u64::from(self.length);
                inside.then(|| ByteOffset((u64::from(self.start) + u64::from(at.block)) * sectors))
            }
            Map::Metadata(extents) => {
                let wanted = u64::from(at.block) * sectors;
                let piece = extents.iter().find(|e| (e.at.0..e.at.0 + e.len.0).contains(&wanted))?;
                let inside = wanted - piece.at.0;
                let fits = inside.checked_add(blocks.checked_mul(sectors)?)? <= piece.len.0;
                fits.then_some(ByteOffset(piece.on_volume?.0 + inside))
            }
        }
    }
}

/// Opens the volume on `source`, by its main volume descriptors or by those in reserve.
pub fn open(source: &impl ReadAt) -> Result<Opened, UdfReadError> {
    let anchor = anchor(source)?;
    let main = sequence(source, &anchor, 16).and_then(|found| mount(source, &found));
    main.or_else(|error| match sequence(source, &anchor, 24).and_then(|found| mount(source, &found)) {
        Ok(opened) => Ok(opened),
        Err(_) => Err(error),
    })
}

/// The first anchor that is whole: at 256, at the end, 256 before it (ECMA-167 3/8.4.2.1).
fn anchor(source: &impl ReadAt) -> Result<Descriptor, UdfReadError> {
    let last = (source.size().0 / u64::from(SECTOR)).checked_sub(1).and_then(|n| u32::try_from(n).ok());
    let places = [Some(ANCHOR), last, last.and_then(|last| last.checked_sub(256))];
    let whole = places.into_iter().flatten().find_map(|place| {
        let anchor = Descriptor::read(source, sector(place), place, "anchor volume descriptor pointer");
        anchor.and_then(|anchor| anchor.expect(&[tag::ANCHOR])).ok()
    });
    whole.ok_or(UdfReadError::NotUdf)
}

/// The descriptors of a sequence that matter: partition, then logical volume.
type Sequence = (Descriptor, Descriptor);

/// Reads the sequence whose extent is at `at` in the anchor.
fn sequence(source: &impl ReadAt, anchor: &Descriptor, at: usize) -> Result<Sequence, UdfReadError> {
    let (length, start) = (anchor.u32(at)?, anchor.u32(at + 4)?);
    let (mut partition, mut volume) = (None, None);
    for number in 0..(length / SECTOR).min(MAX_SEQUENCE) {
        let place =
            start.checked_add(number).ok_or_else(|| anchor.damaged("its sequence leaves the medium"))?;
        let descriptor = Descriptor::read(source, sector(place), place, "volume descriptor")?;
        match descriptor.identifier {
            tag::PARTITION => prevail(&mut partition, descriptor)?,
            tag::LOGICAL_VOLUME => prevail(&mut volume, descriptor)?,
            tag::TERMINATING => break,
            _ => {}
        }
    }
    let missing = || anchor.damaged("its sequence lacks a partition or a logical volume descriptor");
    Ok((partition.ok_or_else(missing)?, volume.ok_or_else(missing)?))
}

/// The descriptor with the highest sequence number counts (ECMA-167 3/8.4.3).
fn prevail(place: &mut Option<Descriptor>, found: Descriptor) -> Result<(), UdfReadError> {
    let newer = match place {
        Some(there) => found.u32(16)? >= there.u32(16)?,
        None => true,
    };
    if newer {
        *place = Some(found);
    }
    Ok(())
}

/// Follows the logical volume to its root directory.
fn mount(source: &impl ReadAt, (partition, volume): &Sequence) -> Result<Opened, UdfReadError> {
    let block_size = volume.u32(212)?;
    if block_size != SECTOR {
        return Err(UdfReadError::Unsupported { what: "blocks of size", found: block_size });
    }
    let mut spaces =
        Spaces { start: partition.u32(188)?, length: partition.u32(192)?, maps: alloc::vec![Map::Physical] };
    spaces.maps = maps(source, &spaces, volume)?;
    let place = long_address(volume, 248)?;
    let offset =
        spaces.offset(place, 1).ok_or_else(|| volume.damaged("its file set leaves the partition"))?;
    let file_set = Descriptor::read(source, offset, place.block, "file set descriptor")?;
    let file_set = file_set.expect(&[tag::FILE_SET])?;
    Ok(Opened {
        file_set: place,
        root: long_address(&file_set, 400)?,
        label: dstring(volume.slice(84, 128)?),
        // The suffix of the domain identifier begins with the revision (UDF 2.1.5.3).
        revision: volume.u16(216 + 24)?,
        spaces,
    })
}

/// The partition maps (ECMA-167 3/10.7).
fn maps(source: &impl ReadAt, spaces: &Spaces, volume: &Descriptor) -> Result<Vec<Map>, UdfReadError> {
    let count = volume.u32(268)?;
    if !(1..=2).contains(&count) {
        return Err(UdfReadError::Unsupported { what: "a number of partition maps of", found: count });
    }
    let mut at = 440;
    let mut maps = Vec::new();
    for _ in 0..count {
        let head = volume.slice(at, 2)?;
        let (kind, length) = (head[0], usize::from(head[1]));
        let map = volume.slice(at, length.max(2))?;
        maps.push(match kind {
            1 => Map::Physical,
            2 if map.get(5..).is_some_and(|id| id.starts_with(b"*UDF Metadata Partition")) => {
                Map::Metadata(metadata(source, spaces, volume, at)?)
            }
            _ => {
                return Err(UdfReadError::Unsupported {
                    what: "a partition map of type",
                    found: kind.into(),
                });
            }
        });
        at += length;
    }
    Ok(maps)
}

/// The extents of the metadata file, or else of its mirror.
fn metadata(
    source: &impl ReadAt,
    spaces: &Spaces,
    volume: &Descriptor,
    map: usize,
) -> Result<Vec<Extent>, UdfReadError> {
    let read = |at: usize, expected: u8| {
        let file = entry::read(source, spaces, Address { partition: 0, block: volume.u32(at)? })?;
        let is_metadata = file.file_type == expected;
        is_metadata
            .then_some(file.extents)
            .ok_or_else(|| volume.damaged("its metadata file has another type"))
    };
    let main = read(map + 40, file_type::METADATA);
    main.or_else(|error| read(map + 44, file_type::METADATA_MIRROR).map_err(|_| error))
}

/// The address in the long allocation descriptor at `at`.
pub fn long_address(descriptor: &Descriptor, at: usize) -> Result<Address, UdfReadError> {
    Ok(Address { block: descriptor.u32(at + 4)?, partition: descriptor.u16(at + 8)? })
}

/// Where a sector starts.
fn sector(number: u32) -> ByteOffset {
    ByteOffset(u64::from(number) * u64::from(SECTOR))
}
