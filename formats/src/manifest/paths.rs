//! Where things are on a medium, and which paths a manifest may name.

use alloc::format;
use alloc::string::String;

use uuid::Uuid;

/// The manifest, on the seed volume.
pub const MANIFEST: &str = "seed/manifest.json";
/// Its minisign signature, on the seed volume.
pub const SIGNATURE: &str = "seed/manifest.json.minisig";
/// The directory of the layers, on the seed volume.
pub const LAYERS: &str = "seed/layers";
/// The digests of all files, on the seed volume, for `sha256sum -c`.
pub const SUMS: &str = "SHA256SUMS";
/// What the medium is and how to recover it, on the seed volume.
pub const README: &str = "README.txt";

/// What a BIOS starts from a disc, on the seed volume.
pub const BIOS_IMAGE: &str = "seed/bios.img";

/// Which medium this is, on the EFI system partition: what was started from there finds its medium by it.
pub const MARKER: &str = "seed/medium.json";
/// The answers to what would be asked, on the EFI system partition.
pub const ANSWERS: &str = "seed/deploy.toml";

/// How long a path may be, in bytes of UTF-8: 32,767 UTF-16 units, the most that Windows takes, of three bytes each.
pub const MAX_PATH: usize = 98_301;

/// A path that a manifest must not name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path:?} is no path of a file on a medium: {reason}")]
pub struct PathError {
    /// The path, at most its first 80 characters.
    pub path: String,
    /// Which rule it breaks.
    pub reason: &'static str,
}

/// The path of a layer's compressed disk.
pub fn layer_disk(uuid: Uuid) -> String {
    format!("{LAYERS}/{uuid}.vhd.zst")
}

/// The path of a part of a layer's compressed disk: part `number` from 1 of those on the media of a set.
pub fn layer_part(uuid: Uuid, number: usize) -> String {
    format!("{LAYERS}/{uuid}.vhd.zst.{number:03}")
}

/// The path of the seek table of a layer that is cut over a set: without it, no medium alone could tell where frames
/// end.
pub fn layer_seek_table(uuid: Uuid) -> String {
    format!("{LAYERS}/{uuid}.seek")
}

/// The path of a layer's list of frame digests.
pub fn layer_frames(uuid: Uuid) -> String {
    format!("{LAYERS}/{uuid}.frames")
}

/// Checks that a path leads downwards from a volume's root and reads the same to every program.
///
/// # Errors
/// [`PathError`].
pub fn check(path: &str) -> Result<(), PathError> {
    match fault(path) {
        None => Ok(()),
        Some(reason) => Err(PathError { path: path.chars().take(80).collect(), reason }),
    }
}

fn fault(path: &str) -> Option<&'static str> {
    if path.is_empty() {
        Some("it is empty")
    } else if path.len() > MAX_PATH {
        Some("it is longer than 98301 bytes")
    } else if path.contains('\\') {
        Some("it has a backslash")
    } else if path.chars().any(char::is_control) {
        Some("it has a control character")
    } else if path.split('/').any(str::is_empty) {
        Some("it has an empty part")
    } else if path.split('/').any(|part| matches!(part, "." | "..")) {
        Some("it has a part that is . or ..")
    } else {
        None
    }
}
