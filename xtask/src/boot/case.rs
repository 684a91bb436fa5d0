//! The ways in which media are started, and what is expected of each.
//!
//! Not every medium with every firmware and every disk, but each of them with some other: what differs is decided by few
//! parts, and these meet in some case.

use super::grub;
use super::hardware::{Bus, Disk, Drive, Firmware};

use Bus::{Ahci, Nvme, Virtio};
use Drive::{Disc, Stick};
use Ends::{ByHand, Deployed, Reads, Refused, Says};
use Firmware::{Bios, OwnKey, Secure, Uefi};
use Left::{Unbootable, Untouched};

/// What our BIOS code says (`authoring/press/src/bios.rs`).
const NEEDS_UEFI: &str = "seedpress: this medium needs UEFI: switch the firmware to it, then press a key.";
/// What OVMF says of a program whose signature it does not know.
const DENIED: &str = "Access Denied";

/// A medium, and how it is started.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// The medium's name.
    pub medium: &'static str,
    /// What it is put into.
    pub drive: Drive,
    /// What starts it.
    pub firmware: Firmware,
    /// The disks of the machine.
    pub disks: &'static [Disk],
    /// What comes of it.
    pub ends: Ends,
}

/// What comes of a start.
#[derive(Clone, Copy, Debug)]
pub enum Ends {
    /// The image goes to the first disk, and that disk starts.
    Deployed,
    /// The same, with all questions answered on the serial console.
    ByHand,
    /// Nothing is deployed, and why is said in these words.
    Refused(&'static [&'static str], Left),
    /// This is said, and no more.
    Says(&'static str),
    /// GRUB reads the seed volume, whose file systems are called this way, on this device.
    Reads(&'static [&'static str], &'static str),
}

/// How a refusal leaves the disks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// As they were, byte for byte.
    Untouched,
    /// Without anything that firmware could start.
    Unbootable,
}

/// As long as the image: nothing of the disk is left over.
const EXACT: u64 = 64;
/// Longer than the image.
const LONGER: u64 = 96;
const VIRTIO: Disk = Disk::new(Virtio, 512, LONGER);
const VIRTIO_4K: Disk = Disk::new(Virtio, 4096, LONGER);
const NVME: Disk = Disk::new(Nvme, 512, EXACT);
const NVME_4K: Disk = Disk::new(Nvme, 4096, LONGER);
const AHCI: Disk = Disk::new(Ahci, 512, LONGER);
const SMALL: Disk = Disk::new(Ahci, 512, EXACT - 1);
const FAILING: Disk = Disk { fails_at: Some(40), ..NVME };
/// OVMF's driver of AHCI takes no notice of errors: what was not written is found out when it is read back.
const LYING: Disk = Disk { fails_at: Some(40), ..AHCI };

/// All of them. A disc that is UDF alone starts nothing as a disc: El Torito's records are a part of ISO 9660.
pub const CASES: &[Case] = &[
    case("usb-native", Stick, Uefi, &[VIRTIO], Deployed),
    case("usb-native", Stick, Uefi, &[NVME_4K], Deployed),
    case("disc-native", Disc, Uefi, &[NVME, AHCI], Deployed),
    case("disc-by-size", Stick, Uefi, &[AHCI, NVME], Deployed),
    case("udf-native", Stick, Uefi, &[VIRTIO_4K], Deployed),
    case("usb-signed", Stick, OwnKey, &[AHCI], Deployed),
    case("usb-menu", Stick, Uefi, &[NVME, SMALL], ByHand),
    case("usb-linux", Stick, Secure, &[NVME_4K], Deployed),
    case("usb-linux", Stick, Bios, &[AHCI], Deployed),
    case("disc-linux", Disc, Secure, &[VIRTIO], Deployed),
    case("disc-linux", Disc, Bios, &[VIRTIO], Deployed),
    case("disc-linux", Stick, Uefi, &[VIRTIO_4K], Deployed),
    case("udf-linux", Stick, Secure, &[AHCI], Deployed),
    case("usb-both", Stick, Uefi, &[NVME], Deployed),
    case("usb-both", Stick, Bios, &[NVME], Deployed),
    case("usb-native", Stick, Secure, &[VIRTIO], Says(DENIED)),
    case("usb-native", Stick, Bios, &[], Says(NEEDS_UEFI)),
    case("disc-native", Disc, Bios, &[], Says(NEEDS_UEFI)),
    case("udf-native", Stick, Bios, &[], Says(NEEDS_UEFI)),
    case("usb-native", Stick, Uefi, &[], Refused(&["none of this machine could be it"], Untouched)),
    case("usb-native", Stick, Uefi, &[AHCI, NVME], Refused(&["2 of this machine could be it"], Untouched)),
    case("usb-native", Stick, Uefi, &[SMALL], Refused(&["none of", "too small"], Untouched)),
    case("usb-native", Stick, Uefi, &[FAILING], Refused(&["cannot be written"], Unbootable)),
    case("usb-native", Stick, Uefi, &[LYING], Refused(&["does not hold what was written"], Unbootable)),
    case("bad-frame", Stick, Uefi, &[NVME], Refused(&["frame"], Unbootable)),
    case("bad-manifest", Stick, Uefi, &[VIRTIO], Refused(&["not trusted"], Untouched)),
    case("bad-signature", Stick, Uefi, &[VIRTIO], Refused(&["not trusted"], Untouched)),
    case("bad-frame-linux", Stick, Uefi, &[AHCI], Refused(&["frame"], Unbootable)),
    case("bad-manifest-linux", Disc, Uefi, &[VIRTIO], Refused(&["not trusted"], Untouched)),
    case("usb-linux", Stick, Bios, &[VIRTIO, NVME], Refused(&["2 of this machine could be it"], Untouched)),
    case("disc-tree", Disc, Uefi, &[], Reads(&["iso9660", "udf"], "cd1")),
    case("udf-tree", Stick, Uefi, &[], Reads(&["udf"], "hd0")),
    case("usb-tree", Stick, Uefi, &[], Reads(&["ntfs"], "hd0,gpt2")),
];

