//! Milliseconds, and the time of day.

use alloc::format;
use core::time::Duration;

use formats::time::Timestamp;
use uefi::{boot, runtime};

use crate::raw;

/// How long the processor's counter is held against the firmware's clock.
const MEASURED: Duration = Duration::from_millis(20);
/// The processor's counter, with its speed.
pub struct Clock {
    begun: u64,
    per_milli: u64,
}

impl Clock {
    /// Measures how fast the counter runs, and counts from now on.
    pub fn new() -> Self {
        let begun = raw::ticks();
        boot::stall(MEASURED);
        let counted = raw::ticks().saturating_sub(begun);
        Self { begun, per_milli: (counted / MEASURED.as_millis() as u64).max(1) }
    }

    /// Milliseconds since the clock was made.
    pub fn millis(&self) -> u64 {
        raw::ticks().saturating_sub(self.begun) / self.per_milli
    }
}

/// What time the machine's clock shows. A clock that names no time zone is taken for one that
/// shows UTC.
pub fn now() -> Option<Timestamp> {
    let time = runtime::get_time().ok()?;
    let date = format!("{:04}-{:02}-{:02}", time.year(), time.month(), time.day());
    let shown: Timestamp =
        format!("{date}T{:02}:{:02}:{:02}Z", time.hour(), time.minute(), time.second()).parse().ok()?;
    // Local time is UTC less the time zone, in minutes (UEFI 2.10, 8.3).
    let zone = i64::from(time.time_zone().unwrap_or(0)) * 60;
    Timestamp::from_unix(shown.unix().checked_add(zone)?).ok()
}
