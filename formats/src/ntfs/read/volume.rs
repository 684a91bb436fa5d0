//! Records by number, and the values of their attributes wherever their pieces are.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use super::bytes::{slice_at, u16_at, u32_at, u64_at, units};
use super::error::NtfsReadError;
use super::geometry::{BOOT_LEN, Geometry};
use super::record::{Attribute, Record, Reference, ty};
use super::value::{Gathering, Stream, Value};
use crate::io::{ReadAt, read_vec};
use crate::units::{ByteLen, ByteOffset};

/// The longest attribute list, in bytes: what Windows allows.
const MAX_ATTRIBUTE_LIST: u64 = 256 * 1024;

/// A volume as records.
pub struct Volume<R> {
    /// The volume's bytes.
    pub source: R,
    /// The sizes of its units.
    pub geometry: Geometry,
    mft: Value,
}

/// An entry of an attribute list: a piece of an attribute and the record that has it.
struct Piece {
    lowest: u64,
    record: Reference,
    instance: u16,
}

impl<R: ReadAt> Volume<R> {
    /// Reads the boot sector and finds all of $MFT.
    pub fn open(source: R) -> Result<Self, NtfsReadError> {
        let mut boot = [0; BOOT_LEN];
        source.read_at(ByteOffset::ZERO, &mut boot).map_err(NtfsReadError::read("the boot sector"))?;
        let geometry = Geometry::parse(&boot, source.size())?;
        let start = geometry.mft.offset(geometry.cluster_size).unwrap_or_default();
        let first = read_record(&source, geometry.record_size, 0, start)?;
        let attribute = first.find(ty::DATA, "")?.ok_or_else(|| first.damaged("$MFT has no $DATA"))?;
        let mut gathering = Gathering::new(&attribute, &first)?;
        gathering.add(&attribute, &first, &geometry)?;
        let mut volume = Self { source, geometry, mft: gathering.so_far() };
        for piece in volume.pieces(&first, ty::DATA, "")?.unwrap_or_default().iter().skip(1) {
            volume.add_piece(&mut gathering, &first, piece)?;
            volume.mft = gathering.so_far();
        }
        volume.mft = gathering.finish(&first)?;
        Ok(volume)
    }

    /// The record with a number.
    pub fn record(&self, number: u64) -> Result<Record, NtfsReadError> {
        let size = self.geometry.record_size;
        let past =
            || NtfsReadError::damaged("$MFT", ByteOffset::ZERO, "a record past its end is referred to");
        let at = number.checked_mul(u64::from(size)).ok_or_else(past)?;
        let mft = Stream::new(&self.source, Cow::Borrowed(&self.mft));
        if at.checked_add(u64::from(size)).is_none_or(|end| end > self.mft.len()) {
            return Err(past());
        }
        let bytes = read_vec(&mft, ByteOffset(at), size as usize).map_err(NtfsReadError::read("$MFT"))?;
        Record::new(bytes, number, self.mft.place(at).unwrap_or_default())
    }

    /// The record that a reference means, as long as it belongs to the same file.
    pub fn referred(&self, reference: Reference) -> Result<Record, NtfsReadError> {
        let record = self.record(reference.number())?;
        match reference.sequence() {
            sequence if sequence == record.sequence() => Ok(record),
            _ => Err(record.damaged("it belongs to another file than the one that is referred to")),
        }
    }

    /// The value of an attribute of the file whose base record is `base`, or `None` when it has no such attribute.
    pub fn value(&self, base: &Record, ty: u32, name: &str) -> Result<Option<Value>, NtfsReadError> {
        let Some(pieces) = self.pieces(base, ty, name)? else {
            return base.find(ty, name)?.map(|attribute| self.whole(base, &attribute)).transpose();
        };
        let Some((first, others)) = pieces.split_first() else { return Ok(None) };
        let record = self.holder(base, first)?;
        let attribute = find_piece(&record, first, ty, name)?;
        if attribute.is_resident() {
            return self.whole(&record, &attribute).map(Some);
        }
        check_plain(&record, &attribute)?;
        let mut gathering = Gathering::new(&attribute, &record)?;
        gathering.add(&attribute, &record, &self.geometry)?;
        for piece in others {
            let record = self.holder(base, piece)?;
            gathering.add(&find_piece(&record, piece, ty, name)?, &record, &self.geometry)?;
        }
        gathering.finish(base).map(Some)
    }

