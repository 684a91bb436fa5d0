//! Flattening with frames placed in their order: every sector of the disk is then written exactly once.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::ops::Range;

use formats::units::{ByteLen, ByteOffset};

use crate::error::DeployError;
use crate::flatten::{Flatten, Job, Map};
use crate::layer::Decoder;
use crate::pass::{Pass, is_torn};
use crate::places::Places;
use crate::target::{Target, TargetError};
use crate::version::Version;

/// The layer at work, as far as it is placed.
pub struct InOrder<'f, 'v, 'm> {
    flatten: &'f Flatten<'v, 'm>,
    decoder: &'f dyn Decoder,
    maps: BTreeMap<u32, Map>,
}

/// What is known of a layer that was placed, for [`Flatten::pass_on`].
#[derive(Debug, Default)]
pub struct Placed {
    maps: BTreeMap<u32, Map>,
}

impl<'v, 'm> Flatten<'v, 'm> {
    /// Reads, checks and decodes the frame of a job into `plain`. It can be done for any job, on any thread.
    ///
    /// # Errors
    /// [`DeployError`].
    pub fn fetch(&self, job: Job, decoder: &dyn Decoder, plain: &mut Vec<u8>) -> Result<(), DeployError> {
        plain.clear();
        let found = self.part().and_then(|part| Some((part, part.layer.frames().frame(job.frame)?)));
        let Some((part, frame)) = found else { return Ok(()) };
        part.layer.decode_into(&frame, decoder, (&mut Vec::new(), plain))
    }

    /// Begins to place the layer at work. `decoder` is for bitmaps that lie in two frames.
    pub fn in_order<'f>(&'f self, decoder: &'f dyn Decoder) -> InOrder<'f, 'v, 'm> {
        InOrder { flatten: self, decoder, maps: BTreeMap::new() }
    }

    /// Goes on to the layer below, when all jobs of the one at work are placed.
    ///
    /// # Errors
    /// [`DeployError`]: below the base, what no layer has is made zeros.
    pub fn pass_on(&mut self, placed: &Placed, target: &dyn Target) -> Result<(), DeployError> {
        self.go_on(&placed.maps, target)
    }

    /// Whether a job has bytes of these of the disk, or the map of a block that has.
    fn touches(&self, job: Job, disk: &Range<u64>) -> bool {
        let found = self.part().and_then(|part| Some((part, part.layer.frames().frame(job.frame)?)));
        let Some((part, frame)) = found else { return false };
        let meets = |range: &Range<u64>| range.start < disk.end && disk.start < range.end;
        match &part.places {
            Places::Whole => meets(&frame.plain),
            Places::Blocks(blocks) => blocks.within(frame.plain).any(|block| meets(&block.range)),
        }
    }
}

impl InOrder<'_, '_, '_> {
    /// Writes what the fetched bytes of a job have. Jobs of a layer come in the order of [`Flatten::jobs`].
    ///
    /// # Errors
    /// [`DeployError`].
    pub fn place(&mut self, job: Job, bytes: &[u8], target: &dyn Target) -> Result<(), DeployError> {
        let Some(part) = self.flatten.part() else { return Ok(()) };
        let Some(frame) = part.layer.frames().frame(job.frame) else { return Ok(()) };
        self.learn_torn(frame.plain.clone())?;
        let pass = Pass { covered: self.flatten.covered(), part, target, known: &self.maps };
        let learned = self.flatten.write(&pass, frame.plain.start, bytes)?;
        self.maps.extend(learned.maps);
        self.forget(frame.plain);
        Ok(())
    }

    /// Ends the layer.
    pub fn finish(self) -> Placed {
        Placed { maps: self.maps }
    }

    /// Decodes bitmaps that begin in a frame and end in the next: they are needed before the frames are placed.
    fn learn_torn(&mut self, file: Range<u64>) -> Result<(), DeployError> {
        let Some(part) = self.flatten.part() else { return Ok(()) };
        let Places::Blocks(blocks) = &part.places else { return Ok(()) };
        let torn = blocks.within(file).filter(|block| is_torn(&blocks.bitmap(block)));
        for block in torn.filter(|block| self.flatten.is_open(part, block.range.clone())) {
            if !self.maps.contains_key(&block.number) {
                let map = self.flatten.torn_map(blocks, &block, self.decoder)?;
                self.maps.insert(block.number, map);
            }
        }
        Ok(())
    }

    /// Forgets maps that no layer below and no frame behind asks for.
    fn forget(&mut self, file: Range<u64>) {
        let Some(Places::Blocks(blocks)) = self.flatten.part().map(|part| &part.places) else { return };
        if blocks.differs {
            return;
        }
        for block in blocks.within(file.clone()).filter(|block| blocks.data(block).end <= file.end) {
            self.maps.remove(&block.number);
        }
    }
}

impl Version<'_> {
    /// The first `len` bytes of the disk, or all of a shorter one. Only the frames that hold them are read.
    ///
    /// # Errors
    /// [`DeployError`].
    pub fn start(&self, len: usize, decoder: &dyn Decoder) -> Result<Vec<u8>, DeployError> {
        let len = self.disk_size().to_usize().map_or(len, |size| size.min(len));
        let target = Start(core::cell::RefCell::new(alloc::vec![0; len]));
        let wanted = 0..len as u64;
        let mut flatten = Flatten::new(self);
        let mut bytes = Vec::new();
        while !flatten.is_done() {
            let mut layer = flatten.in_order(decoder);
            for job in flatten.jobs().filter(|job| flatten.touches(*job, &wanted)) {
                flatten.fetch(job, decoder, &mut bytes)?;
                layer.place(job, &bytes, &target)?;
            }
            let placed = layer.finish();
            flatten.pass_on(&placed, &target)?;
        }
        Ok(target.0.into_inner())
    }
}

/// The first bytes of a disk, zeros until they are written; all others are dropped.
struct Start(core::cell::RefCell<Vec<u8>>);

impl Target for Start {
    fn write_at(&self, offset: ByteOffset, bytes: &[u8]) -> Result<(), TargetError> {
        let mut start = self.0.borrow_mut();
        let places = usize::try_from(offset.0).ok().and_then(|at| start.get_mut(at..)).unwrap_or_default();
        places.iter_mut().zip(bytes).for_each(|(place, byte)| *place = *byte);
        Ok(())
    }

    fn zero_at(&self, _: ByteOffset, _: ByteLen) -> Result<(), TargetError> {
        Ok(())
    }
}
