//! Structures and constants of ECMA-119, Joliet, SUSP, RRIP and El Torito, as they lie on a disc.

use alloc::vec::Vec;

use zerocopy::{
    FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned, big_endian as be, little_endian as le,
};

use crate::on_disc::on_disc;
use crate::time::Timestamp;

/// The size of logical sectors and blocks, in bytes.
pub const SECTOR: u32 = 2048;
/// The first volume descriptor (ECMA-119 6.2.1).
pub const FIRST_DESCRIPTOR: u32 = 16;
/// The most bytes of one extent: 32 bits, whole sectors.
pub const MAX_EXTENT: u64 = (1 << 32) - SECTOR as u64;

/// File flags (ECMA-119 9.1.6).
pub mod flags {
    /// A directory.
    pub const DIRECTORY: u8 = 1 << 1;
    /// More extents of the file follow.
    pub const MORE_EXTENTS: u8 = 1 << 7;
}

on_disc! {
    /// A number of 16 bits, twice (ECMA-119 7.2.3).
    Both16, 0x04, {
        /// Least significant byte first.
        little: le::U16,
        /// Most significant byte first.
        big: be::U16,
    }
}

on_disc! {
    /// A number of 32 bits, twice (ECMA-119 7.3.3).
    Both32, 0x08, {
        /// Least significant byte first.
        little: le::U32,
        /// Most significant byte first.
        big: be::U32,
    }
}

on_disc! {
    /// The fixed part of a directory record (ECMA-119 9.1); the identifier and the system use area follow.
    DirectoryRecord, 0x21, {
        /// Of the whole record, in bytes; even.
        length: u8,
        /// 0.
        extended_attributes: u8,
        /// The first sector of the data.
        extent: Both32,
        /// In bytes.
        data_length: Both32,
        /// When the data were made.
        recorded: [u8; 7],
        /// [`flags`].
        flags: u8,
        /// 0: not interleaved.
        unit_size: u8,
        /// 0: not interleaved.
        gap: u8,
        /// 1.
        volume: Both16,
        /// The length of the identifier, in bytes.
        identifier_length: u8,
    }
}

on_disc! {
    /// A primary or supplementary volume descriptor (ECMA-119 8.4 and 8.5).
    VolumeDescriptor, 0x800, {
        /// 1 primary, 2 supplementary.
        kind: u8,
        /// `CD001`.
        identifier: [u8; 5],
        /// 1.
        version: u8,
        /// 0.
        flags: u8,
        /// Spaces.
        system_id: [u8; 32],
        /// The volume's name.
        volume_id: [u8; 32],
        /// Zeros.
        unused: [u8; 8],
        /// In sectors.
        space_size: Both32,
        /// Zeros, or the escape sequence of Joliet.
        escapes: [u8; 32],
        /// 1.
        set_size: Both16,
        /// 1.
        sequence_number: Both16,
        /// 2048.
        block_size: Both16,
        /// In bytes.
        path_table_size: Both32,
        /// The first sector of the path table of type L.
        path_table_l: le::U32,
        /// 0: none.
        optional_path_table_l: le::U32,
        /// The first sector of the path table of type M.
        path_table_m: be::U32,
        /// 0: none.
        optional_path_table_m: be::U32,
        /// The root's directory record.
        root: DirectoryRecord,
        /// The root's identifier: 0.
        root_identifier: u8,
        /// The set's name.
        set_id: [u8; 128],
        /// Spaces.
        publisher_id: [u8; 128],
        /// Spaces.
        preparer_id: [u8; 128],
        /// What made the volume.
        application_id: [u8; 128],
        /// Spaces.
        copyright_file: [u8; 37],
        /// Spaces.
        abstract_file: [u8; 37],
        /// Spaces.
        bibliographic_file: [u8; 37],
        /// When the volume was made.
        created: [u8; 17],
        /// The same.
        modified: [u8; 17],
        /// Zeros as digits: none.
        expires: [u8; 17],
        /// Zeros as digits: none.
        effective: [u8; 17],
        /// 1.
        structure_version: u8,
        /// Zeros.
        reserved: [u8; 1166],
    }
}

