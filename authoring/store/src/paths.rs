//! Where things are in a store: the keys of its objects.

use uuid::Uuid;

/// The document that makes a folder a store.
pub const STORE: &str = "store.json";
/// The folder of the layers.
pub const LAYERS: &str = "layers";
/// The folder of the images.
pub const IMAGES: &str = "images";
/// The folder of the devices.
pub const DEVICES: &str = "devices";
/// The folder of what devices report.
pub const REPORTS: &str = "reports";
/// The file that a publisher holds a lock on.
pub const LOCK: &str = ".lock";
/// What the names of documents end with.
pub const DOCUMENT: &str = ".json";
/// The first character of names of what is not finished.
pub const UNFINISHED: char = '~';

/// The folder of a layer.
pub fn layer(uuid: Uuid) -> String {
    format!("{LAYERS}/{uuid}")
}

/// A file of a layer.
pub fn of_layer(uuid: Uuid, file: &str) -> String {
    format!("{LAYERS}/{uuid}/{file}")
}

/// The folder of an image, whose name was checked.
pub fn image(name: &str) -> String {
    format!("{IMAGES}/{name}")
}

/// The document of a version; both names were checked.
pub fn version(name: &str, version: &str) -> String {
    format!("{IMAGES}/{name}/{version}{DOCUMENT}")
}

/// The document of a device, whose name was checked.
pub fn device(name: &str) -> String {
    format!("{DEVICES}/{name}{DOCUMENT}")
}

/// What a device reported last; its name was checked.
pub fn report(name: &str) -> String {
    format!("{REPORTS}/{name}{DOCUMENT}")
}
