//! The boot sector (Metz, "The volume header").

use zerocopy::little_endian::{U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// The first 512 bytes of a volume, and the last of its sectors again.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct BootSector {
    /// A jump to `code`.
    pub jump: [u8; 3],
    /// [`OEM`].
    pub oem: [u8; 8],
    /// Bytes in a sector.
    pub sector_size: U16,
    /// Sectors in a cluster; above 128 a negative power of two.
    pub sectors_per_cluster: u8,
    /// Fields of FAT, 0.
    pub unused: [u8; 7],
    /// [`FIXED_DISK`].
    pub media: u8,
    /// Fields of FAT, 0.
    pub unused_2: [u8; 2],
    /// Of the geometry that old BIOSes see.
    pub sectors_per_track: U16,
    /// Of the geometry that old BIOSes see.
    pub heads: U16,
    /// Sectors of the disk before the volume.
    pub hidden_sectors: U32,
    /// A field of FAT, 0.
    pub unused_3: U32,
    /// [`DRIVE`].
    pub drive: [u8; 4],
    /// Sectors of the volume, without the one that holds the copy of this one.
    pub sectors: U64,
    /// The first cluster of `$MFT`.
    pub mft: U64,
    /// The first cluster of `$MFTMirr`.
    pub mft_mirror: U64,
    /// The size of a record: clusters, or a negative power of two of bytes.
    pub record_size: i8,
    /// 0.
    pub unused_4: [u8; 3],
    /// The size of an index block, in the same way.
    pub index_block_size: i8,
    /// 0.
    pub unused_5: [u8; 3],
    /// The volume's serial number.
    pub serial: U64,
    /// 0; nothing checks it.
    pub checksum: U32,
    /// What a BIOS runs.
    pub code: [u8; 426],
    /// [`SIGNATURE`].
    pub signature: [u8; 2],
}
const _: () = assert!(size_of::<BootSector>() == 0x200);

/// What makes a boot sector one of NTFS.
pub const OEM: [u8; 8] = *b"NTFS    ";
/// The end of every boot sector.
pub const SIGNATURE: [u8; 2] = [0x55, 0xAA];
/// The media descriptor of a hard disk.
pub const FIXED_DISK: u8 = 0xF8;
/// Drive number 0x80 and the marks that Windows writes beside it.
pub const DRIVE: [u8; 4] = [0x80, 0, 0x80, 0];
/// A jump to the code after the fields.
pub const JUMP: [u8; 3] = [0xEB, 0x52, 0x90];
/// `cli; hlt; jmp` back to the `hlt`: nothing boots from a volume of ours by way of its BIOS code.
pub const HALT: [u8; 4] = [0xFA, 0xF4, 0xEB, 0xFD];
