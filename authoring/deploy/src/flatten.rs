//! Flattening a chain: every frame that the disk needs is read, checked, decoded and written once.
//!
//! Which sectors a layer has is written in bitmaps inside the compressed frames themselves. So the layers are done
//! from the leaf down to the base: a layer's bitmaps come by while its frames are written, and when all are done it
//! is known which sectors the layers below still have to give. Within a layer the frames are independent jobs, in
//! any order and on any number of threads.
//!
//! A block whose bitmap lies in the frame before is written as if it were whole. When the layer is done and all
//! bitmaps are known, [`Flatten::settle`] takes back what does not count: it makes zeros of it, and layers below write
//! over them. Who places the frames of a layer in their order knows every bitmap in time, and so writes every sector
//! once: [`InOrder`](crate::InOrder).

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::ops::Range;

use formats::layer::FRAME;
use formats::units::{ByteLen, ByteOffset};
use formats::vhd::{Block, SectorMap};

use crate::covered::{Covered, SECTOR};
use crate::error::DeployError;
use crate::layer::{Decoder, Scratch};
use crate::pass;
use crate::places::{Blocks, Places};
use crate::target::Target;
use crate::version::{Part, Version};

/// What the caller brings.
#[derive(Clone, Copy)]
pub struct Tools<'a> {
    /// Decodes frames.
    pub decoder: &'a dyn Decoder,
    /// Takes the bytes of the disk.
    pub target: &'a (dyn Target + Sync),
}

/// One frame of the layer at work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Job {
    /// The frame's number in its layer, from 0.
    pub frame: usize,
    /// How many bytes it decodes to.
    pub len: ByteLen,
    /// How many bytes it has on the medium.
    pub stored: ByteLen,
}

/// What a job found out about its layer, for [`Flatten::settle`].
#[derive(Debug, Default)]
pub struct Learned {
    /// The maps of blocks, by the blocks' numbers.
    pub(crate) maps: Vec<(u32, Map)>,
}

/// Which sectors of a block a layer has, as far as the layer can be seen. Most blocks have all, which is kept small.
#[derive(Clone, Debug)]
pub(crate) enum Map {
    All,
    Some(SectorMap),
}

impl Map {
    /// The map of a block that has only some of its sectors.
    pub(crate) fn some(&self) -> Option<&SectorMap> {
        match self {
            Self::All => None,
            Self::Some(map) => Some(map),
        }
    }
}

/// A version on its way to a target.
pub struct Flatten<'v, 'm> {
    version: &'v Version<'m>,
    /// How many layers are still to be done, the one at work included.
    left: usize,
    covered: Covered,
}

impl<'v, 'm> Flatten<'v, 'm> {
    /// Begins with the leaf.
    pub fn new(version: &'v Version<'m>) -> Self {
        Self { version, left: version.parts().len(), covered: Covered::default() }
    }

    /// Whether all layers are done.
    pub fn is_done(&self) -> bool {
        self.left == 0
    }

