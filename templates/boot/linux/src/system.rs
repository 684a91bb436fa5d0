//! What the first program of a Linux system sees to: file systems of the kernel, modules, the command line.

use std::ffi::CStr;
use std::fs::{self, File};
use std::path::Path;

use formats::minisign::PublicKey;
use rustix::io::Errno;
use rustix::mount::{MountFlags, mount as mount_at};
use uuid::Uuid;

/// The modules, in the order in which they are loaded: `/modules/000-crc16.ko`.
const MODULES: &str = "/modules";
/// Public keys, one a line.
const KEYS: &str = "/keys";
/// Stands on the kernel's command line before the medium's identity.
const MEDIUM: &str = "seedpress.medium=";
/// Modules that get parameters. A stick is asked at once: it is looked for until it answers, in any case. A module of a SCSI
/// controller is loaded when the controller was looked through.
const PARAMETERS: &[(&str, &CStr)] = &[("usb_storage", c"delay_use=0"), ("scsi_mod", c"scan=sync")];

/// What came of loading modules.
pub struct Loaded {
    /// Those that the kernel refused for another reason than that the machine does not have what they drive.
    pub refused: Vec<String>,
}

/// Mounts what the kernel has to say.
pub fn mount() -> Result<(), String> {
    for (kind, folder) in [("devtmpfs", "/dev"), ("proc", "/proc"), ("sysfs", "/sys")] {
        match mount_at(kind, folder, kind, MountFlags::empty(), None) {
            Ok(()) | Err(Errno::BUSY) => {}
            Err(error) => return Err(format!("internal error: cannot mount {folder}: {error}")),
        }
    }
    Ok(())
}

/// Loads all modules.
pub fn load_modules() -> Loaded {
    let entries = fs::read_dir(MODULES).into_iter().flatten().flatten();
    let mut files: Vec<_> = entries.map(|entry| entry.path()).collect();
    files.sort();
    let refused = files.iter().filter_map(|file| load(file).err().map(|error| (file, error)));
    let refused = refused.filter(|(_, error)| !is_absence(*error));
    Loaded { refused: refused.map(|(file, error)| format!("{}: {error}", file.display())).collect() }
}

fn load(file: &Path) -> Result<(), Errno> {
    let opened = File::open(file).map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    let name = module_name(&stem);
    let parameters = PARAMETERS.iter().find(|(module, _)| *module == name).map_or(c"", |(_, value)| value);
    rustix::system::finit_module(opened, parameters, 0)
}

/// The name of a module in a file that is called `012-usb-storage`.
fn module_name(stem: &str) -> String {
    stem.split_once('-').map_or(stem, |(_, name)| name).replace('-', "_")
}

/// Drivers of machines that this one is not, and what is there already. `ENOENT` is none of them: it is what a module gets
/// that is of another kernel, or needs one that did not load.
fn is_absence(error: Errno) -> bool {
    [Errno::NODEV, Errno::NXIO, Errno::EXIST, Errno::OPNOTSUPP].contains(&error)
}

/// The medium that GRUB says it was started from.
pub fn medium() -> Option<Uuid> {
    medium_in(&fs::read_to_string("/proc/cmdline").ok()?)
}

fn medium_in(line: &str) -> Option<Uuid> {
    let mut words = line.split_whitespace();
    Uuid::try_parse(words.find_map(|word| word.strip_prefix(MEDIUM))?).ok()
}

/// The keys that came along. An initramfs for unsigned media has the file too, and nothing in it: where it is not there or
/// cannot be read, nothing may be believed.
pub fn keys() -> Result<Vec<PublicKey>, String> {
    keys_in(Path::new(KEYS))
}

fn keys_in(path: &Path) -> Result<Vec<PublicKey>, String> {
    let about = |reason: &dyn std::fmt::Display| {
        format!(
            "the keys in {} of the initramfs cannot be read: {reason}; press the medium anew",
            path.display()
        )
    };
    let text = fs::read_to_string(path).map_err(|error| about(&error))?;
    text.lines().map(|line| PublicKey::parse(line).map_err(|error| about(&error))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_medium_is_read_from_the_kernels_command_line() {
        let id = "0e7c4a3e-4c5f-5a35-9a57-3a1a2f6a0b11";
        let line = format!("BOOT_IMAGE=(hd0,gpt1)/seed/vmlinuz quiet seedpress.medium={id} panic=10\n");
        assert_eq!(medium_in(&line), Uuid::try_parse(id).ok());
        assert_eq!(medium_in("quiet seedpress.medium=nonsense"), None);
        assert_eq!(medium_in("quiet"), None);
    }

    #[test]
    fn keys_that_cannot_be_read_end_it_and_a_file_without_any_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys");
        assert!(keys_in(&path).unwrap_err().contains("keys"));
        fs::write(&path, "").unwrap();
        assert_eq!(keys_in(&path), Ok(Vec::new()));
        let key = PublicKey { id: formats::minisign::KeyId([1; 8]), key: [2; 32] };
        fs::write(&path, key.to_base64() + "\n").unwrap();
        assert_eq!(keys_in(&path), Ok(vec![key]));
        for bad in [&b"\n"[..], b"RWQ\n", b"\xff\xff"] {
            fs::write(&path, bad).unwrap();
            assert!(keys_in(&path).unwrap_err().contains("press the medium anew"), "{bad:?}");
        }
    }

    #[test]
    fn a_module_with_an_unknown_symbol_is_told_of_and_one_for_another_machine_is_not() {
        assert!(!is_absence(Errno::NOENT) && !is_absence(Errno::NOEXEC));
        assert!(is_absence(Errno::NODEV));
    }

    #[test]
    fn a_file_name_gives_the_name_that_the_kernel_has_for_a_module() {
        assert_eq!(module_name("012-usb-storage"), "usb_storage");
        assert_eq!(module_name("003-crc32c_generic"), "crc32c_generic");
    }
}
