//! The structures of an NTFS volume as they lie on disk, little-endian, and the constants in them.
//!
//! Named after Joachim Metz, "New Technologies File System (NTFS)" (libfsntfs), and the Windows developer notes on the
//! master file table.

pub mod attribute;
pub mod boot;
pub mod index;
pub mod quota;
pub mod record;
pub mod security;

/// The records of `$MFT` that the format gives a meaning (Metz, "Metadata files").
pub mod number {
    /// `$MFT`: the table of records itself.
    pub const MFT: u32 = 0;
    /// `$MFTMirr`: a copy of the first records.
    pub const MFT_MIRROR: u32 = 1;
    /// `$LogFile`: the journal.
    pub const LOG_FILE: u32 = 2;
    /// `$Volume`: label, version and flags.
    pub const VOLUME: u32 = 3;
    /// `$AttrDef`: the attributes that there are.
    pub const ATTR_DEF: u32 = 4;
    /// `.`: the root directory.
    pub const ROOT: u32 = 5;
    /// `$Bitmap`: which clusters are in use.
    pub const BITMAP: u32 = 6;
    /// `$Boot`: the boot sector and what follows it.
    pub const BOOT: u32 = 7;
    /// `$BadClus`: clusters that cannot be used.
    pub const BAD_CLUSTERS: u32 = 8;
    /// `$Secure`: security descriptors.
    pub const SECURE: u32 = 9;
    /// `$UpCase`: which characters are equal in names.
    pub const UP_CASE: u32 = 10;
    /// `$Extend`: a directory of further metadata files.
    pub const EXTEND: u32 = 11;
    /// The first of the records that are in use and have no name.
    pub const UNNAMED: u32 = 12;
    /// The first of the records that are kept free for extensions of `$MFT`.
    pub const RESERVED: u32 = 16;
    /// `$Extend\$Quota`: limits on the use of space.
    pub const QUOTA: u32 = 24;
    /// `$Extend\$ObjId`: files by object identifier.
    pub const OBJECT_IDS: u32 = 25;
    /// `$Extend\$Reparse`: files by reparse tag.
    pub const REPARSE_POINTS: u32 = 26;
}

/// Update sequences protect pieces of this many bytes, whatever the size of a sector (`MULTI_SECTOR_HEADER` in the
/// Windows developer notes).
pub const STRIDE: usize = 512;

/// Index blocks are this long on every volume that we write, in bytes.
pub const INDEX_BLOCK: u32 = 4096;

/// A reference to a record: its number, and its sequence number in the upper 16 bits (`MFT_SEGMENT_REFERENCE` in the
/// Windows developer notes).
pub fn reference(number: u32, sequence: u16) -> u64 {
    u64::from(number) | u64::from(sequence) << 48
}
