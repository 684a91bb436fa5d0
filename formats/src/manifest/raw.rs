//! The fields of a manifest, in the order in which they are printed.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::Set;
use crate::digest::Sha256;
use crate::time::Timestamp;
use crate::units::{ByteLen, ByteOffset};

/// The version of the manifest and of the medium's layout that this crate reads and writes.
pub const FORMAT: u32 = 1;

/// How long a manifest may be, in bytes: a quarter of a million files, and bounded memory for who reads it.
pub const MAX_TEXT: usize = 64 << 20;

/// Everything that is on a medium.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// [`FORMAT`].
    pub format: u32,
    /// The medium's own identity.
    pub medium: Uuid,
    /// What kind of medium it is.
    pub kind: Kind,
    /// The label of the seed volume.
    pub label: String,
    /// When the medium was made, by the request.
    pub created: Timestamp,
    /// From when on a client refuses the medium; `None` means never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
    /// The program that made it and its version: `seedpress 0.1.0`.
    pub tool: String,
    /// The name of the template.
    pub template: String,
    /// How long the medium is.
    pub size: ByteLen,
    /// The size of the medium's sectors, in bytes.
    pub sector_size: u32,
    /// The set that it belongs to, when its payload did not fit on one medium.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set: Option<Set>,
    /// The images that can be had from it, or from its set.
    pub images: Vec<Image>,
    /// The store's `layer.json` of each layer of the images; each is an object with its `uuid`.
    pub layers: Vec<Value>,
    /// What the medium starts, where it came from: nothing where it starts nothing, or a tree of the user's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub boot: Vec<Component>,
    /// Every file of both volumes, but the manifest and its signature.
    pub files: Vec<File>,
    /// The byte ranges of the medium that belong to no file: partition tables, file systems.
    pub structures: Vec<Structure>,
}

/// What kind of medium a manifest describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A disk image with a partition table, for USB.
    Usb,
    /// An optical image.
    Disc,
}

/// A version of an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Image {
    /// The image's name.
    pub name: String,
    /// The version's name.
    pub version: String,
    /// How long its disk is.
    pub size: ByteLen,
    /// The layers that make it up, base first.
    pub chain: Vec<Uuid>,
    /// What its publisher said of it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// Which volume of a medium.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Volume {
    /// The volume that holds the payload.
    Seed,
    /// The EFI system partition.
    Esp,
}

/// A file of a volume.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// The volume that it is on.
    pub volume: Volume,
    /// Its path from the volume's root, parts divided by `/`.
    pub path: String,
    /// How long it is.
    pub len: ByteLen,
    /// The digest of its bytes.
    pub sha256: Sha256,
    /// The layer whose compressed disk it is, or a part of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layer: Option<Uuid>,
    /// Where in the layer's compressed disk it starts, when it is a part: one that is cut over a set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<ByteOffset>,
}

/// A program, or a part of one, that a medium starts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Component {
    /// What it is for: `loader`, `shim`, `grub`, `kernel`, `modules`.
    pub role: String,
    /// What its maker calls it: a package, or a program of ours.
    pub name: String,
    /// Its version, in its maker's words; empty where they left none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub version: String,
    /// The digest of its bytes as they were found.
    pub sha256: Sha256,
}

/// A byte range of the medium that belongs to no file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Structure {
    /// What it is, in the words of its format.
    pub name: String,
    /// Where it starts, from the start of the medium.
    pub start: ByteOffset,
    /// How long it is.
    pub len: ByteLen,
    /// The digest of its bytes.
    pub sha256: Sha256,
}

impl Manifest {
    /// A version of an image; without a version the last one listed of that name, which is the newest.
    pub fn image(&self, name: &str, version: Option<&str>) -> Option<&Image> {
        self.images.iter().rev().find(|i| i.name == name && version.is_none_or(|v| i.version == v))
    }

    /// The `layer.json` of a layer.
    pub fn layer(&self, uuid: Uuid) -> Option<&Value> {
        self.layers.iter().find(|layer| layer_uuid(layer) == Some(uuid))
    }

    /// The `layer.json` of each layer: for whoever asks for many.
    pub fn layers_by_uuid(&self) -> BTreeMap<Uuid, &Value> {
        self.layers.iter().filter_map(|layer| Some((layer_uuid(layer)?, layer))).collect()
    }

    /// The `layer.json` of a layer, as whatever type reads it; `None` when there is none, or when it is not of that
    /// type.
    pub fn layer_as<T: serde::de::DeserializeOwned>(&self, uuid: Uuid) -> Option<T> {
        T::deserialize(self.layer(uuid)?).ok()
    }

    /// A file of a volume.
    pub fn file(&self, volume: Volume, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.volume == volume && file.path == path)
    }

    /// The file that holds a layer's compressed disk, or a part of it.
    pub fn layer_file(&self, uuid: Uuid) -> Option<&File> {
        self.files.iter().find(|file| file.layer == Some(uuid))
    }
}

/// The uuid that a `layer.json` gives for its layer.
pub(super) fn layer_uuid(layer: &Value) -> Option<Uuid> {
    layer.get("uuid")?.as_str()?.parse().ok()
}
