//! UDF volumes, written once and never again: ECMA-167 3rd edition in the form of OSTA UDF 1.02 to 2.50.
//!
//! | file | holds |
//! |---|---|
//! | `raw` | structures and constants |
//! | `text` | texts, names, times and tags |
//! | `read` | files and directories of a volume that nobody vouches for |
//! | `dump` | the structures as text |
//! | `write` | a volume from a tree of placed files: measured first, then laid out |
//!
//! # Which revision
//!
//! 1.02 is what is written unless another is asked for: every reader of a later revision reads it, and more readers know
//! no later one. What the later ones add is for discs that are written more than once (1.50: virtual and sparable
//! partitions; 2.00: streams, times of creation; 2.50: metadata apart from data), and is of no use on a disc that is
//! written once. Names, lengths of files and of the volume have the same limits in all of them.
//!
//! | reader | reads | known from |
//! |---|---|---|
//! | Linux 6.12 and later, 7-Zip 26.02, libudfread 1.1.2, udfinfo 2.3 | all four, to the last byte of a file of 1.5 TiB | our tests |
//! | pycdlib 1.12 | 1.02, 1.50; it refuses images with a later one, their ISO 9660 side too | our tests |
//! | UEFI firmware (EDK2's UdfDxe) | up to 2.01 | tianocore/edk2 issue 7503 |
//! | Solaris | up to 1.50 | its System Administration Guide |
//! | Windows | 2000 up to 1.50, XP up to 2.01, Vista and later 2.50 too | Microsoft's and others' release notes |
//! | macOS | 2.50 since 10.5, before that what DVDs have | Apple's release notes |
//! | DVD players and other set-top boxes | 1.02, bridged with ISO 9660, which is what a DVD has to have | DVD-ROM books |

pub mod dump;
pub mod raw;
pub mod read;
mod text;
pub mod write;

use alloc::string::String;

use crate::region::Misplaced;

/// The revision of UDF that a volume conforms to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Revision {
    /// UDF 1.02: DVD-ROM; read by everything that reads UDF.
    V1_02,
    /// UDF 1.50.
    V1_50,
    /// UDF 2.01: read by Windows since XP, macOS since 10.5, Linux and UEFI.
    V2_01,
    /// UDF 2.50, with a metadata partition: Blu-ray; read by Windows since Vista and Linux since 2.6.26.
    V2_50,
}

impl Revision {
    /// All of them, oldest first.
    pub const ALL: [Self; 4] = [Self::V1_02, Self::V1_50, Self::V2_01, Self::V2_50];

    /// As UDF writes it: 0x0102 for 1.02.
    pub fn number(self) -> u16 {
        match self {
            Self::V1_02 => 0x0102,
            Self::V1_50 => 0x0150,
            Self::V2_01 => 0x0201,
            Self::V2_50 => 0x0250,
        }
    }

    /// As people write it: `1.02`.
    pub fn name(self) -> &'static str {
        match self {
            Self::V1_02 => "1.02",
            Self::V1_50 => "1.50",
            Self::V2_01 => "2.01",
            Self::V2_50 => "2.50",
        }
    }

    /// The version in descriptor tags: 2 for the second edition of ECMA-167, 3 for the third.
    fn descriptor_version(self) -> u16 {
        if self.is_third_edition() { 3 } else { 2 }
    }

    /// Whether the volume follows the third edition of ECMA-167: NSR03, extended file entries.
    fn is_third_edition(self) -> bool {
        self >= Self::V2_01
    }

    /// Whether metadata lie in a partition of their own (UDF 2.50 2.2.10).
    fn has_metadata_partition(self) -> bool {
        self >= Self::V2_50
    }
}

/// Why a tree cannot become a UDF volume.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UdfError {
    /// A name that UDF cannot hold.
    #[error("{path:?} cannot have its name on a UDF volume: {reason}")]
    Name {
        /// The path that ends with the name.
        path: String,
        /// Which rule it breaks.
        reason: &'static str,
    },
    /// A label that UDF cannot hold.
    #[error("{label:?} cannot be the label of a UDF volume: {reason}")]
    Label {
        /// The label.
        label: String,
        /// Which rule it breaks.
        reason: &'static str,
    },
    /// A directory with more directories in it than its link count can say.
    #[error("{path:?} has {found} directories, expected at most 65534 on UDF")]
    TooManyDirectories {
        /// The directory's path, with a `/` at its end.
        path: String,
        /// How many it has.
        found: usize,
    },
    /// More sectors than 32 bits can number: 8 TiB.
    #[error("the volume needs {sectors} sectors, expected at most 4294967295")]
    TooLarge {
        /// How many it needs.
        sectors: u64,
    },
    /// The places that the caller chose do not fit each other.
    #[error(transparent)]
    Misplaced(#[from] Misplaced),
}
