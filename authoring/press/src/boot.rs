//! What a medium starts: files for its volumes, what a BIOS starts, and where all of it came from.
//!
//! The crate `boot` puts it together; here it is only known where it goes.
//!
//! A BIOS reads sectors by number. So what it starts lies where it can be known before anything is laid out: on a stick
//! from [`USB_CORE`] on, in a partition of its own, on a disc from [`DISC_CORE`] on.

use formats::manifest::{Component, Volume};

/// The sector of 512 bytes where the BIOS program of a stick starts: the first that a partition may have.
pub const USB_CORE: u64 = 34;
/// How long it may be, in bytes: the EFI system partition follows at 1 MiB.
pub const USB_CORE_ROOM: usize = (2048 - USB_CORE as usize) * 512;
/// The sector of 2048 bytes where the BIOS program of a disc starts: behind the first anchor of UDF.
pub const DISC_CORE: u32 = 257;
/// How long it may be, in bytes: what a BIOS can load below 640 KiB.
pub const DISC_CORE_ROOM: usize = 448 << 10;
/// The word in a [`Content::Text`] that stands for the medium's identity.
pub const MEDIUM: &str = "{medium}";

/// What a medium starts.
#[derive(Clone, Debug, Default)]
pub struct Boot {
    /// Files for its volumes.
    pub files: Vec<BootFile>,
    /// What a BIOS starts; `None` has it say that the medium needs UEFI, or starts nothing.
    pub bios: Option<Bios>,
    /// Where the parts came from.
    pub components: Vec<Component>,
}

/// A file that a medium starts, or that is read by what it starts.
#[derive(Clone, Debug)]
pub struct BootFile {
    /// The volume that it goes to.
    pub volume: Volume,
    /// Its path on the volume.
    pub path: String,
    /// Its bytes.
    pub content: Content,
}

/// The bytes of a [`BootFile`].
#[derive(Clone, Debug)]
pub enum Content {
    /// As they are.
    Bytes(Vec<u8>),
    /// Text in which [`MEDIUM`] stands for the medium's identity.
    Text(String),
}

/// What a BIOS starts.
#[derive(Clone, Debug)]
pub struct Bios {
    /// The program in the medium's first sector, for a medium that is a disk to the BIOS: at most 440 bytes.
    pub bootstrap: Vec<u8>,
    /// What it goes on with: on a stick at [`USB_CORE`], at most [`USB_CORE_ROOM`] long; on a disc at [`DISC_CORE`],
    /// at most [`DISC_CORE_ROOM`] long, and named by El Torito for a medium that is a disc to the BIOS.
    pub core: Vec<u8>,
}
