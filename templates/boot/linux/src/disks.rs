//! The disks that are there, opened once.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::sync::Arc;

use rustix::fs::OFlags;
use station::Disk;

use crate::disk::BlockDisk;
use crate::sysfs;

/// Where the kernel lists disks.
const BLOCK: &str = "/sys/block";
const DEVICES: &str = "/dev";
/// A sector of a disc, in bytes.
const DISC_SECTOR: usize = 2048;

/// The disks that were opened, by what they cannot change without becoming another disk.
#[derive(Default)]
pub struct Disks {
    opened: BTreeMap<Identity, Arc<BlockDisk>>,
}

/// A disk's name, how long it is, and the number that the kernel gives to each that comes.
type Identity = (String, u64, String);

impl Disks {
    /// Those that are there now, in the order of their names. Drives without a disc in them are not.
    pub fn now(&mut self) -> Vec<Arc<dyn Disk>> {
        let mut present: Vec<Arc<dyn Disk>> = Vec::new();
        let mut opened = BTreeMap::new();
        for folder in sysfs::disks(Path::new(BLOCK)) {
            if let Some((identity, disk)) = self.at(&folder) {
                present.push(disk.clone());
                opened.insert(identity, disk);
            }
        }
        self.opened = opened;
        present
    }

    fn at(&self, folder: &Path) -> Option<(Identity, Arc<BlockDisk>)> {
        let known = identity(folder);
        if let Some(disk) = self.opened.get(&known) {
            return Some((known, disk.clone()));
        }
        let about = sysfs::about(folder);
        sysfs::widen(folder);
        let path = Path::new(DEVICES).join(&about.name);
        if sysfs::is_drive(&about.name) && !has_disc(&path) {
            return None;
        }
        let size = Some(sysfs::size(folder)).filter(|size| *size > 0)?;
        let disk = BlockDisk::open(&path, about, size).ok()?;
        Some((identity(folder), Arc::new(disk)))
    }
}

/// Whether a drive has a disc in it that can be read. Opened in any other way it would pull in an open tray, and it says how long
/// the last disc was for as long as there is no other.
fn has_disc(drive: &Path) -> bool {
    let flags = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or_default();
    let opened = fs::OpenOptions::new().read(true).custom_flags(flags).open(drive);
    opened.is_ok_and(|drive| drive.read_exact_at(&mut [0; DISC_SECTOR], 0).is_ok())
}

fn identity(folder: &Path) -> Identity {
    let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    (name, sysfs::size(folder), fs::read_to_string(folder.join("diskseq")).unwrap_or_default())
}
