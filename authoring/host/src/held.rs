//! Parts of blocks that are held back while larger writes go past the page cache: small ones, among them, would make
//! the others wait (ext4 locks a file for a write through the page cache), and cost a device as much as large ones.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use crate::buffer::{ALIGNMENT, AlignedBuf};

/// How many blocks may be held at a time: 16 MiB of them.
const MOST: usize = 4096;
/// With more of them than this, a block does not wait longer than it must.
const MANY: usize = MOST / 2;

/// The blocks of which a part is held back, by their positions.
#[derive(Debug, Default)]
pub(crate) struct Held(Mutex<BTreeMap<u64, Block>>);

#[derive(Debug)]
struct Block {
    bytes: AlignedBuf,
    /// Which of the bytes are there.
    there: Vec<bool>,
}

/// What became of a part of a block.
#[derive(Debug)]
pub(crate) enum Taken {
    /// It is held.
    Kept,
    /// It was the rest of a block, which is to be written now.
    Whole(AlignedBuf),
    /// Too many are held already, or it is more than a part.
    Refused,
}

impl Held {
    /// Takes bytes that lie inside one block. Of bytes that are there already, the later ones count.
    pub(crate) fn take(&self, offset: u64, bytes: &[u8]) -> Taken {
        let into = (offset % ALIGNMENT as u64) as usize;
        let start = offset - into as u64;
        let inside = into..into + bytes.len();
        let mut blocks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if inside.end > ALIGNMENT || blocks.len() >= MOST && !blocks.contains_key(&start) {
            return Taken::Refused;
        }
        let block = blocks.entry(start).or_insert_with(Block::empty);
        block.bytes[inside.clone()].copy_from_slice(bytes);
        block.there[inside].fill(true);
        if !block.there.iter().all(|there| *there) || blocks.len() <= MANY {
            return Taken::Kept;
        }
        blocks.remove(&start).map_or(Taken::Kept, |block| Taken::Whole(block.bytes))
    }

    /// Forgets what lies in a range of whole blocks: it is written over.
    pub(crate) fn forget(&self, range: Range<u64>) {
        let mut blocks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some((start, _)) = blocks.range(range.clone()).next() {
            let start = *start;
            blocks.remove(&start);
        }
    }

    /// Gives all that is held, in the order of positions, and holds nothing any more.
    pub(crate) fn drain(&self) -> impl Iterator<Item = (u64, Vec<u8>)> {
        let blocks = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        blocks.into_iter().flat_map(|(start, block)| block.parts(start))
    }
}

impl Block {
    fn empty() -> Self {
        Self { bytes: AlignedBuf::new(ALIGNMENT), there: vec![false; ALIGNMENT] }
    }

    fn parts(self, start: u64) -> Vec<(u64, Vec<u8>)> {
        let mut parts = Vec::new();
        let mut at = 0;
        for run in self.there.chunk_by(|one, next| one == next) {
            let range = at..at + run.len();
            at = range.end;
            if run.first() == Some(&true) {
                parts.push((start + range.start as u64, self.bytes[range].to_vec()));
            }
        }
        parts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLOCK: u64 = ALIGNMENT as u64;

    #[test]
    fn of_many_blocks_those_that_are_whole_are_given_at_once() {
        let held = Held::default();
        let parts = |start: u64| {
            assert!(matches!(held.take(start + 1000, &[2; 3096]), Taken::Kept));
            assert!(matches!(held.take(start, &[0; 600]), Taken::Kept));
            held.take(start + 500, &[1; 500])
        };
        assert!((0..MANY as u64).all(|number| matches!(parts(number * BLOCK), Taken::Kept)));
        let Taken::Whole(block) = parts(MOST as u64 * BLOCK) else { panic!("not whole") };
        assert_eq!([block[499], block[500], block[999], block[1000]], [0, 1, 1, 2]);
        assert_eq!(held.drain().count(), MANY);
    }

    #[test]
    fn parts_are_given_with_their_places_unless_they_are_written_over() {
        let held = Held::default();
        for offset in [10, 20, BLOCK + 5, 3 * BLOCK + 1] {
            assert!(matches!(held.take(offset, &[7; 10]), Taken::Kept));
        }
        held.forget(BLOCK..3 * BLOCK);
        let parts: Vec<_> = held.drain().collect();
        assert_eq!(parts, [(10, vec![7; 20]), (3 * BLOCK + 1, vec![7; 10])]);
    }

    #[test]
    fn not_more_are_held_than_memory_is_meant_for() {
        let held = Held::default();
        let taken = |number: u64| held.take(number * BLOCK, &[1]);
        assert!((0..MOST as u64).all(|number| matches!(taken(number), Taken::Kept)));
        assert!(matches!(taken(MOST as u64), Taken::Refused));
        assert!(matches!(taken(0), Taken::Kept));
    }
}
