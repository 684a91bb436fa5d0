//! The last blocks that were read for a few bytes: directories and tables are read in small pieces, many times.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// How long a block is, in bytes.
pub const BLOCK: usize = 64 << 10;
/// How many are kept.
const KEPT: usize = 64;

/// Blocks by their numbers, the last used at the front.
#[derive(Default)]
pub struct Cache {
    blocks: Mutex<VecDeque<(u64, Vec<u8>)>>,
}

impl Cache {
    /// Fills `piece` from `at` of a block on, and has the block read when it is not there. A block at the end of a disk
    /// may be short; `false` says that it does not have these bytes.
    pub fn read<E>(
        &self,
        number: u64,
        at: usize,
        piece: &mut [u8],
        read: impl FnOnce() -> Result<Vec<u8>, E>,
    ) -> Result<bool, E> {
        let mut blocks = self.blocks.lock().unwrap_or_else(PoisonError::into_inner);
        let found = blocks.iter().position(|block| block.0 == number).and_then(|index| blocks.remove(index));
        let block = match found {
            Some(block) => block,
            None => (number, read()?),
        };
        let bytes = at.checked_add(piece.len()).and_then(|end| block.1.get(at..end));
        let is_there = bytes.map(|bytes| piece.copy_from_slice(bytes)).is_some();
        blocks.push_front(block);
        blocks.truncate(KEPT);
        Ok(is_there)
    }

    /// Forgets all: something was written.
    pub fn clear(&self) {
        self.blocks.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_read_once_until_something_is_written() {
        let cache = Cache::default();
        let mut piece = [0; 2];
        let read = |value: u8| move || Ok::<_, ()>(vec![value; 16]);
        assert_eq!(cache.read(7, 3, &mut piece, read(1)), Ok(true));
        assert_eq!(cache.read(7, 14, &mut piece, || Err(())), Ok(true));
        assert_eq!(piece, [1, 1]);
        cache.clear();
        assert_eq!(cache.read(7, 3, &mut piece, read(2)), Ok(true));
        assert_eq!(piece, [2, 2]);
    }

    #[test]
    fn bytes_past_a_short_block_are_not_there() {
        let cache = Cache::default();
        let mut piece = [0; 4];
        assert_eq!(cache.read(0, 14, &mut piece, || Ok::<_, ()>(vec![1; 16])), Ok(false));
    }

    #[test]
    fn only_so_many_blocks_are_kept() {
        let cache = Cache::default();
        let mut piece = [0; 1];
        for number in 0..=KEPT as u64 {
            assert_eq!(cache.read(number, 0, &mut piece, || Ok::<_, ()>(vec![0; 1])), Ok(true));
        }
        assert_eq!(cache.read(0, 0, &mut piece, || Err(())), Err(()));
    }
}
