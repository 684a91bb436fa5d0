//! ISO 9660 volumes, written once and never again: ECMA-119 level 3 with Joliet and Rock Ridge, and El Torito.
//!
//! | file | holds |
//! |---|---|
//! | `raw` | structures and constants |
//! | `names` | the names that each hierarchy gives a file |
//! | `read` | El Torito's catalog: what firmware starts |
//! | `dump` | the structures as text |
//! | `write` | a volume from a tree of placed files: measured first, then laid out |
//!
//! # Where we do not keep to ECMA-119
//!
//! Directories lie as deep as they are, and paths are as long: ECMA-119 6.8.2.1 has eight levels and 255 bytes. Joliet
//! lifts the limit by itself. Rock Ridge has another way, to move deep directories to a shallow place and to link
//! them (RRIP 4.1.5); but then whoever reads plain names, and isoinfo with Rock Ridge too, finds half of a path under
//! `rr_moved`. Linux, 7-Zip, xorriso (which writes deep directories itself), isoinfo and pycdlib read 24 levels and paths
//! of 700 bytes without a word.
//!
//! # What readers make of it
//!
//! Linux follows 100 extents of a file: 400 GiB less 200 KiB. It shows 253 bytes of a name of Rock Ridge. Joliet's names
//! are looked for without regard to case, so that two that differ in nothing else are numbered.

pub mod dump;
mod names;
pub mod raw;
pub mod read;
pub mod write;

/// The most sectors of all directories: their lengths are told in 32 bits of bytes.
const MAX_SECTORS: u32 = u32::MAX / raw::SECTOR;

/// Why a tree cannot become an ISO 9660 volume.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IsoError {
    /// More directories than path tables can number.
    #[error("there are {found} directories, expected at most 65535 on ISO 9660")]
    TooManyDirectories {
        /// How many there are.
        found: usize,
    },
    /// All directories together are longer than 32 bits of bytes can say.
    #[error("the directories need at least {sectors} sectors, expected at most {MAX_SECTORS} on ISO 9660")]
    TooLarge {
        /// How many those have that were looked at.
        sectors: u64,
    },
}
