//! Two payloads on one medium: the loader for UEFI, Linux for a BIOS.

use press::boot::Boot;

/// Where UEFI looks for programs, and these for what belongs to them.
const EFI: &str = "EFI/";
/// What Linux is started by under UEFI.
const UEFI_ROLES: [&str; 2] = ["shim", "grub"];

/// The loader's payload with as much of the Linux payload as a BIOS needs.
pub fn both(native: Boot, linux: Boot) -> Boot {
    let Boot { mut files, bios, mut components } = native;
    for file in linux.files {
        let is_there = files.iter().any(|other| (other.volume, &other.path) == (file.volume, &file.path));
        if !is_there && !file.path.starts_with(EFI) {
            files.push(file);
        }
    }
    let bios_components = linux.components.into_iter();
    components.extend(bios_components.filter(|part| !UEFI_ROLES.contains(&&*part.role)));
    Boot { files, bios: linux.bios.or(bios), components }
}

#[cfg(test)]
mod tests {
    use super::*;
    use formats::digest::Sha256;
    use formats::manifest::{Component, Volume};
    use press::boot::{Bios, BootFile, Content};

    fn payload(paths: &[&str], roles: &[&str]) -> Boot {
        let file = |path: &&str| BootFile {
            volume: Volume::Esp,
            path: (*path).into(),
            content: Content::Text(String::new()),
        };
        let component = |role: &&str| Component {
            role: (*role).into(),
            name: String::new(),
            version: String::new(),
            sha256: Sha256::of(b""),
        };
        Boot {
            files: paths.iter().map(file).collect(),
            bios: None,
            components: roles.iter().map(component).collect(),
        }
    }

    #[test]
    fn uefi_starts_the_loader_and_a_bios_starts_linux() {
        let native = payload(&["EFI/BOOT/BOOTX64.EFI", "seed/deploy.toml"], &["loader"]);
        let linux = ["EFI/BOOT/BOOTX64.EFI", "EFI/debian/grub.cfg", "seed/deploy.toml", "seed/vmlinuz"];
        let linux = payload(&linux, &["shim", "grub", "kernel"]);
        let linux = Boot { bios: Some(Bios { bootstrap: vec![1], core: vec![2] }), ..linux };
        let Boot { files, bios, components } = both(native, linux);
        let paths: Vec<_> = files.iter().map(|file| &*file.path).collect();
        assert_eq!(paths, ["EFI/BOOT/BOOTX64.EFI", "seed/deploy.toml", "seed/vmlinuz"]);
        assert_eq!(bios.unwrap().core, [2]);
        let roles: Vec<_> = components.iter().map(|part| &*part.role).collect();
        assert_eq!(roles, ["loader", "kernel"]);
    }
}
