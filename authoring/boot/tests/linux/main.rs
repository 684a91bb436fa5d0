//! The Linux payload, out of a distribution that a test makes up, held against the programs cpio, zstd and grub-mkimage.

mod fake;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use boot::linux::{Given, Kind, LinuxError, Wanted, find, payload};
use fake::{GRUB, NEEDED, RELEASE, module, modules, parts, put, root};
use formats::manifest::Volume;
use formats::minisign::{KeyId, PublicKey};
use press::Boot;
use press::boot::{Bios, Content, DISC_CORE, DISC_CORE_ROOM, USB_CORE, USB_CORE_ROOM};

const INIT: &[u8] = b"our first program";

fn key() -> PublicKey {
    PublicKey { id: KeyId([1; 8]), key: [2; 32] }
}

fn made(root: &Path, kind: Kind) -> Boot {
    payload(&parts(root), INIT, &[key()], Some("format = 1\n".into()), kind).unwrap()
}

fn refused(root: &Path) -> LinuxError {
    payload(&parts(root), INIT, &[], None, Kind::Usb).unwrap_err()
}

fn paths(boot: &Boot, volume: Volume) -> Vec<&str> {
    let files = boot.files.iter().filter(|file| file.volume == volume);
    files.map(|file| file.path.as_str()).collect()
}

fn bytes<'a>(boot: &'a Boot, path: &str) -> &'a [u8] {
    let file = boot.files.iter().find(|file| file.path == path).unwrap();
    match &file.content {
        Content::Bytes(bytes) => bytes,
        Content::Text(text) => text.as_bytes(),
    }
}

/// Unpacks an initramfs with other people's programs, and gives the lines of `cpio` and the folder.
fn unpacked(boot: &Boot) -> (String, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("initrd.zst"), bytes(boot, "seed/initrd.zst")).unwrap();
    let run = |program: &str, arguments: &[&str]| {
        let archive = fs::File::open(folder.path().join("initrd")).map_or(Stdio::null(), Stdio::from);
        let output =
            Command::new(program).args(arguments).current_dir(folder.path()).stdin(archive).output().unwrap();
        assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    run("zstd", &["-d", "-q", "initrd.zst", "-o", "initrd"]);
    run("cpio", &["-i", "--quiet", "--make-directories", "--nonmatching", "dev/*"]);
    (run("cpio", &["-t", "-v", "-n", "--quiet"]), folder)
}

fn loaded(listing: &str) -> Vec<&str> {
    let names = listing.lines().filter_map(|line| line.split_once(" modules/"));
    names.map(|(_, name)| name).collect()
}

#[test]
fn a_stick_has_everything_on_its_efi_partition() {
    let root = root();
    for kind in [Kind::Usb, Kind::UdfOnly] {
        let boot = made(root.path(), kind);
        let expected = [
            "EFI/BOOT/BOOTX64.EFI",
            "EFI/BOOT/grubx64.efi",
            "EFI/BOOT/mmx64.efi",
            "EFI/debian/grub.cfg",
            "seed/grub.cfg",
            "seed/vmlinuz",
            "seed/initrd.zst",
            "seed/deploy.toml",
        ];
        assert_eq!(paths(&boot, Volume::Esp), expected);
        assert!(paths(&boot, Volume::Seed).is_empty());
    }
}

#[test]
fn a_disc_has_the_kernel_where_grub_reads_discs() {
    let root = root();
    let boot = made(root.path(), Kind::Disc);
    let seed = ["seed/grub.cfg", ".disk/info", "boot/grub/grub.cfg", "seed/vmlinuz", "seed/initrd.zst"];
    let mut found = paths(&boot, Volume::Seed);
    found.sort_unstable();
    let mut expected = seed.to_vec();
    expected.sort_unstable();
    assert_eq!(found, expected);
    assert!(!paths(&boot, Volume::Esp).contains(&"seed/vmlinuz"));
    assert!(paths(&boot, Volume::Esp).contains(&"seed/deploy.toml"));
}

