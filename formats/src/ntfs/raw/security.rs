//! Security descriptors, in `$Secure` and by themselves.

use zerocopy::little_endian::{U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// The head of an entry of `$SDS`, and the data of the entries of `$SDH` and `$SII` (Metz, "Security descriptor
/// data").
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct SecurityHeader {
    /// The hash of the descriptor.
    pub hash: U32,
    /// The id that files name it by.
    pub id: U32,
    /// Where the entry starts, in bytes from the start of `$SDS`; the copy says the same.
    pub offset: U64,
    /// Bytes of this head and the descriptor.
    pub len: U32,
}
const _: () = assert!(size_of::<SecurityHeader>() == 0x14);

/// Copies of the entries of `$SDS` lie this much further on, in bytes.
pub const COPY_DISTANCE: u64 = 0x4_0000;
/// Entries of `$SDS` start at multiples of this, in bytes.
pub const ENTRY_ALIGNMENT: u64 = 16;
/// The first id that is given to a descriptor.
pub const FIRST_ID: u32 = 0x100;

/// The head of a self-relative security descriptor ([MS-DTYP] 2.4.6). Offsets count from its start.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct Descriptor {
    /// 1.
    pub revision: u8,
    /// 0.
    pub unused: u8,
    /// [`CONTROL`].
    pub control: U16,
    /// Where the owner's identifier is.
    pub owner: U32,
    /// Where the group's is.
    pub group: U32,
    /// 0: nothing is audited.
    pub system_list: U32,
    /// Where the list of rights is.
    pub list: U32,
}
const _: () = assert!(size_of::<Descriptor>() == 0x14);

/// Self-relative, with a list of rights ([MS-DTYP] 2.4.6).
pub const CONTROL: u16 = 0x8004;
/// In the control field: rights come from above where they can.
pub const AUTO_INHERITED: u16 = 0x0400;
/// In the control field: no rights come from above.
pub const PROTECTED: u16 = 0x1000;

/// The head of a list of rights ([MS-DTYP] 2.4.5).
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct RightsHeader {
    /// 2.
    pub revision: u8,
    /// 0.
    pub unused: u8,
    /// Bytes of the whole list.
    pub len: U16,
    /// Entries.
    pub count: U16,
    /// 0.
    pub unused_2: U16,
}
const _: () = assert!(size_of::<RightsHeader>() == 0x08);

/// The head of an entry that gives rights ([MS-DTYP] 2.4.4.2). The identifier of those who get them follows.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct Right {
    /// 0: rights are given.
    pub kind: u8,
    /// Who inherits it ([MS-DTYP] 2.4.4.1).
    pub flags: u8,
    /// Bytes of the whole entry.
    pub len: U16,
    /// The rights ([MS-DTYP] 2.4.3).
    pub mask: U32,
}
const _: () = assert!(size_of::<Right>() == 0x08);
