//! A volume's structures as text, for people and for tests that pin them.
//!
//! Prints what is there, field by field, and judges nothing: a structure that does not hold together ends its part
//! of the text.

mod attribute;
mod index;
mod runs;

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::{self, Write};

use zerocopy::FromBytes;

use super::raw::attribute::{AttributeHeader, NonResidentHeader, kind};
use super::raw::boot::BootSector;
use super::raw::record::{RecordHeader, flags};
use super::raw::{STRIDE, number};
use crate::io::{ReadAt, ReadError, read_vec};
use crate::units::ByteOffset;
use runs::Run;

/// Largest clusters and records that are believed, in bytes.
const LARGEST: u64 = 2 << 20;

/// What is needed to find one's way on a volume.
struct Volume<'a> {
    source: &'a dyn ReadAt,
    /// The size of a cluster, in bytes.
    cluster: u64,
    /// The size of a record, in bytes.
    record: u64,
}

/// The structures as text: the boot sector, then each record that is in use with its attributes and indexes. As long
/// as the volume has files.
///
/// # Errors
/// [`ReadError`] when bytes that should be on the volume cannot be read.
pub fn dump(source: &dyn ReadAt) -> Result<String, ReadError> {
    let mut text = String::new();
    let bytes = read_vec(source, ByteOffset::ZERO, size_of::<BootSector>())?;
    let Ok((boot, _)) = BootSector::read_from_prefix(&bytes) else { return Ok(text) };
    // Text can always be added to a string.
    let _ = print_boot(&mut text, &boot);
    let Some(volume) = Volume::of(source, &boot) else { return Ok(text) };
    let Some(start) = boot.mft.get().checked_mul(volume.cluster) else { return Ok(text) };
    let first = undo(read_vec(source, ByteOffset(start), volume.record as usize)?);
    let Some((table, len)) = first.as_deref().and_then(mft) else { return Ok(text) };
    for record in 0..len.min(source.size().0) / volume.record {
        let bytes = volume.read(&table, record * volume.record, volume.record)?;
        print_record(&mut text, &volume, record, bytes)?;
    }
    Ok(text)
}

impl<'a> Volume<'a> {
    fn of(source: &'a dyn ReadAt, boot: &BootSector) -> Option<Self> {
        let cluster = u64::from(boot.sector_size.get()) * u64::from(boot.sectors_per_cluster);
        let record = match boot.record_size {
            clusters @ 1.. => cluster * u64::from(clusters.unsigned_abs()),
            exponent => 1u64.checked_shl(exponent.unsigned_abs().into())?,
        };
        let is_sound = |size: &u64| (STRIDE as u64..=LARGEST).contains(size);
        let (cluster, record) = (Some(cluster).filter(is_sound)?, Some(record).filter(is_sound)?);
        Some(Self { source, cluster, record })
    }

    /// The `len` bytes from `at` of a value that lies in runs; holes, and what runs do not hold, are zeros.
    fn read(&self, runs: &[Run], at: u64, len: u64) -> Result<Vec<u8>, ReadError> {
        let mut bytes = Vec::new();
        while (bytes.len() as u64) < len {
            let next = at + bytes.len() as u64;
            let (place, left) = runs::find(runs, next, self.cluster);
            let count = left.min(len - bytes.len() as u64) as usize;
            match place {
                Some(place) => bytes.extend(read_vec(self.source, ByteOffset(place), count)?),
                None => bytes.resize(bytes.len() + count, 0),
            }
        }
        Ok(bytes)
    }
}

fn print_boot(text: &mut String, boot: &BootSector) -> fmt::Result {
    writeln!(text, "boot sector of \"{}\"", boot.oem.escape_ascii())?;
    write!(text, "  {} sectors of {} bytes, ", boot.sectors, boot.sector_size)?;
    writeln!(text, "{} in a cluster, {} before the volume", boot.sectors_per_cluster, boot.hidden_sectors)?;
    write!(text, "  records {}, index blocks {}, ", boot.record_size, boot.index_block_size)?;
    writeln!(text, "$MFT at cluster {}, $MFTMirr at cluster {}", boot.mft, boot.mft_mirror)?;
    writeln!(text, "  serial number {:016x}", boot.serial.get())
}

