//! The disks that are there, opened once.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use station::Disk;

use crate::disk::BlockDisk;
use crate::sysfs;

/// Where the kernel lists disks.
const BLOCK: &str = "/sys/block";
const DEVICES: &str = "/dev";

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
        // Opening makes a drive look for its disc.
        fs::File::open(&path).ok()?;
        let size = Some(sysfs::size(folder)).filter(|size| *size > 0)?;
        let disk = BlockDisk::open(&path, about, size).ok()?;
        Some((identity(folder), Arc::new(disk)))
    }
}

fn identity(folder: &Path) -> Identity {
    let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    (name, sysfs::size(folder), fs::read_to_string(folder.join("diskseq")).unwrap_or_default())
}
