//! The boot sector and directory entries as they lie on a FAT volume (FAT 1.03).

use zerocopy::little_endian::{U16, U32};
use zerocopy::{FromBytes, Immutable, KnownLayout, Unaligned};

/// The last two bytes of a boot sector, at offset 510 whatever the sector size.
pub const BOOT_SIGNATURE: [u8; 2] = [0x55, 0xaa];
/// What the jump at the start of a boot sector begins with ("BS_jmpBoot").
pub const JUMPS: [u8; 2] = [0xeb, 0xe9];
/// The number of the first cluster.
pub const FIRST_CLUSTER: u32 = 2;
/// The bits of an entry of FAT32's table that count; the upper four are kept for others.
pub const ENTRY_MASK: u32 = 0x0fff_ffff;
/// How many bytes a directory may have: 65,536 entries of 32 bytes.
pub const MAX_DIRECTORY: u64 = 2 << 20;

/// The entry is a directory.
pub const ATTR_DIRECTORY: u8 = 0x10;
/// The entry is the volume's label.
pub const ATTR_VOLUME_ID: u8 = 0x08;
/// The entry is a part of a long name, when these four bits are set and the two above them are not.
pub const ATTR_LONG_NAME: u8 = 0x0f;
/// The bits to look at for [`ATTR_LONG_NAME`].
pub const ATTR_LONG_NAME_MASK: u8 = 0x3f;
/// The part of a long name that comes first on the volume has this bit in its number.
pub const LAST_LONG_ENTRY: u8 = 0x40;
/// An entry that starts with this was deleted.
pub const DELETED: u8 = 0xe5;
/// Stands for 0xe5 as the first byte of a name.
pub const KANJI: u8 = 0x05;
/// The name before the dot is in lower case (Windows NT's use of `DIR_NTRes`).
pub const LOWER_BASE: u8 = 0x08;
/// The name after the dot is in lower case.
pub const LOWER_EXTENSION: u8 = 0x10;

/// The fields that every boot sector starts with ("Boot Sector and BPB"). On FAT32 [`Fat32Fields`] follow, on FAT16
/// [`Extended`].
#[derive(Clone, Copy, Debug, FromBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct BootSector {
    /// A jump to the boot code.
    pub jump: [u8; 3],
    /// Who formatted the volume.
    pub oem_name: [u8; 8],
    /// In bytes.
    pub sector_size: U16,
    /// In sectors.
    pub cluster_size: u8,
    /// How many sectors lie before the first table.
    pub reserved_sectors: U16,
    /// How many tables there are.
    pub tables: u8,
    /// How many entries the root directory has; zero on FAT32.
    pub root_entries: U16,
    /// How many sectors the volume has; zero when they are too many, and on FAT32.
    pub total_sectors_16: U16,
    /// The kind of medium.
    pub media: u8,
    /// In sectors; zero on FAT32.
    pub table_size_16: U16,
    /// Of a geometry that nothing has any more.
    pub sectors_per_track: U16,
    /// Of a geometry that nothing has any more.
    pub heads: U16,
    /// How many sectors lie before the volume on its disk.
    pub hidden_sectors: U32,
    /// How many sectors the volume has, when `total_sectors_16` is zero.
    pub total_sectors: U32,
}
const _: () = assert!(size_of::<BootSector>() == 0x24);

/// The fields that only FAT32 has. [`Extended`] follows.
#[derive(Clone, Copy, Debug, FromBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct Fat32Fields {
    /// In sectors.
    pub table_size: U32,
    /// Bit 7: only the table numbered by bits 0-3 is in use.
    pub flags: U16,
    /// Zero.
    pub version: U16,
    /// Where the root directory starts.
    pub root_cluster: U32,
    /// The sector of the FSInfo structure.
    pub fs_info: U16,
    /// The sector of the boot sector's copy.
    pub backup_boot: U16,
    /// Zero.
    pub reserved: [u8; 12],
}
const _: () = assert!(size_of::<Fat32Fields>() == 0x1c);

/// The last fields of both kinds.
#[derive(Clone, Copy, Debug, FromBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct Extended {
    /// For the BIOS.
    pub drive: u8,
    /// Zero.
    pub reserved_1: u8,
    /// 0x29: the next three fields are there.
    pub boot_signature: u8,
    /// The volume's serial number.
    pub serial: U32,
    /// The volume's label, padded with blanks.
    pub label: [u8; 11],
    /// `FAT16` or `FAT32` and blanks; proves nothing.
    pub kind: [u8; 8],
}
const _: () = assert!(size_of::<Extended>() == 0x1a);

/// An entry of a directory ("Directory Structure").
#[derive(Clone, Copy, Debug, FromBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct ShortEntry {
    /// Eight characters, then three, each padded with blanks.
    pub name: [u8; 11],
    /// What it is.
    pub attributes: u8,
    /// [`LOWER_BASE`] and [`LOWER_EXTENSION`].
    pub case: u8,
    /// Created, accessed: times that we do not read.
    pub created: [u8; 7],
    /// The upper half of the number of its first cluster; means nothing on FAT16.
    pub first_cluster_high: U16,
    /// Modified: a time that we do not read.
    pub modified: [u8; 4],
    /// The lower half of the number of its first cluster.
    pub first_cluster_low: U16,
    /// In bytes; zero for directories.
    pub size: U32,
}
const _: () = assert!(size_of::<ShortEntry>() == 0x20);

/// A part of a long name ("Long File Name Implementation").
#[derive(Clone, Copy, Debug, FromBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct LongEntry {
    /// Which part, from 1, with [`LAST_LONG_ENTRY`].
    pub order: u8,
    /// Characters 1 to 5 in UTF-16.
    pub name_1: [U16; 5],
    /// [`ATTR_LONG_NAME`].
    pub attributes: u8,
    /// Zero.
    pub kind: u8,
    /// The checksum of the short name that it belongs to.
    pub checksum: u8,
    /// Characters 6 to 11.
    pub name_2: [U16; 6],
    /// Zero.
    pub first_cluster: U16,
    /// Characters 12 and 13.
    pub name_3: [U16; 2],
}
const _: () = assert!(size_of::<LongEntry>() == 0x20);

/// The checksum that ties a long name to its short one ("ChkSum").
pub fn short_name_checksum(name: &[u8; 11]) -> u8 {
    name.iter().fold(0, |sum: u8, byte| sum.rotate_right(1).wrapping_add(*byte))
}
