//! Sources: what there is to put on a medium, with the digests of all its pieces known.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use formats::io::ReadError;
use formats::layer::{ImageDocument, LayerDescriptor};
use formats::manifest::{Component, Image, Volume, paths};
use formats::time::Timestamp;
use formats::units::ByteOffset;
use host::{Crew, ErrorKind, HostError, Interrupted, Observer};
use serde_json::Value;
use store::{Located, compare_versions};

use crate::boot::{Bios, Boot, BootFile, Content};
use crate::folder;
use crate::frames;
use crate::payload::Payload;

/// Why sources cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// A folder or file cannot be read.
    #[error(transparent)]
    Host(HostError),
    /// A file's bytes cannot be read.
    #[error("{} cannot be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: ReadError,
    },
    /// A file's name is no Unicode.
    #[error("the name of {} is no UTF-8 text: rename it", path.display())]
    NotText {
        /// The file.
        path: PathBuf,
    },
    /// The user asked to stop.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}

impl SourceError {
    /// What it means for whoever asked.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Host(error) => error.kind(),
            Self::Read { .. } => ErrorKind::Unreachable,
            Self::NotText { .. } => ErrorKind::Usage,
            Self::Interrupted(_) => ErrorKind::Interrupted,
        }
    }
}

/// What there is to put on a medium.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    pub(crate) images: Vec<Image>,
    pub(crate) layers: Vec<Layer>,
    pub(crate) added: Vec<Added>,
    pub(crate) payloads: Vec<Payload>,
    /// Files whose text names the medium: volume, path, text.
    pub(crate) texts: Vec<(Volume, String, String)>,
    pub(crate) bios: Option<Bios>,
    pub(crate) components: Vec<Component>,
    newest: Option<Timestamp>,
}

/// A layer of the store.
#[derive(Clone, Debug)]
pub(crate) struct Layer {
    pub(crate) descriptor: LayerDescriptor,
    /// The payload that is its compressed disk.
    pub(crate) disk: u32,
    /// The payload that is the list of its frames' digests.
    pub(crate) frames: u32,
    /// How much of it goes onto the medium.
    pub(crate) share: Share,
}

/// How much of a layer goes onto a medium.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Share {
    /// All of it.
    Whole,
    /// A part; the others go onto other media of the set.
    Part {
        /// The part's number, from 1.
        number: usize,
        /// Where in the compressed disk it starts.
        offset: ByteOffset,
        /// The payload that is the seek table of the whole.
        table: u32,
    },
    /// Nothing: other media of the set have it.
    Nothing,
}

/// A file or directory of a folder.
#[derive(Clone, Debug)]
pub(crate) struct Added {
    pub(crate) volume: Volume,
    pub(crate) path: String,
    /// The payload that is the file; `None` for a directory.
    pub(crate) payload: Option<u32>,
    /// Whether each medium of a set has it.
    pub(crate) on_each: bool,
}

impl Sources {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a version of an image with its layers; what was added already is left as it is. Of one image, older
    /// versions are listed before newer ones, in whatever order they are added.
    pub fn add_version(&mut self, located: Located) {
        self.add_image(located.document);
        for layer in located.layers {
            self.add_layer(layer);
        }
    }

    fn add_image(&mut self, document: ImageDocument) {
        let ImageDocument { name, version, size, chain, note, published, .. } = document;
        if !self.images.iter().any(|image| image.name == name && image.version == version) {
            self.newest = self.newest.max(Some(published));
            // The last one of a name is the one that clients take for the newest.
            let newer =
                |image: &Image| image.name == name && compare_versions(&image.version, &version).is_gt();
            let place = self.images.iter().position(newer).unwrap_or(self.images.len());
            self.images.insert(place, Image { name, version, size, chain, note });
        }
    }

    fn add_layer(&mut self, layer: store::Layer) {
        let store::Layer { descriptor, frames, stored, .. } = layer;
        if self.layers.iter().any(|layer| layer.descriptor.uuid == descriptor.uuid) {
            return;
        }
        self.newest = self.newest.max(Some(descriptor.published));
        let name = format!("layer {}", descriptor.uuid);
        let pieces = frames::pieces(&frames);
        let disk = self.add_payload(Payload::new(&name, descriptor.stored.sha256, pieces, Arc::new(stored)));
        let list = frames::list(&frames);
        let frames = self.add_payload(Payload::of_bytes(&format!("frames of {name}"), list));
        self.layers.push(Layer { descriptor, disk, frames, share: Share::Whole });
    }

    /// Adds everything that a folder holds to a volume.
    ///
    /// # Errors
    /// [`SourceError`].
    pub fn add_folder(
        &mut self,
        folder: &Path,
        volume: Volume,
        crew: &Crew,
        observer: &dyn Observer,
    ) -> Result<(), SourceError> {
        let found = folder::walk(folder, volume)?;
        let mut payloads = folder::payloads(&found, crew, observer)?.into_iter();
        for found in found {
            let payload = found.len.and_then(|_| payloads.next()).map(|payload| self.add_payload(payload));
            self.added.push(Added { volume, path: found.path, payload, on_each: false });
        }
        Ok(())
    }

    /// Adds a file of the host to a volume, under a path.
    ///
    /// # Errors
    /// [`SourceError`].
    pub fn add_file(
        &mut self,
        file: &Path,
        (volume, path): (Volume, &str),
        crew: &Crew,
        observer: &dyn Observer,
    ) -> Result<(), SourceError> {
        let found = [folder::single(file, volume, path)?];
        for payload in folder::payloads(&found, crew, observer)? {
            let payload = Some(self.add_payload(payload));
            self.added.push(Added { volume, path: path.into(), payload, on_each: false });
        }
        Ok(())
    }

    /// Adds a file whose bytes are known.
    pub fn add_bytes(&mut self, volume: Volume, path: &str, bytes: Vec<u8>) {
        let payload = Some(self.add_payload(Payload::of_bytes(path, bytes)));
        self.added.push(Added { volume, path: path.into(), payload, on_each: true });
    }

    /// Adds what the medium starts.
    pub fn add_boot(&mut self, boot: Boot) {
        for BootFile { volume, path, content } in boot.files {
            match content {
                Content::Bytes(bytes) => self.add_bytes(volume, &path, bytes),
                Content::Text(text) => self.texts.push((volume, path, text)),
            }
        }
        self.bios = boot.bios.or(self.bios.take());
        self.components.extend(boot.components);
    }

    /// The images, older versions before newer ones of the same name.
    pub fn images(&self) -> &[Image] {
        &self.images
    }

    /// Whether there are answers to what would be asked.
    pub(crate) fn has_answers(&self) -> bool {
        self.added.iter().any(|added| added.volume == Volume::Esp && added.path == paths::ANSWERS)
    }

    pub(crate) fn add_payload(&mut self, payload: Payload) -> u32 {
        self.payloads.push(payload);
        // Cannot cut: every payload takes memory.
        (self.payloads.len() - 1) as u32
    }

    /// When the newest of the images and layers was published; `None` when there are none.
    pub fn newest(&self) -> Option<Timestamp> {
        self.newest
    }

    /// The `layer.json` of each layer, as manifests carry them.
    pub(crate) fn layer_documents(&self) -> Vec<Value> {
        // Descriptions are plain structs with string keys: those always are values.
        let value = |layer: &Layer| serde_json::to_value(&layer.descriptor).unwrap_or_default();
        self.layers.iter().map(value).collect()
    }
}
