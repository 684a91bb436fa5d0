//! Records of `$MFT` (Metz, "MFT entry").

use zerocopy::little_endian::{U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// The head of a record. The update sequence follows it, then the attributes.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct RecordHeader {
    /// [`MAGIC`].
    pub magic: [u8; 4],
    /// Where the update sequence starts, in bytes from the start of the record.
    pub update_offset: U16,
    /// Values in the update sequence: its number and one for each 512 bytes.
    pub update_count: U16,
    /// The journal's number of the last change.
    pub log_sequence: U64,
    /// How often the record was given to a file; part of every reference to it.
    pub sequence: U16,
    /// Names of the file in directories.
    pub links: U16,
    /// Where the first attribute starts, in bytes from the start of the record.
    pub first_attribute: U16,
    /// See [`flags`].
    pub flags: U16,
    /// Bytes up to and with the end mark, a multiple of 8.
    pub used: U32,
    /// Bytes of the whole record.
    pub allocated: U32,
    /// The record that this one extends, or 0.
    pub base: U64,
    /// One more than the highest instance number of an attribute.
    pub next_instance: U16,
    /// 0.
    pub unused: U16,
    /// The record's own number.
    pub number: U32,
}
const _: () = assert!(size_of::<RecordHeader>() == 0x30);

/// How a record starts.
pub const MAGIC: [u8; 4] = *b"FILE";

/// Flags of a record.
pub mod flags {
    /// The record holds a file or directory.
    pub const IN_USE: u16 = 1;
    /// It has an index of names.
    pub const DIRECTORY: u16 = 2;
    /// It lies in `$Extend`.
    pub const EXTENSION: u16 = 4;
    /// It has an index of something else than names.
    pub const VIEW_INDEX: u16 = 8;
}
