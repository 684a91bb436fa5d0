//! Payloads: bytes that go onto a medium as they are, in pieces whose digests are known beforehand.

use std::ops::Range;
use std::sync::Arc;

use formats::digest::{Hasher, Sha256};
use formats::io::{ReadAt, ReadError, Window};
use formats::units::{ByteLen, ByteOffset, MIB};
use host::ErrorKind;

/// How long the pieces are of what does not come in frames, in bytes.
pub const PIECE: u64 = 4 * MIB;

/// How much is read at a time, in bytes: it is hashed while the processor's cache still holds it.
const SIP: usize = 256 << 10;

/// One payload.
#[derive(Clone)]
pub struct Payload {
    /// What it is, for people: a path, or `layer` and its uuid.
    pub name: Arc<str>,
    /// The digest of all of it.
    pub sha256: Sha256,
    /// How it is divided.
    pub pieces: Pieces,
    source: Arc<dyn ReadAt>,
    /// Whether it is a file that others may write to: other bytes than expected are then no damage.
    pub may_change: bool,
}

/// How a payload is divided into pieces, which follow each other without a gap. Copies and parts share one list.
#[derive(Clone, Debug)]
pub struct Pieces {
    /// What a piece is called: `frame` or `piece`.
    word: &'static str,
    all: Arc<All>,
    /// Those of the list that are meant.
    numbers: Range<usize>,
}

/// A list of pieces.
#[derive(Debug)]
struct All {
    /// Where each ends, in bytes from the start of the first.
    ends: Vec<u64>,
    /// The digest of each.
    digests: Vec<Sha256>,
}

impl All {
    /// Where the first `count` pieces end.
    fn end_of(&self, count: usize) -> u64 {
        count.checked_sub(1).and_then(|last| self.ends.get(last)).copied().unwrap_or(0)
    }
}

/// Why a piece is not what it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PieceError {
    /// Its bytes have another digest.
    #[error("{name}: {word} {number} at {offset} is damaged: expected sha256 {expected}, found {found}")]
    Damaged {
        /// The payload.
        name: String,
        /// What a piece of it is called.
        word: &'static str,
        /// The piece's number, from 0.
        number: usize,
        /// Where it starts in the payload.
        offset: ByteOffset,
        /// Its digest.
        expected: Sha256,
        /// The digest of what was read.
        found: Sha256,
    },
    /// Its bytes cannot be had.
    #[error("{name}: {word} {number} cannot be read")]
    Unreadable {
        /// The payload.
        name: String,
        /// What a piece of it is called.
        word: &'static str,
        /// The piece's number, from 0.
        number: usize,
        /// The cause.
        source: ReadError,
    },
}

impl PieceError {
    /// What it means for whoever asked: bytes that are missing or wrong are damage, a device that is silent is not.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Unreadable { source: ReadError::Unreadable { .. }, .. } => ErrorKind::Unreachable,
            Self::Unreadable { .. } | Self::Damaged { .. } => ErrorKind::Corrupt,
        }
    }
}

impl Pieces {
    /// Frames that end at `ends`, each later than the one before, with a digest for each.
    pub fn frames(ends: Vec<u64>, digests: Vec<Sha256>) -> Self {
        Self::new("frame", ends, digests)
    }

    /// Pieces of [`PIECE`] bytes, of which the last may be shorter, of a payload of `len` bytes.
    pub fn even(len: ByteLen, digests: Vec<Sha256>) -> Self {
        let ends = (1..=len.0.div_ceil(PIECE)).map(|n| (n * PIECE).min(len.0)).collect();
        Self::new("piece", ends, digests)
    }

    fn new(word: &'static str, ends: Vec<u64>, digests: Vec<Sha256>) -> Self {
        debug_assert_eq!(ends.len(), digests.len());
        let numbers = 0..ends.len();
        Self { word, all: Arc::new(All { ends, digests }), numbers }
    }

