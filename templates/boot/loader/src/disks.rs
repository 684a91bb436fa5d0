//! Which disks there are, and what they are called.

use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use station::{About, Bus, Disk};
use uefi::Handle;
use uefi::boot::{self, SearchType};
use uefi::proto::device_path::DevicePath;
use uefi::proto::loaded_image::LoadedImage;
use uefi::proto::media::block::BlockIO;

use crate::disk::{FirmwareDisk, Place};
use crate::identity;
use crate::path;
use crate::raw::{self, Kept};

/// The sizes of sectors that are believed.
const SECTORS: core::ops::RangeInclusive<u32> = 512..=65_536;

/// The disks that were seen, in the order in which they were seen first. A disk keeps its name also when another one goes.
pub struct Disks {
    seen: Vec<Seen>,
    started_from: Vec<u8>,
    /// Whether the firmware has to look for new ones before they are listed.
    is_stale: bool,
}

struct Seen {
    path: Vec<u8>,
    name: String,
    bus: Bus,
    disk: Option<Arc<FirmwareDisk>>,
}

/// A disk that is there now.
struct Found {
    path: Vec<u8>,
    bus: Bus,
    place: Place,
    read_only: bool,
}

impl Disks {
    /// No disks yet. What the machine has is looked for here, its other screens and serial ports included: so that nothing
    /// comes up later and changes those that are in use.
    pub fn new() -> Self {
        connect();
        let device = raw::with(boot::image_handle(), |image: &mut LoadedImage| image.device()).flatten();
        let started_from = device.map_or_else(Vec::new, path::of);
        Self { seen: Vec::new(), started_from, is_stale: false }
    }

    /// Those that are there now.
    pub fn all(&mut self) -> Vec<Arc<dyn Disk>> {
        if core::mem::replace(&mut self.is_stale, true) {
            connect();
        }
        let mut found = find();
        found.sort_by(|one, other| one.path.cmp(&other.path));
        for seen in &mut self.seen {
            seen.disk = seen.disk.take().filter(|disk| found.iter().any(|it| it.is(&seen.path, disk)));
        }
        for found in found {
            self.take(found);
        }
        self.seen.iter().filter_map(|seen| Some(seen.disk.clone()? as Arc<dyn Disk>)).collect()
    }

    fn take(&mut self, found: Found) {
        let started_from = !found.path.is_empty() && self.started_from.starts_with(&found.path);
        let seen = self.seen(&found);
        if seen.disk.is_none() {
            let (model, serial) = identity::of(found.place.handle.0, found.bus);
            let about = About {
                name: seen.name.clone(),
                model,
                serial,
                bus: found.bus,
                sector_size: found.place.sector as u32,
                read_only: found.read_only,
                started_from,
            };
            seen.disk = Some(Arc::new(FirmwareDisk::new(about, found.place)));
        }
    }

    /// The place in the list for a disk: the one that it had, or a new one.
    fn seen(&mut self, found: &Found) -> &mut Seen {
        let known = self.seen.iter().position(|seen| seen.path == found.path);
        let index = known.unwrap_or_else(|| {
            let number = self.seen.iter().filter(|seen| seen.bus == found.bus).count();
            let name = format!("{}{number}", word(found.bus));
            self.seen.push(Seen { path: found.path.clone(), name, bus: found.bus, disk: None });
            self.seen.len() - 1
        });
        &mut self.seen[index]
    }
}

impl Found {
    /// Whether it is what was seen there before.
    fn is(&self, path: &[u8], disk: &FirmwareDisk) -> bool {
        let (now, then) = (&self.place, disk.place());
        self.path == path
            && now.handle.0 == then.handle.0
            && (now.media, now.size, now.sector) == (then.media, then.size, then.sector)
    }
}

/// Has the firmware look for everything: by itself it only starts what it boots from (UEFI 2.10, 7.3.12).
fn connect() {
    let handles = boot::locate_handle_buffer(SearchType::AllHandles);
    for handle in handles.iter().flat_map(|handles| handles.iter()) {
        // Most handles are no controllers, and say so.
        let _ = boot::connect_controller(*handle, &[], None, true);
    }
}

fn find() -> Vec<Found> {
    let handles = boot::find_handles::<BlockIO>().unwrap_or_default();
    handles.into_iter().filter_map(look).collect()
}

/// The disk behind a handle, when it is one: whole, with a medium in it.
fn look(handle: Handle) -> Option<Found> {
    let (place, read_only) = raw::with(handle, |block: &mut BlockIO| place_of(handle, block))??;
    let told = |path: &mut DevicePath| (path::nodes(path), path::bus(path));
    let (path, bus) = raw::with(handle, told)?;
    Some(Found { path, bus, place, read_only })
}

/// Where a disk is, and whether it takes no bytes.
fn place_of(handle: Handle, block: &BlockIO) -> Option<(Place, bool)> {
    let media = block.media();
    if media.is_logical_partition() || !media.is_media_present() {
        return None;
    }
    let sector = Some(media.block_size()).filter(|size| size.is_power_of_two() && SECTORS.contains(size))?;
    let sectors = media.last_block().checked_add(1)?;
    let place = Place {
        handle: Kept(handle),
        media: media.media_id(),
        size: sectors.checked_mul(u64::from(sector))?,
        sector: u64::from(sector),
        // 0 and 1 ask for nothing (UEFI 2.10, 13.9).
        align: (media.io_align().max(1) as usize).checked_next_power_of_two()?,
    };
    Some((place, media.is_read_only()))
}

fn word(bus: Bus) -> &'static str {
    match bus {
        Bus::Nvme => "nvme",
        Bus::Sata => "sata",
        Bus::Scsi => "scsi",
        Bus::Usb => "usb",
        Bus::Virtio => "virtio",
        Bus::Mmc => "mmc",
        Bus::Other => "disk",
    }
}
