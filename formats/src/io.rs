//! Reading at positions: what every reader of this crate reads from.

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Range;

use crate::kind::ErrorKind;
use crate::units::{ByteLen, ByteOffset};

/// Why bytes could not be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// The source ends before the bytes that were asked for.
    #[error("{wanted} at {offset} lie past the end of the source, which has {len}")]
    PastEnd {
        /// Where the bytes were to start.
        offset: ByteOffset,
        /// How many were asked for.
        wanted: ByteLen,
        /// How many the source has.
        len: ByteLen,
    },
    /// The source is there but does not yield its bytes: the device, the file system or the network says why.
    #[error("cannot read at {offset}: {reason}")]
    Unreadable {
        /// Where reading was tried.
        offset: ByteOffset,
        /// The source's own words.
        reason: String,
    },
    /// The bytes were there and are not those that were written: a checksum or a structure disagrees.
    #[error("damaged at {offset}: {reason}")]
    Damaged {
        /// Where the damage was noticed.
        offset: ByteOffset,
        /// What disagrees with what.
        reason: String,
    },
}

impl ReadError {
    /// What this means for whoever asked: bytes that are missing or wrong are damage, a device that is silent is not.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Unreadable { .. } => ErrorKind::Unreachable,
            Self::PastEnd { .. } | Self::Damaged { .. } => ErrorKind::Corrupt,
        }
    }

    /// An [`ReadError::Unreadable`] in the source's own words.
    pub fn unreadable(offset: ByteOffset, reason: impl ToString) -> Self {
        Self::Unreadable { offset, reason: reason.to_string() }
    }

    /// A [`ReadError::Damaged`] that says what disagrees.
    pub fn damaged(offset: ByteOffset, reason: impl ToString) -> Self {
        Self::Damaged { offset, reason: reason.to_string() }
    }
}

/// A source of bytes that is read by position, from any thread.
pub trait ReadAt: Send + Sync {
    /// How many bytes there are.
    fn size(&self) -> ByteLen;

    /// Fills `buf` with the bytes from `offset` on.
    ///
    /// # Errors
    /// [`ReadError`]; `buf` may then hold anything.
    fn read_at(&self, offset: ByteOffset, buf: &mut [u8]) -> Result<(), ReadError>;

    /// The next range at or after `offset` that may hold other bytes than zeros, or `None` when only zeros
    /// follow. Sources that do not know say that everything may.
    ///
    /// # Errors
    /// [`ReadError`] when the source cannot tell.
    fn next_data(&self, offset: ByteOffset) -> Result<Option<Range<u64>>, ReadError> {
        let end = self.size().0;
        Ok((offset.0 < end).then_some(offset.0..end))
    }
}

impl<T: ReadAt + ?Sized> ReadAt for &T {
    fn size(&self) -> ByteLen {
        (**self).size()
    }
    fn read_at(&self, offset: ByteOffset, buf: &mut [u8]) -> Result<(), ReadError> {
        (**self).read_at(offset, buf)
    }
    fn next_data(&self, offset: ByteOffset) -> Result<Option<Range<u64>>, ReadError> {
        (**self).next_data(offset)
    }
}

impl<T: ReadAt + ?Sized> ReadAt for Arc<T> {
    fn size(&self) -> ByteLen {
        (**self).size()
    }
    fn read_at(&self, offset: ByteOffset, buf: &mut [u8]) -> Result<(), ReadError> {
        (**self).read_at(offset, buf)
    }
    fn next_data(&self, offset: ByteOffset) -> Result<Option<Range<u64>>, ReadError> {
        (**self).next_data(offset)
    }
}

impl<T: ReadAt + ?Sized> ReadAt for Box<T> {
    fn size(&self) -> ByteLen {
        (**self).size()
    }
    fn read_at(&self, offset: ByteOffset, buf: &mut [u8]) -> Result<(), ReadError> {
        (**self).read_at(offset, buf)
    }
    fn next_data(&self, offset: ByteOffset) -> Result<Option<Range<u64>>, ReadError> {
        (**self).next_data(offset)
    }
}

impl ReadAt for [u8] {
    fn size(&self) -> ByteLen {
        ByteLen(self.len() as u64)
    }
    fn read_at(&self, offset: ByteOffset, buf: &mut [u8]) -> Result<(), ReadError> {
        let range = check_range(self.size(), offset, buf.len())?;
        // Cannot cut: the range lies inside a slice.
        buf.copy_from_slice(&self[range.start as usize..range.end as usize]);
        Ok(())
    }
}

