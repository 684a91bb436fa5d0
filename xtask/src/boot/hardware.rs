//! What a small machine is made of, as QEMU's options: a firmware, a medium, disks.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::program;

/// The firmware with UEFI and without Secure Boot. QEMU brings the BIOS along.
const OVMF: &str = "/usr/share/ovmf/OVMF.fd";
/// The firmware that can do Secure Boot, and its variables: with Microsoft's keys, and with a key that everybody has.
const SECURE: &str = "/usr/share/OVMF/OVMF_CODE_4M.secboot.fd";
const MICROSOFT_KEYS: &str = "/usr/share/OVMF/OVMF_VARS_4M.ms.fd";
const OWN_KEYS: &str = "/usr/share/OVMF/OVMF_VARS_4M.snakeoil.fd";

/// What a medium is put into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drive {
    /// A drive for optical discs.
    Disc,
    /// A socket for USB sticks.
    Stick,
}

/// What starts a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Firmware {
    /// OVMF.
    Uefi,
    /// OVMF with Secure Boot and Microsoft's keys.
    Secure,
    /// OVMF with Secure Boot and one key that is not Microsoft's.
    OwnKey,
    /// SeaBIOS.
    Bios,
}

/// What a disk is connected by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bus {
    /// Virtio.
    Virtio,
    /// NVM Express.
    Nvme,
    /// Serial ATA.
    Ahci,
}

/// A disk of a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Disk {
    /// What it is connected by.
    pub bus: Bus,
    /// The size of its sectors, in bytes.
    pub sector: u32,
    /// How long it is, in MiB.
    pub mib: u64,
    /// The MiB whose first sector takes no bytes; `None` where it is sound.
    pub fails_at: Option<u64>,
}

/// A machine, with images in its drives.
#[derive(Clone, Debug)]
pub struct Machine<'a> {
    /// What starts it.
    pub firmware: Firmware,
    /// The medium's image, which is not written to, and what it is put into.
    pub medium: Option<(&'a Path, Drive)>,
    /// The disks, with their images.
    pub disks: Vec<(Disk, &'a Path)>,
    /// Whether what is written to the disks stays.
    pub keeps: bool,
}

impl Disk {
    /// A sound disk with this many MiB.
    pub const fn new(bus: Bus, sector: u32, mib: u64) -> Self {
        Self { bus, sector, mib, fails_at: None }
    }

    /// What it is called in the names of cases.
    pub fn word(&self) -> String {
        let bus = match self.bus {
            Bus::Virtio => "virtio",
            Bus::Nvme => "nvme",
            Bus::Ahci => "ahci",
        };
        format!("{bus}{}", self.sector)
    }

    /// Its serial number, in a machine where it is the disk number `index`.
    pub fn serial(&self, index: usize) -> String {
        format!("{}-{index}", self.word()).to_uppercase()
    }

    fn device(&self, index: usize) -> String {
        let (sector, serial) = (self.sector, self.serial(index));
        let kind = match self.bus {
            Bus::Virtio => "virtio-blk-pci".into(),
            Bus::Nvme => "nvme".into(),
            // Each port of the machine's own controller is a bus, and takes one drive.
            Bus::Ahci => format!("ide-hd,bus=ide.{index}"),
        };
        format!(
            "{kind},drive=disk{index},serial={serial},logical_block_size={sector},physical_block_size={sector}"
        )
    }

    /// The drive, as a block device that fails where it should (QEMU's blkdebug), or plain.
    fn drive(&self, index: usize, image: &str, snapshot: &str) -> String {
        match self.fails_at {
            None => format!("if=none,id=disk{index},format=raw,file={image},snapshot={snapshot}"),
            Some(mib) => format!(
                "if=none,id=disk{index},format=raw,file.driver=blkdebug,file.image.driver=file,file.image.filename={image},\
                 file.inject-error.0.event=none,file.inject-error.0.iotype=write,file.inject-error.0.errno=5,\
                 file.inject-error.0.sector={},file.inject-error.0.once=off,werror=report",
                mib << 11
            ),
        }
    }
}

impl Machine<'_> {
    /// The command that plays it, without what it is heard by. `scratch` takes the firmware's variables.
    ///
    /// # Errors
    /// When a path is no UTF-8, or the variables cannot be copied.
    pub fn command(&self, seconds: u64, scratch: &Path) -> Result<Command> {
        let mut qemu = program::system("timeout");
        qemu.arg("--kill-after=5").arg(seconds.to_string()).arg("qemu-system-x86_64");
        qemu.args(["-nodefaults", "-accel", "tcg", "-m", "512", "-vga", "std", "-display", "none"]);
        self.firmware.add_to(&mut qemu, scratch)?;
        if let Some((image, drive)) = self.medium {
            drive.add_to(&mut qemu, &quoted(image)?);
        }
        let snapshot = if self.keeps { "off" } else { "on" };
        for (index, (disk, image)) in self.disks.iter().enumerate() {
            qemu.arg("-drive").arg(disk.drive(index, &quoted(image)?, snapshot));
            qemu.arg("-device").arg(disk.device(index));
        }
        Ok(qemu)
    }
}

