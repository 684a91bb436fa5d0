//! A layer that is being fetched: a folder of its own, in which each frame lies at its final place. What an earlier run
//! left there is compared with its digests before it counts.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use formats::io::ReadAt;
use formats::layer::{
    DESCRIPTOR_FILE, Digested, FRAMES_FILE, Frame, Frames, LayerDescriptor, STORED_FILE, SeekTable,
};
use formats::units::{ByteLen, ByteOffset};
use host::{Crew, Event, FileSource, HostError, Observer, Operation, Unit, sync_folder_of};
use store::{Store, paths};

use super::error::ClientError;
use super::files;

/// The most that the documents of a layer have together beside what its description says, in bytes.
const DOCUMENTS: u64 = 64 << 10;

/// A layer that is being fetched.
#[derive(Debug)]
pub struct Making {
    folder: PathBuf,
    /// Where frames are written; `None` where it is only looked what there is.
    file: Option<File>,
    frames: Frames,
}

/// The list of frames that an earlier run left, when it is the one of the description.
pub fn kept_list(folder: &Path, descriptor: &LayerDescriptor) -> Option<Vec<u8>> {
    let path = folder.join(FRAMES_FILE);
    let len = descriptor.frames.len;
    let is_long = fs::metadata(&path).ok()?.len() != len.0;
    let bytes = if is_long { None } else { fs::read(&path).ok() };
    bytes.filter(|bytes| Digested::of(bytes) == descriptor.frames)
}

/// The seek table that an earlier run left; whether it is right, its frames tell.
pub fn kept_table(folder: &Path, descriptor: &LayerDescriptor) -> Option<Vec<u8>> {
    let source = FileSource::open(&folder.join(STORED_FILE)).ok()?;
    let len = SeekTable::len_for(descriptor.frame_count())?;
    let start = descriptor.stored.len.checked_sub(len).filter(|_| source.size() == descriptor.stored.len)?;
    formats::io::read_vec(&source, ByteOffset(start.0), len.to_usize()?).ok()
}

/// How many bytes more a layer takes when it is whole, as far as the file system tells.
pub fn room(folder: &Path, descriptor: &LayerDescriptor) -> ByteLen {
    // stat(2) counts in units of 512 bytes.
    let there = fs::metadata(folder.join(STORED_FILE)).map_or(0, |found| found.blocks().saturating_mul(512));
    let whole = descriptor.stored.len.0.saturating_add(descriptor.frames.len.0).saturating_add(DOCUMENTS);
    ByteLen(whole.saturating_sub(there))
}

/// How much is free for us on the file system of a folder.
pub fn free(folder: &Path) -> Result<ByteLen, ClientError> {
    let found = rustix::fs::statvfs(folder).map_err(|e| HostError::io(Operation::Open, folder)(e.into()))?;
    Ok(ByteLen(found.f_bavail.saturating_mul(found.f_frsize)))
}

impl Making {
    /// A layer of which it is only looked what is in `folder`: nothing is written.
    pub fn look(folder: &Path, frames: Frames) -> Self {
        Self { folder: folder.into(), file: None, frames }
    }

    /// Begins a layer in `folder`, or goes on with what is there. `list` are the bytes of its `frames.bin`.
    pub fn begin(folder: &Path, frames: Frames, list: &[u8]) -> Result<Self, ClientError> {
        files::make_folder(folder)?;
        files::write(&folder.join(FRAMES_FILE), list)?;
        let path = folder.join(STORED_FILE);
        let open = File::options().read(true).write(true).create(true).truncate(false).open(&path);
        let file = open.map_err(HostError::io(Operation::Create, &path))?;
        let making = Self { folder: folder.into(), file: Some(file), frames };
        let table = making.table();
        let (start, text) = (table.stored_len().0, table.print());
        let len = start + text.len() as u64;
        let write = || HostError::io(Operation::Write, &path);
        let file = making.file()?;
        file.set_len(len).and_then(|()| file.write_all_at(&text, start)).map_err(write())?;
        Ok(making)
    }

