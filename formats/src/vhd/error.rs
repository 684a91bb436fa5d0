//! What can be wrong with a VHD: errors, which end the reading, and warnings, which do not.

use alloc::string::String;
use core::fmt;

use uuid::Uuid;

use super::raw;
use crate::io::ReadError;
use crate::units::{ByteLen, ByteOffset};

/// A structure of a VHD.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Structure {
    /// The footer, at the end of the file.
    Footer,
    /// The copy of the footer, in front of a dynamic or differencing disk.
    FooterCopy,
    /// The dynamic disk header.
    Header,
    /// The block allocation table.
    Table,
    /// tapdisk's map of full blocks, with its header.
    Batmap,
    /// A path in one of the eight parent locators, counted from 0.
    Locator(usize),
    /// The data of a fixed disk.
    Data,
}

/// Why a file cannot be read as a VHD, or a VHD not be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VhdError {
    /// The source does not yield its bytes.
    #[error("a VHD cannot be read")]
    Read(#[from] ReadError),
    /// The file is shorter than a footer.
    #[error("expected at least 511 bytes, which a VHD's footer has, found {found}")]
    TooShort {
        /// The file's length.
        found: ByteLen,
    },
    /// A structure does not begin as it must: no VHD, or the file was cut off.
    #[error("{structure} at {at}: expected the cookie \"{}\", found \"{}\"", expected.escape_ascii(), found.escape_ascii())]
    Cookie {
        /// Which structure.
        structure: Structure,
        /// Where in the file.
        at: ByteOffset,
        /// What it must begin with.
        expected: [u8; 8],
        /// What it begins with.
        found: [u8; 8],
    },
    /// tapdisk put the file out of use while it rearranged it, and did not finish.
    #[error(
        "{structure} at {at}: the cookie is \"v_poison\": a program was rearranging the file and did not finish; \
         repair it where it was made"
    )]
    Poisoned {
        /// Which footer.
        structure: Structure,
        /// Where in the file.
        at: ByteOffset,
    },
    /// A structure was changed after it was written.
    #[error("{structure} at {at}: its checksum is {expected:#010x}, its bytes give {found:#010x}")]
    Checksum {
        /// Which structure.
        structure: Structure,
        /// Where in the file.
        at: ByteOffset,
        /// The checksum that it has.
        expected: u32,
        /// The checksum that its bytes give.
        found: u32,
    },
    /// A version of the format that is not known.
    #[error("{structure} at {at}: expected version 0x00010000, found {found:#010x}")]
    Version {
        /// Which structure.
        structure: Structure,
        /// Where in the file.
        at: ByteOffset,
        /// The version.
        found: u32,
    },
    /// The bit that must be set is not.
    #[error("{structure} at {at}: expected features with bit 0x2 set, found {found:#010x}")]
    Features {
        /// Which footer.
        structure: Structure,
        /// Where in the file.
        at: ByteOffset,
        /// The features.
        found: u32,
    },
    /// Neither a fixed nor a dynamic nor a differencing disk.
    #[error(
        "{structure} at {at}: expected disk type 2 (fixed), 3 (dynamic) or 4 (differencing), found {found}"
    )]
    DiskType {
        /// Which footer.
        structure: Structure,
        /// Where in the file.
        at: ByteOffset,
        /// The type.
        found: u32,
    },
    /// The disk belongs to a suspended machine, whose memory holds what the disk lacks.
    #[error(
        "{structure} at {at}: expected saved state 0, found {found}: the disk belongs to a suspended machine; \
         shut it down first"
    )]
    SavedState {
        /// Which footer.
        structure: Structure,
        /// Where in the file.
        at: ByteOffset,
        /// The flag.
        found: u8,
    },
    /// More than a VHD can hold.
    #[error(
        "expected a disk of at most 2040 GiB ({} bytes), found {found}: a VHD numbers its sectors with 32 bits",
        raw::MAX_DISK
    )]
    TooLarge {
        /// The disk's size.
        found: ByteLen,
    },
    /// A size that is no number of sectors.
    #[error("expected a disk size in whole sectors of 512 bytes, found {found}")]
    OddSize {
        /// The disk's size.
        found: ByteLen,
    },
    /// A block size that the format does not allow.
    #[error(
        "header at {at}: expected a block size that is a power of two from 512 bytes on, found {found} bytes"
    )]
    BlockSize {
        /// Where the header is.
        at: ByteOffset,
        /// The block size.
        found: u32,
    },
    /// The block allocation table is too short for the disk.
    #[error(
        "header at {at}: expected at least {expected} table entries for the size of the disk, found {found}"
    )]
    TableTooSmall {
        /// Where the header is.
        at: ByteOffset,
        /// How many blocks the disk has.
        expected: u64,
        /// How many entries the table has.
        found: u32,
    },
    /// The disk has more blocks than this reader keeps in memory.
    #[error(
        "header at {at}: expected at most {limit} blocks, found {found}: the block size is too small for the disk"
    )]
    TooManyBlocks {
        /// Where the header is.
        at: ByteOffset,
        /// The most blocks.
        limit: u64,
        /// How many there are.
        found: u64,
    },
    /// A structure leaves the file: it was cut off, or the structure's position is wrong.
    #[error("{structure} at {at} with {len}: expected its end by {end}, where the file's data end")]
    OutOfFile {
        /// Which structure.
        structure: Structure,
        /// Where it starts.
        at: ByteOffset,
        /// How long it is.
        len: ByteLen,
        /// Where the data of the file end.
        end: ByteOffset,
    },
    /// Two structures claim the same bytes.
    #[error("{structure} at {at} lies over the {other} at {other_at}")]
    StructuresOverlap {
        /// Which structure.
        structure: Structure,
        /// Where it starts.
        at: ByteOffset,
        /// Which other structure.
        other: Structure,
        /// Where that starts.
        other_at: ByteOffset,
    },
    /// A block leaves the file: it was cut off, or the table is wrong.
    #[error("block {block} at {at} with {len}: expected its end by {end}, where the file's data end")]
    BlockOutOfFile {
        /// Which block of the disk.
        block: u32,
        /// Where its bitmap starts.
        at: ByteOffset,
        /// How long bitmap and data are.
        len: ByteLen,
        /// Where the data of the file end.
        end: ByteOffset,
    },
    /// A block lies where a structure is.
    #[error("block {block} at {at} lies over the {structure} at {structure_at}")]
    BlockInMetadata {
        /// Which block of the disk.
        block: u32,
        /// Where its bitmap starts.
        at: ByteOffset,
        /// Which structure.
        structure: Structure,
        /// Where that starts.
        structure_at: ByteOffset,
    },
    /// Two blocks claim the same bytes.
    #[error("block {block} at {at} lies over block {other} at {other_at}")]
    BlocksOverlap {
        /// Which block of the disk.
        block: u32,
        /// Where its bitmap starts.
        at: ByteOffset,
        /// Which other block.
        other: u32,
        /// Where its bitmap starts.
        other_at: ByteOffset,
    },
    /// The data are encrypted, with a key that the file does not have.
    #[error(
        "batmap at {at}: it holds the hash of a key: the disk is encrypted; decrypt it where it was made"
    )]
    Encrypted {
        /// Where the header of the map is.
        at: ByteOffset,
    },
    /// Blocks for writing that are not in order, are there twice or lie past the disk's end.
    #[error("block {found} follows block {previous:?} on a disk of {blocks} blocks (please report this)")]
    BlockOrder {
        /// The block.
        found: u32,
        /// The block before it.
        previous: Option<u32>,
        /// How many blocks the disk has.
        blocks: u64,
    },
    /// A parent's name that a VHD has no room for, or that is a path.
    #[error(
        "expected the file name of a parent, with 1 to 255 UTF-16 units and without `/` and `\\`, found {found:?}"
    )]
    ParentName {
        /// The name.
        found: String,
    },
}

