//! El Torito: what firmware finds and starts on a disc (El Torito 1.0; UEFI 2.10, 13.3.2.1).

use alloc::vec::Vec;

use zerocopy::{FromZeros, IntoBytes};

use super::super::raw::{BootEntry, BootRecord, SECTOR, SectionHeader, Validation, in_sectors, padded};

/// Platform of PCs with a BIOS.
const X86: u8 = 0;
/// Platform of UEFI.
const UEFI: u8 = 0xEF;
/// The entry can be booted.
const BOOTABLE: u8 = 0x88;
/// No header follows this one.
const LAST_HEADER: u8 = 0x91;

/// An image that firmware loads without emulating a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Image {
    /// Its first sector.
    pub start: u32,
    /// How many sectors of 512 bytes are loaded; an EFI system partition of 32 MiB or more cannot say its length.
    pub count: u16,
}

/// What there is to start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Boot {
    /// For a BIOS.
    pub bios: Option<Image>,
    /// For UEFI: an EFI system partition.
    pub uefi: Option<Image>,
}

impl Boot {
    /// Whether there is nothing.
    pub fn is_none(&self) -> bool {
        self.bios.is_none() && self.uefi.is_none()
    }
}

/// The boot record volume descriptor.
pub fn record(catalog: u32) -> Vec<u8> {
    let record = BootRecord {
        identifier: *b"CD001",
        version: 1,
        system: padded(b"EL TORITO SPECIFICATION", 0),
        catalog: catalog.into(),
        ..BootRecord::new_zeroed()
    };
    record.as_bytes().to_vec()
}

/// The boot catalog: the first image is the default, the second, always UEFI's, has a section of its own.
pub fn catalog(boot: &Boot) -> Vec<u8> {
    let images = [(X86, boot.bios), (UEFI, boot.uefi)];
    let mut images = images.into_iter().filter_map(|(platform, image)| Some((platform, image?)));
    let mut bytes = Vec::with_capacity(SECTOR as usize);
    if let Some((platform, image)) = images.next() {
        bytes.extend_from_slice(validation(platform).as_bytes());
        bytes.extend_from_slice(entry(image).as_bytes());
    }
    for (platform, image) in images {
        let header = SectionHeader {
            indicator: LAST_HEADER,
            platform,
            entries: 1.into(),
            ..SectionHeader::new_zeroed()
        };
        bytes.extend_from_slice(header.as_bytes());
        bytes.extend_from_slice(entry(image).as_bytes());
    }
    in_sectors([bytes])
}

fn validation(platform: u8) -> Validation {
    let mut entry = Validation { header: 1, platform, key: [0x55, 0xAA], ..Validation::new_zeroed() };
    let words = entry.as_bytes().chunks_exact(2).map(|word| u16::from_le_bytes([word[0], word[1]]));
    let sum = words.fold(0, u16::wrapping_add);
    entry.checksum = sum.wrapping_neg().into();
    entry
}

fn entry(image: Image) -> BootEntry {
    BootEntry {
        indicator: BOOTABLE,
        count: image.count.into(),
        start: image.start.into(),
        ..BootEntry::new_zeroed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_a_validation_entry_add_up_to_nothing() {
        for platform in [X86, UEFI] {
            let entry = validation(platform);
            let words = entry.as_bytes().chunks_exact(2).map(|word| u16::from_le_bytes([word[0], word[1]]));
            assert_eq!(words.fold(0, u16::wrapping_add), 0);
        }
    }
}
