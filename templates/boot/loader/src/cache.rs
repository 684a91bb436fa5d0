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
