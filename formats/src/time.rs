//! Points in time, as RFC 3339 text and as the formats count them. Nothing here reads a clock.

use alloc::string::{String, ToString};
use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A point in time, in whole seconds since 1970-01-01T00:00:00Z, between the years 1980 and 2099, which every
/// format here can say (FAT starts in 1980; VHD timestamps end in 2136).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// 1980-01-01T00:00:00Z, in seconds since 1970.
const FIRST: i64 = 315_532_800;
/// 2099-12-31T23:59:59Z, in seconds since 1970.
const LAST: i64 = 4_102_444_799;
/// From 1601-01-01 to 1970-01-01, in seconds: NTFS counts from there.
const SINCE_1601: i64 = 11_644_473_600;

/// A time that cannot be said.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a time between 1980 and 2099 such as 2026-11-22T08:00:00Z, found {found:?}")]
pub struct NoTime {
    /// What was there.
    pub found: String,
}

impl Timestamp {
    /// The earliest time that can be said: 1980-01-01T00:00:00Z.
    pub const EARLIEST: Self = Self(FIRST);

    /// From seconds since 1970-01-01T00:00:00Z.
    ///
    /// # Errors
    /// [`NoTime`] outside the years 1980 to 2099.
    pub fn from_unix(seconds: i64) -> Result<Self, NoTime> {
        if (FIRST..=LAST).contains(&seconds) {
            Ok(Self(seconds))
        } else {
            Err(NoTime { found: seconds.to_string() })
        }
    }

    /// Seconds since 1970-01-01T00:00:00Z.
    pub fn unix(self) -> i64 {
        self.0
    }

    /// As NTFS counts: units of 100 ns since 1601-01-01T00:00:00Z ([MS-DTYP] 2.3.3).
    pub fn filetime(self) -> u64 {
        // Cannot fail or overflow: the range of a timestamp starts in 1980 and ends in 2099.
        (self.0 + SINCE_1601).unsigned_abs() * 10_000_000
    }

    /// The calendar date and time in UTC: year, month, day, hour, minute, second.
    pub fn civil(self) -> [u16; 6] {
        let at = jiff::Timestamp::from_second(self.0).unwrap_or_default();
        let civil = jiff::tz::Offset::UTC.to_datetime(at);
        let small = |n: i8| n.unsigned_abs().into();
        [
            civil.year().unsigned_abs(),
            small(civil.month()),
            small(civil.day()),
            small(civil.hour()),
            small(civil.minute()),
            small(civil.second()),
        ]
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [year, month, day, hour, minute, second] = self.civil();
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }
}

impl FromStr for Timestamp {
    type Err = NoTime;

    fn from_str(text: &str) -> Result<Self, NoTime> {
        let no_time = || NoTime { found: text.chars().take(80).collect() };
        let at: jiff::Timestamp = text.parse().map_err(|_| no_time())?;
        Self::from_unix(at.as_second()).map_err(|_| no_time())
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_string())
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_come_back_as_they_were_said() {
        for text in ["1980-01-01T00:00:00Z", "2000-02-29T23:59:59Z", "2099-12-31T23:59:59Z"] {
            assert_eq!(text.parse::<Timestamp>().unwrap().to_string(), text);
        }
        assert_eq!(Timestamp::EARLIEST.filetime(), 119_600_064_000_000_000);
        assert!("1979-12-31T23:59:59Z".parse::<Timestamp>().is_err());
        assert!("2100-01-01T00:00:00Z".parse::<Timestamp>().is_err());
        assert!(Timestamp::from_unix(i64::MAX).is_err());
    }
}
