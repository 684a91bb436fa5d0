//! How often is tried, and how long is waited between.

use std::time::Duration;

/// The first pause that is one. Before it something is tried again at once: connections that were kept may have ended.
const FIRST: Duration = Duration::from_millis(100);
/// No pause of ours is longer.
const LONGEST: Duration = Duration::from_secs(20);
/// No pause that a service asks for is longer.
const LONGEST_ASKED: Duration = Duration::from_secs(60);

/// The tries of one request.
#[derive(Debug)]
pub struct Pace {
    retries: u32,
    failed: u32,
}

impl Pace {
    /// So many tries after the first one.
    pub fn new(retries: u32) -> Self {
        Self { retries, failed: 0 }
    }

    /// Something came: tries are counted anew.
    pub fn reset(&mut self) {
        self.failed = 0;
    }

    /// How long to wait before the next try, at least as long as was `asked` for within bounds; `None` when there were
    /// tries enough.
    pub fn next(&mut self, asked: Option<Duration>) -> Option<Duration> {
        if self.failed >= self.retries {
            return None;
        }
        let own = match self.failed {
            0 => Duration::ZERO,
            again => FIRST.saturating_mul(1 << (again - 1).min(16)).min(LONGEST),
        };
        self.failed += 1;
        Some(asked.map_or(own, |asked| asked.min(LONGEST_ASKED).max(own)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_end() {
        let mut pace = Pace::new(12);
        let pauses: Vec<u128> = (0..12).map(|_| pace.next(None).unwrap().as_millis()).collect();
        assert_eq!(pauses, [0, 100, 200, 400, 800, 1600, 3200, 6400, 12800, 20000, 20000, 20000]);
        assert_eq!(pace.next(None), None);
        pace.reset();
        assert!(pace.next(None).is_some());
    }

    #[test]
    fn what_is_asked_for_is_done_within_bounds() {
        let mut pace = Pace::new(2);
        assert_eq!(pace.next(Some(Duration::from_secs(3))), Some(Duration::from_secs(3)));
        assert_eq!(pace.next(Some(Duration::from_secs(86400))), Some(Duration::from_secs(60)));
    }
}
