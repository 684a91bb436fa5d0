//! How much of which layer goes onto which medium.

use std::ops::Range;

use formats::digest::Sha256;
use formats::identity::Identities;
use formats::io::ReadError;
use formats::manifest::{MAX_MEDIA, Set};
use formats::units::ByteLen;
use host::Stop;

use crate::layout::Layout;
use crate::payload::Payload;
use crate::plan::{Plan, identities, plan_member};
use crate::request::Request;
use crate::sources::Sources;

use super::{SpanError, member};

/// What one medium holds of a layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// The layer, by its place in the sources.
    pub layer: usize,
    /// The pieces of its compressed disk.
    pub pieces: Range<usize>,
    /// Which part of the layer it is, from 1.
    pub number: usize,
    /// The digest of the part; zeros until it is known, as all digests are of one length.
    pub sha256: Sha256,
}

/// Where cutting is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Cursor {
    layer: usize,
    piece: usize,
    /// How many parts were cut off the layer.
    parts: usize,
}

/// Cuts content into media.
pub struct Cutter<'a> {
    pub request: &'a Request,
    pub sources: &'a Sources,
    /// Those of what is asked for as a whole.
    pub whole: Identities,
}

impl Taken {
    /// The pieces as a payload.
    pub fn payload(&self, sources: &Sources) -> Result<Payload, ReadError> {
        disk(sources, self.layer).part(self.pieces.clone(), self.sha256)
    }

    /// Whether it is all of the layer.
    pub fn is_whole(&self, sources: &Sources) -> bool {
        self.pieces == (0..disk(sources, self.layer).pieces.count())
    }

    /// The bytes of the layer's compressed disk that it is.
    pub fn range(&self, sources: &Sources) -> Range<u64> {
        let pieces = &disk(sources, self.layer).pieces;
        pieces.range(self.pieces.start).start..pieces.range(self.pieces.end.saturating_sub(1)).end
    }

    /// How long it is, in bytes.
    pub fn len(&self, sources: &Sources) -> u64 {
        let range = self.range(sources);
        range.end - range.start
    }
}

/// The compressed disk of a layer.
pub fn disk(sources: &Sources, layer: usize) -> &Payload {
    &sources.payloads[sources.layers[layer].disk as usize]
}

impl<'a> Cutter<'a> {
    /// Begins.
    ///
    /// # Errors
    /// [`SpanError::Plan`].
    pub fn new(request: &'a Request, sources: &'a Sources) -> Result<Self, SpanError> {
        Ok(Self { request, sources, whole: identities(request, sources)? })
    }

    /// What goes onto each medium.
    ///
    /// # Errors
    /// [`SpanError`].
    pub fn cut(&self, stop: &Stop) -> Result<Vec<Vec<Taken>>, SpanError> {
        let mut count = 2;
        loop {
            let media = self.cut_into(count, stop)?;
            if media.len() <= count {
                return Ok(media);
            }
            count = media.len();
        }
    }

    /// What goes onto each medium when the manifests reckon with `count` of them; it may turn out to be more.
    fn cut_into(&self, count: usize, stop: &Stop) -> Result<Vec<Vec<Taken>>, SpanError> {
        let mut media = Vec::new();
        let mut cursor = Cursor::default();
        while media.is_empty() || cursor.layer < self.sources.layers.len() {
            stop.check()?;
            if media.len() == MAX_MEDIA {
                return Err(SpanError::TooMany);
            }
            let number = media.len() as u32 + 1;
            let set = member::longest_set(self, number, count.max(media.len() + 1));
            media.push(self.fill(number, &mut cursor, &set)?);
        }
        Ok(media)
    }

