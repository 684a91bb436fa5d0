//! The frames of a medium, or of the media of a set.

use std::fmt;
use std::ops::{ControlFlow, Range};
use std::sync::{Mutex, PoisonError};

use deploy::Medium;
use formats::digest::Sha256;
use formats::files::{FilesError, read_file};
use formats::io::{ReadAt, ReadError};
use formats::joined::Joined;
use formats::kind::with_causes;
use formats::layer::{Frame, Frames, LayerDescriptor, MAX_STORED_FRAME, SeekTable};
use formats::manifest::{Manifest, paths};
use formats::units::{ByteLen, ByteOffset};
use uuid::Uuid;

use crate::client::source::{Offer, Sink, Source, SourceError, SourceKind};

/// How many bytes are read at a time, where several frames lie behind each other.
const RUN: u64 = 4 << 20;

/// A seed medium that may be used, or those of a set.
pub struct MediumSource {
    name: String,
    kind: SourceKind,
    first: Member,
    others: Vec<Member>,
    /// Held while an optical medium is read: its drive is quick only from one place.
    turn: Mutex<()>,
}

/// A part of a stored file, and where it starts in that.
type Part<'m> = (ByteOffset, Box<dyn ReadAt + 'm>);

/// A medium with its manifest.
struct Member {
    medium: Medium,
    manifest: Manifest,
}

/// What media have of a layer.
struct MediumOffer<'m> {
    source: &'m MediumSource,
    layer: LayerDescriptor,
    /// Which bytes of the stored file are here.
    here: Vec<Range<u64>>,
    stored: Joined<Box<dyn ReadAt + 'm>>,
}

impl MediumSource {
    pub(super) fn new(name: String, kind: SourceKind, medium: Medium, manifest: Manifest) -> Self {
        let first = Member { medium, manifest };
        Self { name, kind, first, others: Vec::new(), turn: Mutex::default() }
    }

    /// The media of the set that are not here: number, label and identity.
    pub fn missing(&self) -> Vec<(u32, &str, Uuid)> {
        let here: Vec<Uuid> = self.members().map(|member| member.manifest.medium).collect();
        let set = self.first.manifest.set.iter().flat_map(|set| (1..).zip(&set.media));
        set.filter(|(_, member)| !here.contains(&member.medium))
            .map(|(number, member)| (number, &*member.label, member.medium))
            .collect()
    }

    /// Whether both are of one set.
    pub(super) fn is_of_set_with(&self, other: &Self) -> bool {
        let set = |source: &Self| source.first.manifest.set.as_ref().map(|set| set.id);
        set(self).is_some() && set(self) == set(other)
    }

    /// Takes in another medium of the set.
    pub(super) fn join(&mut self, other: Self) {
        self.name = format!("{}, {}", self.name, other.name);
        self.others.push(other.first);
        self.others.extend(other.others);
    }

    fn members(&self) -> impl Iterator<Item = &Member> {
        [&self.first].into_iter().chain(&self.others)
    }
}

impl fmt::Debug for MediumSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let media: Vec<_> = self.members().map(|member| member.manifest.medium).collect();
        f.debug_struct("MediumSource").field("name", &self.name).field("media", &media).finish()
    }
}

impl Source for MediumSource {
    fn kind(&self) -> SourceKind {
        self.kind
    }

    fn name(&self) -> String {
        self.name.clone()
    }

    fn medium(&self) -> Option<Uuid> {
        Some(self.first.manifest.medium)
    }

    fn offer(&self, layer: &LayerDescriptor) -> Result<Option<Box<dyn Offer + '_>>, SourceError> {
        let mut parts = Vec::new();
        let mut fault = None;
        for member in self.members() {
            match member.part(layer) {
                Ok(part) => parts.extend(part),
                Err(error) => fault = Some(error),
            }
        }
        match (parts.is_empty(), fault) {
            (true, Some(error)) => return Err(error),
            (true, None) => return Ok(None),
            // What is wrong with one medium of a set does not take the others away.
            (false, _) => {}
        }
        let here = parts.iter().map(|(start, part)| start.0..start.0.saturating_add(part.size().0)).collect();
        let stored = Joined::new(layer.stored.len, parts);
        Ok(Some(Box::new(MediumOffer { source: self, layer: layer.clone(), here, stored })))
    }
}

impl Member {
    /// The part of a layer's stored file that is on the medium, and where it starts in that.
    fn part(&self, layer: &LayerDescriptor) -> Result<Option<Part<'_>>, SourceError> {
        let Some(file) = self.manifest.layer_file(layer.uuid) else { return Ok(None) };
        if self.manifest.layer_as::<LayerDescriptor>(layer.uuid).as_ref() != Some(layer) {
            let reason = format!("it has another layer {} than the one that is wanted", layer.uuid);
            return Err(SourceError::Lies { reason });
        }
        let part = self.medium.seed().open(&file.path).map_err(unreadable)?;
        let offset = file.offset.unwrap_or(ByteOffset::ZERO);
        let expected = if file.offset.is_some() { file.len } else { layer.stored.len };
        let fits = offset.checked_add(expected).is_some_and(|end| end.0 <= layer.stored.len.0);
        if part.size() != expected || !fits {
            let (path, found) = (&file.path, part.size());
            let reason =
                format!("{path:?} has {found}, expected {expected} from {offset} of {}", layer.stored.len);
            return Err(SourceError::Lies { reason });
        }
        Ok(Some((offset, part)))
    }

    fn read(&self, path: &str, limit: ByteLen) -> Result<Vec<u8>, SourceError> {
        read_file(self.medium.seed(), path, limit.to_usize().unwrap_or(usize::MAX)).map_err(unreadable)
    }
}

