//! Two payloads on one medium: the loader for UEFI, Linux for a BIOS.

use press::boot::Boot;

/// The loader's payload with the Linux payload that a BIOS starts. Where both have a file it is the loader's.
pub fn both(native: Boot, linux: Boot) -> Boot {
    let Boot { mut files, bios, mut components } = native;
    for file in linux.files {
        let is_there = files.iter().any(|other| (other.volume, &other.path) == (file.volume, &file.path));
        if !is_there {
            files.push(file);
        }
    }
    components.extend(linux.components);
    Boot { files, bios: linux.bios.or(bios), components }
}

#[cfg(test)]
mod tests {
    use super::*;
    use formats::digest::Sha256;
    use formats::manifest::{Component, Volume};
    use press::boot::{Bios, BootFile, Content};

    fn payload(name: &str, paths: &[&str]) -> Boot {
        let file = |path: &&str| BootFile {
            volume: Volume::Esp,
            path: (*path).into(),
            content: Content::Text(name.into()),
        };
        let component = Component {
            role: name.into(),
            name: String::new(),
            version: String::new(),
            sha256: Sha256::of(b""),
        };
        Boot { files: paths.iter().map(file).collect(), bios: None, components: vec![component] }
    }

    #[test]
    fn uefi_starts_the_loader_and_a_bios_starts_linux() {
        let native = payload("loader", &["EFI/BOOT/BOOTX64.EFI", "seed/deploy.toml"]);
        let linux = payload("kernel", &["seed/deploy.toml", "seed/vmlinuz"]);
        let linux = Boot { bios: Some(Bios { bootstrap: vec![1], core: vec![2] }), ..linux };
        let Boot { files, bios, components } = both(native, linux);
        let paths: Vec<_> = files.iter().map(|file| &*file.path).collect();
        assert_eq!(paths, ["EFI/BOOT/BOOTX64.EFI", "seed/deploy.toml", "seed/vmlinuz"]);
        assert!(matches!(&files[1].content, Content::Text(text) if text == "loader"));
        assert_eq!(bios.unwrap().core, [2]);
        let roles: Vec<_> = components.iter().map(|part| &*part.role).collect();
        assert_eq!(roles, ["loader", "kernel"]);
    }
}