on_disc! {
    /// The boot record volume descriptor of El Torito (El Torito 1.0, figure 7).
    BootRecord, 0x800, {
        /// 0.
        kind: u8,
        /// `CD001`.
        identifier: [u8; 5],
        /// 1.
        version: u8,
        /// `EL TORITO SPECIFICATION`, padded with zeros.
        system: [u8; 32],
        /// Zeros.
        unused: [u8; 32],
        /// The sector of the boot catalog.
        catalog: le::U32,
        /// Zeros.
        reserved: [u8; 1973],
    }
}

on_disc! {
    /// The validation entry of a boot catalog (El Torito 1.0, figure 2).
    Validation, 0x20, {
        /// 1.
        header: u8,
        /// 0 for x86, 0xEF for UEFI (UEFI 2.10, 13.3.2.1).
        platform: u8,
        /// 0.
        reserved: le::U16,
        /// Zeros.
        id: [u8; 24],
        /// Makes the sum of all words of the entry 0.
        checksum: le::U16,
        /// 0x55, 0xAA.
        key: [u8; 2],
    }
}

on_disc! {
    /// A boot entry of a boot catalog (El Torito 1.0, figures 3 and 5).
    BootEntry, 0x20, {
        /// 0x88: bootable.
        indicator: u8,
        /// 0: no emulation.
        media: u8,
        /// 0: the usual segment, 0x7C0.
        segment: le::U16,
        /// 0.
        system: u8,
        /// 0.
        unused: u8,
        /// How many sectors of 512 bytes to load.
        count: le::U16,
        /// The first sector of the image.
        start: le::U32,
        /// Zeros.
        reserved: [u8; 20],
    }
}

on_disc! {
    /// A section header of a boot catalog (El Torito 1.0, figure 4).
    SectionHeader, 0x20, {
        /// 0x91: the last header.
        indicator: u8,
        /// As in [`Validation`].
        platform: u8,
        /// How many entries follow.
        entries: le::U16,
        /// Zeros.
        id: [u8; 28],
    }
}

impl Both16 {
    /// A number in both orders.
    pub fn new(number: u16) -> Self {
        Self { little: number.into(), big: number.into() }
    }
}

impl Both32 {
    /// A number in both orders.
    pub fn new(number: u32) -> Self {
        Self { little: number.into(), big: number.into() }
    }
}

/// The time of a directory record, in UTC (ECMA-119 9.1.5).
pub fn short_time(time: Timestamp) -> [u8; 7] {
    let [year, month, day, hour, minute, second] = time.civil();
    // Cannot cut: years lie between 1980 and 2099.
    [(year - 1900) as u8, month as u8, day as u8, hour as u8, minute as u8, second as u8, 0]
}

/// The time of a volume descriptor, in UTC (ECMA-119 8.4.26.1): digits, and a zone of 0.
pub fn long_time(time: Timestamp) -> [u8; 17] {
    let [year, month, day, hour, minute, second] = time.civil();
    let digits = alloc::format!("{year:04}{month:02}{day:02}{hour:02}{minute:02}{second:02}00\0");
    digits.as_bytes().try_into().unwrap_or(NO_TIME)
}

/// No time (ECMA-119 8.4.26.1).
pub const NO_TIME: [u8; 17] = *b"0000000000000000\0";

/// Bytes cut or padded to the length of a field.
pub fn padded<const N: usize>(bytes: &[u8], padding: u8) -> [u8; N] {
    let mut field = [padding; N];
    let len = bytes.len().min(N);
    field[..len].copy_from_slice(&bytes[..len]);
    field
}

/// Pieces one behind the other, each filled up to whole sectors.
pub fn in_sectors(pieces: impl IntoIterator<Item = Vec<u8>>) -> Vec<u8> {
    let mut sectors = Vec::new();
    for piece in pieces {
        sectors.extend_from_slice(&piece);
        sectors.resize(sectors.len().next_multiple_of(SECTOR as usize), 0);
    }
    sectors
}
