//! How many bytes a second are taken, of all connections together.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What nobody used is kept for so long: the size of a burst.
const BURST: Duration = Duration::from_millis(100);

/// A rate that is kept by waiting after each piece, for as long as the piece was worth.
#[derive(Debug)]
pub struct Limit {
    /// Bytes a second; `None` where all may be taken that comes.
    rate: Option<u64>,
    /// When all that was taken is paid for.
    paid: Mutex<Instant>,
}

impl Limit {
    /// A limit of `rate` bytes a second.
    pub fn new(rate: Option<u64>) -> Self {
        Self { rate, paid: Mutex::new(Instant::now()) }
    }

    /// How long to wait after `bytes` that were taken now.
    pub fn charge(&self, bytes: u64) -> Duration {
        self.charge_at(bytes, Instant::now())
    }

    fn charge_at(&self, bytes: u64, now: Instant) -> Duration {
        let Some(rate) = self.rate else { return Duration::ZERO };
        let price = Duration::from_secs_f64(bytes as f64 / rate.max(1) as f64);
        let mut paid = self.paid.lock().unwrap_or_else(PoisonError::into_inner);
        *paid = (*paid).max(now.checked_sub(BURST).unwrap_or(now)) + price;
        paid.saturating_duration_since(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_waits_without_a_limit() {
        assert_eq!(Limit::new(None).charge(u64::MAX), Duration::ZERO);
    }

    #[test]
    fn all_who_take_pay_together() {
        let limit = Limit::new(Some(1000));
        let now = Instant::now() + Duration::from_secs(1);
        assert_eq!(limit.charge_at(100, now), Duration::ZERO, "a burst is free");
        assert_eq!(limit.charge_at(500, now), Duration::from_millis(500));
        assert_eq!(limit.charge_at(500, now), Duration::from_millis(1000));
        assert_eq!(limit.charge_at(100, now + Duration::from_secs(60)), Duration::ZERO, "no hoarding");
        assert_eq!(limit.charge_at(100, now + Duration::from_secs(60)), Duration::from_millis(100));
    }
}