    /// The jobs of the layer at work: its frames that hold something which no layer above has.
    pub fn jobs(&self) -> impl Iterator<Item = Job> + '_ {
        let part = self.part();
        let frames =
            part.into_iter().flat_map(|part| part.layer.frames().frames().map(move |frame| (part, frame)));
        frames.filter(|(part, frame)| self.needs(part, frame.plain.clone())).map(|(_, frame)| Job {
            frame: frame.number,
            len: ByteLen(frame.plain.end - frame.plain.start),
            stored: ByteLen(frame.stored.end - frame.stored.start),
        })
    }

    /// Does a job.
    ///
    /// # Errors
    /// [`DeployError`].
    pub fn run(&self, job: Job, tools: Tools<'_>, scratch: &mut Scratch) -> Result<Learned, DeployError> {
        let at_work = self.part().and_then(|part| Some((part, part.layer.frames().frame(job.frame)?)));
        let Some((part, frame)) = at_work else { return Ok(Learned::default()) };
        let bytes = part.layer.decode(&frame, tools.decoder, scratch)?;
        let known = BTreeMap::new();
        let pass = pass::Pass { covered: &self.covered, part, target: tools.target, known: &known };
        self.write(&pass, frame.plain.start, bytes)
    }

    /// Writes the bytes of a frame, which start at `at` of the layer's file.
    pub(crate) fn write(&self, pass: &pass::Pass<'_>, at: u64, bytes: &[u8]) -> Result<Learned, DeployError> {
        let map_of = |bitmap: &[u8]| self.version.sector_map(self.left - 1, bitmap);
        match &pass.part.places {
            Places::Whole => pass.write_whole(at, bytes).map(|()| Learned::default()),
            Places::Blocks(blocks) => pass.write_blocks(blocks, at, bytes, &map_of),
        }
    }

    /// Ends the layer at work, when all its jobs are done, and goes on to the one below.
    ///
    /// # Errors
    /// [`DeployError`].
    pub fn settle(
        &mut self,
        learned: impl IntoIterator<Item = Learned>,
        tools: Tools<'_>,
    ) -> Result<(), DeployError> {
        let Some(part) = self.part() else { return Ok(()) };
        let mut maps: BTreeMap<_, _> = learned.into_iter().flat_map(|learned| learned.maps).collect();
        let known = BTreeMap::new();
        let pass = pass::Pass { covered: &self.covered, part, target: tools.target, known: &known };
        if let Places::Blocks(blocks) = &part.places {
            for block in blocks.all().filter(|block| self.is_open(part, block.range.clone())) {
                if pass::is_torn(&blocks.bitmap(&block)) {
                    maps.insert(block.number, self.torn_map(blocks, &block, tools.decoder)?);
                }
                if let Some(Map::Some(map)) = maps.get(&block.number) {
                    pass.take_back(blocks, &block, map)?;
                }
            }
        }
        self.go_on(&maps, tools.target)
    }

    /// Goes on to the layer below, when everything that the one at work has is written and all its maps are known.
    pub(crate) fn go_on(
        &mut self,
        maps: &BTreeMap<u32, Map>,
        target: &dyn Target,
    ) -> Result<(), DeployError> {
        let Some(part) = self.part() else { return Ok(()) };
        if self.left == 1 {
            let pass = pass::Pass { covered: &self.covered, part, target, known: maps };
            pass.zero_rest(self.version.disk_size().0)?;
        }
        self.cover(part, maps);
        self.left -= 1;
        Ok(())
    }

    /// Notes what the layers below do not have to give any more.
    fn cover(&mut self, part: &Part<'_>, maps: &BTreeMap<u32, Map>) {
        let Places::Blocks(blocks) = &part.places else { return };
        for (number, map) in maps.iter().filter(|_| blocks.differs) {
            let range = blocks.on_disk(*number);
            let sectors = sectors(range.start..range.end.min(part.limit));
            match map {
                Map::All => self.covered.add(sectors),
                Map::Some(map) => self.covered.add_map(sectors, map),
            }
        }
    }

    /// All jobs of all layers, one after the other.
    ///
    /// # Errors
    /// [`DeployError`].
    pub fn run_all(mut self, tools: Tools<'_>) -> Result<(), DeployError> {
        let mut scratch = Scratch::default();
        while !self.is_done() {
            let jobs = self.jobs().map(|job| self.run(job, tools, &mut scratch));
            let learned = jobs.collect::<Result<Vec<_>, _>>()?;
            self.settle(learned, tools)?;
        }
        Ok(())
    }

    /// The sectors that layers above have decided.
    pub(crate) fn covered(&self) -> &Covered {
        &self.covered
    }

    /// The layer at work.
    pub(crate) fn part(&self) -> Option<&'v Part<'m>> {
        self.version.parts().get(self.left.checked_sub(1)?)
    }

    /// Whether a frame that holds these bytes of a layer's file holds anything that no layer above has.
    fn needs(&self, part: &Part<'_>, file: Range<u64>) -> bool {
        match &part.places {
            Places::Whole => self.is_open(part, file),
            Places::Blocks(blocks) => blocks.within(file).any(|block| self.is_open(part, block.range)),
        }
    }

    /// Whether a layer can be seen anywhere in these bytes of the disk.
    pub(crate) fn is_open(&self, part: &Part<'_>, disk: Range<u64>) -> bool {
        !self.covered.has_all(sectors(disk.start..disk.end.min(part.limit)))
    }

    /// The map of a block that lies in more than one frame, so that no job met it whole.
    pub(crate) fn torn_map(
        &self,
        blocks: &Blocks,
        block: &Block,
        decoder: &dyn Decoder,
    ) -> Result<Map, DeployError> {
        let Some(part) = self.part() else { return Ok(Map::All) };
        let bitmap = blocks.bitmap(block);
        let mut bytes = Vec::new();
        let mut scratch = Scratch::default();
        let mut at = bitmap.start;
        while let Some(frame) = part.layer.frames().holding(ByteOffset(at)).filter(|_| at < bitmap.end) {
            let plain = part.layer.decode(&frame, decoder, &mut scratch)?;
            let end = frame.plain.end.min(bitmap.end);
            let inside = (at - frame.plain.start) as usize..(end - frame.plain.start) as usize;
            bytes.extend_from_slice(plain.get(inside).unwrap_or_default());
            at = end;
        }
        Ok(self.version.sector_map(self.left - 1, &bytes).map_or(Map::All, Map::Some))
    }
}

/// The sectors of a range of bytes that starts and ends with sectors.
pub(crate) fn sectors(bytes: Range<u64>) -> Range<u64> {
    bytes.start / SECTOR..bytes.end.div_ceil(SECTOR)
}

const _: () = assert!((FRAME as u64).is_multiple_of(SECTOR));
