//! Media and chains made in memory, with the disk that they must give known by construction.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Mutex;

use deploy::{Decoder, Medium, Target, TargetError, Undecodable};
use formats::digest::Sha256;
use formats::files::{Entry, Extent, Files, FilesError};
use formats::io::{ReadAt, ReadError, check_range, read_vec};
use formats::layer::{
    Compression, Digested, DiskKind, FRAME, LayerDescriptor, Method, SeekTable, print_digests,
};
use formats::manifest::{self, FORMAT, File, Image, Kind, Manifest, Volume, paths};
use formats::time::Timestamp;
use formats::units::{ByteLen, ByteOffset};
use formats::vhd::{Block, Disk, ParentLink, Plan, SectorMap, SizeRule, Vhd, VhdFile, write};
use uuid::Uuid;

/// Files in memory.
#[derive(Clone, Default)]
pub struct Shelf(pub BTreeMap<String, Vec<u8>>);

impl Files for Shelf {
    fn list(&self, _: &str) -> Result<Vec<Entry>, FilesError> {
        Ok(Vec::new())
    }

    fn open(&self, path: &str) -> Result<Box<dyn ReadAt + '_>, FilesError> {
        let file = self.0.get(path).ok_or_else(|| FilesError::NotFound { path: path.into() })?;
        Ok(Box::new(file.as_slice()))
    }

    fn extents(&self, _: &str) -> Result<Option<Vec<Extent>>, FilesError> {
        Ok(None)
    }
}

/// Bytes that look random: a word for each eight bytes, from a seed and the position.
pub struct Noise {
    pub seed: u64,
    pub len: u64,
}

impl ReadAt for Noise {
    fn size(&self) -> ByteLen {
        ByteLen(self.len)
    }

    fn read_at(&self, offset: ByteOffset, buf: &mut [u8]) -> Result<(), ReadError> {
        let range = check_range(self.size(), offset, buf.len())?;
        let mut word = mix(self.seed ^ (range.start / 8));
        for (at, byte) in range.zip(buf) {
            if at.is_multiple_of(8) {
                word = mix(self.seed ^ (at / 8));
            }
            *byte = (word >> (at % 8 * 8)) as u8 | 1;
        }
        Ok(())
    }
}

