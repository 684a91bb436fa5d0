//! The GUID partition table (UEFI 2.10, 5).
//!
//! | file | holds |
//! |---|---|
//! | `raw` | headers and entries as they lie on a disk, the type GUIDs, and what fits where |
//! | `read` | reading, from the backup where the primary table is damaged |
//! | `write` | writing, through crate `gpt` (feature `std`) |
//! | `dump` | a table as text |
//!
//! The backup table lies at the end of the disk that the table was made for. An image that is copied to a longer
//! device keeps it there: every reader finds the partitions, and `sgdisk -e` moves the backup to the device's end.

mod dump;
pub mod raw;
pub mod read;
#[cfg(feature = "std")]
pub mod write;

use alloc::string::String;
use alloc::vec::Vec;

use uuid::Uuid;

use crate::units::{ByteLen, ByteOffset};

/// The partitions of a disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// How long the disk is: a multiple of the sector size.
    pub size: ByteLen,
    /// The size of its logical sectors, in bytes: 512 or 4096.
    pub sector_size: u32,
    /// The disk's identity.
    pub guid: Uuid,
    /// The partitions, in the order of their entries.
    pub partitions: Vec<Partition>,
}

/// A partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partition {
    /// Its name: at most [`raw::NAME_UNITS`] UTF-16 units.
    pub name: String,
    /// What it is for: [`raw::EFI_SYSTEM`], [`raw::BASIC_DATA`], ...
    pub kind: Uuid,
    /// Its own identity.
    pub guid: Uuid,
    /// Where it starts, from the start of the disk: a multiple of the sector size.
    pub start: ByteOffset,
    /// How long it is: a multiple of the sector size, not 0.
    pub len: ByteLen,
    /// Its attribute bits (UEFI 2.10, table 5.8).
    pub attributes: u64,
}

impl Table {
    /// The first partition of a kind.
    pub fn find(&self, kind: Uuid) -> Option<&Partition> {
        self.partitions.iter().find(|partition| partition.kind == kind)
    }
}
