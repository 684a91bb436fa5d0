//! Several sources as one: the parts of a file that is cut over media.

use alloc::vec::Vec;

use crate::io::{ReadAt, ReadError, check_range};
use crate::units::{ByteLen, ByteOffset};

/// Sources that each hold a part of one run of bytes. What none of them holds cannot be read.
#[derive(Clone, Debug)]
pub struct Joined<R> {
    len: ByteLen,
    /// Where each part starts, in ascending order.
    parts: Vec<(ByteOffset, R)>,
}

impl<R: ReadAt> Joined<R> {
    /// `len` bytes, of which each of `parts` holds those from its offset on. Where parts overlap, the one that starts
    /// last is read.
    pub fn new(len: ByteLen, mut parts: Vec<(ByteOffset, R)>) -> Self {
        parts.sort_by_key(|(start, _)| *start);
        Self { len, parts }
    }

    /// The part that holds the byte at `at`, and how many bytes of it follow.
    fn holding(&self, at: u64) -> Option<(&R, ByteOffset, u64)> {
        let next = self.parts.partition_point(|(start, _)| start.0 <= at);
        let (start, part) = self.parts.get(next.checked_sub(1)?)?;
        let limit = self.parts.get(next).map_or(self.len.0, |(start, _)| start.0);
        let end = start.0.saturating_add(part.size().0).min(limit);
        (at < end).then(|| (part, ByteOffset(at - start.0), end - at))
    }
}

impl<R: ReadAt> ReadAt for Joined<R> {
    fn size(&self) -> ByteLen {
        self.len
    }

    fn read_at(&self, offset: ByteOffset, buf: &mut [u8]) -> Result<(), ReadError> {
        check_range(self.len, offset, buf.len())?;
        let (mut at, mut rest) = (offset.0, buf);
        while !rest.is_empty() {
            let missing = || ReadError::unreadable(ByteOffset(at), "the part that holds it is not there");
            let (part, inside, left) = self.holding(at).ok_or_else(missing)?;
            // Cannot cut: no more than a slice has.
            let count = left.min(rest.len() as u64) as usize;
            let (now, later) = rest.split_at_mut(count);
            part.read_at(inside, now)?;
            at += count as u64;
            rest = later;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn parts_read_as_one_and_gaps_do_not() {
        let (first, last) = (vec![1, 2, 3], vec![7, 8]);
        let joined = Joined::new(ByteLen(8), vec![(ByteOffset(6), &last), (ByteOffset(0), &first)]);
        let read = |at, count| {
            let mut bytes = vec![0; count];
            joined.read_at(ByteOffset(at), &mut bytes).map(|()| bytes)
        };
        assert_eq!(read(1, 2), Ok(vec![2, 3]));
        assert_eq!(read(6, 2), Ok(vec![7, 8]));
        assert!(read(2, 2).is_err() && read(5, 2).is_err() && read(7, 2).is_err());
        let whole = Joined::new(ByteLen(5), vec![(ByteOffset(0), &first), (ByteOffset(3), &last)]);
        let mut bytes = [0; 5];
        whole.read_at(ByteOffset(0), &mut bytes).unwrap();
        assert_eq!(bytes, [1, 2, 3, 7, 8]);
    }
}
