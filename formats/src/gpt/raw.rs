//! Headers and entries as they lie on a disk, the type GUIDs, and what fits where.

use core::ops::Range;

use uuid::{Uuid, uuid};
use zerocopy::little_endian::{U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::units::ByteLen;

/// An EFI system partition (UEFI 2.10, table 5.7).
pub const EFI_SYSTEM: Uuid = uuid!("c12a7328-f81f-11d2-ba4b-00a0c93ec93b");
/// What a BIOS goes on with that started the disk (GRUB manual, "BIOS installation").
pub const BIOS_BOOT: Uuid = uuid!("21686148-6449-6e6f-744e-656564454649");
/// A partition with a file system of Windows (Microsoft, "PARTITION_BASIC_DATA_GUID").
pub const BASIC_DATA: Uuid = uuid!("ebd0a0a2-b9e5-4433-87c0-68b6b72699c7");
/// A partition with data that Linux knows how to read and Windows leaves alone (UAPI, "Discoverable Partitions").
pub const LINUX_DATA: Uuid = uuid!("0fc63daf-8483-4772-8e79-3d69d8477de4");

/// The first bytes of a header.
pub const SIGNATURE: [u8; 8] = *b"EFI PART";
/// Revision 1.0, the only one.
pub const REVISION: u32 = 0x0001_0000;
/// How many UTF-16 units a partition's name has.
pub const NAME_UNITS: usize = 36;
/// How many entries a table has that we write: the least that is allowed.
pub const ENTRIES: u32 = 128;
/// How many bytes an entry has that we write: the least that is allowed.
pub const ENTRY_LEN: u32 = 128;
/// How many entries a table may have that we read: eight times of what every known program writes.
pub const MAX_ENTRIES: u32 = 1024;
/// How many bytes an entry may have that we read.
pub const MAX_ENTRY_LEN: u32 = 4096;
/// The sector sizes that a disk may have, in bytes.
pub const SECTOR_SIZES: [u32; 2] = [512, 4096];

/// A header (UEFI 2.10, table 5.5).
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct Header {
    /// [`SIGNATURE`].
    pub signature: [u8; 8],
    /// [`REVISION`].
    pub revision: U32,
    /// How much of the header its checksum covers, in bytes.
    pub header_size: U32,
    /// CRC-32 of the header, computed with zeros here.
    pub header_crc: U32,
    /// Zero.
    pub reserved: U32,
    /// The sector of this header.
    pub my_lba: U64,
    /// The sector of the other header.
    pub alternate_lba: U64,
    /// The first sector that a partition may have.
    pub first_usable: U64,
    /// The last sector that a partition may have.
    pub last_usable: U64,
    /// The disk's identity.
    pub disk_guid: [u8; 16],
    /// The first sector of the entries.
    pub entries_lba: U64,
    /// How many entries there are.
    pub entries: U32,
    /// How long an entry is, in bytes.
    pub entry_len: U32,
    /// CRC-32 of all entries.
    pub entries_crc: U32,
}
const _: () = assert!(size_of::<Header>() == 0x5c);

/// An entry (UEFI 2.10, table 5.6).
#[derive(Clone, Copy, Debug, FromBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct Entry {
    /// What the partition is for; nil in an entry that is not in use.
    pub kind: [u8; 16],
    /// The partition's identity.
    pub guid: [u8; 16],
    /// Its first sector.
    pub first: U64,
    /// Its last sector.
    pub last: U64,
    /// Its attribute bits.
    pub attributes: U64,
    /// Its name in UTF-16, ended by a zero where it is shorter.
    pub name: [U16; NAME_UNITS],
}
const _: () = assert!(size_of::<Entry>() == 0x80);

/// How long the entries are that we write, in bytes: a multiple of both sector sizes.
pub const ENTRIES_LEN: u64 = ENTRIES as u64 * ENTRY_LEN as u64;

/// The bytes of a disk that partitions may take up, between the tables that we write; `None` when the disk is too
/// short to have any.
pub fn usable(size: ByteLen, sector_size: u32) -> Option<Range<u64>> {
    let sector = u64::from(sector_size);
    let head = 2 * sector + ENTRIES_LEN;
    let tail = ENTRIES_LEN + sector;
    let end = size.0.checked_sub(tail)?;
    (head < end).then_some(head..end)
}

/// CRC-32 as headers and entries use it (IEEE 802.3, reflected, 0xEDB88320).
pub fn crc32(bytes: &[u8]) -> u32 {
    let crc = bytes.iter().fold(!0, |crc: u32, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg()))
    });
    !crc
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_those_of_the_standard() {
        // The check value of CRC-32/ISO-HDLC in the catalogue of parametrised CRC algorithms.
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn tables_leave_room_for_partitions_between_them() {
        assert_eq!(usable(ByteLen(1 << 20), 512), Some(34 * 512..(1 << 20) - 33 * 512));
        assert_eq!(usable(ByteLen(1 << 20), 4096), Some(6 * 4096..(1 << 20) - 5 * 4096));
        assert_eq!(usable(ByteLen(67 * 512), 512), None);
        assert_eq!(usable(ByteLen(0), 512), None);
    }
}