    /// Some of them, as those of a payload that begins where the first one does.
    pub fn part(&self, numbers: Range<usize>) -> Self {
        let end = self.numbers.start.saturating_add(numbers.end).min(self.numbers.end);
        let start = self.numbers.start.saturating_add(numbers.start).min(end);
        Self { numbers: start..end, ..self.clone() }
    }

    /// The digest of piece `number`.
    pub fn digest(&self, number: usize) -> Option<Sha256> {
        let digests = self.all.digests.get(self.numbers.clone()).unwrap_or_default();
        digests.get(number).copied()
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.numbers.len()
    }

    /// How long all are together.
    pub fn len(&self) -> ByteLen {
        ByteLen(self.all.end_of(self.numbers.end) - self.start())
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }

    /// The number of the piece that holds the byte at `offset`; as many as there are when none does.
    pub fn holding(&self, offset: u64) -> usize {
        let ends = self.all.ends.get(self.numbers.clone()).unwrap_or_default();
        let at = self.start().saturating_add(offset);
        ends.partition_point(|end| *end <= at)
    }

    /// Where piece `number` lies in the payload; empty at the end for a number that is too large.
    pub fn range(&self, number: usize) -> Range<u64> {
        let first = self.numbers.start.saturating_add(number).min(self.numbers.end);
        let after = first.saturating_add(1).min(self.numbers.end);
        let at = |count| self.all.end_of(count) - self.start();
        at(first)..at(after)
    }

    /// Where the first one starts in the list.
    fn start(&self) -> u64 {
        self.all.end_of(self.numbers.start)
    }

    /// Reads piece `number` of `source`, which is called `name`, into `buf`, which is as long as the piece, and
    /// checks it.
    ///
    /// # Errors
    /// [`PieceError`]; `buf` may then hold anything.
    pub fn read(
        &self,
        name: &str,
        source: &dyn ReadAt,
        number: usize,
        buf: &mut [u8],
    ) -> Result<(), PieceError> {
        let offset = ByteOffset(self.range(number).start);
        let mut hasher = Hasher::new();
        let mut at = offset;
        for sip in buf.chunks_mut(SIP) {
            source.read_at(at, sip).map_err(|source| self.unreadable(name, number, source))?;
            hasher.update(sip);
            at.0 += sip.len() as u64;
        }
        let (name, word, found) = (name.into(), self.word, hasher.finish());
        let (digest, number) = (self.digest(number), self.numbers.start + number);
        match digest {
            Some(expected) if expected == found => Ok(()),
            // A piece that is not there has no bytes.
            expected => {
                let expected = expected.unwrap_or_else(|| Sha256::of(b""));
                Err(PieceError::Damaged { name, word, number, offset, expected, found })
            }
        }
    }

    fn unreadable(&self, name: &str, number: usize, source: ReadError) -> PieceError {
        let number = self.numbers.start + number;
        PieceError::Unreadable { name: name.into(), word: self.word, number, source }
    }
}

impl Payload {
    /// A payload that is read from `source` when its time comes.
    pub fn new(name: &str, sha256: Sha256, pieces: Pieces, source: Arc<dyn ReadAt>) -> Self {
        Self { name: name.into(), sha256, pieces, source, may_change: false }
    }

    /// The same, of a file that others may write to.
    pub fn that_may_change(self) -> Self {
        Self { may_change: true, ..self }
    }

    /// A payload that is in memory.
    pub fn of_bytes(name: &str, bytes: Vec<u8>) -> Self {
        let digests = bytes.chunks(PIECE as usize).map(Sha256::of).collect();
        let pieces = Pieces::even(ByteLen(bytes.len() as u64), digests);
        Self::new(name, Sha256::of(&bytes), pieces, Arc::new(bytes))
    }