impl MediumOffer<'_> {
    /// The first of what members give that is right, or what was wrong with the last one.
    fn first<T>(&self, of: impl Fn(&Member) -> Result<T, SourceError>, what: &str) -> Result<T, SourceError> {
        let reason = format!("no medium has {what} of layer {}", self.layer.uuid);
        let mut error = SourceError::Lies { reason };
        for member in self.source.members() {
            match of(member) {
                Ok(found) => return Ok(found),
                Err(fault) => error = fault,
            }
        }
        Err(error)
    }

    /// The end of the stored file, where that is here.
    fn tail(&self) -> Result<Vec<u8>, SourceError> {
        let len = SeekTable::len_at_end(&self.stored).map_err(|error| lies(&error))?;
        if len > self.longest_table() {
            let reason = format!("the seek table of layer {} has {len}", self.layer.uuid);
            return Err(SourceError::Lies { reason });
        }
        let start = ByteOffset(self.stored.size().0.saturating_sub(len.0));
        // Cannot cut: it was seen to be small.
        Ok(formats::io::read_vec(&self.stored, start, len.0 as usize)?)
    }

    /// How long the seek table can be: with a checksum in every entry.
    fn longest_table(&self) -> ByteLen {
        ByteLen(self.layer.frame_count().saturating_mul(12).saturating_add(17))
    }

    /// Reads frames that lie behind each other, and gives them on; when that does not work, one by one.
    fn read_run(
        &self,
        run: &[Frame],
        bytes: &mut Vec<u8>,
        sink: &mut Sink<'_>,
    ) -> Result<ControlFlow<()>, ReadError> {
        match self.fill(run, bytes) {
            Ok(()) => Ok(give(run, bytes, sink)),
            Err(error) if run.len() == 1 => Err(error),
            Err(_) => {
                for frame in run.chunks(1) {
                    if self.read_run(frame, bytes, sink)?.is_break() {
                        return Ok(ControlFlow::Break(()));
                    }
                }
                Ok(ControlFlow::Continue(()))
            }
        }
    }

    /// Fills `bytes` with a run of frames.
    fn fill(&self, run: &[Frame], bytes: &mut Vec<u8>) -> Result<(), ReadError> {
        let (Some(first), Some(last)) = (run.first(), run.last()) else { return Ok(()) };
        let len = last.stored.end.saturating_sub(first.stored.start);
        if len > RUN.max(MAX_STORED_FRAME as u64) {
            return Err(ReadError::damaged(
                ByteOffset(first.stored.start),
                format!("a frame of {}", ByteLen(len)),
            ));
        }
        // Cannot cut: it is small.
        bytes.resize(len as usize, 0);
        let _turn = (self.source.kind == SourceKind::Dvd)
            .then(|| self.source.turn.lock().unwrap_or_else(PoisonError::into_inner));
        self.stored.read_at(ByteOffset(first.stored.start), bytes)
    }
}

impl Offer for MediumOffer<'_> {
    fn digests(&self) -> Result<Vec<u8>, SourceError> {
        let path = paths::layer_frames(self.layer.uuid);
        let listed = self.layer.frames;
        let read = |member: &Member| {
            let bytes = member.read(&path, listed.len)?;
            if Sha256::of(&bytes) == listed.sha256 {
                return Ok(bytes);
            }
            Err(SourceError::Lies { reason: format!("{path:?} is not the list of the layer's frames") })
        };
        self.first(read, "the list of the frames")
    }

    fn seek_table(&self) -> Result<Vec<u8>, SourceError> {
        let digests = self.digests()?;
        let path = paths::layer_seek_table(self.layer.uuid);
        let check = |table: Vec<u8>| match Frames::open_apart(&self.layer, &table, &digests) {
            Ok(_) => Ok(table),
            Err(error) => Err(lies(&error)),
        };
        // A layer that is cut over a set has it as a file on each medium.
        let file = |member: &Member| check(member.read(&path, self.longest_table())?);
        self.tail().and_then(check).or_else(|_| self.first(file, "the seek table"))
    }

    fn has(&self, frame: &Frame) -> bool {
        let Range { start, end } = frame.stored;
        self.here.iter().any(|here| here.start <= start && end <= here.end)
    }

    fn read(&self, frames: &[Frame], sink: &mut Sink<'_>) -> Result<(), SourceError> {
        let mut bytes = Vec::new();
        let mut rest = frames;
        while !rest.is_empty() {
            let (run, later) = rest.split_at(run_of(rest));
            if self.read_run(run, &mut bytes, sink)?.is_break() {
                break;
            }
            rest = later;
        }
        Ok(())
    }
}

/// How many of the first frames lie behind each other and are read at once.
fn run_of(frames: &[Frame]) -> usize {
    let Some(first) = frames.first() else { return 0 };
    let follows = |pair: &&[Frame]| match pair {
        [one, next] => {
            one.stored.end == next.stored.start && next.stored.end.saturating_sub(first.stored.start) <= RUN
        }
        _ => false,
    };
    1 + frames.windows(2).take_while(follows).count()
}

/// Gives the frames of a run to whoever wants them.
fn give(run: &[Frame], bytes: &[u8], sink: &mut Sink<'_>) -> ControlFlow<()> {
    let mut rest = bytes;
    for frame in run {
        let len = frame.stored.end.saturating_sub(frame.stored.start) as usize;
        let (now, later) = rest.split_at(len.min(rest.len()));
        sink(frame, now)?;
        rest = later;
    }
    ControlFlow::Continue(())
}

fn unreadable(error: FilesError) -> SourceError {
    match error {
        FilesError::Read { source, .. } => SourceError::Read(source),
        other => lies(&other),
    }
}

fn lies(error: &dyn std::error::Error) -> SourceError {
    SourceError::Lies { reason: with_causes(error) }
}
