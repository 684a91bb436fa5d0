//! A UDF volume from a tree of placed files.
//!
//! The metadata (file set, file entries, directories) are measured by [`Measured::new`], before the data have their
//! places; [`Measured::lay_out`] then gives the regions of the volume. Regions of the data are the placer's.
//!
//! ```text
//! sector  16.. or behind ISO 9660's   BEA01 NSR02/03 TEA01          volume recognition sequence
//!         32..47  48..63              main and reserve volume descriptor sequence
//!         64..67                      logical volume integrity descriptor, terminating descriptor
//!         256, N-256 or N             anchor volume descriptor pointers
//!         partition                   metadata (from 2.50 on: the metadata file and its mirror), then data
//! ```

mod descriptors;
mod entries;
mod nodes;
mod sequence;

use alloc::sync::Arc;
use alloc::vec::Vec;

use self::entries::Space;
use self::nodes::Nodes;
use super::raw::SECTOR;
use super::{Revision, UdfError, text};
use crate::placed::Placed;
use crate::region::Region;
use crate::time::Timestamp;
use crate::units::{ByteLen, ByteOffset};

/// Metadata lie at multiples of so many blocks in their partition (UDF 2.50 2.2.10): 64 KiB, as on Blu-ray discs.
const METADATA_UNIT: u32 = 32;

/// What a volume is called and where its parts lie, in sectors.
#[derive(Clone, Copy, Debug)]
pub struct Volume<'a> {
    /// The volume's name.
    pub label: &'a str,
    /// What tells volume sets of the same second apart.
    pub serial: u32,
    /// When everything on it was made.
    pub time: Timestamp,
    /// The first sector of the volume recognition sequence.
    pub recognition: u32,
    /// The first sector of the partition.
    pub partition_start: u32,
    /// The sector behind the partition's last.
    pub partition_end: u32,
    /// The sectors of the anchors besides that at 256.
    pub end_anchors: &'a [u32],
}

/// A tree whose metadata have their blocks.
#[derive(Clone, Debug)]
pub struct Measured {
    revision: Revision,
    nodes: Arc<Nodes>,
}

impl Measured {
    /// Measures the metadata of a tree; the places of its files do not matter yet, only their lengths.
    ///
    /// # Errors
    /// [`UdfError`] for names and numbers that UDF cannot hold.
    pub fn new(revision: Revision, root: &Placed) -> Result<Self, UdfError> {
        Ok(Self { revision, nodes: Arc::new(Nodes::new(revision, root)?) })
    }

    /// How many sectors the metadata take at the partition's start.
    pub fn sectors(&self) -> u32 {
        if self.revision.has_metadata_partition() {
            // The metadata file's entry, its data, the mirror's entry.
            METADATA_UNIT + self.metadata_blocks() + 1
        } else {
            self.nodes.blocks()
        }
    }

    /// The regions of the volume, its data aside, which `root` places: the same tree that was measured.
    ///
    /// # Errors
    /// [`UdfError`].
    pub fn lay_out(&self, volume: &Volume, root: &Placed) -> Result<Vec<Region>, UdfError> {
        text::check(volume.label).map_err(|reason| UdfError::Label { label: volume.label.into(), reason })?;
        let nodes = Arc::new(self.nodes.placed(root));
        let space = Space::new(self.revision, volume, nodes);
        let mut regions = sequence::regions(self, volume)?;
        let first = volume.partition_start + self.first_metadata_block();
        let len = ByteLen(u64::from(self.nodes.blocks()) * u64::from(SECTOR));
        regions.push(Region::rendered("UDF metadata", sector(first), len, Arc::new(space)));
        if self.revision.has_metadata_partition() {
            regions.extend(descriptors::metadata_files(self, volume));
        }
        Ok(regions)
    }

    /// The metadata's first block in the partition.
    fn first_metadata_block(&self) -> u32 {
        if self.revision.has_metadata_partition() { METADATA_UNIT } else { 0 }
    }

    /// The block of the mirror's entry: behind all metadata, so that no one fault takes both entries. Not at the
    /// partition's end, where 7-Zip takes it for a tail that is not the volume's.
    fn mirror_block(&self) -> u32 {
        METADATA_UNIT + self.metadata_blocks()
    }

    /// How many blocks the metadata partition has.
    fn metadata_blocks(&self) -> u32 {
        self.nodes.blocks().next_multiple_of(METADATA_UNIT)
    }
}

/// Where a sector starts.
fn sector(number: u32) -> ByteOffset {
    ByteOffset(u64::from(number) * u64::from(SECTOR))
}
