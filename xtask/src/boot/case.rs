//! The ways in which media are started, and what is expected to come over the serial line.

use super::machine::{Drive, Firmware};
use super::payload;

/// What our BIOS code says (`authoring/press/src/bios.rs`).
const NEEDS_UEFI: &str = "seedpress: this medium needs UEFI: switch the firmware to it, then press a key.";

/// A medium, and how it is started.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// The medium's name.
    pub medium: &'static str,
    /// What it is put into.
    pub drive: Drive,
    /// What starts it.
    pub firmware: Firmware,
    /// The seed volume that the boot program finds: its file systems, as GRUB calls them, and its device.
    seed: Option<(&'static [&'static str], &'static str)>,
}

/// All of them. A disc that is UDF alone starts nothing as a disc: El Torito's records are a part of ISO 9660.
pub const CASES: &[Case] = &[
    uefi("disc", Drive::Disc, &["iso9660", "udf"], "cd1"),
    uefi("disc", Drive::Stick, &["iso9660", "udf"], "hd0"),
    uefi("udf-only", Drive::Stick, &["udf"], "hd0"),
    uefi("usb", Drive::Stick, &["ntfs"], "hd0,gpt2"),
    bios("disc", Drive::Disc),
    bios("disc", Drive::Stick),
    bios("udf-only", Drive::Stick),
    bios("usb", Drive::Stick),
];

const fn uefi(
    medium: &'static str,
    drive: Drive,
    kinds: &'static [&'static str],
    device: &'static str,
) -> Case {
    Case { medium, drive, firmware: Firmware::Uefi, seed: Some((kinds, device)) }
}

const fn bios(medium: &'static str, drive: Drive) -> Case {
    Case { medium, drive, firmware: Firmware::Bios, seed: None }
}

impl Case {
    /// What its log and its picture are called.
    pub fn name(&self) -> String {
        self.words().join("-")
    }

    /// The medium, what it is put into and what starts it.
    pub fn words(&self) -> [&'static str; 3] {
        let drive = match self.drive {
            Drive::Disc => "disc",
            Drive::Stick => "stick",
        };
        let firmware = match self.firmware {
            Firmware::Uefi => "uefi",
            Firmware::Bios => "bios",
        };
        [self.medium, drive, firmware]
    }

    /// The lines that have to come over the serial line, in this order, for a medium with this digest of its manifest.
    pub fn expected(&self, manifest: &str) -> Vec<String> {
        let Some((kinds, device)) = self.seed else {
            return vec![NEEDS_UEFI.into()];
        };
        // El Torito's boot image is no partition: GRUB calls it by the disc that it is on.
        let boot = match self.drive {
            Drive::Disc => device,
            Drive::Stick => "hd0,gpt1",
        };
        let mut lines = vec![format!("{}({boot})/EFI/BOOT", payload::STARTED), payload::MARK.into()];
        for kind in kinds {
            lines.push(format!("{}{kind} on {device}", payload::SEED));
            lines.push(format!("{manifest}  ({device})/{}", payload::MANIFEST));
        }
        lines.push(payload::END.into());
        lines
    }
}