/// The finisher of SplitMix64.
pub fn mix(word: u64) -> u64 {
    let word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

/// How a layer is made.
#[derive(Clone, Copy)]
pub struct Recipe {
    pub seed: u64,
    pub size: u64,
    pub block_size: u32,
    /// One block in so many is missing; 0 for a fixed disk.
    pub missing: u64,
}

/// Layers on top of each other and the disk that they make up.
#[derive(Clone, Default)]
pub struct Stack {
    pub shelf: Shelf,
    pub disk: Vec<u8>,
    pub chain: Vec<Uuid>,
    descriptors: Vec<LayerDescriptor>,
    files: Vec<File>,
}

impl Stack {
    pub fn of(recipes: &[Recipe]) -> Self {
        recipes.iter().fold(Self::default(), Self::add)
    }

    fn add(mut self, recipe: &Recipe) -> Self {
        let uuid = Uuid::from_u128(recipe.seed.into());
        let noise = Noise { seed: recipe.seed << 32, len: recipe.size };
        self.disk.resize(recipe.size as usize, 0);
        let link = |unique_id| ParentLink { unique_id, time_stamp: 0, name: "parent.vhd".into() };
        let parent = self.chain.last().copied().map(link);
        let whole = Disk::new(ByteLen(recipe.size), uuid, Timestamp::EARLIEST);
        let disk = Disk { block_size: recipe.block_size, parent, ..whole };
        let (kind, vhd) = if recipe.missing == 0 {
            self.disk = read_vec(&noise, ByteOffset(0), recipe.size as usize).unwrap();
            (DiskKind::Fixed, [self.disk.as_slice(), &write::fixed_footer(&disk).unwrap()].concat())
        } else {
            let kind = if disk.parent.is_some() { DiskKind::Differencing } else { DiskKind::Dynamic };
            (kind, self.blocks(recipe, &disk, &noise))
        };
        self.shelve(&disk, kind, &vhd);
        self
    }

    /// A VHD of blocks; what it has is laid over the disk, and garbage over the sectors that it has not.
    fn blocks(&mut self, recipe: &Recipe, disk: &Disk, noise: &Noise) -> Vec<u8> {
        let there = |number: &u32| !mix(recipe.seed + u64::from(*number)).is_multiple_of(recipe.missing);
        let plan = Plan::new(disk, (0..disk.block_count().unwrap()).filter(there)).unwrap();
        let map_of = |block: &Block| Ok(map(recipe, block));
        let file = VhdFile::with_maps(plan.clone(), noise, map_of);
        let mut vhd = read_vec(&file, ByteOffset(0), file.size().0 as usize).unwrap();
        for block in plan.blocks() {
            let map = map(recipe, &block);
            for (at, sector) in block.range.clone().step_by(512).zip(0..) {
                let from = (block.data.0 + (at - block.range.start)) as usize;
                let place = &mut vhd[from..from + 512];
                if map.has(sector) {
                    self.disk[at as usize..at as usize + 512].copy_from_slice(place);
                } else {
                    place.fill(0xee);
                }
            }
        }
        assert!(Vhd::open(&vhd, SizeRule::Current).is_ok());
        vhd
    }

    /// The VHD in layer `index`.
    pub fn vhd(&self, index: usize) -> Vec<u8> {
        let stored = &self.shelf.0[&paths::layer_disk(self.chain[index])];
        stored[..self.descriptors[index].vhd.len.0 as usize].to_vec()
    }

    /// Puts another VHD of the same length into layer `index`, which describes it rightly.
    pub fn replace(&mut self, index: usize, vhd: &[u8]) {
        let old = self.descriptors[index].clone();
        let parent = old.parent.map(|unique_id| ParentLink { unique_id, time_stamp: 0, name: "p".into() });
        let disk = Disk { parent, ..Disk::new(old.virtual_size, old.uuid, Timestamp::EARLIEST) };
        self.shelve(&disk, old.kind, vhd);
        self.chain.pop();
        self.descriptors.swap_remove(index);
    }

    fn shelve(&mut self, disk: &Disk, kind: DiskKind, vhd: &[u8]) {
        let uuid = disk.unique_id;
        let mut table = SeekTable::new();
        vhd.chunks(FRAME).for_each(|frame| table.push(frame.len() as u32, frame.len() as u32));
        let stored = [vhd, &table.print()].concat();
        let digests: Vec<_> = vhd.chunks(FRAME).map(Sha256::of).collect();
        let frames = print_digests(&digests);
        self.descriptors.push(LayerDescriptor {
            format: formats::layer::FORMAT,
            uuid,
            parent: disk.parent.as_ref().map(|parent| parent.unique_id),
            kind,
            virtual_size: disk.size,
            vhd: Digested::of(vhd),
            stored: Digested::of(&stored),
            frames: Digested::of(&frames),
            compression: Compression { method: Method::Zstd, level: 3 },
            published: Timestamp::EARLIEST,
            tool: "test".into(),
        });
        self.put(&paths::layer_disk(uuid), stored, Some(uuid));
        self.put(&paths::layer_frames(uuid), frames, None);
        self.chain.push(uuid);
    }

    fn put(&mut self, path: &str, bytes: Vec<u8>, layer: Option<Uuid>) {
        let (len, sha256) = (ByteLen(bytes.len() as u64), Sha256::of(&bytes));
        self.files.push(File { volume: Volume::Seed, path: path.into(), len, sha256, layer, offset: None });
        self.shelf.0.insert(path.into(), bytes);
    }

    /// The manifest of a medium with the whole stack as `disk@1`.
    pub fn manifest(&self) -> Manifest {
        let image = Image {
            name: "disk".into(),
            version: "1".into(),
            size: ByteLen(self.disk.len() as u64),
            chain: self.chain.clone(),
            note: String::new(),
        };
        Manifest {
            format: FORMAT,
            medium: Uuid::from_u128(1),
            kind: Kind::Usb,
            label: "SEED".into(),
            created: Timestamp::EARLIEST,
            expires: None,
            tool: "test".into(),
            template: "usb".into(),
            size: ByteLen(1 << 40),
            sector_size: 512,
            set: None,
            images: vec![image],
            boot: Vec::new(),
            layers: self.descriptors.iter().map(|layer| serde_json::to_value(layer).unwrap()).collect(),
            files: self.files.clone(),
            structures: Vec::<manifest::Structure>::new(),
        }
    }

    pub fn medium(&self) -> Medium {
        Medium::mounted(Box::new(self.shelf.clone()))
    }
}

/// Which sectors of a block a layer has: all, none, the first half, or one in three.
fn map(recipe: &Recipe, block: &Block) -> SectorMap {
    let sectors = recipe.block_size / 512;
    let word = mix(recipe.seed.wrapping_mul(31) + u64::from(block.number));
    let on_disk = ((block.range.end - block.range.start) / 512) as u32;
    match word % 4 {
        0 => SectorMap::first(on_disk, sectors),
        1 => SectorMap::first(on_disk / 2, sectors),
        2 => SectorMap::empty(sectors),
        _ => {
            let mut map = SectorMap::empty(sectors);
            (0..on_disk)
                .filter(|s| mix(word ^ u64::from(*s)).is_multiple_of(3))
                .for_each(|sector| map.set(sector));
            map
        }
    }
}

/// Frames that are stored as they are; counts how often each was decoded.
#[derive(Default)]
pub struct Copying(pub Mutex<BTreeMap<Sha256, usize>>);

impl Decoder for Copying {
    fn decode(&self, compressed: &[u8], plain: &mut [u8]) -> Result<(), Undecodable> {
        if compressed.len() != plain.len() {
            return Err(Undecodable::new("the lengths differ"));
        }
        plain.copy_from_slice(compressed);
        *self.0.lock().unwrap().entry(Sha256::of(compressed)).or_default() += 1;
        Ok(())
    }
}

/// A target in memory that starts with other bytes than zeros, or with zeros and then has nothing to do for more.
pub struct Memory {
    bytes: Mutex<Vec<u8>>,
    is_new: bool,
}

impl Memory {
    pub fn used(len: usize) -> Self {
        Self { bytes: Mutex::new(vec![0x55; len]), is_new: false }
    }

    pub fn new(len: usize) -> Self {
        Self { bytes: Mutex::new(vec![0; len]), is_new: true }
    }

    pub fn bytes(self) -> Vec<u8> {
        self.bytes.into_inner().unwrap()
    }

    fn fill(&self, range: Range<usize>, bytes: impl FnOnce(&mut [u8])) -> Result<(), TargetError> {
        let mut all = self.bytes.lock().unwrap();
        let full = TargetError::Full { offset: ByteOffset(range.start as u64) };
        all.get_mut(range).map(bytes).ok_or(full)
    }
}

impl Target for Memory {
    fn write_at(&self, offset: ByteOffset, bytes: &[u8]) -> Result<(), TargetError> {
        let at = offset.0 as usize;
        self.fill(at..at + bytes.len(), |place| place.copy_from_slice(bytes))
    }

    fn zero_at(&self, offset: ByteOffset, len: ByteLen) -> Result<(), TargetError> {
        let at = offset.0 as usize;
        if self.is_new { Ok(()) } else { self.fill(at..at + len.0 as usize, |place| place.fill(0)) }
    }
}
