//! Writing NTFS: a volume with all its files, laid out before a byte is written.
//!
//! The order on the volume: `$Boot`, `$MFT` with room to spare, the other metadata, indexes of directories, files
//! below 1 MiB, larger files at multiples of 1 MiB, free space, and at the very end `$MFTMirr` and the copy of the boot
//! sector. Every file lies in one piece, so that no record overflows and no attribute list is needed.

mod allocation;
mod attrdef;
mod attributes;
mod boot;
mod catalogue;
mod directory;
mod error;
mod gather;
mod geometry;
mod image;
mod layout;
mod names;
mod runs;
mod security;
mod shape;
mod system;
#[cfg(test)]
mod tests;
mod upcase;
mod views;
mod windows;

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

pub use error::{NameFault, NtfsError};
pub use windows::lost_in_windows;

use crate::region::Region;
use crate::time::Timestamp;
use crate::tree::Directory;
use crate::units::ByteLen;

use allocation::{Map, Needs, clusters_needed};
use geometry::Units;
use image::Image;
use upcase::UpCase;

/// Most UTF-16 units of a label that Windows takes.
const LONGEST_LABEL: usize = 32;

/// What a volume is to be, its files aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Volume {
    /// Its size: whole sectors, from 16 MiB on.
    pub size: ByteLen,
    /// The size of a sector of the disk, in bytes: 512 or 4096.
    pub sector_size: u32,
    /// The size of a cluster in bytes, a power of two from a sector to 64 KiB; `None` takes 4 KiB, and more where the
    /// volume is so large that it must be.
    pub cluster_size: Option<u32>,
    /// Sectors of the disk before the volume.
    pub hidden_sectors: u64,
    /// Its label: up to 32 UTF-16 units.
    pub label: String,
    /// Its serial number, not 0.
    pub serial: u64,
    /// When it and all files on it were made.
    pub time: Timestamp,
}

/// A volume that is laid out.
#[derive(Clone, Debug)]
#[must_use]
pub struct Laid {
    /// What is on it, by positions from its start, in no order. The boot sector and its copy are anchors. Bytes
    /// between regions are zeros.
    pub regions: Vec<Region>,
    /// How much space is free.
    pub free: ByteLen,
    /// The size of a cluster, in bytes.
    pub cluster_size: u32,
    /// The files and directories of the tree.
    pub files: u32,
}

/// Lays out a volume that holds a tree.
///
/// # Errors
/// [`NtfsError`].
pub fn lay_out(volume: &Volume, tree: &Directory) -> Result<Laid, NtfsError> {
    check(volume)?;
    let units = Units::of(volume)?;
    units.check(volume.size)?;
    let upcase = UpCase::new();
    let mut catalogue = gather::gather(tree, &upcase, &units)?;
    let needs = catalogue.needs(&units);
    let clusters = units.counted_clusters(volume.size);
    let needed = clusters_needed(&units, &needs, clusters, 0);
    if needed > clusters {
        return Err(NtfsError::TooSmall { size: volume.size, needed: units.size_for(needed) });
    }
    let map = Map::of(&units, &needs, clusters);
    catalogue.place(&map, &units);
    let (table, time) = (upcase.bytes(), volume.time.filetime());
    let up_case_info = upcase::info(&table);
    let files = catalogue.nodes.len() as u32;
    let free = allocation::free(&units, &map);
    let image = Image { units, time, label: volume.label.clone(), up_case_info, map, catalogue };
    let regions = layout::regions(volume, &Arc::new(image), table);
    Ok(Laid { regions, free, cluster_size: units.cluster, files })
}

/// The smallest size of a volume that holds a tree and has `free` bytes of space left. The size in `volume` does not
/// count.
///
/// # Errors
/// [`NtfsError`].
pub fn smallest(volume: &Volume, tree: &Directory, free: ByteLen) -> Result<ByteLen, NtfsError> {
    check(volume)?;
    let upcase = UpCase::new();
    let mut size = geometry::SMALLEST_VOLUME;
    // There are few sizes of clusters, and the first one that is tried nearly always does.
    loop {
        let units = Units::of(&Volume { size, ..volume.clone() })?;
        let needs = gather::gather(tree, &upcase, &units)?.needs(&units);
        let least = units.size_for(least_clusters(&units, &needs, free)).max(size);
        let is_last = volume.cluster_size.is_some() || least <= units.largest() || units.is_largest();
        if is_last {
            return units.check(least).map(|()| least);
        }
        size = ByteLen(units.largest().0 + u64::from(units.sector));
    }
}

/// The fewest clusters for a tree and free space. What NTFS needs for itself grows with the volume, so the number is
/// raised until it holds all of that as well.
fn least_clusters(units: &Units, needs: &Needs, free: ByteLen) -> u64 {
    let mut clusters = units.counted_clusters(geometry::SMALLEST_VOLUME);
    loop {
        let needed = clusters_needed(units, needs, clusters, units.clusters(free.0));
        if needed <= clusters || needed > units.counted_clusters(units.largest()) {
            return clusters.max(needed);
        }
        clusters = needed;
    }
}

fn check(volume: &Volume) -> Result<(), NtfsError> {
    let label = &volume.label;
    if label.encode_utf16().count() > LONGEST_LABEL || label.chars().any(char::is_control) {
        return Err(NtfsError::Label { label: label.clone() });
    }
    if volume.serial == 0 {
        return Err(NtfsError::Serial);
    }
    match u32::try_from(volume.hidden_sectors) {
        Ok(_) => Ok(()),
        Err(_) => Err(NtfsError::HiddenSectors { found: volume.hidden_sectors }),
    }
}
