//! Blocks that two or more runs share: each run brings its part, and who brings the last one writes the block.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use host::AlignedBuf;

use crate::runs::BLOCK;

/// The shared blocks of a medium, as long as parts of them are missing.
pub struct Edges {
    /// How long the medium is: its last block may be a short one.
    total: u64,
    open: Mutex<BTreeMap<u64, Block>>,
}

/// A block in the making.
struct Block {
    bytes: AlignedBuf,
    /// How many of its bytes are there.
    there: usize,
}

/// A block that is whole.
pub struct Whole {
    /// Where it lies on the medium.
    pub start: u64,
    bytes: AlignedBuf,
    len: usize,
}

impl Whole {
    /// Its bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

impl Edges {
    /// Those of a medium of `total` bytes.
    pub fn new(total: u64) -> Self {
        Self { total, open: Mutex::default() }
    }

    /// Takes bytes that lie inside one block, at `at` of the medium; gives the block when they were the last.
    pub fn add(&self, at: u64, bytes: &[u8]) -> Option<Whole> {
        let into = (at % BLOCK) as usize;
        let start = at - at % BLOCK;
        let len = BLOCK.min(self.total - start) as usize;
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let block =
            open.entry(start).or_insert_with(|| Block { bytes: AlignedBuf::new(BLOCK as usize), there: 0 });
        block.bytes[into..into + bytes.len()].copy_from_slice(bytes);
        block.there += bytes.len();
        if block.there < len {
            return None;
        }
        open.remove(&start).map(|block| Whole { start, bytes: block.bytes, len })
    }

    /// Where the first block lies of which a part is still missing.
    pub fn unfinished(&self) -> Option<u64> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).keys().next().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_given_out_once_and_whole() {
        let edges = Edges::new(2 * BLOCK + 10);
        assert!(edges.add(BLOCK + 4000, &[2; 96]).is_none());
        assert_eq!(edges.unfinished(), Some(BLOCK));
        let whole = edges.add(BLOCK, &[1; 4000]).unwrap();
        assert_eq!((whole.start, whole.bytes()[3999], whole.bytes()[4000]), (BLOCK, 1, 2));
        assert_eq!(edges.add(2 * BLOCK, &[3; 10]).unwrap().bytes(), [3; 10]);
        assert_eq!(edges.unfinished(), None);
    }
}