#[test]
fn the_configuration_lies_where_the_signed_grub_looks_and_names_the_medium() {
    let root = root();
    put(root.path(), GRUB, &fake::grub("(memdisk)/EFI/ubuntu"));
    let boot = made(root.path(), Kind::Usb);
    let config = std::str::from_utf8(bytes(&boot, "EFI/ubuntu/grub.cfg")).unwrap();
    assert!(config.contains(" seedpress.medium={medium}\n"), "{config}");
    put(root.path(), GRUB, &fake::grub("/EFI/../../etc"));
    assert!(refused(root.path()).to_string().contains("grubx64"));
}

#[test]
fn parts_are_recorded_with_the_names_and_versions_that_they_have_themselves() {
    let root = root();
    let boot = made(root.path(), Kind::Usb);
    let recorded: Vec<_> = boot
        .components
        .iter()
        .map(|part| (part.role.as_str(), part.name.as_str(), part.version.as_str()))
        .collect();
    assert_eq!(recorded[..2], [("shim", "shim", "16.1"), ("grub", "grub2", "2.06-13+deb12u2")]);
    assert_eq!(recorded[2], ("kernel", "linux 6.1.0-56-amd64", "6.1.192-2"));
    assert_eq!(recorded[3], ("modules", "linux-modules, 6 of them", RELEASE));
    assert_eq!((recorded[4].0, recorded[5].0), ("init", "grub-bios"));
    assert!(!recorded[5].2.is_empty());
}

#[test]
fn the_initramfs_is_an_archive_that_others_read() {
    let root = root();
    let boot = made(root.path(), Kind::Usb);
    let (listing, folder) = unpacked(&boot);
    assert!(listing.contains("crw-------") && listing.contains(" dev/console"), "{listing}");
    assert!(listing.lines().all(|line| line.split_whitespace().nth(2) == Some("0")), "{listing}");
    assert!(
        listing.lines().any(|line| line.starts_with("-rwxr-xr-x") && line.ends_with(" init")),
        "{listing}"
    );
    let at = |name: &str| listing.lines().position(|line| line.ends_with(name)).unwrap();
    assert!(
        at(" keys") < at(" init"),
        "an initramfs that was cut must not start without its keys: {listing}"
    );
    assert_eq!(fs::read(folder.path().join("init")).unwrap(), INIT);
    let keys = fs::read_to_string(folder.path().join("keys")).unwrap();
    assert_eq!(keys.lines().map(|line| PublicKey::parse(line).unwrap()).collect::<Vec<_>>(), [key()]);
    assert_eq!(loaded(&listing).len(), NEEDED.len());
}

#[test]
fn modules_come_behind_those_that_they_need_or_want_first() {
    let root = root();
    module(root.path(), "xhci-pci", "depends=xhci-hcd;softdep=pre: xhci-pci-renesas post: later");
    module(root.path(), "xhci-hcd", "depends=usbcore,crc32c");
    module(root.path(), "usbcore", "depends=");
    module(root.path(), "later", "depends=");
    let first = fake::elf("depends=usbcore");
    let packed = zstd::encode_all(&first[..], 3).unwrap();
    put(root.path(), &format!("{}/kernel/xhci-pci-renesas.ko.zst", modules()), &packed);
    let boot = made(root.path(), Kind::Usb);
    let (listing, folder) = unpacked(&boot);
    let expected = ["000-usbcore.ko", "001-xhci_pci_renesas.ko", "002-xhci_hcd.ko", "003-xhci_pci.ko"];
    assert_eq!(loaded(&listing)[..4], expected);
    assert!(!listing.contains("later"), "{listing}");
    assert_eq!(fs::read(folder.path().join("modules/001-xhci_pci_renesas.ko")).unwrap(), first);
}

#[test]
fn modules_that_xz_packed_are_unpacked() {
    let root = root();
    let folder = root.path().join(modules()).join("kernel/drivers");
    let xz = Command::new("xz").args(["--check=crc32", "nvme.ko"]).current_dir(&folder).status().unwrap();
    assert!(xz.success());
    let (_, folder) = unpacked(&made(root.path(), Kind::Usb));
    assert_eq!(fs::read(folder.path().join("modules/003-nvme.ko")).unwrap(), fake::elf("depends="));
}

