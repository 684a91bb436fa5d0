//! A layer's folder in the making. It gets its name when all of it is there and on the device.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use formats::digest::{Hasher, Sha256};
use formats::layer::{
    Compression, DESCRIPTOR_FILE, Digested, FORMAT, FRAMES_FILE, LayerDescriptor, Method, STORED_FILE,
    SeekTable, print_digests,
};
use formats::units::ByteLen;
use host::{Event, HostError, Operation, Unit, sync_folder_of};
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
    stored: Writer,
    vhd: Hasher,
    vhd_len: u64,
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
        frames.write_all(publisher, candidate)?;
        let (stored, vhd, list) = frames.finish()?;
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
        let stored = Writer::begin(path)?;
        let (table, digests) = (SeekTable::new(), Vec::new());
        Ok(Self { stored, vhd: Hasher::new(), vhd_len: 0, table, digests })
    }

    /// Reads and compresses on all threads, and writes in order.
    fn write_all(&mut self, publisher: &Publisher<'_>, candidate: &Candidate) -> Result<(), PublishError> {
        let total = candidate.file.size().0;
        publisher.observer.event(Event::Begin { task: "publishing", total, unit: Unit::Bytes });
        let kits = Kits::new(publisher.request.level);
        publisher.crew.ordered(
            candidate.frames(),
            |number| {
                let mut kit = kits.take()?;
                kit.read(&candidate.file, number).map_err(PublishError::read(&candidate.path))?;
                kit.compress()?;
                Ok::<_, PublishError>(kit)
            },
            |kit| {
                self.add(&kit)?;
                publisher.observer.event(Event::Advance(kit.plain.len() as u64));
                kits.put_back(kit);
                Ok(())
            },
        )?;
        publisher.observer.event(Event::End);
        Ok(())
    }

    fn add(&mut self, kit: &Kit) -> Result<(), PublishError> {
        self.vhd.update(&kit.plain);
        self.vhd_len += kit.plain.len() as u64;
        // Cannot cut: a frame is small.
        self.table.push(kit.stored.len() as u32, kit.plain.len() as u32);
        self.digests.push(kit.digest);
        Ok(self.stored.write(&kit.stored)?)
    }

    /// The stored file, the VHD, and the list of the frames' digests.
    fn finish(mut self) -> Result<(Digested, Digested, Vec<u8>), PublishError> {
        self.stored.write(&self.table.print())?;
        let vhd = Digested { len: ByteLen(self.vhd_len), sha256: self.vhd.finish() };
        Ok((self.stored.finish()?, vhd, print_digests(&self.digests)))
    }
}

fn rename(from: &Path, to: &Path) -> Result<(), HostError> {
    fs::rename(from, to).map_err(|e: io::Error| HostError::io(Operation::Rename, from)(e))
}
