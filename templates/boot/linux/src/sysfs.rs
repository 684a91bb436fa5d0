//! What the kernel says of a disk (Documentation/ABI/stable/sysfs-block).

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use station::{About, Bus};

/// Names are not longer than this.
const LONGEST: usize = 120;
/// The most that a USB disk is asked for at a time, in sectors of 512 bytes: the driver's own 240 makes three times as many
/// requests as any stick needs.
const USB_SECTORS: &str = "2048";
/// Where an ATA disk's IDENTIFY DEVICE starts in the page "ATA Information", in bytes (SAT-3, table 223).
const ATA_IDENTIFY: usize = 60;
/// Its words with the serial number, and those with the model (ACS-3, 7.12.7).
const ATA_SERIAL: Range<usize> = 10..20;
const ATA_MODEL: Range<usize> = 27..47;
/// The class of PCI devices that disks are connected to (PCI Code and ID Assignment 1.11, 1.2).
const STORAGE: &str = "0x01";
/// The most that any disk is asked for at a time, in KiB.
const LARGEST: u64 = 4096;

/// What is known of a disk from its folder, `/sys/block/sda`.
pub fn about(folder: &Path) -> About {
    let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let device = fs::canonicalize(folder.join("device")).unwrap_or_else(|_| folder.join("device"));
    let bus = bus(&name, &device);
    let sector_size = number(folder, "queue/logical_block_size").and_then(|size| size.try_into().ok());
    About {
        model: model(&device, bus),
        serial: serial(folder, &device, bus),
        bus,
        sector_size: sector_size.unwrap_or(512),
        read_only: is_drive(&name) || number(folder, "ro") != Some(0),
        started_from: false,
        name,
    }
}

/// Has a disk asked for as much at a time as it takes. What the kernel refuses stays as it was.
pub fn widen(folder: &Path) {
    let _ = fs::write(folder.join("device/max_sectors"), USB_SECTORS);
    if let Some(most) = number(folder, "queue/max_hw_sectors_kb") {
        let _ = fs::write(folder.join("queue/max_sectors_kb"), most.min(LARGEST).to_string());
    }
}

/// How long it is, in bytes.
pub fn size(folder: &Path) -> u64 {
    number(folder, "size").unwrap_or(0).saturating_mul(512)
}

fn bus(name: &str, device: &Path) -> Bus {
    let path = device.to_string_lossy();
    let has = |word: &str| path.contains(word);
    match name {
        _ if has("/usb") => Bus::Usb,
        _ if name.starts_with("nvme") => Bus::Nvme,
        _ if name.starts_with("mmcblk") => Bus::Mmc,
        _ if name.starts_with("vd") => Bus::Virtio,
        _ if has("/ata") => Bus::Sata,
        _ if name.starts_with("sd") || name.starts_with("sr") => Bus::Scsi,
        _ => Bus::Other,
    }
}

fn model(device: &Path, bus: Bus) -> String {
    if let Some(model) = ata(device, bus, ATA_MODEL) {
        return model;
    }
    let maker = match bus {
        // "ATA" stands there for all of them.
        Bus::Usb | Bus::Scsi => text(device, "vendor"),
        _ => String::new(),
    };
    let names = ["model", "name"].map(|file| text(device, file));
    let model = names.into_iter().find(|name| !name.is_empty()).unwrap_or_default();
    clean(&format!("{maker} {model}"))
}

fn serial(folder: &Path, device: &Path, bus: Bus) -> String {
    let stick = || {
        let hub = device.ancestors().find(|folder| folder.join("idVendor").exists())?;
        Some(text(hub, "serial")).filter(|serial| !serial.is_empty())
    };
    let own = || {
        let said = [device, folder].map(|place| text(place, "serial"));
        said.into_iter().find(|serial| !serial.is_empty())
    };
    let found = (bus == Bus::Usb).then(stick).flatten().or_else(own).or_else(|| vital(device));
    found.or_else(|| ata(device, bus, ATA_SERIAL)).unwrap_or_default()
}

/// The page "Unit Serial Number" of a SCSI disk (SPC-4 7.8.15): four bytes, the last of them its length, then text.
fn vital(device: &Path) -> Option<String> {
    let page = fs::read(device.join("vpd_pg80")).ok()?;
    let len = usize::from(*page.get(3)?);
    let text = page.get(4..)?;
    Some(clean(&String::from_utf8_lossy(text.get(..len).unwrap_or(text))))
}