    /// Some of its pieces as a payload of their own, whose digest is `sha256`.
    ///
    /// # Errors
    /// [`ReadError::PastEnd`] when the source is shorter than the pieces say.
    pub fn part(&self, numbers: Range<usize>, sha256: Sha256) -> Result<Self, ReadError> {
        let start = ByteOffset(self.pieces.range(numbers.start).start);
        let pieces = self.pieces.part(numbers);
        let source = Window::new(self.source.clone(), start, pieces.len())?;
        let (name, source) = (self.name.clone(), Arc::new(source));
        Ok(Self { name, sha256, pieces, source, may_change: self.may_change })
    }

    /// The digest of its bytes, each piece of which is checked: what `sha256` of a part is to be. `step` hears how long
    /// each piece was, and may end the work.
    ///
    /// # Errors
    /// [`PieceError`], or what `step` gives.
    pub fn digest<E: From<PieceError>>(
        &self,
        mut step: impl FnMut(u64) -> Result<(), E>,
    ) -> Result<Sha256, E> {
        let mut hasher = Hasher::new();
        let mut piece = Vec::new();
        for number in 0..self.pieces.count() {
            let range = self.pieces.range(number);
            // Cannot cut: pieces are short.
            piece.resize((range.end - range.start) as usize, 0);
            self.read_piece(number, &mut piece)?;
            hasher.update(&piece);
            step(piece.len() as u64)?;
        }
        Ok(hasher.finish())
    }

    /// How long it is.
    pub fn len(&self) -> ByteLen {
        self.pieces.len()
    }

    /// Whether it has no bytes.
    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Reads piece `number` into `buf`, which is as long as the piece, and checks it.
    ///
    /// # Errors
    /// [`PieceError`]; `buf` may then hold anything.
    pub fn read_piece(&self, number: usize, buf: &mut [u8]) -> Result<(), PieceError> {
        self.pieces.read(&self.name, &*self.source, number, buf)
    }
}

impl std::fmt::Debug for Payload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({}, {} in {} pieces)", self.name, self.sha256, self.len(), self.pieces.count())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_cover_their_payload() {
        let bytes = vec![7; PIECE as usize + 1];
        let payload = Payload::of_bytes("p", bytes);
        assert_eq!((payload.pieces.count(), payload.len()), (2, ByteLen(PIECE + 1)));
        assert_eq!(payload.pieces.range(1), PIECE..PIECE + 1);
        assert_eq!((payload.pieces.holding(PIECE - 1), payload.pieces.holding(PIECE)), (0, 1));
        payload.read_piece(1, &mut [0]).unwrap();
        assert!(Payload::of_bytes("none", Vec::new()).is_empty());
    }

    #[test]
    fn a_part_knows_its_pieces_by_their_numbers_in_the_whole() {
        let mut bytes = vec![7; 3 * PIECE as usize];
        bytes[2 * PIECE as usize] = 8;
        let payload = Payload::of_bytes("p", bytes.clone());
        let mut part = payload.part(1..9, Sha256::of(b"")).unwrap();
        assert_eq!((part.pieces.count(), part.len()), (2, ByteLen(2 * PIECE)));
        let digest = part.digest(|_| Ok::<_, PieceError>(())).unwrap();
        assert_eq!(digest, Sha256::of(&bytes[PIECE as usize..]));
        part.read_piece(1, &mut vec![0; PIECE as usize]).unwrap();
        part.source = Arc::new(vec![9; 2 * PIECE as usize]);
        let error = part.read_piece(1, &mut vec![0; PIECE as usize]).unwrap_err().to_string();
        assert!(error.starts_with("p: piece 2 at 0x400000 is damaged"), "{error}");
    }

    #[test]
    fn a_changed_piece_is_named() {
        let mut payload = Payload::of_bytes("p", vec![7; 10]);
        payload.source = Arc::new(vec![8; 10]);
        let error = payload.read_piece(0, &mut [0; 10]).unwrap_err();
        assert!(error.to_string().starts_with("p: piece 0 at 0x0 is damaged"), "{error}");
        payload.source = Arc::new(vec![7; 9]);
        assert!(matches!(payload.read_piece(0, &mut [0; 10]), Err(PieceError::Unreadable { .. })));
    }
}
