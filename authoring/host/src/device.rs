//! What must be known of a block device before it is written to.

use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

/// Whether a path leads to a block device.
pub fn is_device(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|m| m.file_type().is_block_device())
}

/// Where a block device, or a partition of it, is mounted; `None` when it is not.
pub fn mounted_at(path: &Path) -> Option<PathBuf> {
    let device = fs::metadata(path).ok()?.rdev();
    let disk = (rustix::fs::major(device), rustix::fs::minor(device));
    // proc(5): the third field is major:minor, the fifth the mount point.
    let table = fs::read_to_string("/proc/self/mountinfo").ok()?;
    table.lines().find_map(|line| {
        let mut fields = line.split(' ');
        let (major, minor) = fields.nth(2)?.split_once(':')?;
        let found = (major.parse().ok()?, minor.parse().ok()?);
        let point = fields.nth(1)?;
        (found == disk || is_partition_of(found, disk)).then(|| PathBuf::from(point))
    })
}

/// Whether `found` is a partition of `disk`, as sysfs tells.
fn is_partition_of(found: (u32, u32), disk: (u32, u32)) -> bool {
    let device = fs::canonicalize(format!("/sys/dev/block/{}:{}", found.0, found.1));
    let parent = device.ok().and_then(|path| path.parent().map(|parent| parent.join("dev")));
    let number = parent.and_then(|path| fs::read_to_string(path).ok());
    number.is_some_and(|number| number.trim() == format!("{}:{}", disk.0, disk.1))
}
