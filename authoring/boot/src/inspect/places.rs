//! Where firmware looks on a medium.

use deploy::Medium;
use formats::fat::read::Reader;
use formats::io::{ReadAt, Window, read_vec};
use formats::iso::read::{BootImage, UEFI, X86, boot_images};
use formats::kind::with_causes;
use formats::manifest::Volume;
use formats::units::{ByteLen, ByteOffset};

/// What our own program for a BIOS says: that the medium needs UEFI.
const REFUSAL: &[u8] = b"this medium needs UEFI";
/// What it says on a medium that starts nothing.
const IDLE: &[u8] = b"this medium starts nothing";
/// What GRUB's first sector says when it cannot go on.
const GRUB: &[u8] = b"GRUB ";
/// What is read of a program for a BIOS, in bytes: the first sector of a disc.
const HEAD: usize = 2048;
/// The bytes of a disk's first sector before its partition table.
const BOOTSTRAP: usize = 440;
/// A disk's first sector: its length, where its partitions are, how long an entry is, and where its type stands.
const MBR: (usize, usize, usize, usize) = (512, 446, 16, 4);
/// The type of the partition that stands for a GUID partition table (UEFI 2.10, 5.2.3).
const PROTECTIVE: u8 = 0xEE;
/// Where a disc's volume descriptors start, and what the first one is called.
const DESCRIPTORS: (u64, [&[u8]; 2]) = (0x8001, [b"CD001", b"BEA01"]);

/// What is on a medium for firmware.
pub struct Places<'m> {
    /// Whether it is an optical image.
    pub is_disc: bool,
    /// Why firmware finds no EFI system partition on it as a disk; `None` where it does.
    pub no_esp: Option<&'static str>,
    /// Whether El Torito names an image for UEFI.
    pub has_entry: bool,
    /// The volume in that image, where it is not the EFI system partition; or what is wrong with it.
    pub el_torito: Option<Result<Reader<Window<&'m dyn ReadAt>>, String>>,
    /// What a BIOS does with it as a disk.
    pub bios_disk: Bios,
    /// What a BIOS does with it as a disc.
    pub bios_disc: Bios,
}

/// What a BIOS does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bios {
    /// It finds nothing.
    Nothing,
    /// It says that the medium needs UEFI.
    Refusal,
    /// It starts GRUB.
    Grub,
    /// It starts a program that is not known here.
    Unknown,
}

impl<'m> Places<'m> {
    /// Looks at a medium.
    pub fn find(medium: &'m Medium, disk: &'m dyn ReadAt) -> Self {
        let images = boot_images(disk);
        let of = |platform| images.iter().find(|image| image.platform == platform);
        let esp = medium.volume(Volume::Esp).and_then(|_| medium.start(Volume::Esp));
        let entry = of(UEFI);
        let first = read_vec(disk, ByteOffset::ZERO, MBR.0).unwrap_or_default();
        Self {
            is_disc: is_disc(disk),
            no_esp: no_esp(medium, &first),
            has_entry: entry.is_some(),
            el_torito: entry.filter(|image| Some(image.start) != esp).map(|image| volume(disk, image)),
            bios_disk: if is_bootable(&first) { bios(first.get(..BOOTSTRAP)) } else { Bios::Nothing },
            bios_disc: of(X86).map_or(Bios::Nothing, |image| bios(head(disk, image).as_deref())),
        }
    }
}

fn is_disc(disk: &dyn ReadAt) -> bool {
    let (at, names) = DESCRIPTORS;
    read_vec(disk, ByteOffset(at), 5).is_ok_and(|found| names.contains(&&*found))
}

/// The volume in an image. Firmware takes it to reach as far as its own boot sector says.
fn volume<'m>(disk: &'m dyn ReadAt, image: &BootImage) -> Result<Reader<Window<&'m dyn ReadAt>>, String> {
    let about =
        |reason: String| format!("El Torito's image for UEFI at {} cannot be read: {reason}", image.start);
    let len = ByteLen(disk.size().0.saturating_sub(image.start.0));
    let window = Window::new(disk, image.start, len).map_err(|e| about(with_causes(&e)))?;
    Reader::open(window).map_err(|e| about(with_causes(&e)))
}

fn no_esp(medium: &Medium, first: &[u8]) -> Option<&'static str> {
    let (_, entries, len, kind) = MBR;
    let mut kinds = (0..4).filter_map(|number| first.get(entries + number * len + kind));
    match (medium.table(), medium.volume(Volume::Esp)) {
        (None, _) => Some("there is no partition table"),
        (Some(_), None) => Some("there is no EFI system partition that can be read"),
        (Some(_), Some(_)) if !kinds.any(|kind| *kind == PROTECTIVE) => Some("there is no protective MBR"),
        _ => None,
    }
}

/// Whether a BIOS starts a disk's first sector.
fn is_bootable(first: &[u8]) -> bool {
    first.ends_with(&[0x55, 0xAA])
}

fn head(disk: &dyn ReadAt, image: &BootImage) -> Option<Vec<u8>> {
    read_vec(disk, image.start, HEAD).ok()
}

fn bios(program: Option<&[u8]>) -> Bios {
    let has = |program: &[u8], text: &[u8]| program.windows(text.len()).any(|window| window == text);
    match program {
        None => Bios::Nothing,
        Some(program) if program.iter().all(|byte| *byte == 0) => Bios::Nothing,
        Some(program) if has(program, REFUSAL) => Bios::Refusal,
        Some(program) if has(program, IDLE) => Bios::Nothing,
        Some(program) if has(program, GRUB) => Bios::Grub,
        Some(_) => Bios::Unknown,
    }
}
