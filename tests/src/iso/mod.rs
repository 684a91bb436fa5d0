//! ISO 9660 volumes on paper, without UDF beside them.

pub mod audit;

use formats::iso::raw::SECTOR;
use formats::iso::write::{Boot, Image, Measured, Volume};
use formats::placed::{Placed, Placer};
use formats::region::Regions;
use formats::time::Timestamp;
use formats::tree::Directory;
use formats::units::{ByteLen, ByteOffset};

/// The first sector of the metadata: the boot catalog, then the path table of type L.
pub const METADATA: u32 = 24;
/// The sector of what a BIOS starts.
const BIOS: u32 = 22;
/// How many sectors what UEFI starts has.
const ESP: u32 = 16;

/// Lays out a volume that holds `root`, with something to start for a BIOS and for UEFI.
///
/// # Panics
/// When the writer refuses it.
pub fn lay_out(root: &Directory) -> Regions {
    let measured = Measured::new(&Placed::of(root)).unwrap_or_else(|e| panic!("{e}"));
    let esp = METADATA + measured.sectors();
    let mut placer = Placer::new(sector(esp + ESP), SECTOR);
    let placed = placer.place(root).unwrap_or_else(|e| panic!("{e}"));
    let sectors = (placer.free_from().0 / u64::from(SECTOR)) as u32;
    let boot = Boot {
        bios: Some(Image { start: BIOS, count: 4 }),
        uefi: Some(Image { start: esp, count: ESP as u16 * 4 }),
    };
    let volume = Volume { label: "SEED", time: Timestamp::EARLIEST, metadata: METADATA, sectors, boot };
    let mut regions = measured.lay_out(&volume, &placed);
    regions.extend(placer.into_regions());
    Regions::cover(regions, ByteLen(sector(sectors).0)).unwrap_or_else(|e| panic!("{e}"))
}

fn sector(number: u32) -> ByteOffset {
    ByteOffset(u64::from(number) * u64::from(SECTOR))
}