fn print_record(
    text: &mut String,
    volume: &Volume<'_>,
    number: u64,
    bytes: Vec<u8>,
) -> Result<(), ReadError> {
    let Some(bytes) = undo(bytes) else {
        let _ = writeln!(text, "record {number} is none");
        return Ok(());
    };
    let Ok((header, _)) = RecordHeader::ref_from_prefix(&bytes) else { return Ok(()) };
    if header.flags.get() & flags::IN_USE == 0 {
        return Ok(());
    }
    let _ = print_header(text, number, header);
    attributes(&bytes).try_for_each(|bytes| attribute::print(text, volume, bytes))
}

fn print_header(text: &mut String, number: u64, header: &RecordHeader) -> fmt::Result {
    write!(text, "record {number}/{}, flags {:#x}, ", header.sequence, header.flags)?;
    write!(text, "{} links, {} of {} bytes, ", header.links, header.used, header.allocated)?;
    write!(text, "next attribute {}", header.next_instance)?;
    match header.base.get() {
        0 => writeln!(text),
        base => writeln!(text, ", extends {}", reference(base)),
    }
}

/// A reference to a record: its number and its sequence number.
fn reference(reference: u64) -> String {
    alloc::format!("{}/{}", reference & 0xFFFF_FFFF_FFFF, reference >> 48)
}

/// Where `$MFT` lies and how long it is, from its own record.
fn mft(record: &[u8]) -> Option<(Vec<Run>, u64)> {
    let (header, _) = RecordHeader::ref_from_prefix(record).ok()?;
    let attribute = attributes(record).find(|bytes| attribute_kind(bytes) == Some(kind::DATA))?;
    let (data, _) =
        NonResidentHeader::ref_from_prefix(attribute.get(size_of::<AttributeHeader>()..)?).ok()?;
    let packed = attribute.get(usize::from(data.runs_offset.get())..)?;
    (header.number.get() == number::MFT).then(|| (runs::unpack(packed), data.size.get()))
}

fn attribute_kind(bytes: &[u8]) -> Option<u32> {
    AttributeHeader::ref_from_prefix(bytes).ok().map(|(header, _)| header.kind.get())
}

/// The attributes of a record, as long as each lies in it.
fn attributes(record: &[u8]) -> impl Iterator<Item = &[u8]> {
    let header = RecordHeader::ref_from_prefix(record).ok();
    let mut at = header.map_or(record.len(), |(header, _)| header.first_attribute.get().into());
    core::iter::from_fn(move || {
        let rest = record.get(at..)?;
        let (header, _) = AttributeHeader::ref_from_prefix(rest).ok()?;
        let len = header.len.get() as usize;
        at += len;
        (header.kind.get() != kind::END && len >= size_of::<AttributeHeader>()).then_some(())?;
        rest.get(..len)
    })
}

/// A record or block with the bytes put back that its update sequence keeps; `None` where they do not agree.
fn undo(mut bytes: Vec<u8>) -> Option<Vec<u8>> {
    let (at, _) = bytes.get(4..)?.split_first_chunk().map(|(at, rest)| (u16::from_le_bytes(*at), rest))?;
    let saved = bytes.get(usize::from(at)..)?.get(..2 * (bytes.len() / STRIDE + 1))?.to_vec();
    let (number, saved) = saved.split_first_chunk::<2>()?;
    for (piece, saved) in bytes.chunks_exact_mut(STRIDE).zip(saved.chunks_exact(2)) {
        let end = piece.last_chunk_mut::<2>()?;
        (end == number).then_some(())?;
        end.copy_from_slice(saved);
    }
    Some(bytes)
}
