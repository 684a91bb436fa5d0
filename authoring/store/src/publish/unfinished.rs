//! A layer's folder in the making. It gets its name when all of it is there and on the device.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use formats::digest::{Hasher, Sha256};
use formats::layer::{
    Compression, DESCRIPTOR_FILE, Digested, FORMAT, FRAMES_FILE, LayerDescriptor, Method, STORED_FILE,
    SeekTable, print_digests,
};
use host::{Event, HostError, Operation, Output, Unit, sync_folder_of};
use uuid::Uuid;

use super::Publisher;
use super::candidate::Candidate;
use super::error::PublishError;
use super::kit::{Kit, Kits};
use super::writer::Writer;
use crate::error::StoreError;
use crate::paths;
use crate::root::{make_folder, write_file};

/// The folder. Dropped before [`Unfinished::commit`], it is removed again.
pub struct Unfinished {
    path: PathBuf,
    target: PathBuf,
}

/// What is written of a layer, frame by frame.
struct Frames {
    output: Output,
    stored: Writer,
    table: SeekTable,
    digests: Vec<Sha256>,
}

impl Unfinished {
    /// A new folder for the layer `uuid`.
    pub fn begin(root: &Path, uuid: Uuid) -> Result<Self, StoreError> {
        let layers = root.join(paths::LAYERS);
        make_folder(&layers)?;
        let path = layers.join(format!("{}{uuid}", paths::UNFINISHED));
        fs::create_dir(&path).map_err(HostError::io(Operation::Create, &path))?;
        Ok(Self { path, target: paths::layer(root, uuid) })
    }

    /// Writes all parts of the layer.
    pub fn write(
        &self,
        publisher: &Publisher<'_>,
        candidate: &Candidate,
    ) -> Result<LayerDescriptor, PublishError> {
        let mut frames = Frames::begin(&self.path.join(STORED_FILE))?;
        let vhd = frames.write_all(publisher, candidate)?;
        let (stored, list) = frames.finish()?;
        write_file(&self.path.join(FRAMES_FILE), &list)?;
        let descriptor = LayerDescriptor {
            format: FORMAT,
            uuid: candidate.uuid,
            parent: candidate.parent,
            kind: candidate.kind,
            virtual_size: candidate.virtual_size,
            vhd,
            stored,
            frames: Digested::of(&list),
            compression: Compression { method: Method::Zstd, level: publisher.request.level },
            published: publisher.request.time,
            tool: publisher.request.tool.clone(),
        };
        write_file(&self.path.join(DESCRIPTOR_FILE), descriptor.print().as_bytes())?;
        Ok(descriptor)
    }

    /// Gives the folder its name, in place of a damaged one.
    pub fn commit(self) -> Result<(), StoreError> {
        let old = self.path.with_extension("damaged");
        let replaced = self.target.exists();
        if replaced {
            rename(&self.target, &old)?;
        }
        rename(&self.path, &self.target)?;
        sync_folder_of(&self.target)?;
        if replaced {
            fs::remove_dir_all(&old).map_err(HostError::io(Operation::Remove, &old))?;
        }
        Ok(())
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // It is not there any more after a commit. What cannot be removed now is removed by the next publish.
        let _ = fs::remove_dir_all(&self.path);
    }
}

impl Frames {
    fn begin(path: &Path) -> Result<Self, PublishError> {
        let (output, _) = Output::begin(path, 0, true)?;
        let (table, digests) = (SeekTable::new(), Vec::new());
        Ok(Self { output, stored: Writer::new(), table, digests })
    }

    /// Adds all frames: read in order on this thread, compressed and written on all. The digest of the VHD.
    fn write_all(
        &mut self,
        publisher: &Publisher<'_>,
        candidate: &Candidate,
    ) -> Result<Digested, PublishError> {
        let len = candidate.file.size();
        publisher.observer.event(Event::Begin { task: "publishing", total: len.0, unit: Unit::Bytes });
        let kits = Kits::new(publisher.request.level);
        let full = RefCell::new(VecDeque::new());
        let mut vhd = Hasher::new();
        let read = candidate.frames().map(|number| {
            let mut kit = kits.take()?;
            kit.piece = full.borrow_mut().pop_front();
            let read = kit.read(&candidate.file, number, &mut vhd);
            read.map(|()| kit).map_err(PublishError::read(&candidate.path))
        });
        let Self { output, stored, table, digests } = self;
        let compress = |kit: Result<Kit, PublishError>| {
            let mut kit = kit?;
            kit.piece.as_ref().map_or(Ok(()), |piece| piece.write(output))?;
            kit.compress()?;
            Ok::<_, PublishError>(kit)
        };
        publisher.crew.ordered(read, compress, |mut kit| {
            kit.piece.take().into_iter().for_each(|piece| stored.reuse(piece));
            // Cannot cut: a frame is small.
            table.push(kit.stored.len() as u32, kit.plain.len() as u32);
            digests.push(stored.add(&kit.stored, |piece| full.borrow_mut().push_back(piece)));
            publisher.observer.event(Event::Advance(kit.plain.len() as u64));
            kits.put_back(kit);
            Ok(())
        })?;
        full.into_inner().iter().try_for_each(|piece| piece.write(&self.output))?;
        publisher.observer.event(Event::End);
        Ok(Digested { len, sha256: vhd.finish() })
    }

    /// The stored file, and the list of the frames' digests.
    fn finish(mut self) -> Result<(Digested, Vec<u8>), PublishError> {
        let mut full = Vec::new();
        self.stored.add(&self.table.print(), |piece| full.push(piece));
        let (last, stored) = self.stored.finish();
        full.push(last);
        full.iter().try_for_each(|piece| piece.write(&self.output))?;
        self.output.cut(stored.len.0)?;
        self.output.commit()?;
        Ok((stored, print_digests(&self.digests)))
    }
}

fn rename(from: &Path, to: &Path) -> Result<(), HostError> {
    fs::rename(from, to).map_err(|e: io::Error| HostError::io(Operation::Rename, from)(e))
}
