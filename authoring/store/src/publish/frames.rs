//! The files of a layer in the making, written frame by frame.

use std::cell::RefCell;
use std::collections::VecDeque;

use formats::digest::{Hasher, Sha256};
use formats::layer::{
    Compression, DESCRIPTOR_FILE, Digested, FORMAT, FRAMES_FILE, LayerDescriptor, Method, STORED_FILE,
    SeekTable, print_digests,
};
use formats::units::ByteLen;
use host::{Event, Unit};

use super::Publisher;
use super::candidate::Candidate;
use super::error::PublishError;
use super::kit::{Kit, Kits};
use super::writer::Writer;
use crate::depot::{NewLayer, Upload};

/// What is written of a layer.
struct Frames<'a> {
    upload: Box<dyn Upload + 'a>,
    stored: Writer,
    table: SeekTable,
    digests: Vec<Sha256>,
}

/// Writes all files of a layer.
pub fn write(
    publisher: &Publisher<'_>,
    candidate: &Candidate,
    new: &dyn NewLayer,
) -> Result<LayerDescriptor, PublishError> {
    let mut frames = Frames::begin(new, candidate)?;
    let vhd = frames.write_all(publisher, candidate)?;
    let (stored, list) = frames.finish()?;
    new.put(FRAMES_FILE, &list)?;
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
    new.put(DESCRIPTOR_FILE, descriptor.print().as_bytes())?;
    Ok(descriptor)
}

impl<'a> Frames<'a> {
    fn begin(new: &'a dyn NewLayer, candidate: &Candidate) -> Result<Self, PublishError> {
        // What cannot be compressed becomes a little longer, and has a seek table behind it.
        let len = candidate.file.size().0;
        let upload = new.begin(STORED_FILE, ByteLen(len.saturating_add(len / 64).saturating_add(1 << 20)))?;
        let (table, digests) = (SeekTable::new(), Vec::new());
        Ok(Self { upload, stored: Writer::new(), table, digests })
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
        let Self { upload, stored, table, digests } = self;
        let upload = &**upload;
        let compress = |kit: Result<Kit, PublishError>| {
            let mut kit = kit?;
            kit.piece.as_ref().map_or(Ok(()), |piece| piece.write(upload))?;
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
        full.into_inner().iter().try_for_each(|piece| piece.write(&*self.upload))?;
        publisher.observer.event(Event::End);
        Ok(Digested { len, sha256: vhd.finish() })
    }

    /// The stored file, and the list of the frames' digests.
    fn finish(mut self) -> Result<(Digested, Vec<u8>), PublishError> {
        let mut full = Vec::new();
        self.stored.add(&self.table.print(), |piece| full.push(piece));
        let (last, stored) = self.stored.finish();
        full.push(last);
        full.iter().try_for_each(|piece| piece.write(&*self.upload))?;
        self.upload.finish(stored.len.0)?;
        Ok((stored, print_digests(&self.digests)))
    }
}
