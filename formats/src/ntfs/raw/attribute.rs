//! Attributes of records: their heads, and the values of those that are structures.

use zerocopy::little_endian::{U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// Attribute types (`ATTRIBUTE_TYPE_CODE` in the Windows developer notes; every volume lists them in `$AttrDef`).
pub mod kind {
    /// Times, flags and the security id.
    pub const STANDARD_INFORMATION: u32 = 0x10;
    /// Where the other attributes are, of a file with several records.
    pub const ATTRIBUTE_LIST: u32 = 0x20;
    /// A name, and the directory that it is in.
    pub const FILE_NAME: u32 = 0x30;
    /// The label of a volume.
    pub const VOLUME_NAME: u32 = 0x60;
    /// The version and flags of a volume.
    pub const VOLUME_INFORMATION: u32 = 0x70;
    /// A stream of bytes.
    pub const DATA: u32 = 0x80;
    /// The root of an index.
    pub const INDEX_ROOT: u32 = 0x90;
    /// The blocks of an index.
    pub const INDEX_ALLOCATION: u32 = 0xA0;
    /// Which blocks of an index, or which records, are in use.
    pub const BITMAP: u32 = 0xB0;
    /// The mark after the last attribute.
    pub const END: u32 = 0xFFFF_FFFF;
}

/// The head of every attribute (Metz, "MFT attribute header").
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct AttributeHeader {
    /// See [`kind`].
    pub kind: U32,
    /// Bytes of the whole attribute, a multiple of 8.
    pub len: U32,
    /// 0: the value follows; 1: it lies in clusters.
    pub non_resident: u8,
    /// UTF-16 units of the attribute's name.
    pub name_len: u8,
    /// Where the name starts, in bytes from the start of this header.
    pub name_offset: U16,
    /// Compressed, encrypted, sparse: 0 for none of them.
    pub flags: U16,
    /// A number that no other attribute of the record has.
    pub instance: U16,
}
const _: () = assert!(size_of::<AttributeHeader>() == 0x10);

/// What follows the head of an attribute whose value is in the record.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct ResidentHeader {
    /// Bytes of the value.
    pub value_len: U32,
    /// Where it starts, in bytes from the start of the attribute.
    pub value_offset: U16,
    /// 1 where an index holds the value as well (`$FILE_NAME`).
    pub indexed: u8,
    /// 0.
    pub unused: u8,
}
const _: () = assert!(size_of::<ResidentHeader>() == 0x08);

/// What follows the head of an attribute whose value is in clusters.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct NonResidentHeader {
    /// The first cluster of the value that this attribute speaks of.
    pub lowest_vcn: U64,
    /// The last one.
    pub highest_vcn: U64,
    /// Where the run list starts, in bytes from the start of the attribute.
    pub runs_offset: U16,
    /// 0: not compressed.
    pub compression_unit: u8,
    /// 0.
    pub unused: [u8; 5],
    /// Bytes of the clusters.
    pub allocated: U64,
    /// Bytes of the value.
    pub size: U64,
    /// Bytes of the value that were written; the rest reads as zeros.
    pub initialized: U64,
}
const _: () = assert!(size_of::<NonResidentHeader>() == 0x30);

/// The value of `$STANDARD_INFORMATION` (Metz, "The standard information attribute"; NTFS 3.x).
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct StandardInformation {
    /// When the file was made, [MS-DTYP] 2.3.3.
    pub created: U64,
    /// When its content changed.
    pub modified: U64,
    /// When its record changed.
    pub changed: U64,
    /// When it was read.
    pub accessed: U64,
    /// See [`file_flags`].
    pub flags: U32,
    /// 0: no versions are kept.
    pub maximum_versions: U32,
    /// 0.
    pub version: U32,
    /// 0.
    pub class: U32,
    /// 0: no quota is counted.
    pub owner: U32,
    /// The key of its security descriptor in `$Secure`.
    pub security: U32,
    /// Bytes counted for its owner.
    pub quota_charged: U64,
    /// Its last entry in the change journal.
    pub update_sequence: U64,
}
const _: () = assert!(size_of::<StandardInformation>() == 0x48);

/// The value of `$FILE_NAME` without the name, which follows (Metz, "The file name attribute").
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct FileName {
    /// The directory that holds the name.
    pub parent: U64,
    /// As in [`StandardInformation`].
    pub created: U64,
    /// As in [`StandardInformation`].
    pub modified: U64,
    /// As in [`StandardInformation`].
    pub changed: U64,
    /// As in [`StandardInformation`].
    pub accessed: U64,
    /// Bytes that the unnamed stream takes up.
    pub allocated: U64,
    /// Bytes of the unnamed stream.
    pub size: U64,
    /// As in [`StandardInformation`].
    pub flags: U32,
    /// The reparse tag or the size of extended attributes: 0.
    pub reparse: U32,
    /// UTF-16 units of the name.
    pub name_len: u8,
    /// See [`namespace`].
    pub namespace: u8,
}
const _: () = assert!(size_of::<FileName>() == 0x42);

/// What kind of name a name is (Metz, "Namespace").
pub mod namespace {
    /// Any name; no short name goes with it.
    pub const POSIX: u8 = 0;
    /// A name that is its own short name.
    pub const WIN32_AND_DOS: u8 = 3;
}

/// Flags of files ([MS-FSCC] 2.6), with two that NTFS adds.
pub mod file_flags {
    /// Not shown.
    pub const HIDDEN: u32 = 0x02;
    /// Of the system.
    pub const SYSTEM: u32 = 0x04;
    /// To be archived.
    pub const ARCHIVE: u32 = 0x20;
    /// Has an index of names.
    pub const DIRECTORY: u32 = 0x1000_0000;
    /// Has an index of something else.
    pub const VIEW_INDEX: u32 = 0x2000_0000;
}

/// The value of `$VOLUME_INFORMATION` (Metz, "The volume information attribute").
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct VolumeInformation {
    /// 0.
    pub unused: U64,
    /// 3.
    pub major: u8,
    /// 1.
    pub minor: u8,
    /// Bit 0: to be checked before use.
    pub flags: U16,
}
const _: () = assert!(size_of::<VolumeInformation>() == 0x0C);

/// An entry of `$AttrDef` (Metz, "Attribute types").
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct AttributeDefinition {
    /// The attribute's name in UTF-16, zeros after it.
    pub name: [U16; 64],
    /// See [`kind`].
    pub kind: U32,
    /// 0.
    pub display: U32,
    /// How an index of it is ordered.
    pub collation: U32,
    /// Whether it may be indexed or must be resident.
    pub flags: U32,
    /// Fewest bytes of a value.
    pub shortest: U64,
    /// Most bytes of a value; all ones for any number.
    pub longest: U64,
}
const _: () = assert!(size_of::<AttributeDefinition>() == 0xA0);
