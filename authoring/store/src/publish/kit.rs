//! What a frame needs on its way from the disk to the store.

use std::cell::RefCell;
use std::io;

use formats::digest::{Hasher, Sha256};
use formats::io::{ReadAt, ReadError};
use formats::layer::{FRAME, MAX_STORED_FRAME};
use formats::units::ByteOffset;
use zstd::bulk::Compressor;

/// How much is read at once, in bytes: what is then still in the processor's cache.
const PIECE: usize = 512 << 10;

/// Memory and a compressor for one frame.
pub struct Kit {
    /// The bytes of the VHD file.
    pub plain: Vec<u8>,
    /// The frame.
    pub stored: Vec<u8>,
    /// The digest of the frame.
    pub digest: Sha256,
    compressor: Compressor<'static>,
}

/// Kits that are used again and again: as many as there are frames on their way.
pub struct Kits {
    level: i32,
    spare: RefCell<Vec<Kit>>,
}

impl Kits {
    /// Kits that compress with this level.
    pub fn new(level: i32) -> Self {
        Self { level, spare: RefCell::default() }
    }

    /// A kit that nobody uses.
    pub fn take(&self) -> io::Result<Kit> {
        let spare = self.spare.borrow_mut().pop();
        spare.map_or_else(|| Kit::new(self.level), Ok)
    }

    /// Gives a kit back.
    pub fn put_back(&self, kit: Kit) {
        self.spare.borrow_mut().push(kit);
    }
}

impl Kit {
    fn new(level: i32) -> io::Result<Self> {
        // Without zstd's own checksum: each frame's digest is in frames.bin, and would be compared twice.
        let compressor = Compressor::new(level)?;
        let stored = Vec::with_capacity(MAX_STORED_FRAME);
        Ok(Self { plain: vec![0; FRAME], stored, digest: Sha256([0; 32]), compressor })
    }

    /// Reads frame `number` of a VHD file, and adds it to the file's digest while it is at hand.
    pub fn read(&mut self, file: &dyn ReadAt, number: u64, digest: &mut Hasher) -> Result<(), ReadError> {
        let mut at = number * FRAME as u64;
        // Cannot cut: a frame is small.
        let len = file.size().0.saturating_sub(at).min(FRAME as u64) as usize;
        self.plain.resize(len, 0);
        for piece in self.plain.chunks_mut(PIECE) {
            file.read_at(ByteOffset(at), piece)?;
            digest.update(piece);
            at += piece.len() as u64;
        }
        Ok(())
    }

    /// Compresses what was read.
    pub fn compress(&mut self) -> io::Result<()> {
        self.stored.clear();
        self.compressor.compress_to_buffer(&self.plain, &mut self.stored)?;
        self.digest = Sha256::of(&self.stored);
        Ok(())
    }
}
