//! When something last moved on a connection: a new request, or a piece of an answer that its reader took.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::request::Limits;

/// How much longer an answer may stand still than a client may be silent between requests: lines are slow, and buffers
/// on the way long.
const STALLED: u32 = 4;

/// The pulse of a connection.
#[derive(Debug)]
pub(super) struct Pulse {
    began: Instant,
    /// In milliseconds since it began.
    last: AtomicU64,
    /// How many requests are being answered.
    open: AtomicUsize,
    /// How many were begun.
    begun: AtomicUsize,
}

impl Pulse {
    pub(super) fn new() -> Self {
        Self {
            began: Instant::now(),
            last: AtomicU64::new(0),
            open: AtomicUsize::new(0),
            begun: AtomicUsize::new(0),
        }
    }

    /// Something moved.
    pub(super) fn beat(&self) {
        let now = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last.store(now, Ordering::Relaxed);
    }

    /// A request begins.
    pub(super) fn begin(&self) {
        self.open.fetch_add(1, Ordering::Relaxed);
        self.begun.fetch_add(1, Ordering::Relaxed);
        self.beat();
    }

    /// A request ended.
    pub(super) fn end(&self) {
        self.open.fetch_sub(1, Ordering::Relaxed);
        self.beat();
    }

    /// Whether the connection only waits for its next request: that it ends then is no fault of anybody.
    pub(super) fn is_idle(&self) -> bool {
        self.open.load(Ordering::Relaxed) == 0 && self.begun.load(Ordering::Relaxed) > 0
    }

    /// Until when something must move.
    pub(super) fn deadline(&self, limits: &Limits) -> Instant {
        let last = self.began + Duration::from_millis(self.last.load(Ordering::Relaxed));
        match self.open.load(Ordering::Relaxed) {
            0 => last + limits.patience,
            _ => last + limits.patience * STALLED,
        }
    }
}
