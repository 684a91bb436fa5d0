//! Which modules come along, with those that they need, each behind those.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use formats::digest::Hasher;
use formats::manifest::Component;

use super::error::{LinuxError, unreadable, unusable};
use super::{elf, read};

/// What media and disks of ordinary machines are connected by: a kernel without one of them is refused.
const NEEDED: &[&str] = &["xhci_pci", "usb_storage", "ahci", "nvme", "sd_mod", "sr_mod"];
/// What else comes along where the kernel has it: other buses, guests of hypervisors, keyboards.
const WELCOME: &[&str] = &[
    "ehci_pci",
    "uhci_hcd",
    "ohci_pci",
    "uas",
    "ata_piix",
    "vmd",
    "mmc_block",
    "sdhci_pci",
    "sdhci_acpi",
    "virtio_pci",
    "virtio_blk",
    "virtio_scsi",
    "hv_storvsc",
    "hyperv_keyboard",
    "vmw_pvscsi",
    "mptspi",
    "mptsas",
    "mpt3sas",
    "megaraid_sas",
    "xen_blkfront",
    "hid_generic",
    "usbhid",
    "simpledrm",
];
/// How deep folders may lie in each other.
const DEEPEST: usize = 16;

/// The modules that come along, in the order in which they are loaded.
#[derive(Debug)]
pub struct Chosen {
    /// Each behind those that it needs.
    pub modules: Vec<Module>,
}

/// A module.
#[derive(Debug)]
pub struct Module {
    /// Its name, with underscores.
    pub name: String,
    /// Its file, unpacked.
    pub bytes: Vec<u8>,
}

/// What a kernel has.
struct Kernel {
    file: PathBuf,
    release: String,
    folder: PathBuf,
    files: BTreeMap<String, PathBuf>,
    built_in: BTreeSet<String>,
}

/// Modules in the making of an order.
struct Order<'a> {
    kernel: &'a Kernel,
    modules: Vec<Module>,
    seen: BTreeSet<String>,
}

/// Chooses from a folder such as `/lib/modules/6.1.0-56-amd64`, for the kernel in a file that has this release.
pub fn choose(folder: &Path, (file, release): (&Path, &str)) -> Result<Chosen, LinuxError> {
    let mut kernel = Kernel {
        file: file.into(),
        release: release.into(),
        folder: folder.into(),
        files: BTreeMap::new(),
        built_in: BTreeSet::new(),
    };
    kernel.read()?;
    let lacks: Vec<String> =
        NEEDED.iter().filter(|name| !kernel.has(name)).map(|name| (*name).to_owned()).collect();
    if !lacks.is_empty() {
        return Err(LinuxError::Drivers { folder: folder.into(), modules: lacks });
    }
    let mut order = Order { kernel: &kernel, modules: Vec::new(), seen: BTreeSet::new() };
    for name in NEEDED.iter().chain(WELCOME) {
        order.add(name, 0)?;
    }
    Ok(Chosen { modules: order.modules })
}

impl Chosen {
    /// All of them as one part of a medium: named by the folder that they came from.
    pub fn component(&self, folder: &Path) -> Component {
        let mut hasher = Hasher::new();
        self.modules.iter().for_each(|module| hasher.update(&module.bytes));
        let release = folder.file_name().unwrap_or_default().to_string_lossy();
        Component {
            role: "modules".into(),
            name: format!("linux-modules, {} of them", self.modules.len()),
            version: release.into_owned(),
            sha256: hasher.finish(),
        }
    }
}

impl Kernel {
    fn read(&mut self) -> Result<(), LinuxError> {
        let built_in = read::text(&self.folder.join("modules.builtin"))?;
        self.built_in = built_in.lines().filter_map(|line| named(Path::new(line))).collect();
        self.look(&self.folder.join("kernel"), 0)
    }

