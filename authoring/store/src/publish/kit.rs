//! What a frame needs on its way from the disk to the store.

use std::io;
use std::sync::{Mutex, PoisonError};

use formats::digest::Sha256;
use formats::io::{ReadAt, ReadError};
use formats::layer::{FRAME, MAX_STORED_FRAME};
use formats::units::ByteOffset;
use zstd::bulk::Compressor;

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
    spare: Mutex<Vec<Kit>>,
}

impl Kits {
    /// Kits that compress with this level.
    pub fn new(level: i32) -> Self {
        Self { level, spare: Mutex::default() }
    }

    /// A kit that nobody uses.
    pub fn take(&self) -> io::Result<Kit> {
        let spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner).pop();
        spare.map_or_else(|| Kit::new(self.level), Ok)
    }

    /// Gives a kit back.
    pub fn put_back(&self, kit: Kit) {
        self.spare.lock().unwrap_or_else(PoisonError::into_inner).push(kit);
    }
}

impl Kit {
    fn new(level: i32) -> io::Result<Self> {
        let mut compressor = Compressor::new(level)?;
        // So that `zstd -t` finds damage by itself.
        compressor.include_checksum(true)?;
        let stored = Vec::with_capacity(MAX_STORED_FRAME);
        Ok(Self { plain: vec![0; FRAME], stored, digest: Sha256([0; 32]), compressor })
    }

    /// Reads frame `number` of a VHD file.
    pub fn read(&mut self, file: &dyn ReadAt, number: u64) -> Result<(), ReadError> {
        let start = number * FRAME as u64;
        // Cannot cut: a frame is small.
        let len = file.size().0.saturating_sub(start).min(FRAME as u64) as usize;
        self.plain.resize(len, 0);
        file.read_at(ByteOffset(start), &mut self.plain)
    }

    /// Compresses what was read.
    pub fn compress(&mut self) -> io::Result<()> {
        self.stored.clear();
        self.compressor.compress_to_buffer(&self.plain, &mut self.stored)?;
        self.digest = Sha256::of(&self.stored);
        Ok(())
    }
}