    /// As much as goes onto medium `number`, from the cursor on.
    fn fill(&self, number: u32, cursor: &mut Cursor, set: &Set) -> Result<Vec<Taken>, SpanError> {
        let empty = self.probe(number, &[], set);
        let mut budget = empty.map_err(|error| error.beside_layers(number))?.free().0;
        let mut missing = self.next_len(*cursor).saturating_sub(budget);
        loop {
            let (taken, after) = self.take(*cursor, budget);
            let len: u64 = taken.iter().map(|taken| taken.len(self.sources)).sum();
            if len == 0 {
                // The first medium may be full of the folders that were added.
                return match (number, self.next_len(*cursor)) {
                    (1, _) | (_, 0) => Ok(taken),
                    _ => Err(SpanError::NoRoom { number, missing: ByteLen(missing) }),
                };
            }
            match self.probe(number, &taken, set) {
                Ok(_) => {
                    *cursor = after;
                    return Ok(taken);
                }
                // What comes with the data, such as lists and gaps before files, was not reckoned with.
                Err(error) => match error.excess() {
                    Some(excess) => {
                        missing = excess.0;
                        budget = len - excess.0.clamp(1, len);
                    }
                    None => return Err(error),
                },
            }
        }
    }

    /// Medium `number` laid out.
    ///
    /// # Errors
    /// [`SpanError`].
    pub fn member(&self, number: u32, taken: &[Taken], set: Set) -> Result<Layout, SpanError> {
        Ok(self.plan(number, taken, set)?.lay_out()?)
    }

    /// Medium `number` laid out to see whether it fits, in a set that is not the real one.
    fn probe(&self, number: u32, taken: &[Taken], set: &Set) -> Result<Layout, SpanError> {
        Ok(self.plan(number, taken, set.clone())?.settle()?)
    }

    fn plan(&self, number: u32, taken: &[Taken], set: Set) -> Result<Plan, SpanError> {
        let request = member::request(self.request, number);
        let sources = member::sources(self.sources, number, taken)?;
        Ok(plan_member(request, sources, &self.whole, Set { number, ..set })?)
    }

    /// The pieces from the cursor on that have at most `budget` bytes, and where the next medium goes on.
    fn take(&self, from: Cursor, budget: u64) -> (Vec<Taken>, Cursor) {
        let mut taken = Vec::new();
        let (mut cursor, mut left) = (from, budget);
        while cursor.layer < self.sources.layers.len() {
            let end = self.last_within(cursor, left);
            if end == cursor.piece {
                break;
            }
            let number = cursor.parts + 1;
            let part = Taken { layer: cursor.layer, pieces: cursor.piece..end, number, sha256: UNKNOWN };
            left -= part.len(self.sources);
            taken.push(part);
            if end < disk(self.sources, cursor.layer).pieces.count() {
                cursor = Cursor { piece: end, parts: number, ..cursor };
                break;
            }
            cursor = Cursor { layer: cursor.layer + 1, ..Cursor::default() };
        }
        (taken, cursor)
    }

    /// The piece before which to cut, so that at most `budget` bytes are taken.
    fn last_within(&self, cursor: Cursor, budget: u64) -> usize {
        let pieces = &disk(self.sources, cursor.layer).pieces;
        let limit = pieces.range(cursor.piece).start.saturating_add(budget);
        match pieces.holding(limit) {
            end if end >= pieces.count() => pieces.count(),
            // The seek table, which is the last piece, stays with the frame before it.
            end if end + 1 == pieces.count() => end.saturating_sub(1).max(cursor.piece),
            end => end.max(cursor.piece),
        }
    }

    /// How long the least is that can be taken next: a piece, and the seek table with the frame before it.
    fn next_len(&self, cursor: Cursor) -> u64 {
        if cursor.layer >= self.sources.layers.len() {
            return 0;
        }
        let pieces = &disk(self.sources, cursor.layer).pieces;
        let is_last_frame = cursor.piece + 2 == pieces.count();
        let end = if is_last_frame { pieces.len().0 } else { pieces.range(cursor.piece).end };
        end - pieces.range(cursor.piece).start
    }
}

/// The digest of a part before it is known.
const UNKNOWN: Sha256 = Sha256([0; 32]);
