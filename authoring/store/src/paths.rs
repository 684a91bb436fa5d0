//! Where things are in a store.

use std::path::{Path, PathBuf};

use uuid::Uuid;

/// The file that makes a folder a store.
pub const STORE: &str = "store.json";
/// The folder of the layers.
pub const LAYERS: &str = "layers";
/// The folder of the images.
pub const IMAGES: &str = "images";
/// The file that a publisher holds a lock on.
pub const LOCK: &str = ".lock";
/// What the names of versions' documents end with.
pub const DOCUMENT: &str = ".json";
/// The first character of names of what is not finished.
pub const UNFINISHED: char = '~';

/// The folder of a layer.
pub fn layer(root: &Path, uuid: Uuid) -> PathBuf {
    root.join(LAYERS).join(uuid.to_string())
}

/// The folder of an image, whose name was checked.
pub fn image(root: &Path, name: &str) -> PathBuf {
    root.join(IMAGES).join(name)
}

/// The document of a version; both names were checked.
pub fn version(root: &Path, name: &str, version: &str) -> PathBuf {
    image(root, name).join(format!("{version}{DOCUMENT}"))
}
