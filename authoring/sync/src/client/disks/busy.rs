//! Which files somebody uses: has open, or holds a lock on.

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock, major, minor};
use rustix::io::Errno;

/// What the kernel tells of open files, read once when it is asked for first.
#[derive(Debug, Default)]
pub struct Busy {
    open: OnceCell<Vec<PathBuf>>,
}

impl Busy {
    /// Nothing was looked at yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether somebody uses a file. Of other users' programs only the superuser sees which files they have open.
    pub fn uses(&self, path: &Path) -> bool {
        let Ok(there) = fs::symlink_metadata(path) else { return false };
        if !there.is_file() {
            return false;
        }
        let name = path.file_name().unwrap_or_default();
        let open = self.open.get_or_init(all_open).iter();
        // The names are compared first: asking what lies behind a network may take forever.
        let mut same =
            open.filter(|other| is_named(other, name)).filter_map(|other| fs::metadata(other).ok());
        same.any(|other| (other.dev(), other.ino()) == (there.dev(), there.ino()))
            || has_lock(there.dev(), there.ino())
            || is_flocked(path)
    }
}

/// Paths that lead to all files that processes have open, and to those behind loop devices.
fn all_open() -> Vec<PathBuf> {
    let is_process =
        |name: &OsStr| name.to_str().is_some_and(|name| name.bytes().all(|byte| byte.is_ascii_digit()));
    let processes = entries(Path::new("/proc")).into_iter();
    let processes = processes.filter(|path| path.file_name().is_some_and(is_process));
    let open = processes.flat_map(|process| entries(&process.join("fd")));
    let loops = entries(Path::new("/sys/block")).into_iter();
    let behind = loops.filter_map(|disk| fs::read_to_string(disk.join("loop/backing_file")).ok());
    open.chain(behind.map(|path| PathBuf::from(path.trim_end()))).collect()
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}

/// Whether a path, or what it leads to where it is a link of the kernel's, ends with this name.
fn is_named(path: &Path, name: &OsStr) -> bool {
    let target = fs::read_link(path);
    target.as_deref().unwrap_or(path).file_name() == Some(name)
}

/// Whether the kernel's list of locks (proc(5), `/proc/locks`) has the file: the sixth field is device and inode.
fn has_lock(device: u64, inode: u64) -> bool {
    let file = format!("{:02x}:{:02x}:{inode}", major(device), minor(device));
    let table = fs::read_to_string("/proc/locks").unwrap_or_default();
    let files: BTreeSet<&str> = table
        .lines()
        .filter_map(|line| line.split_whitespace().find(|it| it.matches(':').count() == 2))
        .collect();
    files.contains(&*file)
}

/// Whether somebody holds a lock by flock(2), which file systems over others number otherwise than they show.
fn is_flocked(path: &Path) -> bool {
    let Ok(file) = File::open(path) else { return false };
    flock(&file, FlockOperation::NonBlockingLockExclusive) == Err(Errno::WOULDBLOCK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_used_while_it_is_open_or_locked() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("disk.vhd");
        fs::write(&path, "disk").unwrap();
        let other = folder.path().join("other.vhd");
        fs::write(&other, "disk").unwrap();
        let open = File::open(&path).unwrap();
        assert!(Busy::new().uses(&path));
        assert!(!Busy::new().uses(&other));
        drop(open);
        assert!(!Busy::new().uses(&path));
        let locked = File::open(&path).unwrap();
        flock(&locked, FlockOperation::LockShared).unwrap();
        assert!(is_flocked(&path));
        assert!(!Busy::new().uses(&folder.path().join("absent")));
    }
}