#[test]
fn modules_that_need_each_other_do_not_keep_us_for_ever() {
    let root = root();
    module(root.path(), "nvme", "depends=nvme-core");
    module(root.path(), "nvme-core", "depends=nvme");
    let (listing, _) = unpacked(&made(root.path(), Kind::Usb));
    assert_eq!(loaded(&listing).len(), NEEDED.len() + 1);
    (0..40).for_each(|at| module(root.path(), &format!("deep{at}"), &format!("depends=deep{}", at + 1)));
    module(root.path(), "nvme", "depends=deep0");
    assert!(refused(root.path()).to_string().contains("without end"));
}

#[test]
fn a_kernel_for_clouds_is_refused_with_the_modules_that_it_lacks() {
    let root = root();
    for name in ["usb-storage", "ahci"] {
        fs::remove_file(root.path().join(modules()).join(format!("kernel/drivers/{name}.ko"))).unwrap();
    }
    let error = refused(root.path()).to_string();
    assert!(error.contains("usb_storage, ahci") && error.contains("linux-image-amd64"), "{error}");
    let built_in = b"kernel/drivers/ata/ahci.ko\nkernel/drivers/usb/usb-storage.ko\n";
    put(root.path(), &format!("{}/modules.builtin", modules()), built_in);
    let (listing, _) = unpacked(&made(root.path(), Kind::Usb));
    assert_eq!(loaded(&listing).len(), NEEDED.len() - 2);
}

#[test]
fn everything_that_is_missing_is_named_with_its_package_and_its_option() {
    let empty = tempfile::tempdir().unwrap();
    let error = find(empty.path(), Given::default(), Wanted::Both).unwrap_err().to_string();
    for word in [
        "linux-image-amd64",
        "shim-signed",
        "grub-efi-amd64-signed",
        "grub-pc-bin",
        "--kernel",
        "--grub-bios",
    ] {
        assert!(error.contains(word), "{error}");
    }
    let error = find(empty.path(), Given::default(), Wanted::Bios).unwrap_err().to_string();
    assert!(error.contains("grub-pc-bin") && !error.contains("shim") && !error.contains("efi"), "{error}");
}

#[test]
fn what_was_given_and_is_not_there_is_named_with_its_option() {
    let root = root();
    let gone = || Some(PathBuf::from("/typo"));
    for (option, given) in [
        ("--kernel", Given { kernel: gone(), ..fake::bios() }),
        ("--modules", Given { modules: gone(), ..fake::bios() }),
        ("--shim", Given { shim: gone(), ..fake::bios() }),
        ("--grub", Given { grub: gone(), ..fake::bios() }),
        ("--grub-bios", Given { grub_bios: gone(), ..fake::bios() }),
    ] {
        let error = find(root.path(), given, Wanted::Both).unwrap_err().to_string();
        assert!(error.starts_with(&format!("{option} names \"/typo\"")), "{error}");
        assert!(error.contains("expected "), "{error}");
    }
}

#[test]
fn for_a_bios_alone_neither_shim_nor_the_signed_grub_is_needed() {
    let root = root();
    fs::remove_dir_all(root.path().join("usr/lib")).unwrap();
    let parts = find(root.path(), fake::bios(), Wanted::Bios).unwrap();
    for (kind, kernel) in [(Kind::Usb, Volume::Esp), (Kind::Disc, Volume::Seed)] {
        let boot = payload(&parts, INIT, &[], None, kind).unwrap();
        assert_eq!(paths(&boot, kernel), ["seed/grub.cfg", "seed/vmlinuz", "seed/initrd.zst"]);
        assert_eq!(boot.files.len(), 3);
        let roles: Vec<_> = boot.components.iter().map(|part| part.role.as_str()).collect();
        assert_eq!(roles, ["kernel", "modules", "init", "grub-bios"]);
    }
}

#[test]
fn modules_of_another_kernel_are_refused_and_both_are_named() {
    let root = root();
    let path = format!("{}/kernel/drivers/nvme.ko", modules());
    for (file, found) in [
        (fake::elf_for("6.12.1-amd64", "depends="), "for Linux 6.12.1-amd64"),
        (fake::elf_for("6.1.0-56-amd64-x", "depends="), "for Linux 6.1.0-56-amd64-x"),
    ] {
        put(root.path(), &path, &file);
        let error = refused(root.path()).to_string();
        assert!(error.contains(&format!("is Linux {RELEASE}")) && error.contains(found), "{error}");
        assert!(error.contains("nvme.ko") && error.contains("vmlinuz"), "{error}");
    }
}

