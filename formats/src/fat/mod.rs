//! FAT32 (Microsoft, "FAT: General Overview of On-Disk Format", 1.03; UEFI 2.10, 13.3), for EFI system partitions.
//!
//! | file | holds |
//! |---|---|
//! | `raw` | the boot sector and directory entries as they lie on a volume |
//! | `read` | reading: a small reader of our own, so that writer and reader are not the same code |
//! | `write` | writing, through crate `hadris-fat` (feature `std`) |

pub mod raw;
pub mod read;
#[cfg(feature = "std")]
pub mod write;

pub use read::{FatError, Reader};