/// What is not as it should be and does not keep the disk from being read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Warning {
    /// The footer at the end is damaged; its copy in front was used.
    #[error("{0}; the copy in front of the file is used")]
    FooterDamaged(VhdError),
    /// The copy in front is damaged; the footer at the end was used.
    #[error("{0}; the footer at the end of the file is used")]
    FooterCopyDamaged(VhdError),
    /// Both footers are sound and say different things; that at the end was used.
    #[error("the footer at {at} differs from its copy in front of the file; the footer is used")]
    FootersDiffer {
        /// Where the footer at the end is.
        at: ByteOffset,
    },
    /// The two sizes of the footer differ, and its creator is one that went by the smaller.
    #[error(
        "the disk has {current} by its current size and {geometry} by its geometry, and was made by \"{}\", \
         which goes by the geometry",
        creator.escape_ascii()
    )]
    SizesDiffer {
        /// `current_size`.
        current: ByteLen,
        /// The product of the geometry.
        geometry: ByteLen,
        /// `creator_application`.
        creator: [u8; 4],
    },
    /// A parent locator leads out of the file or is too long to be a path.
    #[error(
        "locator {slot} at {at} with {len} is no path within the file's data, which end at {end}; it is skipped"
    )]
    LocatorSkipped {
        /// Which of the eight, from 0.
        slot: usize,
        /// Where its path should be.
        at: ByteOffset,
        /// How long it should be.
        len: ByteLen,
        /// Where the data of the file end.
        end: ByteOffset,
    },
    /// The parent was changed after the child was made, or copied by a program that keeps no times.
    #[error(
        "disk {child} expects its parent {parent} with the time stamp {expected}, found {found} \
         (seconds since the year 2000)"
    )]
    ParentTimeStamp {
        /// The child's identity.
        child: Uuid,
        /// The parent's identity.
        parent: Uuid,
        /// What the child says, in seconds since 2000-01-01T00:00:00Z.
        expected: u32,
        /// What the parent says.
        found: u32,
    },
}

impl fmt::Display for Structure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Footer => f.write_str("footer"),
            Self::FooterCopy => f.write_str("copy of the footer"),
            Self::Header => f.write_str("header"),
            Self::Table => f.write_str("block allocation table"),
            Self::Batmap => f.write_str("batmap"),
            Self::Locator(slot) => write!(f, "locator {slot}"),
            Self::Data => f.write_str("data"),
        }
    }
}
