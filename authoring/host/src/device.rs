//! What must be known of a block device before it is written to.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use crate::error::{HostError, Operation};
use crate::occupied::{LOOKED_AT, contents};

/// Whether a path leads to a block device.
pub fn is_device(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|m| m.file_type().is_block_device())
}

/// Where a block device, or a partition of it, is mounted; `None` when it is not.
pub fn mounted_at(path: &Path) -> Option<PathBuf> {
    let disk = numbers(path)?;
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

/// Whether two paths lead to one block device, or to a disk and a partition of it.
pub(crate) fn are_one_disk(one: &Path, other: &Path) -> bool {
    numbers(one).zip(numbers(other)).is_some_and(|(one, other)| {
        one == other || is_partition_of(one, other) || is_partition_of(other, one)
    })
}

/// Refuses a device that is in use, that cannot be written, or, without `force`, on which there is something.
///
/// # Errors
/// [`HostError`].
pub(crate) fn check(path: &Path, force: bool) -> Result<(), HostError> {
    if let Some(mounted) = mounted_at(path) {
        return Err(HostError::InUse { path: path.into(), mounted: Some(mounted) });
    }
    if numbers(path).is_some_and(is_read_only) {
        return Err(HostError::ReadOnly { path: path.into() });
    }
    if force {
        return Ok(());
    }
    let mut head = Vec::new();
    let read = File::open(path).and_then(|file| file.take(LOOKED_AT).read_to_end(&mut head));
    read.map_err(HostError::io(Operation::Create, path))?;
    match contents(&head) {
        Some(found) => Err(HostError::Occupied { path: path.into(), found }),
        None => Ok(()),
    }
}

/// The major and minor number of a device.
fn numbers(path: &Path) -> Option<(u32, u32)> {
    let device = fs::metadata(path).ok()?.rdev();
    Some((rustix::fs::major(device), rustix::fs::minor(device)))
}

/// Whether the kernel lets nobody write to a device, as sysfs tells.
fn is_read_only((major, minor): (u32, u32)) -> bool {
    fs::read_to_string(format!("/sys/dev/block/{major}:{minor}/ro")).is_ok_and(|flag| flag.trim() == "1")
}

/// Whether `found` is a partition of `disk`, as sysfs tells.
fn is_partition_of(found: (u32, u32), disk: (u32, u32)) -> bool {
    let device = fs::canonicalize(format!("/sys/dev/block/{}:{}", found.0, found.1));
    let parent = device.ok().and_then(|path| path.parent().map(|parent| parent.join("dev")));
    let number = parent.and_then(|path| fs::read_to_string(path).ok());
    number.is_some_and(|number| number.trim() == format!("{}:{}", disk.0, disk.1))
}