const fn case(
    medium: &'static str,
    drive: Drive,
    firmware: Firmware,
    disks: &'static [Disk],
    ends: Ends,
) -> Case {
    Case { medium, drive, firmware, disks, ends }
}

impl Case {
    /// What its log and its picture are called.
    pub fn name(&self) -> String {
        let mut words = vec![self.medium.to_owned(), self.drive.word().into(), self.firmware.word().into()];
        words.extend(self.disks.iter().map(|disk| match disk {
            Disk { fails_at: Some(_), .. } => format!("failing-{}", disk.word()),
            Disk { mib, .. } if *mib < EXACT => format!("small-{}", disk.word()),
            _ => disk.word(),
        }));
        if self.disks.is_empty() {
            words.push("no-disk".into());
        }
        words.join("-")
    }

    /// Whether its name has one of these words in it, or there are none.
    pub fn is_wanted(&self, words: &[String]) -> bool {
        let name = self.name();
        words.is_empty() || words.iter().any(|word| name.contains(word.as_str()))
    }

    /// What GRUB says of the seed volume, for a medium with this digest of its manifest; nothing where GRUB is not started.
    pub fn read(&self, manifest: &str) -> Vec<String> {
        let Reads(kinds, device) = self.ends else { return Vec::new() };
        // El Torito's boot image is no partition: GRUB calls it by the disc that it is on.
        let boot = match self.drive {
            Disc => device,
            Stick => "hd0,gpt1",
        };
        let mut lines = vec![format!("{}({boot})/EFI/BOOT", grub::STARTED), grub::MARK.into()];
        for kind in kinds {
            lines.push(format!("{}{kind} on {device}", grub::SEED));
            lines.push(format!("{manifest}  ({device})/{}", grub::MANIFEST));
        }
        lines.push(grub::END.into());
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::super::media::MEDIA;
    use super::*;

    #[test]
    fn every_case_starts_a_medium_that_is_pressed_and_keeps_its_own_log() {
        let mut names: Vec<_> = CASES.iter().map(Case::name).collect();
        assert!(CASES.iter().all(|case| MEDIA.iter().any(|medium| medium.name == case.medium)));
        assert!(MEDIA.iter().all(|medium| CASES.iter().any(|case| medium.name == case.medium)));
        names.sort();
        names.dedup();
        assert_eq!(names.len(), CASES.len());
    }

    #[test]
    fn every_kind_of_disk_and_firmware_is_deployed_to() {
        let deployed = |case: &&Case| matches!(case.ends, Deployed | ByHand);
        let seen: Vec<_> = CASES.iter().filter(deployed).collect();
        for firmware in [Uefi, Secure, OwnKey, Bios] {
            assert!(seen.iter().any(|case| case.firmware == firmware), "{firmware:?}");
        }
        for (bus, sector) in [(Virtio, 512), (Virtio, 4096), (Nvme, 512), (Nvme, 4096), (Ahci, 512)] {
            let has = |disk: &Disk| disk.bus == bus && disk.sector == sector;
            assert!(seen.iter().any(|case| case.disks.first().is_some_and(has)), "{bus:?} {sector}");
        }
    }

    #[test]
    fn cases_are_chosen_by_words_of_their_names() {
        let case = CASES[0];
        assert!(case.is_wanted(&[]) && case.is_wanted(&["native".into()]));
        assert!(!case.is_wanted(&["linux".into()]));
    }
}
