//! Bodies out of the store: read piece by piece, one piece ahead of the reader, and never more. Pieces are large, as far
//! as there is memory for that: a store behind a network gives few large ones sooner than many small ones.

use std::collections::VecDeque;
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use formats::io::{ReadAt, ReadError, read_vec};
use formats::units::ByteOffset;
use hyper::body::{Body, Frame, SizeHint};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinHandle;

/// How long a piece is, in bytes, and how much is given away at a time. A response has at most three pieces in memory.
const PIECE: u64 = 128 << 10;
/// How long a piece is where there may be one more of the large ones.
const LARGE: u64 = 1 << 20;

/// A part of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// These bytes.
    Text(Bytes),
    /// This range of the source.
    Stored(Range<u64>),
}

/// Why a body broke off.
#[derive(Debug, thiserror::Error)]
pub(super) enum BodyError {
    /// The store does not give the bytes.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The service ends.
    #[error("the service ends")]
    Ending,
}

/// A body of parts.
pub(super) struct Parts {
    source: Arc<dyn ReadAt>,
    large: Arc<Semaphore>,
    parts: VecDeque<Part>,
    /// What is left of the piece that was read last.
    here: Bytes,
    ahead: Option<Ahead>,
    left: u64,
    failed: Box<dyn FnMut(&BodyError) + Send>,
}

/// Bytes, and the right to be as large as they are.
struct Piece {
    bytes: Vec<u8>,
    _large: Option<OwnedSemaphorePermit>,
}

impl AsRef<[u8]> for Piece {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

enum Ahead {
    There(Bytes),
    Reading(JoinHandle<Result<Bytes, ReadError>>),
}

impl Parts {
    /// The body of these parts, with the large pieces that there may still be; `failed` hears why it breaks off, when it does.
    pub(super) fn new(
        (source, large): (Arc<dyn ReadAt>, Arc<Semaphore>),
        parts: impl IntoIterator<Item = Part>,
        failed: impl FnMut(&BodyError) + Send + 'static,
    ) -> Self {
        let parts: VecDeque<Part> = parts.into_iter().collect();
        let left = parts.iter().map(Part::len).sum();
        Self { source, large, parts, here: Bytes::new(), ahead: None, left, failed: Box::new(failed) }
    }

    /// How long it is, in bytes.
    pub(super) fn len(&self) -> u64 {
        self.left
    }

    /// Begins to read the next piece.
    fn next(&mut self) -> Option<Ahead> {
        let range = match self.parts.pop_front()? {
            Part::Text(bytes) => return Some(Ahead::There(bytes)),
            Part::Stored(range) => range,
        };
        let large = match range.end.saturating_sub(range.start) > PIECE {
            true => self.large.clone().try_acquire_owned().ok(),
            false => None,
        };
        let piece = if large.is_some() { LARGE } else { PIECE };
        let end = range.end.min(range.start.saturating_add(piece));
        if end < range.end {
            self.parts.push_front(Part::Stored(end..range.end));
        }
        let source = self.source.clone();
        let read = move || {
            let bytes = read_vec(&source, ByteOffset(range.start), (end - range.start) as usize)?;
            Ok(Bytes::from_owner(Piece { bytes, _large: large }))
        };
        Some(Ahead::Reading(tokio::task::spawn_blocking(read)))
    }

    /// Gives the next bytes of the piece that is here.
    fn give(&mut self) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let bytes = self.here.split_to(self.here.len().min(PIECE as usize));
        self.left = self.left.saturating_sub(bytes.len() as u64);
        Poll::Ready(Some(Ok(Frame::data(bytes))))
    }

    fn broken(&mut self, error: BodyError) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        self.parts.clear();
        (self.failed)(&error);
        Poll::Ready(Some(Err(error)))
    }
}

impl Part {
    fn len(&self) -> u64 {
        match self {
            Self::Text(bytes) => bytes.len() as u64,
            Self::Stored(range) => range.end - range.start,
        }
    }
}

impl Body for Parts {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if !self.here.is_empty() {
            return self.give();
        }
        if self.ahead.is_none() {
            self.ahead = self.next();
        }
        let read = match &mut self.ahead {
            None => return Poll::Ready(None),
            Some(Ahead::There(bytes)) => Ok(Ok(std::mem::take(bytes))),
            Some(Ahead::Reading(reading)) => ready!(Pin::new(reading).poll(context)),
        };
        self.ahead = None;
        match read {
            Ok(Ok(bytes)) => {
                self.ahead = self.next();
                self.here = bytes;
                self.give()
            }
            Ok(Err(error)) => self.broken(error.into()),
            Err(_) => self.broken(BodyError::Ending),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use formats::units::ByteLen;
    use http_body_util::BodyExt as _;

    use super::*;

    /// Bytes, and how often some of them were read.
    #[derive(Debug)]
    struct Counted(Vec<u8>, AtomicUsize);

    impl ReadAt for Counted {
        fn size(&self) -> ByteLen {
            self.0.size()
        }

        fn read_at(&self, offset: ByteOffset, buf: &mut [u8]) -> Result<(), ReadError> {
            self.1.fetch_add(1, Ordering::Relaxed);
            self.0.read_at(offset, buf)
        }
    }

    #[test]
    fn pieces_are_large_as_long_as_there_is_memory_for_them() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let bytes: Vec<u8> = (0..3 << 18).flat_map(u32::to_le_bytes).collect();
        for (most, reads) in [(8, 3), (1, 1 + 16), (0, 24)] {
            let source = Arc::new(Counted(bytes.clone(), AtomicUsize::new(0)));
            let large = Arc::new(Semaphore::new(most));
            let parts = [Part::Stored(0..3 << 20)];
            let body = Parts::new((source.clone(), large.clone()), parts, |error| panic!("{error}"));
            // All pieces are kept until the end.
            let found = runtime.block_on(body.collect()).unwrap().to_bytes();
            assert!(found == bytes);
            assert_eq!(source.1.load(Ordering::Relaxed), reads, "{most}");
            assert_eq!(large.available_permits(), most);
        }
    }
}