    /// Whether frames can be written.
    pub fn is_begun(&self) -> bool {
        self.file.is_some()
    }

    fn file(&self) -> Result<&File, ClientError> {
        let none = || HostError::io(Operation::Open, &self.folder)(io::ErrorKind::NotFound.into());
        Ok(self.file.as_ref().ok_or_else(none)?)
    }

    /// Which frames there are.
    pub fn frames(&self) -> &Frames {
        &self.frames
    }

    /// The seek table as a store writes it.
    fn table(&self) -> SeekTable {
        let mut table = SeekTable::new();
        for Frame { stored, plain, .. } in self.frames.frames() {
            // Cannot cut: frames are short, as was seen when they were opened.
            table.push((stored.end - stored.start) as u32, (plain.end - plain.start) as u32);
        }
        table
    }

    /// The frames that are not here yet, or not as they were written.
    pub fn missing(&self, crew: &Crew, observer: &dyn Observer) -> Result<Vec<usize>, ClientError> {
        let path = self.folder.join(STORED_FILE);
        if self.file.is_none() && !path.exists() {
            return Ok(self.frames.frames().map(|frame| frame.number).collect());
        }
        let source = FileSource::open(&path)?;
        let mut missing = Vec::new();
        let mut there = Vec::new();
        for frame in self.frames.frames() {
            let data = source.next_data(ByteOffset(frame.stored.start));
            match data {
                Ok(Some(data)) if data.start < frame.stored.end => there.push(frame),
                _ => missing.push(frame.number),
            }
        }
        let total = there.iter().map(|frame| frame.stored.end - frame.stored.start).sum();
        if total > 0 {
            observer.event(Event::Begin { task: "checking what is here", total, unit: Unit::Bytes });
        }
        let wrong = Mutex::new(missing);
        crew.each(there.into_iter(), Vec::new, |bytes, frame| {
            if self.frames.read(&source, &frame, bytes).is_err() {
                wrong.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(frame.number);
            }
            observer.event(Event::Advance(frame.stored.end - frame.stored.start));
            Ok::<_, ClientError>(())
        })?;
        let mut missing = wrong.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        missing.sort_unstable();
        Ok(missing)
    }

    /// Writes a frame, which was seen to be right.
    pub fn write(&self, frame: &Frame, bytes: &[u8]) -> Result<(), ClientError> {
        let path = self.folder.join(STORED_FILE);
        let written = self.file()?.write_all_at(bytes, frame.stored.start);
        Ok(written.map_err(HostError::io(Operation::Write, &path))?)
    }

    /// Reads a frame that is here, as it is.
    pub fn read(&self, frame: &Frame) -> Option<Vec<u8>> {
        let len = usize::try_from(frame.stored.end - frame.stored.start).ok()?;
        let mut bytes = vec![0; len];
        self.file().ok()?.read_exact_at(&mut bytes, frame.stored.start).ok().map(|()| bytes)
    }

    /// Gives the layer, all of whose frames are right, its place in the store, durably.
    pub fn commit(&self, store: &Store, descriptor: &LayerDescriptor) -> Result<(), ClientError> {
        let path = self.folder.join(STORED_FILE);
        self.file()?.sync_all().map_err(HostError::io(Operation::Write, &path))?;
        files::write(&self.folder.join(DESCRIPTOR_FILE), descriptor.print().as_bytes())?;
        let target = store.root().join(paths::layer(descriptor.uuid));
        files::make_folder(&store.root().join(paths::LAYERS))?;
        fs::rename(&self.folder, &target).map_err(HostError::io(Operation::Rename, &target))?;
        sync_folder_of(&target)?;
        sync_folder_of(&self.folder)?;
        // Read as everybody reads it: what is whole here must be whole to them.
        store.layer(descriptor.uuid)?;
        Ok(())
    }
}
