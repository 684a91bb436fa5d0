//! How many requests are under way at once: as many as the line gets quicker by.

use std::time::Duration;

/// How many there are at first.
const FIRST: usize = 2;
/// How many there are at most.
pub const MOST: usize = 8;
/// How many more are tried at a time.
const STEP: usize = 2;
/// How long the line is watched before more are tried.
const WATCHED: Duration = Duration::from_millis(1500);
/// How many frames must have come meanwhile for each request that is under way.
const FRAMES: u64 = 2;

/// Watches what comes.
#[derive(Debug)]
pub struct Tuner {
    allowed: usize,
    /// How many bytes a second came before more requests were tried.
    before: f64,
    /// Whether more requests bring nothing more.
    settled: bool,
    began: Duration,
    bytes: u64,
    frames: u64,
}

impl Tuner {
    /// A line that nobody has watched yet.
    pub fn new() -> Self {
        Self { allowed: FIRST, before: 0.0, settled: false, began: Duration::ZERO, bytes: 0, frames: 0 }
    }

    /// How many requests may be under way.
    pub fn allowed(&self) -> usize {
        self.allowed
    }

    /// A frame of so many bytes came, so long after the start.
    pub fn came(&mut self, bytes: u64, at: Duration) {
        self.bytes += bytes;
        self.frames += 1;
        let watched = at.saturating_sub(self.began);
        if self.settled || watched < WATCHED || self.frames < FRAMES * self.allowed as u64 {
            return;
        }
        let rate = self.bytes as f64 / watched.as_secs_f64();
        if rate > self.before * 1.1 {
            self.allowed = (self.allowed + STEP).min(MOST);
            self.settled = self.allowed == MOST;
        } else {
            self.settled = true;
        }
        (self.before, self.began, self.bytes, self.frames) = (rate, at, 0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many requests are under way in the end on a line that carries so many bytes a second for each request, and
    /// so many at most.
    fn settled(each: u64, most: u64) -> usize {
        let mut tuner = Tuner::new();
        let mut at = Duration::ZERO;
        for _ in 0..400 {
            let rate = (each * tuner.allowed() as u64).min(most);
            at += Duration::from_secs_f64(1e6 / rate as f64);
            tuner.came(1_000_000, at);
        }
        tuner.allowed()
    }

    #[test]
    fn requests_become_more_as_long_as_the_line_gets_quicker() {
        assert_eq!(settled(1_000_000, 100_000_000), MOST);
        assert_eq!(settled(1_000_000, 1_000_000), 4);
        assert_eq!(settled(1_000_000, 4_000_000), 6);
    }
}
