//! El Torito's boot catalog, read: what firmware finds to start on a disc (El Torito 1.0; UEFI 2.10, 13.3.2.1).

use alloc::vec::Vec;

use zerocopy::FromBytes;

use super::raw::{BootEntry, BootRecord, FIRST_DESCRIPTOR, SECTOR, SectionHeader, Validation};
use crate::io::{ReadAt, read_vec};
use crate::units::ByteOffset;

/// The platform of PCs with a BIOS.
pub const X86: u8 = 0;
/// The platform of UEFI.
pub const UEFI: u8 = 0xEF;

/// An entry can be booted.
const BOOTABLE: u8 = 0x88;
/// Headers of sections: more follow, and the last one.
const HEADERS: core::ops::RangeInclusive<u8> = 0x90..=0x91;
/// The length of everything in a catalog, in bytes.
const ENTRY: usize = size_of::<BootEntry>();

/// Something that firmware can start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BootImage {
    /// What it is for: [`X86`], [`UEFI`].
    pub platform: u8,
    /// Where it starts, from the start of the disc.
    pub start: ByteOffset,
    /// How many sectors of 512 bytes are loaded.
    pub count: u16,
}

/// What there is to start on a disc; nothing where it has no catalog that firmware would follow. Of a catalog one
/// sector is read.
pub fn boot_images(disc: &(impl ReadAt + ?Sized)) -> Vec<BootImage> {
    catalog(disc).map(|catalog| images(&catalog)).unwrap_or_default()
}

fn catalog(disc: &(impl ReadAt + ?Sized)) -> Option<Vec<u8>> {
    let record = sector(disc, FIRST_DESCRIPTOR + 1)?;
    let (record, _) = BootRecord::read_from_prefix(&record).ok()?;
    let named = record.identifier == *b"CD001" && record.system.starts_with(b"EL TORITO SPECIFICATION\0");
    if !named || record.kind != 0 {
        return None;
    }
    let catalog = sector(disc, record.catalog.get())?;
    let (validation, _) = Validation::read_from_prefix(&catalog).ok()?;
    let words = catalog.get(..ENTRY)?.chunks_exact(2).map(|word| u16::from_le_bytes([word[0], word[1]]));
    let sum = words.fold(0, u16::wrapping_add);
    (validation.header == 1 && validation.key == [0x55, 0xAA] && sum == 0).then_some(catalog)
}

fn images(catalog: &[u8]) -> Vec<BootImage> {
    let mut entries = catalog.chunks_exact(ENTRY);
    let validation = entries.next().and_then(|entry| Validation::read_from_bytes(entry).ok());
    let mut platform = validation.map_or(X86, |entry| entry.platform);
    let mut images = Vec::new();
    // The default entry stands alone; each header says how many follow it.
    let mut left = 1;
    for bytes in entries {
        if left == 0 {
            let Ok(header) = SectionHeader::read_from_bytes(bytes) else { break };
            if !HEADERS.contains(&header.indicator) {
                break;
            }
            (platform, left) = (header.platform, header.entries.get());
            continue;
        }
        left -= 1;
        let Ok(entry) = BootEntry::read_from_bytes(bytes) else { break };
        if entry.indicator == BOOTABLE {
            let start = ByteOffset(u64::from(entry.start.get()) * u64::from(SECTOR));
            images.push(BootImage { platform, start, count: entry.count.get() });
        }
    }
    images
}

fn sector(disc: &(impl ReadAt + ?Sized), number: u32) -> Option<Vec<u8>> {
    read_vec(disc, ByteOffset(u64::from(number) * u64::from(SECTOR)), SECTOR as usize).ok()
}
