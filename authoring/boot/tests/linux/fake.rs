//! A distribution's files as far as they are looked at, in a folder of a test's own.

use std::fs;
use std::path::{Path, PathBuf};

use boot::linux::{Given, Parts, Wanted, find};
use tempfile::TempDir;

/// The release of the kernel.
pub const RELEASE: &str = "6.1.0-56-amd64";
/// Modules without which no kernel is taken.
pub const NEEDED: &[&str] = &["xhci-pci", "usb-storage", "ahci", "nvme", "sd_mod", "sr_mod"];

/// A root folder with everything in it, but for the GRUB for BIOS, which is this machine's.
pub fn root() -> TempDir {
    let root = tempfile::tempdir().unwrap();
    put(root.path(), "usr/lib/shim/shimx64.efi.signed", &program(&[(".sbat", SHIM_SBAT.as_bytes())]));
    put(root.path(), "usr/lib/shim/mmx64.efi.signed", b"MokManager");
    put(root.path(), GRUB, &grub("/EFI/debian"));
    put(root.path(), &format!("boot/vmlinuz-{RELEASE}"), &kernel());
    put(root.path(), &format!("{}/modules.builtin", modules()), b"kernel/crypto/crc32c.ko\n");
    for name in NEEDED {
        module(root.path(), name, "depends=");
    }
    root
}

/// Where the signed GRUB lies.
pub const GRUB: &str = "usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed";

const SHIM_SBAT: &str = "sbat,1,SBAT Version,sbat,1,https://example.invalid\n\
    shim,4,UEFI shim,shim,1,https://example.invalid\nshim.debian,1,Debian,shim,16.1,https://example.invalid\n";
const GRUB_SBAT: &str = "grub,5,Free Software Foundation,grub,2.06,https://example.invalid\n\
    grub.debian,5,Debian,grub2,2.06-13+deb12u2,https://example.invalid\n";

/// The parts of a root, with this machine's GRUB for BIOS.
pub fn parts(root: &Path) -> Parts {
    find(root, bios(), Wanted::Both).unwrap()
}

/// This machine's GRUB for BIOS, and nothing else.
pub fn bios() -> Given {
    Given { grub_bios: Some(PathBuf::from("/usr/lib/grub/i386-pc")), ..Given::default() }
}

/// The folder of the modules, below the root.
pub fn modules() -> String {
    format!("lib/modules/{RELEASE}")
}

/// Puts a file below a root.
pub fn put(root: &Path, path: &str, bytes: &[u8]) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

/// Puts a module that says this of itself.
pub fn module(root: &Path, name: &str, says: &str) {
    put(root, &format!("{}/kernel/drivers/{name}.ko", modules()), &elf(says));
}

/// A module: an ELF file of two sections.
pub fn elf(says: &str) -> Vec<u8> {
    elf_for(RELEASE, says)
}

/// A module for a kernel of another release.
pub fn elf_for(release: &str, says: &str) -> Vec<u8> {
    let names = b"\0.modinfo\0.shstrtab\0";
    let modinfo = format!("license=GPL\0vermagic={release} SMP mod_unload \0{}\0", says.replace(';', "\0"));
    let (modinfo_at, names_at) = (64, 64 + modinfo.len());
    let table = (names_at + names.len()).next_multiple_of(8);
    let mut file = b"\x7fELF\x02\x01\x01".to_vec();
    file.resize(table + 3 * 64, 0);
    file[0x28..0x30].copy_from_slice(&(table as u64).to_le_bytes());
    file[0x3a..0x40].copy_from_slice(&[64, 0, 3, 0, 2, 0]);
    file[modinfo_at..names_at].copy_from_slice(modinfo.as_bytes());
    file[names_at..names_at + names.len()].copy_from_slice(names);
    for (number, name, start, len) in [(1, 1, modinfo_at, modinfo.len()), (2, 10, names_at, names.len())] {
        let header = &mut file[table + number * 64..][..64];
        header[0] = name;
        header[0x18..0x20].copy_from_slice(&(start as u64).to_le_bytes());
        header[0x20..0x28].copy_from_slice(&(len as u64).to_le_bytes());
    }
    file
}

/// A GRUB that looks for its configuration in a folder.
pub fn grub(prefix: &str) -> Vec<u8> {
    let mut mods = b"mimg\0\0\0\0".to_vec();
    let entry = 8 + prefix.len() + 1;
    mods.extend(24_u64.to_le_bytes());
    mods.extend((24 + 12 + entry as u64).to_le_bytes());
    mods.extend([0, 0, 0, 0, 12, 0, 0, 0, 1, 2, 3, 4]);
    mods.extend([3, 0, 0, 0]);
    mods.extend((entry as u32).to_le_bytes());
    mods.extend(prefix.as_bytes());
    mods.push(0);
    program(&[("mods", &mods), (".sbat", GRUB_SBAT.as_bytes())])
}

/// A PE file with sections.
fn program(sections: &[(&str, &[u8])]) -> Vec<u8> {
    let mut file = vec![0; 0x40 + 24 + 40 * sections.len()];
    file[0x3c] = 0x40;
    file[0x40..0x44].copy_from_slice(b"PE\0\0");
    file[0x46] = sections.len() as u8;
    for (number, (name, bytes)) in sections.iter().enumerate() {
        let start = file.len() as u32;
        let header = &mut file[0x58 + 40 * number..][..40];
        header[..name.len()].copy_from_slice(name.as_bytes());
        for (at, value) in [(8, bytes.len() as u32), (16, bytes.len() as u32), (20, start)] {
            header[at..at + 4].copy_from_slice(&value.to_le_bytes());
        }
        file.extend(*bytes);
    }
    file
}

fn kernel() -> Vec<u8> {
    let said = format!("{RELEASE} (debian-kernel) #1 SMP PREEMPT_DYNAMIC Debian 6.1.192-2 (2026-11-16)\0");
    let mut file = vec![0; 0x220];
    file[0x202..0x206].copy_from_slice(b"HdrS");
    file[0x20e] = 0x20;
    file.extend(said.as_bytes());
    file
}
