//! The disks of the machine, and what speaks against overwriting each.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;

use formats::answer::Target;
use formats::io::ReadAt as _;

use crate::content;
use crate::machine::{Bus, Disk};
use crate::media::Media;
use crate::page::DiskRow;
use crate::tables::Tables;
use crate::text;

/// A disk of the machine.
pub(crate) struct Entry {
    pub(crate) disk: Arc<dyn Disk>,
    /// Its name, as it is shown and typed.
    pub(crate) name: String,
    pub(crate) size: u64,
    content: String,
    /// Why no image may go to it.
    barred: Option<&'static str>,
    /// Whether it holds a seed medium, of whatever set.
    is_medium: bool,
}

/// What an image needs of a disk.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Need {
    /// How long it is.
    pub(crate) size: u64,
    /// Which partition tables it has; `None` where nobody has looked.
    pub(crate) tables: Option<Tables>,
}

/// Looks at all disks.
pub(crate) fn survey(disks: &[Arc<dyn Disk>], media: &Media) -> Vec<Entry> {
    let entry = |(number, disk): (usize, &Arc<dyn Disk>)| {
        let label = media.labels.iter().find(|(disk, _)| *disk == number);
        let barred = barred(disk, number, media);
        let content = match label {
            Some((_, label)) => format!("seed medium {}", text::quoted(label)),
            None => content::of(&**disk),
        };
        let name = text::name(&disk.about().name);
        let is_medium = media.seeds.contains(&number);
        Entry { disk: disk.clone(), name, size: disk.size().0, content, barred, is_medium }
    };
    disks.iter().enumerate().map(entry).collect()
}

fn barred(disk: &Arc<dyn Disk>, number: usize, media: &Media) -> Option<&'static str> {
    let about = disk.about();
    if number == media.disk {
        Some("this was started from it")
    } else if media.disks.contains(&number) {
        Some("it holds a medium of this set")
    } else if about.started_from {
        Some("this was started from it")
    } else if about.read_only {
        Some("it is read-only")
    } else if disk.size().0 == 0 {
        Some("there is nothing in it")
    } else if !(512..=65536).contains(&about.sector_size) || !about.sector_size.is_power_of_two() {
        Some("its sectors have a size that no disk has")
    } else {
        None
    }
}

impl Entry {
    /// Why an image cannot go to this disk.
    pub(crate) fn unfit(&self, need: Need) -> Option<String> {
        if let Some(barred) = self.barred {
            return Some(barred.to_string());
        }
        if need.size > self.size {
            let (needs, has) = (text::size(need.size), text::size(self.size));
            return Some(match needs == has {
                true => format!("too small: needs {} bytes, has {}", need.size, self.size),
                false => format!("too small: needs {needs}, has {has}"),
            });
        }
        need.tables.and_then(|tables| tables.unfit(self.disk.about().sector_size))
    }

    /// Why answers do not take this disk, which people could choose.
    pub(crate) fn needs_a_hand(&self, target: &Target) -> Option<&'static str> {
        if self.is_medium {
            Some("it holds a seed medium, which only people may overwrite")
        } else if self.disk.about().bus == Bus::Usb && !target.names_a_disk() {
            Some("answers take a USB disk only by its serial or model")
        } else {
            None
        }
    }

    /// Why no image at all can go to this disk.
    pub(crate) fn unfit_for_all(&self, needs: &[Need]) -> Option<String> {
        let mut reason = None;
        for need in needs {
            reason = Some(self.unfit(*need)?);
        }
        reason
    }

    /// The disk as a row of a list.
    pub(crate) fn row(&self, unfit: Option<String>) -> DiskRow {
        let about = self.disk.about();
        DiskRow {
            name: self.name.clone(),
            size: text::size(self.size),
            bus: format!("{}, {}", bus(about.bus), about.sector_size),
            model: text::name(&about.model),
            serial: text::name(&about.serial),
            content: self.content.clone(),
            unfit,
        }
    }

    /// The disk in a line.
    pub(crate) fn line(&self, unfit: Option<&str>) -> String {
        let about = self.disk.about();
        let (size, bus) = (text::size(self.size), bus(about.bus));
        let (model, serial) = (text::quoted(&about.model), text::quoted(&about.serial));
        let unfit = unfit.map(|reason| format!(", not a target: {reason}")).unwrap_or_default();
        let (name, sector, content) = (&self.name, about.sector_size, &self.content);
        format!(
            "{name}, {size}, {bus}, {sector}-byte sectors, model {model}, serial {serial}, {content}{unfit}"
        )
    }
}

/// What changed between two looks at the disks; `None` where nothing did.
pub(crate) fn changes(before: &[Arc<dyn Disk>], now: &[Arc<dyn Disk>]) -> Option<String> {
    let has = |disks: &[Arc<dyn Disk>], disk: &Arc<dyn Disk>| {
        let same = |other: &Arc<dyn Disk>| {
            Arc::ptr_eq(other, disk) && other.about() == disk.about() && other.size() == disk.size()
        };
        disks.iter().any(same)
    };
    let name = |disk: &Arc<dyn Disk>| text::name(&disk.about().name);
    let gone = before.iter().filter(|disk| !has(now, disk)).map(|disk| format!("{} went", name(disk)));
    let come = now.iter().filter(|disk| !has(before, disk)).map(|disk| format!("{} came", name(disk)));
    let changes: Vec<String> = gone.chain(come).collect();
    (!changes.is_empty()).then(|| changes.join(", "))
}

/// What people call a bus.
fn bus(bus: Bus) -> &'static str {
    match bus {
        Bus::Nvme => "NVMe",
        Bus::Sata => "SATA",
        Bus::Scsi => "SCSI",
        Bus::Usb => "USB",
        Bus::Virtio => "virtio",
        Bus::Mmc => "MMC",
        Bus::Other => "other bus",
    }
}
