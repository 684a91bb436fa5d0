//! Reading damaged volumes to their end, whatever that is.

use formats::io::ReadAt;
use formats::ntfs::read::Reader;

use crate::damage::{Changed, follow};

/// Follows everything that can be followed and reads it, as far as it goes. Returns whether all went well.
///
/// # Panics
/// When a small volume seems to hold more than it can.
pub fn read_all(volume: &dyn ReadAt) -> bool {
    Reader::open(volume).is_ok_and(|reader| follow(&reader))
}

/// Flips bits of the bytes in a range, some positions apart, and reads all each time.
pub fn flip(volume: &dyn ReadAt, start: usize, len: usize, step: usize) {
    for at in (start..start + len).step_by(step) {
        for mask in [0x01, 0x80, 0xff] {
            read_all(&Changed::flipped(volume, at as u64, mask));
        }
    }
}
