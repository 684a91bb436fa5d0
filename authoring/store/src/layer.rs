//! A layer of a store, open for reading.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use formats::io::{ReadAt, read_vec};
use formats::layer::{DESCRIPTOR_FILE, FRAMES_FILE, Frames, LayerDescriptor, LayerError, STORED_FILE};
use formats::units::ByteOffset;
use host::FileSource;
use uuid::Uuid;

use crate::cache::Cache;
use crate::document::read_text;
use crate::error::StoreError;
use crate::reader::LayerReader;

/// A layer whose parts were seen to belong together. Its frames are checked as they are read.
#[derive(Clone, Debug)]
pub struct Layer {
    /// What it is.
    pub descriptor: LayerDescriptor,
    /// Where its frames are, and their digests.
    pub frames: Arc<Frames>,
    /// Its stored file.
    pub stored: Arc<FileSource>,
    folder: PathBuf,
}

impl Layer {
    /// Opens the layer `uuid` in its folder: reads its description, the digests of its frames and the seek table.
    pub(crate) fn open(folder: &Path, uuid: Uuid) -> Result<Self, StoreError> {
        let descriptor = read_descriptor(folder, uuid)?;
        let list_path = folder.join(FRAMES_FILE);
        let list = read_list(&list_path, &descriptor)?;
        let path = folder.join(STORED_FILE);
        let stored = FileSource::open(&path)?;
        let frames = Frames::open(&descriptor, &stored, &list).map_err(|fault| {
            let in_list = matches!(&fault, LayerError::Digest { what, .. } if *what == FRAMES_FILE);
            StoreError::damaged(if in_list { &list_path } else { &path })(fault)
        })?;
        let folder = folder.into();
        Ok(Self { descriptor, frames: Arc::new(frames), stored: Arc::new(stored), folder })
    }

    /// The layer's identity.
    pub fn uuid(&self) -> Uuid {
        self.descriptor.uuid
    }

    /// The folder that its files are in.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The path of its stored file.
    pub fn stored_path(&self) -> &Path {
        self.stored.path()
    }

    /// The path of its `frames.bin`.
    pub fn frames_path(&self) -> PathBuf {
        self.folder.join(FRAMES_FILE)
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

/// Reads the description of the layer `uuid`.
pub fn read_descriptor(folder: &Path, uuid: Uuid) -> Result<LayerDescriptor, StoreError> {
    let path = folder.join(DESCRIPTOR_FILE);
    let descriptor = LayerDescriptor::parse(&read_text(&path)?).map_err(StoreError::damaged(&path))?;
    if descriptor.uuid == uuid {
        return Ok(descriptor);
    }
    let (expected, found) = (format!("layer {uuid}"), format!("layer {}", descriptor.uuid));
    Err(StoreError::damaged(&path)(LayerError::OtherSubject { expected, found }))
}

/// Reads the digests of the frames. Only their length is checked here, so that no more is read than belongs there.
fn read_list(path: &Path, descriptor: &LayerDescriptor) -> Result<Vec<u8>, StoreError> {
    let source = FileSource::open(path)?;
    let (expected, found) = (descriptor.frames.len, source.size());
    if found != expected {
        let fault = LayerError::Length { layer: descriptor.uuid, what: FRAMES_FILE, expected, found };
        return Err(StoreError::damaged(path)(fault));
    }
    let len = found.to_usize().unwrap_or(usize::MAX);
    read_vec(&source, ByteOffset::ZERO, len).map_err(StoreError::read(path))
}
