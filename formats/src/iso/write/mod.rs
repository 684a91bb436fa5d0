//! An ISO 9660 volume from a tree of placed files.
//!
//! ```text
//! sector 16   primary volume descriptor
//!        17   boot record (El Torito), when there is something to boot
//!        then supplementary volume descriptor (Joliet), terminator
//!        metadata (wherever the caller says): boot catalog, path tables, directories of both hierarchies,
//!        continuation areas of Rock Ridge
//! ```

mod boot;
mod descriptors;
mod hierarchy;
mod records;
mod rock_ridge;

use alloc::vec::Vec;

pub use self::boot::{Boot, Image};
use self::hierarchy::Directories;
use super::IsoError;
use super::names::Hierarchy;
use super::raw::{FIRST_DESCRIPTOR, SECTOR, in_sectors};
use crate::placed::Placed;
use crate::region::Region;
use crate::time::Timestamp;
use crate::units::ByteOffset;

/// What a volume is called and where its parts lie.
#[derive(Clone, Copy, Debug)]
pub struct Volume<'a> {
    /// The volume's name.
    pub label: &'a str,
    /// When everything on it was made.
    pub time: Timestamp,
    /// The first sector of the metadata.
    pub metadata: u32,
    /// How many sectors the volume has.
    pub sectors: u32,
    /// What the firmware is to start.
    pub boot: Boot,
}

/// A tree whose metadata have their sectors.
#[derive(Clone, Debug)]
pub struct Measured {
    primary: Directories,
    joliet: Directories,
}

impl Measured {
    /// Measures the metadata of a tree; the places of its files do not matter yet, only their lengths.
    ///
    /// # Errors
    /// [`IsoError`] for depths and numbers that ISO 9660 cannot hold.
    pub fn new(root: &Placed) -> Result<Self, IsoError> {
        Ok(Self {
            primary: Directories::new(Hierarchy::Primary, root)?,
            joliet: Directories::new(Hierarchy::Joliet, root)?,
        })
    }

    /// How many sectors the metadata take: the boot catalog and both hierarchies.
    pub fn sectors(&self) -> u32 {
        1 + self.primary.sectors() + self.joliet.sectors()
    }

    /// How many sectors the volume descriptors take from sector 16 on, the terminator among them.
    pub fn descriptors(boot: &Boot) -> u32 {
        if boot.is_none() { 3 } else { 4 }
    }

    /// The regions of the volume, its data aside, which `root` places: the same tree that was measured.
    pub fn lay_out(&self, volume: &Volume, root: &Placed) -> Vec<Region> {
        let primary = self.primary.placed(root, volume.metadata + 1);
        let joliet = self.joliet.placed(root, volume.metadata + 1 + self.primary.sectors());
        let descriptors = descriptors::all(volume, &primary, &joliet);
        let mut regions = alloc::vec![
            Region::bytes("ISO 9660 volume descriptors", sector(FIRST_DESCRIPTOR), in_sectors(descriptors))
                .anchor(),
            Region::bytes("ISO 9660 directories", sector(primary.first()), primary.bytes(volume.time)),
            Region::bytes("Joliet directories", sector(joliet.first()), joliet.bytes(volume.time)),
        ];
        if !volume.boot.is_none() {
            regions.push(Region::bytes("boot catalog", sector(volume.metadata), boot::catalog(&volume.boot)));
        }
        regions
    }
}

/// Where a sector starts.
fn sector(number: u32) -> ByteOffset {
    ByteOffset(u64::from(number) * u64::from(SECTOR))
}
