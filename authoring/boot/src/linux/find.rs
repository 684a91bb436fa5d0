//! Looking for the parts where distributions put them.

use std::fs;
use std::path::{Path, PathBuf};

use super::error::{LinuxError, Missing};
use super::{Parts, Uefi};

/// What the user names, in place of what is found.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// The kernel.
    pub kernel: Option<PathBuf>,
    /// The folder of its modules.
    pub modules: Option<PathBuf>,
    /// shim.
    pub shim: Option<PathBuf>,
    /// The signed GRUB.
    pub grub: Option<PathBuf>,
    /// The folder of the GRUB for BIOS.
    pub grub_bios: Option<PathBuf>,
}

/// Where shim lies: Debian and Ubuntu, then whoever installs it on the EFI system partition.
const SHIM: &[&str] = &[
    "usr/lib/shim/shimx64.efi.signed",
    "usr/lib/shim/shimx64.efi.signed.latest",
    "usr/share/efi/x86_64/shim.efi",
];
/// Where the signed GRUB lies.
const GRUB: &[&str] = &["usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed", "usr/share/efi/x86_64/grub.efi"];
/// Where the GRUB for BIOS lies.
const GRUB_BIOS: &[&str] = &["usr/lib/grub/i386-pc", "usr/lib/grub2/i386-pc", "usr/share/grub2/i386-pc"];
/// Where modules lie.
const MODULES: &[&str] = &["lib/modules", "usr/lib/modules"];
/// Where installed systems have their UEFI programs, a folder each.
const VENDORS: &str = "boot/efi/EFI";
/// How kernels for clouds are called: they are only taken when there is no other.
const CLOUD: &[&str] = &["cloud", "kvm", "aws", "azure", "gcp"];

/// Which firmware is to start the payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// UEFI and a BIOS.
    Both,
    /// A BIOS alone: neither shim nor the signed GRUB is looked for.
    Bios,
}

impl Given {
    /// That everything that is named is there.
    fn check(&self) -> Result<(), LinuxError> {
        let named = [
            ("--kernel", &self.kernel, "a kernel, a bzImage"),
            ("--modules", &self.modules, "the folder of its modules, such as /lib/modules/RELEASE"),
            ("--shim", &self.shim, "shim, such as shimx64.efi.signed"),
            ("--grub", &self.grub, "the signed GRUB, such as grubx64.efi.signed"),
            ("--grub-bios", &self.grub_bios, "the folder of the GRUB for BIOS, i386-pc"),
        ];
        let gone = named.into_iter().find_map(|(option, path, what)| {
            let path = path.clone().filter(|path| !path.exists())?;
            Some(LinuxError::Gone { option, path, what })
        });
        gone.map_or(Ok(()), Err)
    }
}

/// Finds what was not given, below `root`.
///
/// # Errors
/// [`LinuxError::Gone`] for what was given and is not there, [`LinuxError::Missing`] with everything else that is not.
pub fn find(root: &Path, given: Given, wanted: Wanted) -> Result<Parts, LinuxError> {
    given.check()?;
    let mut missing = Vec::new();
    let kernel = given.kernel.or_else(|| kernel(root));
    let modules = given.modules.or_else(|| modules(root, kernel.as_deref()?));
    let shim = given.shim.or_else(|| first(root, SHIM)).or_else(|| vendors(root, "shimx64.efi"));
    let grub = given.grub.or_else(|| first(root, GRUB)).or_else(|| vendors(root, "grubx64.efi"));
    let grub_bios = given.grub_bios.or_else(|| first(root, GRUB_BIOS));
    let mut have = |path: Option<PathBuf>, what, package, option| {
        let there = path.filter(|path| path.exists());
        if there.is_none() {
            missing.push(Missing { what, package, option });
        }
        there.unwrap_or_default()
    };
    let parts = Parts {
        kernel: have(kernel, "a kernel", "linux-image-amd64", "--kernel FILE"),
        modules: have(modules, "the kernel's modules", "linux-image-amd64", "--modules DIR"),
        uefi: (wanted == Wanted::Both).then(|| Uefi {
            mok_manager: shim.as_deref().and_then(mok_manager),
            shim: have(shim, "shim", "shim-signed", "--shim FILE"),
            grub: have(grub, "the signed GRUB", "grub-efi-amd64-signed", "--grub FILE"),
        }),
        grub_bios: have(grub_bios, "the GRUB for BIOS", "grub-pc-bin", "--grub-bios DIR"),
    };
    if missing.is_empty() { Ok(parts) } else { Err(LinuxError::Missing(missing)) }
}

fn first(root: &Path, places: &[&str]) -> Option<PathBuf> {
    places.iter().map(|place| root.join(place)).find(|path| path.exists())
}

/// A program of an installed system.
fn vendors(root: &Path, name: &str) -> Option<PathBuf> {
    listed(&root.join(VENDORS)).into_iter().map(|folder| folder.join(name)).find(|path| path.exists())
}

/// The program that lies beside shim.
fn mok_manager(shim: &Path) -> Option<PathBuf> {
    let folder = shim.parent()?;
    ["mmx64.efi.signed", "mmx64.efi", "MokManager.efi"]
        .iter()
        .map(|name| folder.join(name))
        .find(|path| path.exists())
}

/// The newest kernel, one that is not for clouds where there is one.
fn kernel(root: &Path) -> Option<PathBuf> {
    let releases = MODULES.iter().flat_map(|folder| listed(&root.join(folder)));
    // Fedora keeps each kernel beside its modules.
    let beside = releases.map(|folder| folder.join("vmlinuz")).filter(|path| path.exists());
    let kernels = listed(&root.join("boot")).into_iter().filter(|path| release(path).is_some()).chain(beside);
    kernels.max_by_key(|path| {
        let release = release(path).unwrap_or_default();
        (!CLOUD.iter().any(|word| release.contains(word)), order(&release))
    })
}

/// The release of the kernel in a file: `/boot/vmlinuz-6.1.0-56-amd64`, `/lib/modules/6.14.0/vmlinuz`.
fn release(kernel: &Path) -> Option<String> {
    let name = kernel.file_name()?.to_str()?;
    if name == "vmlinuz" {
        return Some(kernel.parent()?.file_name()?.to_str()?.to_owned()).filter(|name| name != "boot");
    }
    name.strip_prefix("vmlinuz-").map(str::to_owned)
}

fn modules(root: &Path, kernel: &Path) -> Option<PathBuf> {
    let release = release(kernel)?;
    let named = MODULES.iter().map(|folder| root.join(folder).join(&release)).find(|path| path.is_dir());
    // A kernel that was unpacked elsewhere has its modules beside its boot folder.
    named.or_else(|| {
        let tree = kernel.parent()?.parent()?;
        MODULES.iter().map(|folder| tree.join(folder).join(&release)).find(|path| path.is_dir())
    })
}

/// A release so that a newer one is greater: its numbers count as numbers.
fn order(release: &str) -> Vec<(u64, String)> {
    let pieces = release.split(['.', '-', '+', '~']);
    pieces.map(|piece| (piece.parse().unwrap_or(0), piece.to_owned())).collect()
}

/// What lies in a folder, sorted; nothing where there is none.
fn listed(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<_> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    paths
}
