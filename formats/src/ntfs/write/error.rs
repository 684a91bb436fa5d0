//! Why a volume cannot be laid out.

use alloc::string::String;

use crate::units::ByteLen;

/// Why a volume cannot be laid out. Nothing was written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NtfsError {
    /// A name that NTFS or Windows does not take.
    #[error("{path:?} cannot be on an NTFS volume: {fault}")]
    Name {
        /// The whole path.
        path: String,
        /// What is wrong with its last part.
        fault: NameFault,
    },
    /// Two names of one directory that `$UpCase` makes equal.
    #[error("{path:?} and {other:?} are one name on an NTFS volume: case does not tell names apart")]
    SameName {
        /// The path of one.
        path: String,
        /// The path of the other.
        other: String,
    },
    /// The volume cannot hold the files.
    #[error("the volume has {size}, and with these files NTFS needs {needed}")]
    TooSmall {
        /// The volume's size.
        size: ByteLen,
        /// The size that would do.
        needed: ByteLen,
    },
    /// The size of the volume is none that NTFS can have with these clusters.
    #[error(
        "a volume of {size} is not possible: expected whole sectors of {sector_size} bytes, from {smallest} to {largest}"
    )]
    Size {
        /// The volume's size.
        size: ByteLen,
        /// The size of its sectors, in bytes.
        sector_size: u32,
        /// The smallest size that is possible.
        smallest: ByteLen,
        /// The largest one with clusters of the size asked for.
        largest: ByteLen,
    },
    /// The sectors are of a size that NTFS does not have.
    #[error("sectors of {found} bytes are not possible: expected 512 or 4096")]
    SectorSize {
        /// Their size, in bytes.
        found: u32,
    },
    /// The clusters are of a size that NTFS does not have.
    #[error(
        "clusters of {found} bytes are not possible: expected a power of two from {sector_size} to 65536"
    )]
    ClusterSize {
        /// Their size, in bytes.
        found: u32,
        /// The size of the sectors, in bytes.
        sector_size: u32,
    },
    /// The label is too long or has control characters.
    #[error(
        "{label:?} cannot be the label of an NTFS volume: expected at most 32 UTF-16 units, none a control character"
    )]
    Label {
        /// The label.
        label: String,
    },
    /// The serial number is 0, which stands for none.
    #[error("the serial number of an NTFS volume cannot be 0")]
    Serial,
    /// The volume starts too far into its disk.
    #[error("an NTFS volume cannot start at sector {found}: its boot sector counts to {}", u32::MAX)]
    HiddenSectors {
        /// The sectors before it.
        found: u64,
    },
    /// More files, or longer names in all, than can be counted.
    #[error("too many files for an NTFS volume: their number or the length of their names passes 2^32")]
    TooMany,
}

/// What is wrong with a name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameFault {
    /// A character that Windows does not take in names ([MS-FSCC] 2.1.5.2).
    #[error("{found:?} cannot be in a name")]
    Character {
        /// The character.
        found: char,
    },
    /// A dot or space at the end, which Windows drops.
    #[error("a name cannot end with {found:?}")]
    End {
        /// The character.
        found: char,
    },
    /// The name of a device, with or without an extension.
    #[error("{device} is the name of a device")]
    Device {
        /// The device.
        device: String,
    },
    /// More UTF-16 units than a name can have.
    #[error("{units} UTF-16 units where a name has at most 255")]
    Long {
        /// How many there are.
        units: usize,
    },
    /// No characters.
    #[error("the name is empty")]
    Empty,
    /// A name that NTFS uses itself.
    #[error("NTFS uses {name:?} itself")]
    Taken {
        /// The name as NTFS has it.
        name: String,
    },
    /// `System Volume Information` is there and is a file.
    #[error("Windows needs a directory of this name")]
    NotADirectory,
}
