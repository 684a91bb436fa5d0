//! Every file of the manifest: that it is there, with its length and its digest. Layers are checked frame by frame,
//! by all threads.

use formats::digest::{Hasher, Sha256};
use formats::files::{FilesError, read_file};
use formats::io::ReadAt;
use formats::layer::{Frames, LayerDescriptor};
use formats::manifest::{File, Volume, paths};
use formats::units::{ByteLen, ByteOffset, MIB};
use host::{Event, Interrupted, Unit};

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

/// What one thread checks at a time.
#[derive(Clone, Copy)]
struct Job<'a> {
    target: &'a Target<'a>,
    /// The piece, or the whole file.
    piece: Option<usize>,
}

impl<'a> Looking<'a> {
    /// Whether there can be any trace of a file: of a folder, or a volume alone, nobody expects another volume.
    fn can_be_there(&self, file: &File) -> bool {
        file.volume == Volume::Seed || whole(self.medium).is_some()
    }

    pub(super) fn check_files(&self) -> Result<(), Interrupted> {
        let mut targets = Vec::new();
        for file in self.manifest.files.iter().filter(|file| self.can_be_there(file)) {
            self.crew.stop().check()?;
            let target = self.findings.guard(&file.path, || self.find(file));
            targets.extend(target.flatten());
        }
        if self.depth == Depth::Quick {
            return Ok(());
        }
        let total = targets.iter().map(|target| target.file.len.0).fold(0, u64::saturating_add);
        // Files of a hostile volume may claim any length: reading them all would never end.
        if let Some(size) = self.medium.disk().map(|disk| disk.size()).filter(|size| total > size.0) {
            self.findings.problem(Problem::TooMuch { listed: ByteLen(total), size });
            return Ok(());
        }
        self.observer.event(Event::Begin { task: "verifying files", total, unit: Unit::Bytes });
        let jobs = targets.iter().flat_map(jobs);
        self.crew.each(jobs, Vec::new, |buf, job| {
            let done = self.findings.guard(&job.target.file.path, || self.check(job, buf));
            done.unwrap_or(Ok(()))
        })?;
        self.observer.event(Event::End);
        Ok(())
    }

    /// A file of the manifest, when it is there with its length.
    fn find(&self, file: &'a File) -> Option<Target<'a>> {
        let volume = file.volume;
        let path = || file.path.clone();
        let missing = || FilesError::NotFound { path: file.path.clone() };
        let opened = self.medium.volume(volume).ok_or_else(missing).and_then(|files| files.open(&file.path));
        let source = match opened {
            Ok(source) => source,
            Err(source) => {
                self.findings.problem(Problem::File { volume, path: path(), source });
                return None;
            }
        };
        let (expected, found) = (file.len, source.size());
        if expected != found {
            self.findings.problem(Problem::Length { volume, path: path(), expected, found });
            return None;
        }
        let pieces = self.pieces(file, &*source);
        Some(Target { file, source, pieces })
    }

    /// The frames of a layer's compressed disk, or of the part of it that the file is, when they can be had.
    fn pieces(&self, file: &File, stored: &dyn ReadAt) -> Option<Pieces> {
        let uuid = file.layer.filter(|_| self.depth == Depth::Full)?;
        let descriptor: LayerDescriptor = self.manifest.layer_as(uuid)?;
        // A list that cannot be read is a file of the manifest, and told as one.
        let list = read_file(self.medium.seed(), &paths::layer_frames(uuid), MAX_LIST).ok()?;
        let frames = match file.offset {
            None => Frames::open(&descriptor, stored, &list),
            Some(_) => {
                let table = read_file(self.medium.seed(), &paths::layer_seek_table(uuid), MAX_LIST).ok()?;
                Frames::open_apart(&descriptor, &table, &list)
            }
        };
        match frames {
            Ok(frames) => part_of(&frames::pieces(&frames), file),
            Err(source) => {
                self.findings.problem(Problem::Layer { path: file.path.clone(), source });
                None
            }
        }
    }

    fn check(&self, job: Job<'_>, buf: &mut Vec<u8>) -> Result<(), Interrupted> {
        let Target { file, source, pieces } = job.target;
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

/// The pieces that a file has of its layer; `None` when it does not begin and end with pieces.
fn part_of(pieces: &Pieces, file: &File) -> Option<Pieces> {
    let start = file.offset.unwrap_or(ByteOffset::ZERO);
    let end = start.checked_add(file.len)?;
    let numbers = pieces.holding(start.0)..pieces.holding(end.0);
    let part = pieces.part(numbers.clone());
    (pieces.range(numbers.start).start == start.0 && part.len() == file.len).then_some(part)
}

fn jobs<'a>(target: &'a Target<'a>) -> impl Iterator<Item = Job<'a>> {
    let count = target.pieces.as_ref().map(Pieces::count);
    let whole = count.is_none().then_some(Job { target, piece: None });
    whole.into_iter().chain((0..count.unwrap_or(0)).map(move |number| Job { target, piece: Some(number) }))
}
