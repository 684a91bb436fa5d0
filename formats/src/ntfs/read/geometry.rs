//! The boot sector: how large the units of a volume are, and where its $MFT starts.

use alloc::format;
use alloc::string::ToString;
use core::fmt;

use super::bytes::{slice_at, u16_at, u64_at};
use super::error::NtfsReadError;
use crate::units::{ByteLen, ByteOffset, Cluster};

/// How long the part of the boot sector is that says something, in bytes.
pub const BOOT_LEN: usize = 512;

/// What the boot sector says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// The size of a sector, in bytes.
    pub sector_size: u32,
    /// The size of a cluster, in bytes.
    pub cluster_size: u32,
    /// The size of a record of $MFT, in bytes.
    pub record_size: u32,
    /// How long the volume is, without the copy of the boot sector behind it.
    pub len: ByteLen,
    /// Where $MFT starts.
    pub mft: Cluster,
    /// The volume's serial number.
    pub serial: u64,
}

/// A field of the boot sector, with what may stand in it.
struct Field {
    name: &'static str,
    at: usize,
    expected: &'static str,
}

const NAME: Field = Field { name: "the name of the system", at: 0x03, expected: "\"NTFS    \"" };
const SECTOR: Field =
    Field { name: "bytes per sector", at: 0x0b, expected: "a power of two between 512 and 4096" };
const CLUSTER: Field =
    Field { name: "sectors per cluster", at: 0x0d, expected: "a power of two that makes at most 2 MiB" };
const SECTORS: Field = Field {
    name: "the number of sectors",
    at: 0x28,
    expected: "at least 1, for fewer than 2^63 bytes that are all there",
};
const MFT: Field = Field { name: "the first cluster of $MFT", at: 0x30, expected: "a cluster of the volume" };
const RECORD: Field = Field {
    name: "clusters per record",
    at: 0x40,
    expected: "what makes a power of two between 512 and 65536",
};
const SERIAL: usize = 0x48;
const END: Field = Field { name: "the end mark", at: 0x1fe, expected: "0xaa55" };

impl Geometry {
    /// Takes the boot sector apart, of a volume in a source of `source_len` bytes.
    pub fn parse(boot: &[u8; BOOT_LEN], source_len: ByteLen) -> Result<Self, NtfsReadError> {
        let name = slice_at(boot, NAME.at, 8).unwrap_or_default();
        NAME.check(name == b"NTFS    ", name.escape_ascii())?;
        let end = u16_at(boot, END.at).unwrap_or_default();
        END.check(end == 0xaa55, format!("{end:#06x}"))?;

        let sector_size = u32::from(u16_at(boot, SECTOR.at).unwrap_or_default());
        SECTOR.check(sector_size.is_power_of_two() && (512..=4096).contains(&sector_size), sector_size)?;
        let cluster_size = cluster_size(boot[CLUSTER.at], sector_size)?;
        let record_size = record_size(boot[RECORD.at].cast_signed(), cluster_size)?;

        let sectors = u64_at(boot, SECTORS.at).unwrap_or_default();
        let len = sectors.checked_mul(u64::from(sector_size)).filter(|len| (1..=source_len.0).contains(len));
        let len = ByteLen(len.ok_or_else(|| SECTORS.refuse(sectors))?);

        let mft = u64_at(boot, MFT.at).unwrap_or_default();
        MFT.check(mft < len.0 / u64::from(cluster_size), mft)?;
        let serial = u64_at(boot, SERIAL).unwrap_or_default();
        Ok(Self { sector_size, cluster_size, record_size, len, mft: Cluster(mft), serial })
    }

    /// How many whole clusters the volume has.
    pub fn clusters(&self) -> u64 {
        self.len.0 / u64::from(self.cluster_size)
    }
}

/// Sectors per cluster are a number up to 128, and above it the negated exponent of one.
fn cluster_size(found: u8, sector_size: u32) -> Result<u32, NtfsReadError> {
    let sectors = match found {
        0..=128 => Some(u32::from(found)),
        _ => 1u32.checked_shl(u32::from(found.wrapping_neg())),
    };
    let size = sectors.filter(|n| n.is_power_of_two()).and_then(|n| n.checked_mul(sector_size));
    size.filter(|size| *size <= 2 << 20).ok_or_else(|| CLUSTER.refuse(found))
}

/// Clusters per record are a number above 0, and below it the negated exponent of a number of bytes.
fn record_size(found: i8, cluster_size: u32) -> Result<u32, NtfsReadError> {
    let size = match found {
        1.. => cluster_size.checked_mul(u32::from(found.unsigned_abs())),
        _ => 1u32.checked_shl(u32::from(found.unsigned_abs())),
    };
    size.filter(|size| size.is_power_of_two() && (512..=65536).contains(size))
        .ok_or_else(|| RECORD.refuse(found))
}

impl Field {
    fn check(&self, holds: bool, found: impl fmt::Display) -> Result<(), NtfsReadError> {
        if holds { Ok(()) } else { Err(self.refuse(found)) }
    }

    fn refuse(&self, found: impl fmt::Display) -> NtfsReadError {
        let offset = ByteOffset(self.at as u64);
        NtfsReadError::NotNtfs { field: self.name, offset, expected: self.expected, found: found.to_string() }
    }
}
