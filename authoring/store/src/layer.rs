//! A layer of a store, open for reading.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use formats::io::{ReadAt, read_vec};
use formats::layer::{DESCRIPTOR_FILE, FRAMES_FILE, Frames, LayerDescriptor, LayerError, STORED_FILE};
use formats::units::ByteOffset;
use uuid::Uuid;

use crate::cache::Cache;
use crate::depot::Depot;
use crate::document::read_text;
use crate::error::StoreError;
use crate::paths;
use crate::reader::LayerReader;

/// A layer whose parts were seen to belong together. Its frames are checked as they are read.
#[derive(Clone)]
pub struct Layer {
    /// What it is.
    pub descriptor: LayerDescriptor,
    /// Where its frames are, and their digests.
    pub frames: Arc<Frames>,
    /// Its stored file.
    pub stored: Arc<dyn ReadAt>,
    stored_path: PathBuf,
}

impl Layer {
    /// Opens the layer `uuid`: reads its description, the digests of its frames and the seek table.
    pub(crate) fn open(depot: &dyn Depot, uuid: Uuid) -> Result<Self, StoreError> {
        let descriptor = read_descriptor(depot, uuid)?;
        let list = read_list(depot, &descriptor)?;
        let key = paths::of_layer(uuid, STORED_FILE);
        let stored_path = depot.place(&key);
        let stored = depot.open(&key)?;
        let frames = Frames::open(&descriptor, &stored, &list).map_err(|fault| {
            let in_list = matches!(&fault, LayerError::Digest { what, .. } if *what == FRAMES_FILE);
            let list_path = || depot.place(&paths::of_layer(uuid, FRAMES_FILE));
            let path = if in_list { list_path() } else { stored_path.clone() };
            StoreError::damaged(&path)(fault)
        })?;
        Ok(Self { descriptor, frames: Arc::new(frames), stored, stored_path })
    }

    /// The layer's identity.
    pub fn uuid(&self) -> Uuid {
        self.descriptor.uuid
    }

    /// The path or URL of its stored file.
    pub fn stored_path(&self) -> &Path {
        &self.stored_path
    }

    /// The VHD file that it is.
    pub fn reader(&self) -> LayerReader {
        self.reader_with(Arc::new(Cache::new(Cache::ONE_LAYER)))
    }

    /// The VHD file that it is; what was decoded is kept in `cache`, which layers of a chain may share.
    pub fn reader_with(&self, cache: Arc<Cache>) -> LayerReader {
        LayerReader::new(self.clone(), cache)
    }
}

impl fmt::Debug for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Layer")
            .field("descriptor", &self.descriptor)
            .field("stored", &self.stored_path)
            .finish()
    }
}

/// Reads the description of the layer `uuid`.
pub fn read_descriptor(depot: &dyn Depot, uuid: Uuid) -> Result<LayerDescriptor, StoreError> {
    let key = paths::of_layer(uuid, DESCRIPTOR_FILE);
    let path = depot.place(&key);
    let descriptor = LayerDescriptor::parse(&read_text(depot, &key)?).map_err(StoreError::damaged(&path))?;
    if descriptor.uuid == uuid {
        return Ok(descriptor);
    }
    let (expected, found) = (format!("layer {uuid}"), format!("layer {}", descriptor.uuid));
    Err(StoreError::damaged(&path)(LayerError::OtherSubject { expected, found }))
}

/// Reads the digests of the frames. Only their length is checked here, so that no more is read than belongs there.
fn read_list(depot: &dyn Depot, descriptor: &LayerDescriptor) -> Result<Vec<u8>, StoreError> {
    let key = paths::of_layer(descriptor.uuid, FRAMES_FILE);
    let path = depot.place(&key);
    let source = depot.open(&key)?;
    let (expected, found) = (descriptor.frames.len, source.size());
    if found != expected {
        let fault = LayerError::Length { layer: descriptor.uuid, what: FRAMES_FILE, expected, found };
        return Err(StoreError::damaged(&path)(fault));
    }
    let len = found.to_usize().unwrap_or(usize::MAX);
    read_vec(&source, ByteOffset::ZERO, len).map_err(StoreError::read(&path))
}