    /// That a module is for this kernel, which takes no other (kernel/module/main.c, `check_modinfo`).
    fn check(&self, module: &Path, vermagic: &[String]) -> Result<(), LinuxError> {
        let found =
            vermagic.first().and_then(|said| said.split(' ').next()).unwrap_or("no kernel that it names");
        if found == self.release {
            return Ok(());
        }
        Err(LinuxError::Mixed {
            kernel: self.file.clone(),
            release: self.release.clone(),
            module: module.into(),
            found: found.into(),
        })
    }

    /// Notes the modules in a folder and in those inside it.
    fn look(&mut self, folder: &Path, depth: usize) -> Result<(), LinuxError> {
        let entries = fs::read_dir(folder).map_err(|source| unreadable(folder, source))?;
        for entry in entries {
            let path = entry.map_err(|source| unreadable(folder, source))?.path();
            let kind = path.symlink_metadata().map_err(|source| unreadable(&path, source))?;
            if kind.is_dir() && depth < DEEPEST {
                self.look(&path, depth + 1)?;
            } else if let Some(name) = named(&path) {
                self.files.insert(name, path);
            }
        }
        Ok(())
    }

    fn has(&self, name: &str) -> bool {
        self.files.contains_key(name) || self.built_in.contains(name)
    }
}

impl Order<'_> {
    /// Adds a module behind those that it needs. One that is built in, or that the kernel does not have, is not needed.
    fn add(&mut self, name: &str, depth: usize) -> Result<(), LinuxError> {
        let Some(path) = self.kernel.files.get(name) else { return Ok(()) };
        if !self.seen.insert(name.into()) {
            return Ok(());
        }
        if depth > DEEPEST {
            let folder = &self.kernel.folder;
            return Err(unusable(folder, format!("its modules need each other without end, as {name} does")));
        }
        let bytes = unpacked(path)?;
        let values =
            |key| elf::values(&bytes, key).ok_or_else(|| unusable(path, "it is no kernel module".into()));
        self.kernel.check(path, &values("vermagic")?)?;
        let needed: Vec<String> = values("depends")?.iter().flat_map(|list| names(list, ',')).collect();
        let first: Vec<String> = values("softdep")?.iter().flat_map(|list| pre(list)).collect();
        for other in first.iter().chain(&needed) {
            self.add(other, depth + 1)?;
        }
        self.modules.push(Module { name: name.into(), bytes });
        Ok(())
    }
}

/// The module in a file: `kernel/drivers/usb/storage/usb-storage.ko.xz` has `usb_storage`.
fn named(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_str()?;
    let stem = [".ko", ".ko.xz", ".ko.zst"].iter().find_map(|end| name.strip_suffix(end))?;
    Some(stem.replace('-', "_"))
}

fn names(list: &str, between: char) -> impl Iterator<Item = String> {
    list.split(between).map(|name| name.trim().replace('-', "_")).filter(|name| !name.is_empty())
}

/// What a module would like to find loaded: `pre: crc32c crct10dif post: sd_mod` (modprobe.d(5)).
fn pre(list: &str) -> Vec<String> {
    let (_, rest) = list.split_once("pre:").unwrap_or_default();
    let before = rest.split("post:").next().unwrap_or_default();
    names(before, ' ').collect()
}

fn unpacked(path: &Path) -> Result<Vec<u8>, LinuxError> {
    let file = fs::File::open(path).map_err(|source| unreadable(path, source))?;
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("xz") => read::all(path, Ok(lzma_rust2::XzReader::new(file, true))),
        Some("zst") => read::all(path, zstd::Decoder::new(file)),
        _ => read::all(path, Ok(file)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_are_named_as_the_kernel_names_them() {
        assert_eq!(named(Path::new("a/usb-storage.ko.xz")), Some("usb_storage".into()));
        assert_eq!(named(Path::new("a/nvme.ko")), Some("nvme".into()));
        assert_eq!(named(Path::new("a/modules.order")), None);
    }

    #[test]
    fn only_what_is_wanted_before_comes_before() {
        assert_eq!(pre("pre: crc32c crct10dif-pclmul post: sd_mod"), ["crc32c", "crct10dif_pclmul"]);
        assert_eq!(pre("post: sd_mod"), [""; 0]);
    }
}
