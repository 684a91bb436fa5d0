//! Runs of a disk's bytes, and what stands for each.

use core::ops::Range;

use crate::io::ReadError;
use crate::units::ByteOffset;

/// What stands for the bytes of a segment of one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// The bytes of the file, from here on.
    Here(ByteOffset),
    /// Zeros.
    Zero,
    /// The same bytes of the parent.
    Parent,
}

/// A run of a disk's bytes that one file accounts for in one way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Which bytes of the disk; never empty.
    pub range: Range<u64>,
    /// What stands for them.
    pub found: Found,
}

/// A segment that can take in the one behind it.
pub(super) trait Join: Sized {
    /// One segment from this and the one right behind it, or that one back where they have nothing in common.
    fn join(&mut self, next: Self) -> Option<Self>;
}

/// Segments, each as long as it can be.
pub(super) struct Joined<S, I> {
    steps: I,
    pending: Option<S>,
}

impl Found {
    /// What stands for the bytes `len` further.
    fn after(self, len: u64) -> Option<Self> {
        match self {
            Self::Here(at) => at.0.checked_add(len).map(|at| Self::Here(ByteOffset(at))),
            other => Some(other),
        }
    }
}

impl Join for Segment {
    fn join(&mut self, next: Self) -> Option<Self> {
        if self.found.after(self.range.end - self.range.start) != Some(next.found) {
            return Some(next);
        }
        self.range.end = next.range.end;
        None
    }
}

impl<S, I> Joined<S, I> {
    /// Joins what `steps` yields.
    pub(super) fn new(steps: I) -> Self {
        Self { steps, pending: None }
    }
}

impl<S: Join, I: Iterator<Item = Result<S, ReadError>>> Iterator for Joined<S, I> {
    type Item = Result<S, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut current = match self.pending.take() {
            Some(segment) => segment,
            None => match self.steps.next()? {
                Ok(segment) => segment,
                Err(e) => return Some(Err(e)),
            },
        };
        for step in self.steps.by_ref() {
            match step {
                Err(e) => return Some(Err(e)),
                Ok(next) => self.pending = current.join(next),
            }
            if self.pending.is_some() {
                break;
            }
        }
        Some(Ok(current))
    }
}
