//! Memory that may be written past the page cache.

/// What O_DIRECT asks of memory, positions and lengths, in bytes. 4096 serves every block size of today's devices.
pub const ALIGNMENT: usize = 4096;

/// Zeroed bytes whose first lies on a multiple of [`ALIGNMENT`] in memory.
#[derive(Debug)]
pub struct AlignedBuf {
    memory: Vec<u8>,
    start: usize,
    len: usize,
}

impl AlignedBuf {
    /// A buffer of `len` zeros.
    pub fn new(len: usize) -> Self {
        let memory = vec![0; len + ALIGNMENT];
        // Alignment of bytes is always reachable; were it not, writing would go through the page cache.
        let start = memory.as_ptr().align_offset(ALIGNMENT).min(ALIGNMENT);
        Self { memory, start, len }
    }
}

impl std::ops::Deref for AlignedBuf {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        &self.memory[self.start..self.start + self.len]
    }
}

impl std::ops::DerefMut for AlignedBuf {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.memory[self.start..self.start + self.len]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_start_where_devices_want_them() {
        for len in [0, 1, 4096, 1 << 20] {
            let buf = AlignedBuf::new(len);
            assert_eq!((buf.as_ptr() as usize % ALIGNMENT, buf.len()), (0, len));
        }
    }
}
