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
/// The file that a publisher holds a lock on; the one in the folder of the devices is for who changes those.
pub const LOCK: &str = ".lock";
/// What the names of documents end with.
pub const DOCUMENT: &str = ".json";
/// The first character of names of what is not finished.
pub const UNFINISHED: char = '~';

/// The folder of a layer.
pub fn layer(uuid: Uuid) -> String {
    format!("{LAYERS}/{uuid}")
}

/// What the name of a damaged layer ends with, while another one takes its place.
pub const DAMAGED: &str = ".damaged";

/// The layer that something in the folder of the layers is an unfinished one of, by its name: `~UUID` with anything
/// behind a dot.
pub fn unfinished_layer(name: &str) -> Option<Uuid> {
    let name = name.strip_prefix(UNFINISHED)?;
    name.split_once('.').map_or(name, |(layer, _)| layer).parse().ok()
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
