//! Every file of the manifest: that it is there, with its length and its digest. Layers are checked frame by frame,
//! by all threads.

use std::collections::BTreeMap;
use std::sync::Arc;

use formats::digest::{Hasher, Sha256};
use formats::files::{FilesError, Finder};
use formats::io::{ReadAt, read_vec};
use formats::layer::{Frames, LayerDescriptor};
use formats::manifest::{File, Volume, paths};
use formats::units::{ByteLen, ByteOffset, MIB};
use host::{Event, Interrupted, Unit};
use serde::Deserialize as _;
use serde_json::Value;
use uuid::Uuid;

use super::{Depth, Looking, Problem, whole};
use crate::frames;
use crate::payload::Pieces;

/// How much of a file is read at a time, in bytes.
const PIECE: u64 = MIB;

/// The longest list of frame digests, in bytes: that of a VHD of 2040 GiB, the largest there is.
const MAX_LIST: usize = 32 << 20;

/// A file that is there, and what it is checked by.
struct Target<'a> {
    file: &'a File,
    source: Box<dyn ReadAt + 'a>,
    /// The frames of a layer; `None` where only the digest of the whole file is known.
    pieces: Option<Pieces>,
}

/// What one thread checks at a time. Files are opened when their turn comes and closed after their last job: all of
/// them together may have more extents and frames than there is memory.
struct Job<'a> {
    target: Arc<Target<'a>>,
    /// The piece, or the whole file.
    piece: Option<usize>,
}

/// What finds the files of the manifest, in the order of their paths.
struct Search<'a> {
    looking: &'a Looking<'a>,
    volumes: BTreeMap<Volume, Box<dyn Finder<'a> + 'a>>,
    /// The lists of frames, which lie in one directory, that of the layers of ours.
    lists: Box<dyn Finder<'a> + 'a>,
    layers: BTreeMap<Uuid, &'a Value>,
}

impl Looking<'_> {
    pub(super) fn check_files(&self) -> Result<(), Interrupted> {
        let files = self.files();
        let total = files.iter().map(|file| file.len.0).fold(0, u64::saturating_add);
        // Files of a hostile volume may claim any length: reading them all would never end.
        if let Some(size) = self.medium.disk().map(|disk| disk.size()).filter(|size| total > size.0) {
            self.findings.problem(Problem::TooMuch { listed: ByteLen(total), size });
            return Ok(());
        }
        let mut search = Search::new(self);
        let running = |_: &&File| self.crew.stop().check().is_ok();
        let targets = files.into_iter().take_while(running).filter_map(move |file| search.find(file));
        if self.depth == Depth::Quick {
            targets.for_each(drop);
            return self.crew.stop().check();
        }
        self.observer.event(Event::Begin { task: "verifying files", total, unit: Unit::Bytes });
        self.crew.each(targets.flat_map(jobs), Vec::new, |buf, job| {
            let done = self.findings.guard(&job.target.file.path, || self.check(&job, buf));
            done.unwrap_or(Ok(()))
        })?;
        self.observer.event(Event::End);
        Ok(())
    }

    /// The files of the manifest of which there can be a trace, in the order of their paths: of a folder, or a volume
    /// alone, nobody expects another volume.
    fn files(&self) -> Vec<&File> {
        let is_whole = whole(self.medium).is_some();
        let all = self.manifest.files.iter();
        let mut files: Vec<_> = all.filter(|file| file.volume == Volume::Seed || is_whole).collect();
        files.sort_by_key(|file| (file.volume, &file.path));
        files
    }

    fn check(&self, job: &Job<'_>, buf: &mut Vec<u8>) -> Result<(), Interrupted> {
        let Target { file, source, pieces } = &*job.target;
        match (pieces, job.piece) {
            (Some(pieces), Some(number)) => {
                let range = pieces.range(number);
                // Cannot cut: the frames were seen to be short, and the table behind them to be in the file.
                buf.resize((range.end - range.start) as usize, 0);
                let checked = pieces.read(&file.path, &**source, number, buf);
                checked.unwrap_or_else(|error| self.findings.problem(Problem::Frame(error)));
                self.observer.event(Event::Advance(range.end - range.start));
                Ok(())
            }
            _ => self.check_whole(file, &**source, buf),
        }
    }

    fn check_whole(&self, file: &File, source: &dyn ReadAt, buf: &mut Vec<u8>) -> Result<(), Interrupted> {
        let (volume, path) = (file.volume, file.path.clone());
        match self.digest(source, buf)? {
            Ok(found) if found == file.sha256 => {}
            Ok(found) => {
                self.findings.problem(Problem::Digest { volume, path, expected: file.sha256, found })
            }
            Err(source) => {
                let source = FilesError::Read { path: path.clone(), source };
                self.findings.problem(Problem::File { volume, path, source });
            }
        }
        Ok(())
    }

    fn digest(
        &self,
        source: &dyn ReadAt,
        buf: &mut Vec<u8>,
    ) -> Result<Result<Sha256, formats::io::ReadError>, Interrupted> {
        let len = source.size().0;
        let mut hasher = Hasher::new();
        for start in (0..len).step_by(PIECE as usize) {
            self.crew.stop().check()?;
            buf.resize(PIECE.min(len - start) as usize, 0);
            if let Err(error) = source.read_at(ByteOffset(start), buf) {
                return Ok(Err(error));
            }
            hasher.update(buf);
            self.observer.event(Event::Advance(buf.len() as u64));
        }
        Ok(Ok(hasher.finish()))
    }
}

