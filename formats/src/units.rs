//! Positions and lengths in bytes and sectors, with checked arithmetic.

use alloc::format;
use alloc::string::{String, ToString};
use core::fmt;

use serde::{Deserialize, Serialize};

/// A length or size, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ByteLen(pub u64);

/// A position, in bytes from the start of whatever is spoken of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ByteOffset(pub u64);

/// A logical block address: the number of a sector, from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lba(pub u64);

/// The number of a cluster of a volume, from 0 (NTFS calls it LCN).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cluster(pub u64);

/// 1 KiB, in bytes.
pub const KIB: u64 = 1 << 10;
/// 1 MiB, in bytes.
pub const MIB: u64 = 1 << 20;
/// 1 GiB, in bytes.
pub const GIB: u64 = 1 << 30;
/// 1 TiB, in bytes.
pub const TIB: u64 = 1 << 40;

impl ByteLen {
    /// No bytes.
    pub const ZERO: Self = Self(0);

    /// The sum, or `None` past 2^64.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// The difference, or `None` below zero.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }

    /// Rounded up to a multiple of `unit` bytes, or `None` past 2^64. `unit` is not 0.
    pub fn align_up(self, unit: u64) -> Option<Self> {
        self.0.checked_next_multiple_of(unit).map(Self)
    }

    /// For people: in the largest unit of which there is at least one, with one digit after the point where it is not
    /// whole. `1.5 GiB`.
    pub fn human(self) -> String {
        let units = [(TIB, "TiB"), (GIB, "GiB"), (MIB, "MiB"), (KIB, "KiB")];
        match units.into_iter().find(|(unit, _)| self.0 >= *unit) {
            None => self.to_string(),
            Some((unit, name)) if self.0.is_multiple_of(unit) => format!("{} {name}", self.0 / unit),
            Some((unit, name)) => {
                // Tenths, cut off rather than rounded up: what is free is not overstated.
                let tenths = (self.0 % unit) * 10 / unit;
                format!("{}.{tenths} {name}", self.0 / unit)
            }
        }
    }

    /// For people, and exactly: `1.5 GiB (1610612736 bytes)`.
    pub fn exact(self) -> String {
        format!("{} ({self})", self.human())
    }

    /// As a length in memory, or `None` where addresses are too short for it.
    pub fn to_usize(self) -> Option<usize> {
        usize::try_from(self.0).ok()
    }
}

impl ByteOffset {
    /// The start.
    pub const ZERO: Self = Self(0);

    /// The position `len` further, or `None` past 2^64.
    pub fn checked_add(self, len: ByteLen) -> Option<Self> {
        self.0.checked_add(len.0).map(Self)
    }

    /// The distance from `start` up to here, or `None` when `start` lies behind.
    pub fn since(self, start: Self) -> Option<ByteLen> {
        self.0.checked_sub(start.0).map(ByteLen)
    }

    /// Rounded up to a multiple of `unit` bytes, or `None` past 2^64. `unit` is not 0.
    pub fn align_up(self, unit: u64) -> Option<Self> {
        self.0.checked_next_multiple_of(unit).map(Self)
    }

    /// Rounded down to a multiple of `unit` bytes. `unit` is not 0.
    pub fn align_down(self, unit: u64) -> Self {
        Self(self.0 - self.0 % unit)
    }
}

impl Lba {
    /// Where this sector starts, for sectors of `sector_size` bytes; `None` past 2^64.
    pub fn offset(self, sector_size: u32) -> Option<ByteOffset> {
        self.0.checked_mul(u64::from(sector_size)).map(ByteOffset)
    }
}

impl Cluster {
    /// Where this cluster starts in its volume, for clusters of `cluster_size` bytes; `None` past 2^64.
    pub fn offset(self, cluster_size: u32) -> Option<ByteOffset> {
        self.0.checked_mul(u64::from(cluster_size)).map(ByteOffset)
    }
}

impl fmt::Display for ByteLen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0)
    }
}

impl fmt::Display for ByteOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_never_wraps() {
        assert_eq!(ByteLen(u64::MAX).checked_add(ByteLen(1)), None);
        assert_eq!(ByteLen(u64::MAX).align_up(4096), None);
        assert_eq!(ByteOffset(1).since(ByteOffset(2)), None);
        assert_eq!(Lba(u64::MAX).offset(512), None);
        assert_eq!(ByteOffset(4097).align_down(4096), ByteOffset(4096));
        assert_eq!(ByteOffset(4097).align_up(4096), Some(ByteOffset(8192)));
    }

    #[test]
    fn lengths_are_said_in_their_largest_unit() {
        let said = [0, 1023, 1024, 1536, MIB - 1, 3 * GIB, u64::MAX].map(|bytes| ByteLen(bytes).human());
        let expected = ["0 bytes", "1023 bytes", "1 KiB", "1.5 KiB", "1023.9 KiB", "3 GiB", "16777215.9 TiB"];
        assert_eq!(said, expected);
        assert_eq!(ByteLen(MIB).exact(), "1 MiB (1048576 bytes)");
    }
}
