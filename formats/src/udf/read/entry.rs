//! File entries and the extents of their data.

use alloc::format;
use alloc::vec::Vec;

use super::UdfReadError;
use super::descriptor::Descriptor;
use super::volume::{Address, Spaces};
use crate::files::{Extent, Kind};
use crate::io::ReadAt;
use crate::udf::raw::{SECTOR, file_type, tag};
use crate::units::{ByteLen, ByteOffset};

/// How many extents a file may have: far more than 2 TiB need, and bounded memory.
const MAX_EXTENTS: usize = 1 << 16;

/// What an entry says of its file.
#[derive(Clone, Debug)]
pub struct FileEntry {
    /// File or directory.
    pub kind: Kind,
    /// The file type as written.
    pub file_type: u8,
    /// In bytes.
    pub len: ByteLen,
    /// Where the data lie.
    pub extents: Vec<Extent>,
}

/// What an allocation descriptor says (ECMA-167 4/14.14.1.1).
enum Allocation {
    Recorded,
    NotRecorded,
    Continued,
}

/// Reads the entry at an address.
pub fn read(source: &impl ReadAt, spaces: &Spaces, at: Address) -> Result<FileEntry, UdfReadError> {
    let entry = fixed_part(source, spaces, at)?;
    let file_type = entry.slice(27, 1)?[0];
    // The fixed parts differ from the 64th byte on; both end with the lengths of what follows.
    let fixed = if entry.identifier == tag::FILE_ENTRY { 176 } else { 216 };
    let attributes = entry.u32(fixed - 8)? as usize;
    let start =
        fixed.checked_add(attributes).ok_or_else(|| entry.damaged("its attributes leave its block"))?;
    let len = ByteLen(entry.u64(56)?);
    let end = entry.u32(fixed - 4)? as usize;
    let extents = match entry.u16(34)? & 7 {
        3 => embedded(&entry, spaces, at, (start, end))?,
        form @ (0 | 1) => {
            let mut collector =
                Collector { source, spaces, here: at, long: form == 1, extents: Vec::new(), len: 0 };
            collector.collect(entry.clone(), start, end)?;
            collector.extents
        }
        form => {
            return Err(entry.damaged(format!("allocation descriptors of form {form}, expected 0, 1 or 3")));
        }
    };
    let extents = cut(extents, len).ok_or_else(|| short(&entry))?;
    Ok(FileEntry { kind: kind_of(file_type), file_type, len, extents })
}

/// What the entry at an address is, and how long; its extents are not looked at, of which it may have many.
pub fn head(source: &impl ReadAt, spaces: &Spaces, at: Address) -> Result<(Kind, ByteLen), UdfReadError> {
    let entry = fixed_part(source, spaces, at)?;
    Ok((kind_of(entry.slice(27, 1)?[0]), ByteLen(entry.u64(56)?)))
}

fn fixed_part(source: &impl ReadAt, spaces: &Spaces, at: Address) -> Result<Descriptor, UdfReadError> {
    descriptor(source, spaces, at, "file entry")?.expect(&[tag::FILE_ENTRY, tag::EXTENDED_FILE_ENTRY])
}

fn kind_of(file_type: u8) -> Kind {
    if file_type == file_type::DIRECTORY { Kind::Directory } else { Kind::File }
}

fn short(entry: &Descriptor) -> UdfReadError {
    entry.damaged("its extents hold less than its length")
}

fn descriptor(
    source: &impl ReadAt,
    spaces: &Spaces,
    at: Address,
    what: &'static str,
) -> Result<Descriptor, UdfReadError> {
    let outside = UdfReadError::Damaged {
        what,
        offset: ByteOffset::ZERO,
        reason: format!("block {} of partition {} lies outside of it", at.block, at.partition),
    };
    Descriptor::read(source, spaces.offset(at, 1).ok_or(outside)?, at.block, what)
}

/// Data in the entry itself.
fn embedded(
    entry: &Descriptor,
    spaces: &Spaces,
    at: Address,
    (start, len): (usize, usize),
) -> Result<Vec<Extent>, UdfReadError> {
    entry.slice(start, len)?;
    let place = spaces.offset(at, 1).map(|offset| ByteOffset(offset.0 + start as u64));
    Ok(alloc::vec![Extent { at: ByteOffset::ZERO, on_volume: place, len: ByteLen(len as u64) }])
}

/// Collects extents through all allocation extents of a file.
struct Collector<'a, R> {
    source: &'a R,
    spaces: &'a Spaces,
    here: Address,
    long: bool,
    extents: Vec<Extent>,
    len: u64,
}

impl<R: ReadAt> Collector<'_, R> {
    fn collect(&mut self, first: Descriptor, start: usize, len: usize) -> Result<(), UdfReadError> {
        let (mut block, mut start, mut len) = (first, start, len);
        // Chains that form a circle end with this count.
        for _ in 0..MAX_EXTENTS {
            let Some(next) = self.take(&block, start, len)? else { return Ok(()) };
            block = descriptor(self.source, self.spaces, next, "allocation extent descriptor")?
                .expect(&[tag::ALLOCATION_EXTENT])?;
            (start, len) = (24, block.u32(20)? as usize);
        }
        Err(block.damaged("its allocation extents form a circle"))
    }

    /// Takes the descriptors of one block; gives where the next block is.
    fn take(
        &mut self,
        block: &Descriptor,
        start: usize,
        len: usize,
    ) -> Result<Option<Address>, UdfReadError> {
        let size = if self.long { 16 } else { 8 };
        block.slice(start, len)?;
        for at in (start..start + len - len % size).step_by(size) {
            let raw = block.u32(at)?;
            let length = raw & 0x3FFF_FFFF;
            if length == 0 {
                return Ok(None);
            }
            let partition = if self.long { block.u16(at + 8)? } else { self.here.partition };
            let address = Address { partition, block: block.u32(at + 4)? };
            match kind(raw) {
                Allocation::Continued => return Ok(Some(address)),
                Allocation::NotRecorded => self.push(block, None, length)?,
                Allocation::Recorded => {
                    let place = self.spaces.offset(address, u64::from(length).div_ceil(SECTOR.into()));
                    let place = place.ok_or_else(|| block.damaged("an extent leaves its partition"))?;
                    self.push(block, Some(place), length)?;
                }
            }
        }
        Ok(None)
    }

    fn push(&mut self, block: &Descriptor, place: Option<ByteOffset>, len: u32) -> Result<(), UdfReadError> {
        if self.extents.len() >= MAX_EXTENTS {
            return Err(block.damaged(format!("its file has more than {MAX_EXTENTS} extents")));
        }
        self.extents.push(Extent { at: ByteOffset(self.len), on_volume: place, len: ByteLen(len.into()) });
        self.len += u64::from(len);
        Ok(())
    }
}

fn kind(raw: u32) -> Allocation {
    match raw >> 30 {
        0 => Allocation::Recorded,
        3 => Allocation::Continued,
        _ => Allocation::NotRecorded,
    }
}

/// The extents up to a length: the last one may hold less than it says. `None` when they hold less than that.
fn cut(mut extents: Vec<Extent>, len: ByteLen) -> Option<Vec<Extent>> {
    extents.retain(|extent| extent.at.0 < len.0);
    for extent in &mut extents {
        extent.len.0 = extent.len.0.min(len.0 - extent.at.0);
    }
    let end = extents.last().map_or(0, |last| last.at.0 + last.len.0);
    (end == len.0).then_some(extents)
}