impl Firmware {
    /// What it is called in the names of cases.
    pub fn word(self) -> &'static str {
        match self {
            Self::Uefi => "uefi",
            Self::Secure => "secure",
            Self::OwnKey => "own-key",
            Self::Bios => "bios",
        }
    }

    fn add_to(self, qemu: &mut Command, scratch: &Path) -> Result<()> {
        let keys = match self {
            Self::Uefi => {
                qemu.args(["-machine", "q35", "-bios", OVMF]);
                return Ok(());
            }
            // Without graphics SeaBIOS sends its console over the serial line as well.
            Self::Bios => {
                qemu.args(["-machine", "q35,graphics=off"]);
                return Ok(());
            }
            Self::Secure => MICROSOFT_KEYS,
            Self::OwnKey => OWN_KEYS,
        };
        let variables = scratch.join("variables");
        fs::copy(keys, &variables).with_context(|| format!("copying {keys}"))?;
        let variables = quoted(&variables)?;
        qemu.args(["-machine", "q35,smm=on", "-global", "ICH9-LPC.disable_s3=1"]);
        qemu.args(["-global", "driver=cfi.pflash01,property=secure,value=on"]);
        qemu.arg("-drive").arg(format!("if=pflash,format=raw,unit=0,readonly=on,file={SECURE}"));
        qemu.arg("-drive").arg(format!("if=pflash,format=raw,unit=1,file={variables}"));
        Ok(())
    }
}

impl Drive {
    /// What it is called in the names of cases.
    pub fn word(self) -> &'static str {
        match self {
            Self::Disc => "disc",
            Self::Stick => "stick",
        }
    }

    fn add_to(self, qemu: &mut Command, image: &str) {
        let drive = format!("file={image},format=raw,if=none,id=medium");
        match self {
            Self::Disc => {
                qemu.args(["-device", "ide-cd,bus=ide.5,drive=medium,bootindex=0", "-drive"]);
                qemu.arg(format!("{drive},media=cdrom,readonly=on"));
            }
            Self::Stick => {
                let stick = "usb-storage,drive=medium,removable=on,bootindex=0";
                qemu.args(["-device", "qemu-xhci", "-device", stick, "-drive"]);
                qemu.arg(format!("{drive},snapshot=on"));
            }
        }
    }
}

/// A path as a value in one of QEMU's lists of options.
pub fn quoted(path: &Path) -> Result<String> {
    Ok(path.to_str().context("a path that is no UTF-8")?.replace(',', ",,"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_that_fails_is_told_the_sector_where_it_does() {
        let disk = Disk { fails_at: Some(3), ..Disk::new(Bus::Nvme, 512, 64) };
        assert!(disk.drive(0, "image", "off").contains(".sector=6144,"));
        assert!(!Disk::new(Bus::Nvme, 512, 64).drive(0, "image", "off").contains("blkdebug"));
    }

    #[test]
    fn disks_have_serial_numbers_that_differ() {
        let disk = Disk::new(Bus::Ahci, 512, 64);
        assert_eq!([disk.serial(0), disk.serial(1)], ["AHCI512-0", "AHCI512-1"]);
    }
}
