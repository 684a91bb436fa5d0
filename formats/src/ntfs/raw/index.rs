//! Indexes: their roots, blocks and entries (Metz, "The index").

use zerocopy::little_endian::{U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// The name of the index of a directory and of its attributes.
pub const I30: &str = "$I30";

/// The start of the value of `$INDEX_ROOT`. An [`IndexHeader`] follows.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct IndexRoot {
    /// The attribute that the keys are, or 0.
    pub indexed: U32,
    /// See [`collation`].
    pub collation: U32,
    /// Bytes of a block.
    pub block_size: U32,
    /// A block in the unit of block numbers: clusters, or 512 bytes where blocks are smaller than clusters.
    pub block_units: u8,
    /// 0.
    pub unused: [u8; 3],
}
const _: () = assert!(size_of::<IndexRoot>() == 0x10);

/// The head of a list of entries. All its lengths count from its own start.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct IndexHeader {
    /// Where the first entry is.
    pub first_entry: U32,
    /// Where the last entry ends.
    pub used: U32,
    /// Where room for entries ends.
    pub allocated: U32,
    /// 1: entries have children.
    pub flags: u8,
    /// 0.
    pub unused: [u8; 3],
}
const _: () = assert!(size_of::<IndexHeader>() == 0x10);

/// The head of a block. An [`IndexHeader`] follows, then the update sequence, then entries.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct BlockHeader {
    /// [`MAGIC`].
    pub magic: [u8; 4],
    /// Where the update sequence starts, in bytes from the start of the block.
    pub update_offset: U16,
    /// Values in the update sequence: its number and one for each 512 bytes.
    pub update_count: U16,
    /// The journal's number of the last change.
    pub log_sequence: U64,
    /// The block's own number.
    pub vcn: U64,
}
const _: () = assert!(size_of::<BlockHeader>() == 0x18);

/// The head of an entry of an index of names. The key follows, and the child's number at the end.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct EntryHeader {
    /// The file. In other indexes: offset and length of the entry's data, two bytes each.
    pub reference: U64,
    /// Bytes of the whole entry, a multiple of 8.
    pub len: U16,
    /// Bytes of the key.
    pub key_len: U16,
    /// See [`entry_flags`].
    pub flags: U16,
    /// 0.
    pub unused: U16,
}
const _: () = assert!(size_of::<EntryHeader>() == 0x10);

/// How a block starts.
pub const MAGIC: [u8; 4] = *b"INDX";

/// In [`IndexHeader::flags`]: entries have children.
pub const HAS_CHILDREN: u8 = 1;

/// Flags of an entry.
pub mod entry_flags {
    /// A child's number lies in the last 8 bytes.
    pub const CHILD: u16 = 1;
    /// The last entry of its list; it has no key.
    pub const LAST: u16 = 2;
}

/// How an index is ordered.
pub mod collation {
    /// Names, by `$UpCase`.
    pub const FILE_NAME: u32 = 0x01;
    /// A number of 32 bits.
    pub const ULONG: u32 = 0x10;
    /// A security identifier.
    pub const SID: u32 = 0x11;
    /// A hash of 32 bits, then a number.
    pub const SECURITY_HASH: u32 = 0x12;
    /// Numbers of 32 bits.
    pub const ULONGS: u32 = 0x13;
}
