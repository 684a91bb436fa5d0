//! Where things are: the tree, what is built from it, and what is made for tests.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::{loader, program};

/// The root of the tree.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// Where cargo builds.
pub fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |dir| root().join(dir))
}

/// The folder `target/NAME`, made when it is not there.
///
/// # Errors
/// When it cannot be made.
pub fn target_folder(name: &str) -> Result<PathBuf> {
    let folder = target().join(name);
    fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
    Ok(folder)
}

/// The folder `target/NAME`, empty. What a run that was killed left mounted below it is unmounted first, and what
/// cannot be unmounted is not touched.
///
/// # Errors
/// When it cannot be emptied or made.
pub fn empty_folder(name: &str) -> Result<PathBuf> {
    let folder = target().join(name);
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    // The kernel lists what was mounted last at the end.
    for mounted in mounted_below(&mounts, &fs::canonicalize(&folder).unwrap_or_default()).iter().rev() {
        let unmount: &[&str] =
            if program::is_root() { &["umount", "-l"] } else { &["fusermount", "-u", "-z"] };
        program::run(program::system(unmount[0]).args(&unmount[1..]).arg(mounted))?;
    }
    program::run(program::system("rm").args(["-rf", "--one-file-system"]).arg(&folder))?;
    target_folder(name)
}

/// The cargo that runs us, in the root of the tree.
pub fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

/// The `seedpress` program as customers get it, built now, with what media start inside.
///
/// # Errors
/// When it does not build.
pub fn seedpress() -> Result<PathBuf> {
    loader::build()?;
    program::run(cargo().args(["build", "--release", "--package", "seedpress"]))?;
    Ok(target().join("release/seedpress"))
}

/// The mount points below a folder, out of the kernel's list (`proc(5)`, "/proc/pid/mounts").
fn mounted_below(mounts: &str, folder: &Path) -> Vec<PathBuf> {
    let points = mounts.lines().filter_map(|line| line.split(' ').nth(1));
    let points = points.map(|point| PathBuf::from(point.replace("\\040", " ")));
    points.filter(|point| folder.is_absolute() && point != folder && point.starts_with(folder)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_mounted_below_a_folder_is_known() {
        let mounts = "/dev/vda / ext4 rw 0 0\n/a/volume /a/b\\040c/d fuse rw 0 0\n/e /a/bc fuse rw 0 0\n";
        assert_eq!(mounted_below(mounts, Path::new("/a/b c")), [Path::new("/a/b c/d")]);
        assert!(mounted_below(mounts, Path::new("/a/bc")).is_empty());
        assert!(mounted_below(mounts, Path::new("")).is_empty());
    }
}
