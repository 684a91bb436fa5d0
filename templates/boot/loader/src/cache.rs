//! Windows of a disk that were read lately: who reads volumes asks for little pieces, often of the same place.

use alloc::vec::Vec;
use core::ops::Range;

/// How long a window is, in bytes: a multiple of every sector size.
pub const WINDOW: u64 = 128 << 10;
/// How many are kept of a disk.
const KEPT: usize = 8;

/// The windows, those used last at the end.
#[derive(Default)]
pub struct Cache {
    windows: Vec<Window>,
}

struct Window {
    start: u64,
    bytes: Vec<u8>,
}

impl Cache {
    /// The window that starts at `start`: as it was read, or read now.
    pub fn window<E>(
        &mut self,
        start: u64,
        read: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
    ) -> Result<&[u8], E> {
        let known = self.windows.iter().position(|window| window.start == start);
        let window = match known {
            Some(index) => self.windows.remove(index),
            None => {
                // The memory of the one that was not used for longest is taken over.
                let full = self.windows.len() >= KEPT;
                let mut bytes = if full { self.windows.remove(0).bytes } else { Vec::new() };
                read(&mut bytes)?;
                Window { start, bytes }
            }
        };
        self.windows.push(window);
        Ok(self.windows.last().map_or(&[], |window| &window.bytes))
    }

    /// Forgets what lies in `range`.
    pub fn forget(&mut self, range: Range<u64>) {
        self.windows.retain(|window| window.start + WINDOW <= range.start || window.start >= range.end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    /// Whether the window at `start` was read anew.
    fn reads(cache: &mut Cache, start: u64) -> bool {
        let mut has_read = false;
        let bytes = cache.window::<()>(start, |bytes| {
            has_read = true;
            *bytes = vec![(start / WINDOW) as u8; 4];
            Ok(())
        });
        assert_eq!(bytes, Ok(&[(start / WINDOW) as u8; 4][..]));
        has_read
    }

    #[test]
    fn what_was_read_lately_is_not_read_again() {
        let mut cache = Cache::default();
        let windows = |count: usize| (0..count as u64).map(|number| number * WINDOW);
        assert!(windows(KEPT).all(|start| reads(&mut cache, start)));
        assert!(windows(KEPT).all(|start| !reads(&mut cache, start)));
        // One more takes the place of the one that was not used for longest.
        assert!(reads(&mut cache, KEPT as u64 * WINDOW));
        assert!(!reads(&mut cache, WINDOW));
        assert!(reads(&mut cache, 0));
    }

    #[test]
    fn what_was_written_is_read_again_and_what_failed_is_not_kept() {
        let mut cache = Cache::default();
        for number in 0..3 {
            reads(&mut cache, number * WINDOW);
        }
        cache.forget(WINDOW + 512..WINDOW + 1024);
        assert!(!reads(&mut cache, 0) && reads(&mut cache, WINDOW) && !reads(&mut cache, 2 * WINDOW));
        assert_eq!(cache.window(9 * WINDOW, |_| Err("gone")), Err("gone"));
        assert!(reads(&mut cache, 9 * WINDOW));
    }
}