    /// The value of an attribute that is in one piece.
    fn whole(&self, record: &Record, attribute: &Attribute) -> Result<Value, NtfsReadError> {
        check_plain(record, attribute)?;
        if attribute.is_resident() {
            let value = attribute.value().ok_or_else(|| record.damaged("a value leaves its attribute"))?;
            return Ok(Value::Resident(value.into()));
        }
        let mut gathering = Gathering::new(attribute, record)?;
        gathering.add(attribute, record, &self.geometry)?;
        gathering.finish(record)
    }

    /// Where the pieces of an attribute are, in order; `None` when the file has no attribute list.
    fn pieces(&self, base: &Record, ty: u32, name: &str) -> Result<Option<Vec<Piece>>, NtfsReadError> {
        let Some(attribute) = base.find(ty::ATTRIBUTE_LIST, "")? else { return Ok(None) };
        let value = self.whole(base, &attribute)?;
        let len = ByteLen(value.len()).to_usize().filter(|len| *len as u64 <= MAX_ATTRIBUTE_LIST);
        let len = len.ok_or_else(|| base.damaged("its attribute list is longer than 256 KiB"))?;
        let list = read_vec(&Stream::new(&self.source, Cow::Borrowed(&value)), ByteOffset::ZERO, len);
        let list = list.map_err(NtfsReadError::read("an attribute list"))?;
        let fault = || base.damaged("an entry of its attribute list leaves the list");
        let mut pieces = Vec::new();
        let mut rest = &*list;
        while !rest.is_empty() {
            let (entry, others) = split_entry(rest).ok_or_else(fault)?;
            pieces.extend(piece(entry, ty, name));
            rest = others;
        }
        pieces.sort_by_key(|piece| piece.lowest);
        Ok(Some(pieces))
    }

    /// The record that has a piece, which continues `base` or is it.
    fn holder(&self, base: &Record, piece: &Piece) -> Result<Record, NtfsReadError> {
        let record = self.referred(piece.record)?;
        let continues = record.base().is_some_and(|found| found.number() == base.number);
        match continues || record.number == base.number {
            true => Ok(record),
            false => Err(record.damaged("it does not continue the record whose list names it")),
        }
    }

    fn add_piece(
        &self,
        gathering: &mut Gathering,
        base: &Record,
        piece: &Piece,
    ) -> Result<(), NtfsReadError> {
        let record = self.holder(base, piece)?;
        gathering.add(&find_piece(&record, piece, ty::DATA, "")?, &record, &self.geometry)
    }
}

fn read_record(
    source: &impl ReadAt,
    size: u32,
    number: u64,
    start: ByteOffset,
) -> Result<Record, NtfsReadError> {
    let bytes = read_vec(source, start, size as usize).map_err(NtfsReadError::read("$MFT"))?;
    Record::new(bytes, number, start)
}

fn check_plain(record: &Record, attribute: &Attribute) -> Result<(), NtfsReadError> {
    match attribute.special() {
        Some(how) => Err(NtfsReadError::Unsupported { structure: record.name(), how }),
        None => Ok(()),
    }
}

fn find_piece<'a>(
    record: &'a Record,
    piece: &Piece,
    ty: u32,
    name: &str,
) -> Result<Attribute<'a>, NtfsReadError> {
    let mut all = record.attributes()?.into_iter();
    let found = all.find(|attribute| attribute.is(ty, name) && attribute.instance() == piece.instance);
    found.ok_or_else(|| record.damaged("it lacks an attribute that an attribute list says is there"))
}

/// The first entry of a list and what follows. An entry holds its own header, so entries end.
fn split_entry(list: &[u8]) -> Option<(&[u8], &[u8])> {
    let len = usize::from(u16_at(list, 4)?);
    if len < 0x1a { None } else { list.split_at_checked(len) }
}

/// The piece that an entry names, when it is of the attribute that is looked for.
fn piece(entry: &[u8], ty: u32, name: &str) -> Option<Piece> {
    let len = usize::from(*entry.get(6)?) * 2;
    let found = slice_at(entry, usize::from(*entry.get(7)?), len)?;
    let same = u32_at(entry, 0)? == ty && units(found).eq(name.encode_utf16());
    let record = Reference(u64_at(entry, 0x10)?);
    same.then_some(Piece { lowest: u64_at(entry, 8)?, record, instance: u16_at(entry, 0x18)? })
}