/// Words of what an ATA disk says of itself, as text: the first character of each stands in its high byte (ACS-3, 3.4.9). It is
/// in the page "ATA Information" (SAT-3, 12.4.2), whole: SCSI's own model has but 16 characters.
fn ata(device: &Path, bus: Bus, words: Range<usize>) -> Option<String> {
    if bus != Bus::Sata {
        return None;
    }
    let page = fs::read(device.join("vpd_pg89")).ok()?;
    let bytes = page.get(ATA_IDENTIFY + words.start * 2..ATA_IDENTIFY + words.end * 2)?;
    let text: Vec<u8> = bytes.chunks_exact(2).flat_map(|word| word.iter().rev().copied()).collect();
    Some(clean(&String::from_utf8_lossy(&text))).filter(|text| !text.is_empty())
}

fn text(folder: &Path, name: &str) -> String {
    clean(&fs::read_to_string(folder.join(name)).unwrap_or_default())
}

/// What a disk says of itself, fit for a line: it may say anything.
fn clean(text: &str) -> String {
    let printable = text.chars().map(|c| if c.is_ascii_graphic() { c } else { ' ' });
    let words: String = printable.take(LONGEST).collect();
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn number(folder: &Path, name: &str) -> Option<u64> {
    fs::read_to_string(folder.join(name)).ok()?.trim().parse().ok()
}

/// The folders of all disks, sorted: those of kinds that hold what machines start from.
pub fn disks(block: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(block).into_iter().flatten().flatten();
    let mut folders: Vec<_> = entries.map(|entry| entry.path()).filter(|folder| is_disk(folder)).collect();
    folders.sort_by_key(|folder| {
        let name = folder.file_name().unwrap_or_default().to_owned();
        // `sdb` comes before `sdaa`.
        (name.len(), name)
    });
    folders
}

/// Whether a controller of disks has a driver, and no disk or drive that the kernel lists, hidden ones with them: it has
/// none, or it is still looking.
pub fn has_idle_controller(pci: &Path, block: &Path) -> bool {
    let listed = |folder: &Path| {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        entries.filter_map(|entry| fs::canonicalize(entry.path()).ok()).collect::<Vec<_>>()
    };
    let disks = listed(block);
    listed(pci).iter().any(|device| {
        let is_driven = text(device, "class").starts_with(STORAGE) && device.join("driver").exists();
        is_driven && !disks.iter().any(|disk| disk.starts_with(device))
    })
}

/// Whether it is an optical drive, which may have no disc in it.
pub fn is_drive(name: &str) -> bool {
    name.starts_with("sr")
}

fn is_disk(folder: &Path) -> bool {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let is_lettered = |start: &str| {
        let rest = name.strip_prefix(start);
        rest.is_some_and(|rest| !rest.is_empty() && rest.chars().all(|c| c.is_ascii_lowercase()))
    };
    let is_numbered = |start: &str| {
        let rest = name.strip_prefix(start);
        rest.is_some_and(|rest| !rest.is_empty() && rest.chars().all(|c| c.is_ascii_digit() || c == 'n'))
    };
    let is_known = ["sd", "vd", "xvd", "hd"].iter().any(|start| is_lettered(start))
        || ["nvme", "sr", "mmcblk"].iter().any(|start| is_numbered(start));
    is_known && number(folder, "hidden") != Some(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        root
    }

    #[test]
    fn only_disks_are_listed_and_in_the_order_of_their_names() {
        let names = ["sdb", "sda", "sdaa", "nvme0n1", "nvme0c0n1", "vda", "sr0", "mmcblk0", "mmcblk0boot0"];
        let others = ["loop0", "ram0", "zram0", "dm-0", "md0", "nbd0"];
        let all = [&names[..], &others].concat();
        let files: Vec<_> = all.iter().map(|name| (format!("{name}/size"), "8")).collect();
        let files: Vec<_> = files.iter().map(|(path, text)| (path.as_str(), *text)).collect();
        let root = tree(&files);
        let listed: Vec<_> = disks(root.path())
            .iter()
            .map(|folder| folder.file_name().unwrap().to_string_lossy().into_owned())
            .collect();
        assert_eq!(listed, ["sda", "sdb", "sr0", "vda", "sdaa", "mmcblk0", "nvme0n1"]);
    }

    #[test]
    fn a_stick_has_its_own_serial_and_not_that_of_its_bridge() {
        let root = tree(&[
            ("devices/usb1/1-1/idVendor", "46f4"),
            ("devices/usb1/1-1/serial", "1-0000:00:04.0-1\n"),
            ("devices/usb1/1-1/target/vendor", "QEMU    "),
            ("devices/usb1/1-1/target/model", "QEMU HARDDISK   "),
            ("block/sda/queue/logical_block_size", "512\n"),
            ("block/sda/ro", "0\n"),
            ("block/sda/size", "2048\n"),
        ]);
        let folder = root.path().join("block/sda");
        std::os::unix::fs::symlink("../../devices/usb1/1-1/target", folder.join("device")).unwrap();
        let about = about(&folder);
        assert_eq!((about.name.as_str(), about.bus, about.sector_size), ("sda", Bus::Usb, 512));
        assert_eq!((about.model.as_str(), about.serial.as_str()), ("QEMU QEMU HARDDISK", "1-0000:00:04.0-1"));
        assert!(!about.read_only);
        assert_eq!(size(&folder), 1 << 20);
    }

    #[test]
    fn a_scsi_disk_has_the_serial_of_its_page_and_nothing_that_steers_a_terminal() {
        let root = tree(&[("sda/device/vpd_pg80", "\0\u{80}\0\u{6}QM\x1b01 and more")]);
        fs::write(root.path().join("sda/device/vpd_pg80"), b"\0\x80\0\x06QM\x1b01 and more").unwrap();
        assert_eq!(about(&root.path().join("sda")).serial, "QM 01");
    }

    #[test]
    fn an_ata_disk_has_the_whole_model_that_firmware_sees() {
        let swapped = |text: &str, len: usize| -> Vec<u8> {
            let padded = format!("{text:len$}");
            padded.as_bytes().chunks_exact(2).flat_map(|word| [word[1], word[0]]).collect()
        };
        let mut page = vec![0; 572];
        page[60 + 20..60 + 40].copy_from_slice(&swapped("S1", 20));
        page[60 + 54..60 + 94].copy_from_slice(&swapped("WDC WD10EZEX-08WN4A0 OF FORTY LETTERS", 40));
        let files = ["devices/ata1/host0/model", "devices/pci/host0/model", "block/sda/ro", "block/sdb/ro"];
        let root = tree(&files.map(|file| (file, "WDC WD10EZEX-08W\n")));
        let of = |device: &str, name: &str| {
            let folder = root.path().join("block").join(name);
            fs::write(root.path().join("devices").join(device).join("vpd_pg89"), &page).unwrap();
            std::os::unix::fs::symlink(format!("../../devices/{device}"), folder.join("device")).unwrap();
            about(&folder)
        };
        let sata = of("ata1/host0", "sda");
        assert_eq!(sata.bus, Bus::Sata);
        assert_eq!((&*sata.model, &*sata.serial), ("WDC WD10EZEX-08WN4A0 OF FORTY LETTERS", "S1"));
        assert_eq!(of("pci/host0", "sdb").model, "WDC WD10EZEX-08W");
        fs::write(root.path().join("devices/ata1/host0/vpd_pg89"), &page[..100]).unwrap();
        assert_eq!(about(&root.path().join("block/sda")).model, "WDC WD10EZEX-08W");
    }

    #[test]
    fn a_controller_that_has_a_driver_and_no_disk_may_still_be_looking() {
        let root = tree(&[
            ("devices/a/class", "0x010700\n"),
            ("devices/b/class", "0x010601\n"),
            ("devices/b/driver", ""),
            ("devices/b/ata1/block/sda/size", "8"),
            ("devices/c/class", "0x030000\n"),
            ("devices/c/driver", ""),
            ("block/none", ""),
            ("pci/none", ""),
        ]);
        let link =
            |to: &str, at: &str| std::os::unix::fs::symlink(root.path().join(to), root.path().join(at));
        for name in ["a", "b", "c"] {
            link(&format!("devices/{name}"), &format!("pci/{name}")).unwrap();
        }
        link("devices/b/ata1/block/sda", "block/sda").unwrap();
        let is_idle = || has_idle_controller(&root.path().join("pci"), &root.path().join("block"));
        assert!(!is_idle(), "the first has no driver, the second a disk, and the third is a screen");
        fs::write(root.path().join("devices/a/driver"), "").unwrap();
        assert!(is_idle());
    }

    #[test]
    fn what_nobody_says_may_be_written_to_is_read_only() {
        let root = tree(&[("sda/size", "8"), ("sr0/ro", "0")]);
        assert!(about(&root.path().join("sda")).read_only);
        assert!(about(&root.path().join("sr0")).read_only);
    }
}
