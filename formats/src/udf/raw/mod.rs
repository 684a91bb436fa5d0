//! Structures and constants of ECMA-167 (3rd edition) and OSTA UDF, as they lie on a disc: little-endian.

mod basic;
mod file;
mod volume;

pub use basic::*;
pub use file::*;
pub use volume::*;

/// The size of logical sectors and blocks of optical media, in bytes (UDF 2.2.4.2).
pub const SECTOR: u32 = 2048;
/// The most bytes of one extent: 30 bits, whole blocks (ECMA-167 4/14.14.1.1).
pub const MAX_EXTENT: u64 = (1 << 30) - SECTOR as u64;
/// Where the first anchor lies (ECMA-167 3/8.4.2.1).
pub const ANCHOR: u32 = 256;

/// Tag identifiers (ECMA-167 3/7.2.1 and 4/7.2.1).
pub mod tag {
    /// Primary volume descriptor.
    pub const PRIMARY_VOLUME: u16 = 1;
    /// Anchor volume descriptor pointer.
    pub const ANCHOR: u16 = 2;
    /// Implementation use volume descriptor.
    pub const IMPLEMENTATION_USE: u16 = 4;
    /// Partition descriptor.
    pub const PARTITION: u16 = 5;
    /// Logical volume descriptor.
    pub const LOGICAL_VOLUME: u16 = 6;
    /// Unallocated space descriptor.
    pub const UNALLOCATED_SPACE: u16 = 7;
    /// Terminating descriptor.
    pub const TERMINATING: u16 = 8;
    /// Logical volume integrity descriptor.
    pub const LOGICAL_VOLUME_INTEGRITY: u16 = 9;
    /// File set descriptor.
    pub const FILE_SET: u16 = 256;
    /// File identifier descriptor.
    pub const FILE_IDENTIFIER: u16 = 257;
    /// Allocation extent descriptor.
    pub const ALLOCATION_EXTENT: u16 = 258;
    /// File entry.
    pub const FILE_ENTRY: u16 = 261;
    /// Extended file entry.
    pub const EXTENDED_FILE_ENTRY: u16 = 266;
}

/// File types of an ICB (ECMA-167 4/14.6.6, UDF 2.50 2.2.13).
pub mod file_type {
    /// A directory.
    pub const DIRECTORY: u8 = 4;
    /// A file of bytes.
    pub const BYTES: u8 = 5;
    /// The metadata file.
    pub const METADATA: u8 = 250;
    /// The mirror of the metadata file.
    pub const METADATA_MIRROR: u8 = 251;
}

/// File characteristics (ECMA-167 4/14.4.3).
pub mod characteristics {
    /// The entry is a directory.
    pub const DIRECTORY: u8 = 1 << 1;
    /// The entry is the directory above.
    pub const PARENT: u8 = 1 << 3;
}
