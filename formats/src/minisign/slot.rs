//! Keys inside a program: a place in its file that holds nothing until the program is put on a medium.
//!
//! | offset | bytes | |
//! |---|---|---|
//! | 0 | 32 | [`MARK`], which is nowhere else in the file |
//! | 32 | 8 | how many keys there are, little-endian |
//! | 40 | 160 | room for [`ROOM`] of them: the id, then the Ed25519 key |

use alloc::vec::Vec;

use super::key::{KeyId, PublicKey};

/// What the place is found by.
pub const MARK: [u8; 32] = *b"seedpress: keys of this medium:\0";
/// How many keys it has room for.
pub const ROOM: usize = 4;
/// How long it is, in bytes.
pub const LEN: usize = 32 + 8 + ROOM * KEY;
/// It without keys, as it stands in a program that was not put on a medium.
pub const EMPTY: [u8; LEN] = empty();

/// How long a key is in it, in bytes.
const KEY: usize = 40;

/// Why keys cannot be put into a program.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SlotError {
    /// The program has no place for keys, or more than one.
    #[error("the program has {found} places for keys, expected 1")]
    Places {
        /// How many.
        found: usize,
    },
    /// There is no room for so many.
    #[error("the program has room for {ROOM} keys, not for {wanted}")]
    Full {
        /// How many were given.
        wanted: usize,
    },
}

/// Puts keys into a program's file, in place of those that it has.
///
/// # Errors
/// [`SlotError`]; the file is then as it was.
pub fn write(program: &mut [u8], keys: &[PublicKey]) -> Result<(), SlotError> {
    let places = program.windows(LEN).enumerate().filter(|(_, bytes)| bytes.starts_with(&MARK));
    let places: Vec<usize> = places.map(|(at, _)| at).collect();
    let [at] = places[..] else { return Err(SlotError::Places { found: places.len() }) };
    if keys.len() > ROOM {
        return Err(SlotError::Full { wanted: keys.len() });
    }
    let mut slot = MARK.to_vec();
    slot.extend((keys.len() as u64).to_le_bytes());
    for key in keys {
        slot.extend(key.id.0);
        slot.extend(key.key);
    }
    slot.resize(LEN, 0);
    program[at..at + LEN].copy_from_slice(&slot);
    Ok(())
}

/// The keys in a program's file; `None` when it has no place for any, or more than one.
pub fn find(program: &[u8]) -> Option<Vec<PublicKey>> {
    let mut places = program.windows(LEN).filter(|bytes| bytes.starts_with(&MARK));
    let slot = places.next().filter(|_| places.next().is_none())?;
    Some(read(slot.first_chunk()?))
}

/// The keys of a place. One that says that it holds more than it has room for gives all that it holds: nothing is trusted
/// less than was asked for.
pub fn read(slot: &[u8; LEN]) -> Vec<PublicKey> {
    let (head, keys) = slot.split_at(40);
    let count = head.last_chunk().map_or(0, |count| u64::from_le_bytes(*count));
    let key = |bytes: &[u8]| Some((*bytes.first_chunk()?, *bytes.last_chunk()?));
    let keys = keys.chunks_exact(KEY).filter_map(key).map(|(id, key)| PublicKey { id: KeyId(id), key });
    keys.take(usize::try_from(count).unwrap_or(usize::MAX)).collect()
}

const fn empty() -> [u8; LEN] {
    let mut slot = [0; LEN];
    let mut at = 0;
    while at < MARK.len() {
        slot[at] = MARK[at];
        at += 1;
    }
    slot
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(count: u8) -> Vec<PublicKey> {
        (0..count).map(|n| PublicKey { id: KeyId([n; 8]), key: [n + 100; 32] }).collect()
    }

    fn program(places: usize) -> Vec<u8> {
        let mut bytes = b"before".to_vec();
        (0..places).for_each(|_| bytes.extend([&EMPTY[..], b"between"].concat()));
        bytes
    }

    #[test]
    fn keys_that_were_put_into_a_program_are_read_back_and_nothing_else_changes() {
        for count in 0..=4 {
            let mut patched = program(1);
            write(&mut patched, &keys(3)).unwrap();
            write(&mut patched, &keys(count)).unwrap();
            assert_eq!(find(&patched), Some(keys(count)));
            assert!(patched.starts_with(b"before") && patched.ends_with(b"between"));
        }
        assert_eq!((find(&program(0)), find(&program(2)), read(&EMPTY)), (None, None, Vec::new()));
    }

    #[test]
    fn a_program_without_a_place_or_with_two_or_without_room_is_left_as_it_was() {
        for (mut bytes, count, expected) in [
            (program(0), 1, SlotError::Places { found: 0 }),
            (program(2), 1, SlotError::Places { found: 2 }),
            (program(1), 5, SlotError::Full { wanted: 5 }),
        ] {
            let before = bytes.clone();
            assert_eq!(write(&mut bytes, &keys(count)), Err(expected));
            assert_eq!(bytes, before);
        }
    }

    #[test]
    fn a_count_that_is_too_large_gives_all_keys_that_are_there() {
        let mut bytes = EMPTY;
        write(&mut bytes, &keys(4)).unwrap();
        bytes[32..40].fill(0xff);
        assert_eq!(read(&bytes), keys(4));
    }
}
