//! What a device is to have.

use std::collections::{BTreeMap, BTreeSet};

use formats::document::{self, DocumentError};
use formats::layer::{ImageDocument, LayerDescriptor, LayerError};
use formats::names::{NoName, check_name};
use serde::{Deserialize, Serialize};
use store::device::Row;
use uuid::Uuid;

use super::VERSION;

/// How long the text of a target state may be, in bytes.
pub const MAX_TARGET: usize = 16 << 20;

/// What a device is to have: the answer to `GET /v1/target`. It names every layer with its digests, so that a client
/// that believes it need believe nobody else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetState {
    /// [`VERSION`].
    pub format: u32,
    /// The device's name.
    pub device: String,
    /// Whether the device is to give up all that it has.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub removed: bool,
    /// What the device is told that is of no image, by daemon and key.
    pub config: Vec<Row>,
    /// The versions that it is to have: of each image the current one, and behind it the staged one.
    pub images: Vec<TargetImage>,
    /// The layers of their chains, each once, a layer behind its parent.
    pub layers: Vec<LayerDescriptor>,
}

/// A version that a device is to have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetImage {
    /// The version, as the store has it.
    pub document: ImageDocument,
    /// What it is for.
    pub role: Role,
    /// Whether the device is to leave the image as it is.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub locked: bool,
    /// Whether the device is to give it up when nobody uses it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub removed: bool,
    /// The policies of the version with those of the assignment laid over them, by daemon and key.
    pub policies: Vec<Row>,
}

/// What a version is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// To be run.
    Current,
    /// To be fetched, and not to be run yet.
    Staged,
}

/// Why a text is no target state.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// It is no such document.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// A newer service wrote it.
    #[error("it has format {found}, this program reads format {VERSION}")]
    Format {
        /// Its format.
        found: u32,
    },
    /// It has a name that cannot be one.
    #[error(transparent)]
    Name(#[from] NoName),
    /// A layer or a version contradicts itself.
    #[error(transparent)]
    Layer(#[from] LayerError),
    /// It names a version or a layer twice.
    #[error("it names {title} twice")]
    Twice {
        /// The version, or the layer.
        title: String,
    },
    /// A chain is not one of the layers that are described.
    #[error("the chain of {title} is broken at layer {layer}")]
    Chain {
        /// The version.
        title: String,
        /// The layer.
        layer: Uuid,
    },
}

impl TargetState {
    /// Parses a target state and checks it: after that each chain is whole and each layer lies on its parent.
    ///
    /// # Errors
    /// [`TargetError`].
    pub fn parse(text: &str) -> Result<Self, TargetError> {
        let target: Self = document::parse(text)?;
        target.check()?;
        Ok(target)
    }

    /// The text.
    pub fn print(&self) -> String {
        document::print(self)
    }

    /// The layer, where it is described.
    pub fn layer(&self, layer: Uuid) -> Option<&LayerDescriptor> {
        self.layers.iter().find(|known| known.uuid == layer)
    }

    /// Checks the rules that the fields' types do not say. [`TargetState::parse`] has done it already.
    ///
    /// # Errors
    /// [`TargetError`].
    pub fn check(&self) -> Result<(), TargetError> {
        if self.format != VERSION {
            return Err(TargetError::Format { found: self.format });
        }
        check_name(&self.device)?;
        self.layers.iter().try_for_each(LayerDescriptor::check)?;
        let mut described = BTreeSet::new();
        if let Some(twice) = self.layers.iter().find(|layer| !described.insert(layer.uuid)) {
            return Err(TargetError::Twice { title: format!("layer {}", twice.uuid) });
        }
        let layers: BTreeMap<Uuid, &LayerDescriptor> =
            self.layers.iter().map(|layer| (layer.uuid, layer)).collect();
        let mut seen = BTreeSet::new();
        for TargetImage { document, .. } in &self.images {
            document.check()?;
            let title = document.title();
            if !seen.insert(title.clone()) {
                return Err(TargetError::Twice { title });
            }
            check_chain(document, &layers)?;
        }
        Ok(())
    }
}

fn check_chain(
    document: &ImageDocument,
    layers: &BTreeMap<Uuid, &LayerDescriptor>,
) -> Result<(), TargetError> {
    let mut below = None;
    for uuid in &document.chain {
        match layers.get(uuid) {
            Some(layer) if layer.parent == below => below = Some(*uuid),
            _ => return Err(TargetError::Chain { title: document.title(), layer: *uuid }),
        }
    }
    Ok(())
}
