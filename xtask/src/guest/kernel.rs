//! Kernels with the drivers that judge our volumes, kept in `target/guest`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::apt::Suite;
use crate::{place, program};

/// Modules that every guest loads, each behind those that it needs.
const MODULES: [&str; 6] = ["virtio_blk", "nls_utf8", "crc_itu_t", "cdrom", "isofs", "udf"];

/// What a kernel needs that starts from a disk: its controllers, and the file system on it. Each brings what it needs.
const DISK_MODULES: [&str; 6] = ["virtio_blk", "nvme", "ahci", "sd_mod", "crc32c_generic", "ext4"];

/// A part of the names of folders in `target/guest`: raised when other files belong into them.
const EDITION: u32 = 3;

/// Which kernel: each has other drivers, or other versions of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Release {
    /// Debian's stable one.
    Stable,
    /// A newer one that Debian has for its stable suite.
    Newer,
}

/// A kernel with the modules that a guest loads.
#[derive(Clone, Debug)]
pub struct Kernel {
    /// What `uname -r` says of it.
    pub release: String,
    folder: PathBuf,
}

/// A kernel as its packages have it.
#[derive(Clone, Debug)]
pub struct Packaged {
    /// The kernel itself.
    pub image: PathBuf,
    /// The folder of its modules.
    pub modules: PathBuf,
}

/// The suite whose shell runs in every guest.
const SHELL_SUITE: &str = "trixie";

impl Release {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Stable, Self::Newer];

    /// The kernel, fetched when it is not there.
    ///
    /// # Errors
    /// When it cannot be had.
    pub fn kernel(self) -> Result<Kernel> {
        let modules = MODULES.into_iter().chain([self.ntfs_module()]).collect::<Vec<_>>();
        self.kept(&format!("{}-{EDITION}", self.suite()), &modules)
    }

    /// The kernel with the modules by which it starts from a disk, fetched when it is not there.
    ///
    /// # Errors
    /// When it cannot be had.
    pub fn kernel_for_disks(self) -> Result<Kernel> {
        self.kept(&format!("{}-disk-{EDITION}", self.suite()), &DISK_MODULES)
    }

    fn kept(self, name: &str, modules: &[&str]) -> Result<Kernel> {
        let folder = kept(name, |folder| self.fetch(folder, modules))?;
        let release = fs::read_to_string(folder.join("release"))?;
        Ok(Kernel { release, folder })
    }

    fn suite(self) -> &'static str {
        match self {
            Self::Stable => "trixie",
            Self::Newer => "trixie-backports",
        }
    }

    /// The NTFS driver that this kernel and not the other one has.
    pub(super) fn ntfs_module(self) -> &'static str {
        match self {
            Self::Stable => "ntfs3",
            Self::Newer => "ntfs",
        }
    }

    /// The kernel as its packages have it, fetched when it is not there.
    ///
    /// # Errors
    /// When it cannot be had.
    pub fn packaged(self) -> Result<Packaged> {
        let folder = kept(&format!("{}-packaged-{EDITION}", self.suite()), |folder| {
            fs::write(folder.join("release"), self.unpack(&folder.join("tree"))?)?;
            Ok(())
        })?;
        let release = fs::read_to_string(folder.join("release"))?;
        let tree = folder.join("tree");
        let places = ["usr/lib/modules", "lib/modules"].map(|place| tree.join(place).join(&release));
        let modules = places.into_iter().find(|place| place.is_dir());
        let modules = modules.with_context(|| format!("the packages of {release} have no modules"))?;
        Ok(Packaged { image: find(&tree, "vmlinuz")?, modules })
    }

    /// Unpacks the kernel's packages into `tree`, and gives its release.
    fn unpack(self, tree: &Path) -> Result<String> {
        let scratch = tempfile::tempdir()?;
        let suite = Suite::open(self.suite(), scratch.path())?;
        let image = suite.needed("linux-image-amd64", "linux-image-")?;
        let release = image.trim_start_matches("linux-image-");
        let parts = ["image", "binary", "modules"].map(|part| format!("linux-{part}-{release}"));
        let packages: Vec<String> = parts.into_iter().filter(|package| suite.has(package)).collect();
        suite.unpack(&packages, tree)?;
        Ok(release.into())
    }

    fn fetch(self, folder: &Path, modules: &[&str]) -> Result<()> {
        let scratch = tempfile::tempdir_in(folder)?;
        let tree = scratch.path().join("tree");
        let release = self.unpack(&tree)?;
        fs::rename(find(&tree, "vmlinuz")?, folder.join("vmlinuz"))?;
        for (number, (name, module)) in with_needed(&tree, modules)?.iter().enumerate() {
            fs::write(folder.join(format!("{number:02}-{name}.ko")), module)?;
        }
        fs::write(folder.join("release"), release)?;
        Ok(())
    }
}

impl Kernel {
    /// The kernel itself.
    pub fn image(&self) -> PathBuf {
        self.folder.join("vmlinuz")
    }

