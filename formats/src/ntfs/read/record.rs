//! Records of $MFT and their attributes.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::bytes::{slice_at, u16_at, u32_at, u64_at, units};
use super::error::NtfsReadError;
use crate::units::ByteOffset;

/// The last two bytes of each piece of this many bytes are kept apart, whatever the size of a sector.
const STRIDE: usize = 512;

/// The type of an attribute, and the mark behind the last one.
pub mod ty {
    /// `$ATTRIBUTE_LIST`: in which records the attributes are.
    pub const ATTRIBUTE_LIST: u32 = 0x20;
    /// `$VOLUME_NAME`.
    pub const VOLUME_NAME: u32 = 0x60;
    /// `$VOLUME_INFORMATION`.
    pub const VOLUME_INFORMATION: u32 = 0x70;
    /// `$DATA`.
    pub const DATA: u32 = 0x80;
    /// `$INDEX_ROOT`.
    pub const INDEX_ROOT: u32 = 0x90;
    /// `$INDEX_ALLOCATION`.
    pub const INDEX_ALLOCATION: u32 = 0xa0;
    /// Behind the last attribute.
    pub const END: u32 = 0xffff_ffff;
}

/// A reference to a record: its number, and the sequence number that says which file's it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reference(pub u64);

impl Reference {
    /// The number of the record.
    pub fn number(self) -> u64 {
        self.0 & 0xffff_ffff_ffff
    }

    /// Its sequence number.
    pub fn sequence(self) -> u16 {
        (self.0 >> 48) as u16
    }
}

/// A record that is in use and whose fixups were undone.
pub struct Record {
    bytes: Vec<u8>,
    /// Which one it is.
    pub number: u64,
    /// Where it starts on the volume.
    pub offset: ByteOffset,
}

/// An attribute, or one piece of it when it is spread over records.
#[derive(Clone, Copy)]
pub struct Attribute<'a> {
    bytes: &'a [u8],
}

/// Where a piece of a non-resident attribute lies.
pub struct Mapping<'a> {
    /// The first cluster of the attribute that is mapped here.
    pub lowest: u64,
    /// The cluster behind the last one that is mapped here.
    pub end: u64,
    /// The runs, packed.
    pub runs: &'a [u8],
    /// How long the attribute's value is, in bytes; only the first piece says it.
    pub len: u64,
    /// How much of it was ever written, in bytes; the rest is zeros, whatever is on the volume.
    pub initialised: u64,
}

impl Record {
    /// Checks a record's frame and undoes its fixups.
    pub fn new(mut bytes: Vec<u8>, number: u64, offset: ByteOffset) -> Result<Self, NtfsReadError> {
        let fault = |reason: String| NtfsReadError::damaged(&format!("record {number}"), offset, reason);
        undo_fixups(&mut bytes, b"FILE").map_err(fault)?;
        let record = Self { bytes, number, offset };
        match u16_at(&record.bytes, 0x16) {
            Some(flags) if flags & 1 == 0 => Err(record.damaged("it is not in use")),
            _ => Ok(record),
        }
    }

    /// An error about this record.
    pub fn damaged(&self, reason: &str) -> NtfsReadError {
        NtfsReadError::damaged(&self.name(), self.offset, reason)
    }

    /// What it is called in errors.
    pub fn name(&self) -> String {
        format!("record {}", self.number)
    }

    /// Which of the files that had this record one after the other it belongs to.
    pub fn sequence(&self) -> u16 {
        u16_at(&self.bytes, 0x10).unwrap_or_default()
    }

    /// Whether it is a directory's.
    pub fn is_directory(&self) -> bool {
        u16_at(&self.bytes, 0x16).is_some_and(|flags| flags & 2 != 0)
    }

    /// The record that this one continues, or `None` when it stands for a file itself.
    pub fn base(&self) -> Option<Reference> {
        u64_at(&self.bytes, 0x20).filter(|base| *base != 0).map(Reference)
    }

    /// All attributes in the record, in order.
    pub fn attributes(&self) -> Result<Vec<Attribute<'_>>, NtfsReadError> {
        let used = u32_at(&self.bytes, 0x18).unwrap_or_default() as usize;
        let used = self.bytes.get(..used).ok_or_else(|| self.damaged("more bytes are in use than it has"))?;
        let mut at = usize::from(u16_at(used, 0x14).unwrap_or_default());
        let mut found = Vec::new();
        while let Some(kind) = u32_at(used, at) {
            if kind == ty::END {
                return Ok(found);
            }
            let attribute = attribute_at(used, at);
            let attribute = attribute.ok_or_else(|| self.damaged("an attribute leaves the record"))?;
            at += attribute.bytes.len();
            found.push(attribute);
        }
        Err(self.damaged("its attributes have no end mark"))
    }

    /// The first attribute of a type and a name in this record.
    pub fn find(&self, ty: u32, name: &str) -> Result<Option<Attribute<'_>>, NtfsReadError> {
        Ok(self.attributes()?.into_iter().find(|attribute| attribute.is(ty, name)))
    }
}

