//! Which images there are, in which versions, and of which layers these are made.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use formats::layer::{ImageDocument, LayerError};
use formats::names::check_name;
use uuid::Uuid;

use crate::cache::Cache;
use crate::document::read_text;
use crate::error::StoreError;
use crate::layer::Layer;
use crate::paths;
use crate::reader::LayerReader;
use crate::root::Store;
use crate::version::compare_versions;

/// Something in a store that is not as it should be.
#[derive(Debug)]
pub struct Problem {
    /// What was found.
    pub error: StoreError,
    /// The layer that is damaged or missing, where it is one.
    pub layer: Option<Uuid>,
}

/// All that a store offers.
#[derive(Debug, Default)]
pub struct Images {
    /// The versions, by name of the image and then from the oldest to the newest.
    pub versions: Vec<ImageDocument>,
    /// What could not be listed, because its document is damaged.
    pub problems: Vec<Problem>,
}

/// A version with its layers.
#[derive(Clone, Debug)]
pub struct Located {
    /// The version's document.
    pub document: ImageDocument,
    /// Its layers, base first, leaf last.
    pub layers: Vec<Layer>,
}

impl Store {
    /// All versions of all images. A damaged document is told beside those that are sound.
    ///
    /// # Errors
    /// [`StoreError`] when the folder of the images cannot be read.
    pub fn images(&self) -> Result<Images, StoreError> {
        let mut images = Images::default();
        for name in self.names()? {
            let versions = match self.versions(&name) {
                Ok(versions) => versions,
                Err(error) => {
                    images.problems.push(error.into());
                    continue;
                }
            };
            for version in versions {
                match self.document(&name, &version) {
                    Ok(document) => images.versions.push(document),
                    Err(error) => images.problems.push(error.into()),
                }
            }
        }
        Ok(images)
    }

    /// A version of an image with its layers; without a version the newest one.
    ///
    /// # Errors
    /// [`StoreError`] when it is not there, or when its chain is not whole.
    pub fn locate(&self, name: &str, version: Option<&str>) -> Result<Located, StoreError> {
        let document = self.find(name, version)?;
        let layers = self.chain(&document)?;
        Ok(Located { document, layers })
    }

    /// The document of a version; without a version that of the newest one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn find(&self, name: &str, version: Option<&str>) -> Result<ImageDocument, StoreError> {
        check_name(name)?;
        version.map_or(Ok(()), check_name)?;
        let versions = self.versions(name)?;
        let found = match version {
            Some(wanted) => versions.iter().find(|there| *there == wanted),
            None => versions.last(),
        };
        match found {
            Some(found) => self.document(name, found),
            None => Err(self.not_found(name, version, &versions)),
        }
    }

    /// Opens a layer.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn layer(&self, uuid: Uuid) -> Result<Layer, StoreError> {
        Layer::open(self.depot(), uuid)
    }

    /// The layers of a version, each on its parent.
    pub(crate) fn chain(&self, document: &ImageDocument) -> Result<Vec<Layer>, StoreError> {
        let mut layers: Vec<Layer> = Vec::new();
        for uuid in &document.chain {
            if !self.has_layer(*uuid)? {
                let path = self.layer_place(*uuid);
                return Err(StoreError::NoLayer { layer: *uuid, needed_by: document.title(), path });
            }
            let layer = self.layer(*uuid)?;
            let expected = layers.last().map(Layer::uuid);
            let found = layer.descriptor.parent;
            if found != expected {
                return Err(StoreError::Link { image: document.title(), layer: *uuid, expected, found });
            }
            layers.push(layer);
        }
        Ok(layers)
    }

    /// Whether there is something under the name of a layer, sound or not.
    pub(crate) fn has_layer(&self, uuid: Uuid) -> Result<bool, StoreError> {
        self.depot().has(&paths::layer(uuid))
    }

    /// What people call the place of a layer.
    pub(crate) fn layer_place(&self, uuid: Uuid) -> PathBuf {
        self.depot().place(&paths::layer(uuid))
    }

    /// A layer with its parents, base first.
    pub(crate) fn lineage(&self, leaf: Uuid) -> Result<Vec<Layer>, StoreError> {
        let mut layers = vec![self.layer(leaf)?];
        let mut seen = BTreeSet::from([leaf]);
        while let Some((layer, uuid)) = layers.last().and_then(|l| Some((l.uuid(), l.descriptor.parent?))) {
            if !self.has_layer(uuid)? || !seen.insert(uuid) {
                let path = self.layer_place(uuid);
                return Err(StoreError::NoLayer { layer: uuid, needed_by: format!("layer {layer}"), path });
            }
            layers.push(self.layer(uuid)?);
        }
        layers.reverse();
        Ok(layers)
    }

    /// The names of all images.
    pub(crate) fn names(&self) -> Result<Vec<String>, StoreError> {
        let mut names = self.depot().list(paths::IMAGES)?;
        names.retain(|name| check_name(name).is_ok());
        names.sort();
        Ok(names)
    }

    /// The versions of an image, the oldest first.
    pub(crate) fn versions(&self, name: &str) -> Result<Vec<String>, StoreError> {
        let files = self.depot().list(&paths::image(name))?;
        let mut versions: Vec<String> = files
            .iter()
            .filter_map(|file| file.strip_suffix(paths::DOCUMENT))
            .filter(|version| check_name(version).is_ok())
            .map(Into::into)
            .collect();
        versions.sort_by(|one, other| compare_versions(one, other));
        Ok(versions)
    }

    /// The document of a version that is there.
    pub(crate) fn document(&self, name: &str, version: &str) -> Result<ImageDocument, StoreError> {
        let key = paths::version(name, version);
        let path = self.depot().place(&key);
        let found =
            ImageDocument::parse(&read_text(self.depot(), &key)?).map_err(StoreError::damaged(&path))?;
        if (&*found.name, &*found.version) == (name, version) {
            return Ok(found);
        }
        let fault = LayerError::OtherSubject { expected: format!("{name}@{version}"), found: found.title() };
        Err(StoreError::damaged(&path)(fault))
    }

    fn not_found(&self, name: &str, version: Option<&str>, versions: &[String]) -> StoreError {
        let wanted = version.map_or_else(|| name.into(), |version| format!("{name}@{version}"));
        let there = match versions {
            [] => "no version of it is published".into(),
            there => format!("its versions are {}", there.join(", ")),
        };
        StoreError::NotFound { wanted, store: self.root().into(), there }
    }
}

impl Located {
    /// The VHD files of the layers, base first. They share one cache of decoded frames.
    pub fn readers(&self) -> Vec<LayerReader> {
        let cache = Arc::new(Cache::new(Cache::CHAIN));
        self.layers.iter().map(|layer| layer.reader_with(cache.clone())).collect()
    }
}

impl Problem {
    /// What is wrong with a layer.
    pub(crate) fn of(layer: Uuid, error: StoreError) -> Self {
        Self { error, layer: Some(layer) }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let layer = if let StoreError::NoLayer { layer, .. } = error { Some(layer) } else { None };
        Self { error, layer }
    }
}

impl std::fmt::Display for Problem {
    /// The error with its causes, in one line.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.error)?;
        let mut cause = std::error::Error::source(&self.error);
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}