    /// The modules, in the order in which they are loaded.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn modules(&self) -> Result<Vec<Vec<u8>>> {
        let mut files =
            fs::read_dir(&self.folder)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
        files.retain(|file| file.extension().is_some_and(|extension| extension == "ko"));
        files.sort();
        files
            .iter()
            .map(|file| fs::read(file).with_context(|| format!("reading {}", file.display())))
            .collect()
    }
}

/// A shell with many programs that needs no library: Debian's busybox-static.
///
/// # Errors
/// When it cannot be had.
pub fn shell() -> Result<Vec<u8>> {
    let folder = kept("shell", |folder| {
        let scratch = tempfile::tempdir_in(folder)?;
        let tree = scratch.path().join("tree");
        Suite::open(SHELL_SUITE, scratch.path())?.unpack(&["busybox-static".into()], &tree)?;
        fs::rename(find(&tree, "busybox")?, folder.join("busybox"))?;
        Ok(())
    })?;
    Ok(fs::read(folder.join("busybox"))?)
}

/// The folder `target/guest/NAME`, filled by `make` when it is not there. Whoever is late finds it whole.
fn kept(name: &str, make: impl FnOnce(&Path) -> Result<()>) -> Result<PathBuf> {
    let all = place::target_folder("guest")?;
    let folder = all.join(name);
    if !folder.exists() {
        println!("guest: fetching {name}");
        let scratch = tempfile::tempdir_in(&all)?;
        make(scratch.path())?;
        if let Err(error) = fs::rename(scratch.path(), &folder)
            && !folder.exists()
        {
            return Err(error).with_context(|| format!("making {}", folder.display()));
        }
    }
    Ok(folder)
}

/// The largest file below `tree` whose name starts with `start`: a kernel or a program, not what merely belongs to it.
fn find(tree: &Path, start: &str) -> Result<PathBuf> {
    let mut found = None;
    let mut folders = vec![tree.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            let kind = entry.file_type()?;
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() && entry.file_name().to_string_lossy().starts_with(start) {
                found = found.max(Some((entry.metadata()?.len(), entry.path())));
            }
        }
    }
    let (_, path) = found.with_context(|| format!("the package has no file {start}*"))?;
    Ok(path)
}

/// Modules by name, each behind those that it needs.
fn with_needed(tree: &Path, names: &[&str]) -> Result<Vec<(String, Vec<u8>)>> {
    let mut open: Vec<String> = names.iter().rev().map(|name| (*name).to_owned()).collect();
    let mut done: Vec<(String, Vec<u8>)> = Vec::new();
    while let Some(name) = open.pop() {
        if done.iter().any(|(other, _)| *other == name) {
            continue;
        }
        let module = module(tree, &name)?;
        let missing: Vec<String> =
            needed(&module).into_iter().filter(|need| done.iter().all(|(other, _)| other != need)).collect();
        if missing.is_empty() {
            done.push((name, module));
        } else {
            open.push(name);
            open.extend(missing);
        }
    }
    Ok(done)
}

/// A module's bytes. In names of files `-` may stand for `_`.
fn module(tree: &Path, name: &str) -> Result<Vec<u8>> {
    let found =
        find(tree, &format!("{name}.ko")).or_else(|_| find(tree, &format!("{}.ko", name.replace('_', "-"))));
    plain(&found?)
}

/// The modules that a module says it needs: `depends=` in its section `.modinfo` (`MODULE_INFO` of the kernel). To the kernel
/// `-` and `_` are the same.
fn needed(module: &[u8]) -> Vec<String> {
    const KEY: &[u8] = b"\0depends=";
    let Some(at) = module.windows(KEY.len()).position(|window| window == KEY) else {
        return Vec::new();
    };
    let list = module[at + KEY.len()..].split(|byte| *byte == 0).next().unwrap_or_default();
    String::from_utf8_lossy(list)
        .split(',')
        .filter(|name| !name.is_empty())
        .map(|name| name.replace('-', "_"))
        .collect()
}

/// A module's bytes, unpacked when they are packed.
fn plain(module: &Path) -> Result<Vec<u8>> {
    let program = match module.extension().and_then(|extension| extension.to_str()) {
        Some("xz") => "xz",
        Some("zst") => "zstd",
        _ => return Ok(fs::read(module)?),
    };
    Ok(program::output(Command::new(program).arg("-dc").arg(module))?.stdout)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn a_module(folder: &Path, name: &str, needs: &str) {
        let bytes = [b"\x7fELF\0license=GPL\0depends=", needs.as_bytes(), b"\0retpoline=Y\0"].concat();
        fs::write(folder.join(format!("{name}.ko")), bytes).unwrap();
    }

    #[test]
    fn modules_stand_behind_those_that_they_need_and_once() {
        let tree = tempfile::tempdir().unwrap();
        a_module(tree.path(), "ahci", "libahci,libata");
        a_module(tree.path(), "libahci", "libata");
        a_module(tree.path(), "libata", "");
        a_module(tree.path(), "sd-mod", "libata");
        a_module(tree.path(), "sr_mod", "sd-mod");
        let found = with_needed(tree.path(), &["ahci", "sd_mod", "sr_mod"]).unwrap();
        let names: Vec<_> = found.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["libata", "libahci", "ahci", "sd_mod", "sr_mod"]);
    }
}