impl<'a> Attribute<'a> {
    /// Whether it has this type and this name.
    pub fn is(&self, ty: u32, name: &str) -> bool {
        u32_at(self.bytes, 0) == Some(ty) && units(self.name()).eq(name.encode_utf16())
    }

    /// The number that no other attribute in its record has.
    pub fn instance(&self) -> u16 {
        u16_at(self.bytes, 0x0e).unwrap_or_default()
    }

    /// How it is kept, where that is not the plain way.
    pub fn special(&self) -> Option<&'static str> {
        match u16_at(self.bytes, 0x0c) {
            Some(flags) if flags & 0x4000 != 0 => Some("encrypted"),
            Some(flags) if flags & 0x00ff != 0 => Some("compressed"),
            _ => None,
        }
    }

    /// Whether its value lies in the record.
    pub fn is_resident(&self) -> bool {
        self.bytes.get(8) == Some(&0)
    }

    /// The value, or `None` when it does not lie in the record or leaves the attribute.
    pub fn value(&self) -> Option<&'a [u8]> {
        if !self.is_resident() {
            return None;
        }
        let len = u32_at(self.bytes, 0x10)? as usize;
        slice_at(self.bytes, usize::from(u16_at(self.bytes, 0x14)?), len)
    }

    /// Where the value lies in clusters, or `None` when it does not or the header contradicts itself.
    pub fn mapping(&self) -> Option<Mapping<'a>> {
        if self.is_resident() {
            return None;
        }
        let lowest = u64_at(self.bytes, 0x10)?;
        // The highest cluster number of an empty attribute is -1.
        let end = u64_at(self.bytes, 0x18)?.wrapping_add(1);
        let runs = self.bytes.get(usize::from(u16_at(self.bytes, 0x20)?)..)?;
        let len = u64_at(self.bytes, 0x30)?;
        let initialised = u64_at(self.bytes, 0x38)?;
        (lowest <= end && initialised <= len).then_some(Mapping { lowest, end, runs, len, initialised })
    }

    fn name(&self) -> &'a [u8] {
        let len = usize::from(self.bytes.get(9).copied().unwrap_or_default()) * 2;
        let at = usize::from(u16_at(self.bytes, 0x0a).unwrap_or_default());
        slice_at(self.bytes, at, len).unwrap_or_default()
    }
}

/// The attribute that starts at `at`. Its length is a multiple of 8 and holds a header, so attributes end.
fn attribute_at(used: &[u8], at: usize) -> Option<Attribute<'_>> {
    let len = u32_at(used, at.checked_add(4)?)? as usize;
    let bytes = slice_at(used, at, len)?;
    (len >= 0x18 && len.is_multiple_of(8)).then_some(Attribute { bytes })
}

/// Checks the signature of a record or an index block, and that all its pieces were written together (each ends
/// with the same number), and puts the bytes back that the number took the place of.
pub fn undo_fixups(bytes: &mut [u8], signature: &[u8; 4]) -> Result<(), String> {
    let found = bytes.get(..4).unwrap_or_default();
    if found != signature {
        let (expected, found) = (signature.escape_ascii(), found.escape_ascii());
        return Err(format!("it should start with \"{expected}\", but starts with \"{found}\""));
    }
    let count = usize::from(u16_at(bytes, 6).unwrap_or_default());
    let expected = bytes.len() / STRIDE + 1;
    let array = u16_at(bytes, 4).and_then(|at| slice_at(bytes, usize::from(at), expected * 2));
    let Some(array) = array.filter(|_| count == expected).map(<[u8]>::to_vec) else {
        return Err(format!("its update sequence should have {expected} numbers inside it, but has {count}"));
    };
    let (number, saved) = array.split_at(2);
    for (index, (piece, saved)) in bytes.chunks_exact_mut(STRIDE).zip(saved.chunks_exact(2)).enumerate() {
        let last = &mut piece[STRIDE - 2..];
        if last != number {
            return Err(format!(
                "its piece {index} of {STRIDE} bytes was not written together with the others"
            ));
        }
        last.copy_from_slice(saved);
    }
    Ok(())
}
