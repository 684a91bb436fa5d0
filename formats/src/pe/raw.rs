//! Headers of PE files, and constants (Microsoft "PE Format"; UEFI 2.10, 2.1.1 and 32.2.4).

use zerocopy::{
    FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned,
    little_endian::{U16, U32},
};

/// What a file of this family starts with.
pub const DOS_MAGIC: [u8; 2] = *b"MZ";
/// Where the offset of the PE signature stands, in bytes from the start of the file.
pub const PE_OFFSET: usize = 0x3c;
/// The signature before the COFF header.
pub const PE_MAGIC: [u8; 4] = *b"PE\0\0";
/// The optional header of a program of 32 bits.
pub const PE32: u16 = 0x10b;
/// The optional header of a program of 64 bits.
pub const PE32_PLUS: u16 = 0x20b;

/// The optional header's `SizeOfHeaders`, in bytes from its start; the same for both kinds.
pub const SIZE_OF_HEADERS: usize = 60;
/// The optional header's `CheckSum`, in bytes from its start.
pub const CHECK_SUM: usize = 64;
/// The optional header's `Subsystem`, in bytes from its start.
pub const SUBSYSTEM: usize = 68;
/// The optional header's `NumberOfRvaAndSizes`, in bytes from its start: of [`PE32`], and of [`PE32_PLUS`].
pub const DIRECTORIES: [usize; 2] = [92, 108];
/// The number of the directory that names the certificate table.
pub const SECURITY: usize = 4;

/// Subsystems of what firmware starts: application, boot service driver, runtime driver.
pub const EFI_SUBSYSTEMS: core::ops::RangeInclusive<u16> = 10..=12;

/// `WIN_CERT_REVISION_2_0`.
pub const REVISION: u16 = 0x0200;
/// `WIN_CERT_TYPE_PKCS_SIGNED_DATA`.
pub const PKCS_SIGNED_DATA: u16 = 0x0002;
/// Entries of the certificate table start on multiples of this, in bytes.
pub const ALIGNMENT: usize = 8;

/// The COFF header.
#[derive(Clone, Copy, Debug, FromBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct CoffHeader {
    /// The processor.
    pub machine: U16,
    /// How many section headers there are.
    pub sections: U16,
    /// When it was linked, or a digest.
    pub time: U32,
    /// Where the symbols start in the file; strings follow them.
    pub symbols: U32,
    /// How many symbols there are.
    pub symbol_count: U32,
    /// How long the optional header is, in bytes.
    pub optional_len: U16,
    /// What kind of file it is.
    pub characteristics: U16,
}
const _: () = assert!(size_of::<CoffHeader>() == 0x14);

/// A data directory.
#[derive(Clone, Copy, Debug, FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned)]
#[repr(C)]
pub struct DataDirectory {
    /// Where it starts: for the certificate table in bytes from the start of the file.
    pub start: U32,
    /// How long it is, in bytes.
    pub len: U32,
}
const _: () = assert!(size_of::<DataDirectory>() == 0x08);

/// A section header.
#[derive(Clone, Copy, Debug, FromBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct SectionHeader {
    /// Its name, ended by a zero where it is shorter.
    pub name: [u8; 8],
    /// How long it is in memory, in bytes.
    pub virtual_len: U32,
    /// Where it is in memory.
    pub virtual_start: U32,
    /// How long it is in the file, in bytes.
    pub len: U32,
    /// Where it starts in the file.
    pub start: U32,
    /// Relocations, line numbers and flags.
    pub rest: [u8; 16],
}
const _: () = assert!(size_of::<SectionHeader>() == 0x28);

/// The head of an entry of the certificate table (`WIN_CERTIFICATE`).
#[derive(Clone, Copy, Debug, FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned)]
#[repr(C)]
pub struct WinCertificate {
    /// How long the entry is with this head, in bytes.
    pub len: U32,
    /// [`REVISION`].
    pub revision: U16,
    /// [`PKCS_SIGNED_DATA`].
    pub kind: U16,
}
const _: () = assert!(size_of::<WinCertificate>() == 0x08);
