//! FAT (Microsoft, "FAT: General Overview of On-Disk Format", 1.03; UEFI 2.10, 13.3), for EFI system partitions.
//!
//! FAT32 is for disks. FAT16 is for optical media: El Torito counts 512-byte sectors in 16 bits, which makes a partition
//! too short for FAT32.
//!
//! | file | holds |
//! |---|---|
//! | `raw` | the boot sector and directory entries as they lie on a volume |
//! | `read` | reading: a small reader of our own, so that writer and reader are not the same code |
//! | `write` | writing, through crate `hadris-fat` (feature `std`) |

use core::fmt;
use core::ops::RangeInclusive;

pub mod raw;
pub mod read;
#[cfg(feature = "std")]
pub mod write;

pub use read::{FatError, Reader};

/// The kinds of FAT that we read and write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Entries of 16 bits, and a root directory of fixed length.
    Fat16,
    /// Entries of 32 bits, of which 28 count.
    Fat32,
}

impl Kind {
    /// How many clusters a volume of this kind has. This alone tells the kinds apart ("FAT Type Determination").
    pub fn clusters(self) -> RangeInclusive<u32> {
        match self {
            Self::Fat16 => 4085..=65_524,
            Self::Fat32 => 65_525..=0x0fff_fff5,
        }
    }

    /// How many bytes an entry of the table has.
    pub fn entry_size(self) -> u32 {
        match self {
            Self::Fat16 => 2,
            Self::Fat32 => 4,
        }
    }

    /// From here on an entry of the table ends its chain.
    pub fn end_of_chain(self) -> u32 {
        match self {
            Self::Fat16 => 0xfff8,
            Self::Fat32 => 0x0fff_fff8,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fat16 => "FAT16",
            Self::Fat32 => "FAT32",
        })
    }
}