impl<'a> Search<'a> {
    fn new(looking: &'a Looking<'a>) -> Self {
        let volume = |volume| Some((volume, looking.medium.volume(volume)?.finder()));
        Self {
            looking,
            volumes: [Volume::Seed, Volume::Esp].into_iter().filter_map(volume).collect(),
            lists: looking.medium.seed().finder(),
            layers: looking.manifest.layers_by_uuid(),
        }
    }

    /// A file, when it is there with its length.
    fn find(&mut self, file: &'a File) -> Option<Target<'a>> {
        self.looking.findings.guard(&file.path, || self.open(file)).flatten()
    }

    fn open(&mut self, file: &'a File) -> Option<Target<'a>> {
        let (volume, path) = (file.volume, || file.path.clone());
        let missing = || FilesError::NotFound { path: path() };
        let opened =
            self.volumes.get_mut(&volume).ok_or_else(missing).and_then(|files| files.open(&file.path));
        let expected = file.len;
        let source = match opened {
            Ok(source) if source.size() == expected => source,
            Ok(source) => {
                let found = source.size();
                self.looking.findings.problem(Problem::Length { volume, path: path(), expected, found });
                return None;
            }
            Err(source) => {
                self.looking.findings.problem(Problem::File { volume, path: path(), source });
                return None;
            }
        };
        let pieces = self.pieces(file, &*source);
        Some(Target { file, source, pieces })
    }

    /// The frames of a layer's compressed disk, or of the part of it that the file is, when they can be had.
    fn pieces(&mut self, file: &File, stored: &dyn ReadAt) -> Option<Pieces> {
        let uuid = file.layer.filter(|_| self.looking.depth == Depth::Full)?;
        let descriptor = LayerDescriptor::deserialize(*self.layers.get(&uuid)?).ok()?;
        let list = self.list(&paths::layer_frames(uuid))?;
        let frames = match file.offset {
            None => Frames::open(&descriptor, stored, &list),
            Some(_) => {
                let table = self.list(&paths::layer_seek_table(uuid))?;
                Frames::open_apart(&descriptor, &table, &list)
            }
        };
        match frames {
            Ok(frames) => part_of(&frames::pieces(&frames), file),
            Err(source) => {
                self.looking.findings.problem(Problem::Layer { path: file.path.clone(), source });
                None
            }
        }
    }

    /// One that cannot be read is a file of the manifest, and told as one.
    fn list(&mut self, path: &str) -> Option<Vec<u8>> {
        let list = self.lists.open(path).ok()?;
        let len = list.size().to_usize().filter(|len| *len <= MAX_LIST)?;
        read_vec(&list, ByteOffset::ZERO, len).ok()
    }
}

/// The pieces that a file has of its layer; `None` when it does not begin and end with pieces.
fn part_of(pieces: &Pieces, file: &File) -> Option<Pieces> {
    let start = file.offset.unwrap_or(ByteOffset::ZERO);
    let end = start.checked_add(file.len)?;
    let numbers = pieces.holding(start.0)..pieces.holding(end.0);
    let part = pieces.part(numbers.clone());
    (pieces.range(numbers.start).start == start.0 && part.len() == file.len).then_some(part)
}

fn jobs(target: Target<'_>) -> impl Iterator<Item = Job<'_>> {
    let count = target.pieces.as_ref().map(Pieces::count);
    let pieces = (0..count.unwrap_or(0)).map(Some);
    let target = Arc::new(target);
    let whole = count.is_none().then_some(None);
    whole.into_iter().chain(pieces).map(move |piece| Job { target: target.clone(), piece })
}
