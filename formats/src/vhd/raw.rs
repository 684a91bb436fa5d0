//! The structures of a VHD as they lie in the file, and their constants.

use zerocopy::byteorder::big_endian::{U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// A sector, in bytes, whatever the disk's own sectors are.
pub const SECTOR: u64 = 512;
/// The largest disk, in bytes: 2040 GiB, 0xFF00_0000 sectors. Tools refuse more, for the 32-bit sector numbers of
/// the block allocation table reach little further.
pub const MAX_DISK: u64 = 0xff00_0000 * SECTOR;
/// What a footer begins with.
pub const FOOTER_COOKIE: [u8; 8] = *b"conectix";
/// What tapdisk puts in place of the cookie while it rearranges a file.
pub const POISON_COOKIE: [u8; 8] = *b"v_poison";
/// What a dynamic disk header begins with.
pub const HEADER_COOKIE: [u8; 8] = *b"cxsparse";
/// What tapdisk's header of a map of full blocks begins with.
pub const BATMAP_COOKIE: [u8; 8] = *b"tdbatmap";
/// The version of the file format and of the dynamic disk header: 1.0.
pub const VERSION: u32 = 0x0001_0000;
/// The bit of `features` that "must always be set to 1".
pub const FEATURE_RESERVED: u32 = 0x0000_0002;
/// `disk_type` of a fixed disk.
pub const FIXED: u32 = 2;
/// `disk_type` of a dynamic disk.
pub const DYNAMIC: u32 = 3;
/// `disk_type` of a differencing disk.
pub const DIFFERENCING: u32 = 4;
/// A table entry of a block that the file does not have.
pub const ABSENT: u32 = 0xffff_ffff;
/// `data_offset` where nothing follows.
pub const NOWHERE: u64 = u64::MAX;
/// From 1970-01-01 to 2000-01-01, in seconds: time stamps count from there.
pub const SINCE_1970: i64 = 946_684_800;

/// "Disk Geometry" of VHD 1.0, "Hard Disk Footer Format".
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct Geometry {
    /// Cylinders.
    pub cylinders: U16,
    /// Heads.
    pub heads: u8,
    /// Sectors a track.
    pub sectors: u8,
}
const _: () = assert!(size_of::<Geometry>() == 0x4);

/// VHD 1.0, "Hard Disk Footer Format". The last 512 bytes of every file, and a copy in front of dynamic ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct Footer {
    /// [`FOOTER_COOKIE`].
    pub cookie: [u8; 8],
    /// [`FEATURE_RESERVED`], and 1 for temporary disks.
    pub features: U32,
    /// [`VERSION`].
    pub file_format_version: U32,
    /// Where the dynamic disk header is, in bytes from the start of the file; [`NOWHERE`] for fixed disks.
    pub data_offset: U64,
    /// When the disk was made, in seconds since 2000-01-01T00:00:00Z.
    pub time_stamp: U32,
    /// Which program made it.
    pub creator_application: [u8; 4],
    /// Which version of that program.
    pub creator_version: U32,
    /// On which system: `Wi2k` or `Mac `.
    pub creator_host_os: [u8; 4],
    /// The disk's size when it was made, in bytes.
    pub original_size: U64,
    /// The disk's size now, in bytes.
    pub current_size: U64,
    /// The disk's size as cylinders, heads and sectors, which is often less.
    pub disk_geometry: Geometry,
    /// [`FIXED`], [`DYNAMIC`] or [`DIFFERENCING`].
    pub disk_type: U32,
    /// [`checksum`] of this structure.
    pub checksum: U32,
    /// The disk's identity, which its children name.
    pub unique_id: [u8; 16],
    /// 1 while the machine that uses the disk is suspended.
    pub saved_state: u8,
    /// tapdisk's own (`vhd.h`): 1 for disks that no user sees. Reserved in VHD 1.0.
    pub hidden: u8,
    /// Zeros.
    pub reserved: [u8; 426],
}
const _: () = assert!(size_of::<Footer>() == 0x200);

/// VHD 1.0, "Parent Locator Entries".
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct LocatorEntry {
    /// Which kind of path, or zeros for none.
    pub platform_code: [u8; 4],
    /// The room for the path; in sectors by the specification, in bytes by most programs.
    pub platform_data_space: U32,
    /// The length of the path, in bytes.
    pub platform_data_length: U32,
    /// Zero.
    pub reserved: U32,
    /// Where the path is, in bytes from the start of the file.
    pub platform_data_offset: U64,
}
const _: () = assert!(size_of::<LocatorEntry>() == 0x18);

/// VHD 1.0, "Dynamic Disk Header Format".
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct DynamicHeader {
    /// [`HEADER_COOKIE`].
    pub cookie: [u8; 8],
    /// Unused: [`NOWHERE`], or half of it.
    pub data_offset: U64,
    /// Where the block allocation table is, in bytes from the start of the file.
    pub table_offset: U64,
    /// [`VERSION`].
    pub header_version: U32,
    /// How many entries the table has; at least as many as the disk has blocks.
    pub max_table_entries: U32,
    /// The size of a block's data, in bytes: a power of two of at least one sector.
    pub block_size: U32,
    /// [`checksum`] of this structure.
    pub checksum: U32,
    /// `unique_id` of the parent's footer; zeros when the parent is no VHD but a raw disk.
    pub parent_unique_id: [u8; 16],
    /// When the parent's file was changed last, in seconds since 2000-01-01T00:00:00Z.
    pub parent_time_stamp: U32,
    /// Zero.
    pub reserved: U32,
    /// The parent's file name, UTF-16, big-endian, ended by a zero.
    pub parent_unicode_name: [U16; 256],
    /// Where the parent was last seen.
    pub parent_locators: [LocatorEntry; 8],
    /// Zeros.
    pub reserved_end: [u8; 256],
}
const _: () = assert!(size_of::<DynamicHeader>() == 0x400);

/// tapdisk's header of a map of full blocks, right behind the block allocation table (blktap, `vhd.h`). The map only
/// repeats what the bitmaps say; the hash of a key tells that the data are encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct BatmapHeader {
    /// [`BATMAP_COOKIE`].
    pub cookie: [u8; 8],
    /// Where the map is, in bytes from the start of the file.
    pub batmap_offset: U64,
    /// The length of the map, in sectors.
    pub batmap_size: U32,
    /// 1.1 or 1.2, as [`VERSION`] counts.
    pub batmap_version: U32,
    /// The ones' complement of the sum of the map's bytes.
    pub checksum: U32,
    /// tapdisk's own.
    pub marker: u8,
    /// Not 0 when the data are encrypted.
    pub key_hash_cookie: u8,
    /// What was hashed before the key.
    pub key_nonce: [u8; 32],
    /// SHA-256 of the nonce and the key.
    pub key_hash: [u8; 32],
    /// Zeros.
    pub reserved: [u8; 418],
}
const _: () = assert!(size_of::<BatmapHeader>() == 0x200);

impl Footer {
    /// [`checksum`] of its bytes, for its field `checksum`.
    pub fn compute_checksum(&self) -> u32 {
        checksum(Self { checksum: U32::ZERO, ..*self }.as_bytes())
    }
}

impl DynamicHeader {
    /// [`checksum`] of its bytes, for its field `checksum`.
    pub fn compute_checksum(&self) -> u32 {
        checksum(Self { checksum: U32::ZERO, ..*self }.as_bytes())
    }
}

/// "The checksum value is a one's complement of the sum of all the bytes" without the field itself.
pub fn checksum(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(0u32, |sum, &byte| sum.wrapping_add(byte.into()))
}