impl ReadAt for Vec<u8> {
    fn size(&self) -> ByteLen {
        self.as_slice().size()
    }
    fn read_at(&self, offset: ByteOffset, buf: &mut [u8]) -> Result<(), ReadError> {
        self.as_slice().read_at(offset, buf)
    }
}

/// The range of `wanted` bytes from `offset`, when a source of `len` bytes holds it.
///
/// # Errors
/// [`ReadError::PastEnd`].
pub fn check_range(len: ByteLen, offset: ByteOffset, wanted: usize) -> Result<Range<u64>, ReadError> {
    let past = || ReadError::PastEnd { offset, wanted: ByteLen(wanted as u64), len };
    let end = offset.0.checked_add(wanted as u64).ok_or_else(past)?;
    if end <= len.0 { Ok(offset.0..end) } else { Err(past()) }
}

/// Reads `len` bytes from `offset` into new memory, after the source was seen to hold them.
///
/// # Errors
/// [`ReadError`].
pub fn read_vec(
    source: &(impl ReadAt + ?Sized),
    offset: ByteOffset,
    len: usize,
) -> Result<Vec<u8>, ReadError> {
    check_range(source.size(), offset, len)?;
    let mut bytes = alloc::vec![0; len];
    source.read_at(offset, &mut bytes)?;
    Ok(bytes)
}

/// A part of a source, as a source of its own: a partition of a disk.
#[derive(Clone, Debug)]
pub struct Window<R> {
    inner: R,
    start: ByteOffset,
    len: ByteLen,
}

impl<R: ReadAt> Window<R> {
    /// The `len` bytes from `start` of `inner`.
    ///
    /// # Errors
    /// [`ReadError::PastEnd`] when `inner` does not hold them.
    pub fn new(inner: R, start: ByteOffset, len: ByteLen) -> Result<Self, ReadError> {
        match start.checked_add(len) {
            Some(end) if end.0 <= inner.size().0 => Ok(Self { inner, start, len }),
            _ => Err(ReadError::PastEnd { offset: start, wanted: len, len: inner.size() }),
        }
    }
}

impl<R: ReadAt> ReadAt for Window<R> {
    fn size(&self) -> ByteLen {
        self.len
    }
    fn read_at(&self, offset: ByteOffset, buf: &mut [u8]) -> Result<(), ReadError> {
        check_range(self.len, offset, buf.len())?;
        self.inner.read_at(ByteOffset(self.start.0 + offset.0), buf)
    }
    fn next_data(&self, offset: ByteOffset) -> Result<Option<Range<u64>>, ReadError> {
        if offset.0 >= self.len.0 {
            return Ok(None);
        }
        let found = self.inner.next_data(ByteOffset(self.start.0 + offset.0))?;
        let range =
            found.map(|r| r.start.saturating_sub(self.start.0)..(r.end - self.start.0).min(self.len.0));
        Ok(range.filter(|r| r.start < r.end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_read_past_the_end() {
        let bytes = alloc::vec![1u8, 2, 3, 4];
        let mut two = [0; 2];
        assert!(bytes.read_at(ByteOffset(3), &mut two).is_err());
        assert!(bytes.read_at(ByteOffset(u64::MAX), &mut two).is_err());
        assert!(read_vec(&bytes, ByteOffset(0), 5).is_err());
        let window = Window::new(&bytes, ByteOffset(1), ByteLen(2)).unwrap();
        window.read_at(ByteOffset(0), &mut two).unwrap();
        assert_eq!(two, [2, 3]);
        assert!(window.read_at(ByteOffset(1), &mut two).is_err());
        assert!(Window::new(&bytes, ByteOffset(3), ByteLen(2)).is_err());
    }

    #[test]
    fn a_window_knows_only_its_own_data() {
        let bytes = alloc::vec![0u8; 10];
        let window = Window::new(&bytes, ByteOffset(4), ByteLen(3)).unwrap();
        assert_eq!(window.next_data(ByteOffset(1)).unwrap(), Some(1..3));
        assert_eq!(window.next_data(ByteOffset(3)).unwrap(), None);
    }
}
