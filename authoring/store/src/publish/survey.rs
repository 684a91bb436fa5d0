//! Looking through a disk before it is stored: which blocks say something, and what identity follows from them.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use formats::identity::Identities;
use formats::io::{ReadAt, ReadError};
use formats::units::ByteOffset;
use host::{Crew, Event, Observer, Unit};
use uuid::Uuid;

use super::error::PublishError;

/// A block that says something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding<T> {
    /// The BLAKE3 digest of what it says. Nobody else sees it.
    pub digest: blake3::Hash,
    /// What else is to be kept of it.
    pub kept: T,
}

/// The blocks that say something, by number.
pub type Findings<T> = BTreeMap<u32, Finding<T>>;

/// Memory that a thread uses again for each block.
pub type Scratch = [Vec<u8>; 2];

/// Sources that are looked through together. The first one is the disk, and says how long it is.
pub struct Survey<'a> {
    /// The sources.
    pub sources: &'a [&'a dyn ReadAt],
    /// How long a block is, in bytes.
    pub block: u32,
    /// Who looks.
    pub crew: &'a Crew,
    /// Who hears how far it is.
    pub observer: &'a dyn Observer,
}

impl Survey<'_> {
    /// Has `look` look at each block in which a source may have data, on all threads. It gets the bytes' range.
    pub fn find<T: Send>(
        &self,
        look: impl Fn(&mut Scratch, Range<u64>) -> Result<Option<Finding<T>>, ReadError> + Sync,
        fail: impl Fn(ReadError) -> PublishError + Sync,
    ) -> Result<Findings<T>, PublishError> {
        let total = self.sources.first().map_or(0, |disk| disk.size().0);
        self.observer.event(Event::Begin { task: "surveying", total, unit: Unit::Bytes });
        let found = Mutex::new(Findings::new());
        self.crew.each(self.blocks(total), Scratch::default, |scratch, job| {
            let (number, range) = job.map_err(&fail)?;
            let len = range.end - range.start;
            if let Some(finding) = look(scratch, range).map_err(&fail)? {
                found.lock().unwrap_or_else(PoisonError::into_inner).insert(number, finding);
            }
            self.observer.event(Event::Advance(len));
            Ok::<_, PublishError>(())
        })?;
        self.observer.event(Event::End);
        Ok(found.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    /// The blocks in which a source may have data: their numbers and their bytes. The observer hears of the others.
    fn blocks(&self, end: u64) -> impl Iterator<Item = Result<(u32, Range<u64>), ReadError>> + Send {
        let mut cursors: Vec<Cursor<'_>> = self.sources.iter().map(|source| Cursor::new(*source)).collect();
        let block = u64::from(self.block);
        let mut at = 0;
        std::iter::from_fn(move || {
            let next = match next_data(&mut cursors, at) {
                Ok(next) => next.filter(|next| *next < end).unwrap_or(end),
                Err(e) => return Some(Err(e)),
            };
            let start = if next == end { end } else { next - next % block };
            self.observer.event(Event::Skip(start - at));
            at = (start + block).min(end);
            // Cannot cut: a disk of 2040 GiB has a million blocks.
            (start < end).then(|| Ok(((start / block) as u32, start..at)))
        })
    }
}

/// The first byte at or after `at` that any of the sources may have.
fn next_data(cursors: &mut [Cursor<'_>], at: u64) -> Result<Option<u64>, ReadError> {
    let mut first = None;
    for cursor in cursors {
        if let Some(next) = cursor.next(at)? {
            first = Some(first.map_or(next, |first: u64| first.min(next)));
        }
    }
    Ok(first)
}

/// A source, and the data in it that were found last, so that a long run is asked for once.
struct Cursor<'a> {
    source: &'a dyn ReadAt,
    run: Option<Range<u64>>,
}

impl<'a> Cursor<'a> {
    fn new(source: &'a dyn ReadAt) -> Self {
        Self { source, run: Some(0..0) }
    }

    fn next(&mut self, at: u64) -> Result<Option<u64>, ReadError> {
        if self.run.as_ref().is_some_and(|run| run.end <= at) {
            self.run = self.source.next_data(ByteOffset(at))?;
        }
        Ok(self.run.as_ref().map(|run| run.start.max(at)))
    }
}

/// The identity that follows from findings and from what else makes the content what it is.
pub fn identity<T>(role: &str, about: &[u8], findings: &Findings<T>) -> Uuid {
    let mut hasher = blake3::Hasher::new();
    hasher.update(about);
    for (number, finding) in findings {
        hasher.update(&number.to_le_bytes());
        hasher.update(finding.digest.as_bytes());
    }
    Identities::of(hasher.finalize().as_bytes()).uuid(role)
}

/// Whether all bytes are zero.
pub fn is_zero(bytes: &[u8]) -> bool {
    let (words, rest) = bytes.as_chunks();
    words.iter().all(|word| u128::from_ne_bytes(*word) == 0) && rest.iter().all(|byte| *byte == 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use formats::units::ByteLen;
    use host::{Recorder, Stop};

    /// A disk of zeros with a byte here and there, which says where.
    struct Sparse(Vec<u64>);

    impl ReadAt for Sparse {
        fn size(&self) -> ByteLen {
            ByteLen(1 << 40)
        }
        fn read_at(&self, _: ByteOffset, _: &mut [u8]) -> Result<(), ReadError> {
            Ok(())
        }
        fn next_data(&self, offset: ByteOffset) -> Result<Option<Range<u64>>, ReadError> {
            Ok(self.0.iter().find(|at| **at >= offset.0).map(|at| *at..*at + 1))
        }
    }

    fn numbers(sources: &[&dyn ReadAt]) -> Vec<u32> {
        let crew = Crew::new(Some(3), Stop::new()).unwrap();
        let recorder = Recorder::default();
        let survey = Survey { sources, block: 4096, crew: &crew, observer: &recorder };
        let all = |_: &mut Scratch, _| Ok(Some(Finding { digest: blake3::hash(b""), kept: () }));
        let found: Vec<u32> = survey.find(all, |_| PublishError::NoDisk).unwrap().into_keys().collect();
        let (read, skipped) = recorder.advanced();
        assert_eq!(read + skipped, sources[0].size().0);
        assert!(read <= found.len() as u64 * 4096, "{read}");
        found
    }

    #[test]
    fn only_blocks_with_data_of_some_source_are_looked_at() {
        let one = Sparse(vec![0, 1, 4095, 8192, 1 << 39]);
        let other = Sparse(vec![8191, (1 << 40) - 1]);
        assert_eq!(numbers(&[&one]), [0, 2, 1 << 27]);
        assert_eq!(numbers(&[&one, &other]), [0, 1, 2, 1 << 27, (1 << 28) - 1]);
        assert_eq!(numbers(&[&vec![1u8; 5000]]), [0, 1]);
    }

    #[test]
    fn identities_follow_from_all_that_was_found() {
        let finding = |byte| Finding { digest: blake3::hash(&[byte]), kept: () };
        let one = Findings::from([(1, finding(1)), (2, finding(2))]);
        let other = Findings::from([(1, finding(1)), (3, finding(2))]);
        assert_eq!(identity("disk", b"512", &one), identity("disk", b"512", &one.clone()));
        assert_ne!(identity("disk", b"512", &one), identity("disk", b"512", &other));
        assert_ne!(identity("disk", b"512", &one), identity("disk", b"513", &one));
        assert_ne!(identity("disk", b"512", &one), identity("copy", b"512", &one));
    }

    #[test]
    fn zeros_are_told_from_the_rest() {
        for len in [0, 1, 15, 16, 17, 100] {
            let mut bytes = vec![0; len];
            assert!(is_zero(&bytes));
            if let Some(last) = bytes.last_mut() {
                *last = 1;
                assert!(!is_zero(&bytes), "{len}");
            }
        }
    }
}
