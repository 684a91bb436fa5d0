//! Memory that a disk can be read into without the page cache in between.

use std::sync::{Mutex, PoisonError};

/// What every disk is content with, in bytes.
pub const ALIGNMENT: usize = 4096;
/// How long a buffer is: as much as is asked of a disk at a time.
pub const LEN: usize = 4 << 20;

/// Buffers that are used again.
#[derive(Default)]
pub struct Buffers {
    free: Mutex<Vec<Buffer>>,
}

/// [`LEN`] bytes that start at a multiple of [`ALIGNMENT`].
pub struct Buffer {
    bytes: Vec<u8>,
    start: usize,
}

impl Buffers {
    /// Lends a buffer.
    pub fn with<T>(&self, work: impl FnOnce(&mut [u8]) -> T) -> T {
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut buffer = free.unwrap_or_else(Buffer::new);
        let result = work(buffer.bytes());
        self.free.lock().unwrap_or_else(PoisonError::into_inner).push(buffer);
        result
    }
}

impl Buffer {
    fn new() -> Self {
        let bytes = vec![0; LEN + ALIGNMENT];
        let start = bytes.as_ptr().align_offset(ALIGNMENT).min(ALIGNMENT);
        Self { bytes, start }
    }

    fn bytes(&mut self) -> &mut [u8] {
        &mut self.bytes[self.start..self.start + LEN]
    }
}

/// Whether memory can be given to a disk as it is.
pub fn is_aligned(bytes: &[u8]) -> bool {
    bytes.as_ptr().align_offset(ALIGNMENT) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_are_aligned_and_used_again() {
        let buffers = Buffers::default();
        let first = buffers.with(|bytes| {
            assert!(is_aligned(bytes));
            assert_eq!(bytes.len(), LEN);
            bytes.as_ptr()
        });
        assert_eq!(buffers.with(|bytes| bytes.as_ptr()), first);
    }
}