#[test]
fn the_version_of_the_grub_for_bios_is_that_of_its_folder() {
    let root = root();
    let copy = root.path().join("i386-pc");
    let copied = Command::new("cp").arg("-r").arg("/usr/lib/grub/i386-pc").arg(&copy).status().unwrap();
    assert!(copied.success());
    let given = || Given { grub_bios: Some(copy.clone()), ..Given::default() };
    let version = || {
        let parts = find(root.path(), given(), Wanted::Bios).unwrap();
        payload(&parts, INIT, &[], None, Kind::Usb).unwrap().components.pop().unwrap().version
    };
    let host = Command::new("grub-mkimage").arg("--version").output().unwrap();
    let host = String::from_utf8(host.stdout).unwrap();
    let host = host.split_whitespace().last().unwrap();
    assert_eq!(version(), host);
    let normal = copy.join("normal.mod");
    let mut module = fs::read(&normal).unwrap();
    let at = module.windows(host.len()).position(|text| text == host.as_bytes()).unwrap();
    module[at] = b'9';
    fs::write(&normal, &module).unwrap();
    assert_eq!(version(), format!("9{}", &host[1..]));
    module[at] = b'x';
    fs::write(&normal, &module).unwrap();
    assert_eq!(version(), format!("made by grub-mkimage {host}"));
}

#[test]
fn the_newest_kernel_that_is_not_for_clouds_is_found() {
    let root = root();
    for release in ["6.1.0-9-amd64", "6.12.1-cloud-amd64"] {
        put(root.path(), &format!("boot/vmlinuz-{release}"), b"");
    }
    assert!(parts(root.path()).kernel.ends_with(format!("boot/vmlinuz-{RELEASE}")));
    put(root.path(), "lib/modules/7.0.4-200.fc44.x86_64/vmlinuz", b"");
    assert!(parts(root.path()).kernel.ends_with("7.0.4-200.fc44.x86_64/vmlinuz"));
    assert!(parts(root.path()).modules.ends_with("lib/modules/7.0.4-200.fc44.x86_64"));
}

#[test]
fn shim_and_grub_of_an_installed_system_are_found() {
    let root = root();
    for (old, new) in [("usr/lib/shim", "shimx64.efi"), ("usr/lib/grub", "grubx64.efi")] {
        fs::remove_dir_all(root.path().join(old)).unwrap();
        put(root.path(), &format!("boot/efi/EFI/fedora/{new}"), b"");
    }
    let uefi = parts(root.path()).uefi.unwrap();
    assert!(uefi.shim.ends_with("EFI/fedora/shimx64.efi") && uefi.grub.ends_with("EFI/fedora/grubx64.efi"));
    assert_eq!(uefi.mok_manager, None);
}

#[test]
fn the_same_files_give_the_same_bytes() {
    let root = root();
    for kind in [Kind::Usb, Kind::Disc] {
        let [first, second] = [made(root.path(), kind), made(root.path(), kind)];
        assert_eq!(format!("{first:?}"), format!("{second:?}"));
    }
}

#[test]
fn a_bios_is_told_where_the_core_lies() {
    let root = root();
    let number = |bytes: &[u8], at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap());
    let Bios { bootstrap, core } = made(root.path(), Kind::Usb).bios.unwrap();
    assert_eq!(
        (bootstrap.len(), number(&bootstrap, 0x5c), number(&core, 0x1f4)),
        (440, USB_CORE, USB_CORE + 1)
    );
    assert!(core.len() <= USB_CORE_ROOM);
    let Bios { bootstrap, core } = made(root.path(), Kind::Disc).bios.unwrap();
    let start = u64::from(DISC_CORE) * 4;
    assert_eq!((number(&bootstrap, 0x1b0), number(&core, 2548)), (start + 4, start + 5));
    assert!(core.len() <= DISC_CORE_ROOM);
    assert_eq!(core[8..20], [[16, 0, 0, 0], [1, 1, 0, 0], (core.len() as u32).to_le_bytes()].concat());
}
