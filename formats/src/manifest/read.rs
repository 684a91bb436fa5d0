//! Parsing a manifest, with every rule checked that its user relies on.

use alloc::collections::BTreeSet;
use alloc::string::{String, ToString};

use uuid::Uuid;

use super::raw::layer_uuid;
use super::{FORMAT, MAX_TEXT, Manifest, PathError, SetError, Structure, Volume, paths, set};
use crate::document::{self, DocumentError};
use crate::names::{NoName, check_name};
use crate::units::{ByteLen, ByteOffset};

/// Why a manifest is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// It is longer than [`MAX_TEXT`].
    #[error("the manifest has {len}, expected at most {}", ByteLen(MAX_TEXT as u64))]
    TooLong {
        /// Its length.
        len: ByteLen,
    },
    /// It is no text.
    #[error("the manifest is no UTF-8 text from byte {offset} on")]
    NotText {
        /// Where the first byte is that is no text.
        offset: ByteOffset,
    },
    /// It is no sealed document with a manifest's fields.
    #[error("its text is not the one that was written")]
    Document(#[source] DocumentError),
    /// A newer program wrote it.
    #[error("the manifest has format {found}, this program reads format {FORMAT}")]
    Format {
        /// Its format.
        found: u32,
    },
    /// An image or a version has no valid name.
    #[error("the manifest lists an image under a name that it cannot have")]
    Name(#[source] NoName),
    /// A path leads astray.
    #[error("the manifest lists a file under a path that it cannot have")]
    Path(#[source] PathError),
    /// The same thing is listed twice.
    #[error("the manifest lists {what} twice")]
    Twice {
        /// The file, layer or image.
        what: String,
    },
    /// An image has no layers.
    #[error("{image} has an empty chain")]
    EmptyChain {
        /// The image and its version.
        image: String,
    },
    /// An image needs a layer that is not listed.
    #[error("{image} needs layer {layer}, which the manifest does not list")]
    NoLayer {
        /// The image and its version.
        image: String,
        /// The layer.
        layer: Uuid,
    },
    /// A layer's document is no object with a uuid.
    #[error("layer {index} of the manifest has no uuid")]
    NoUuid {
        /// Its index in the list, from 0.
        index: usize,
    },
    /// The set that it names is none, or not the medium's.
    #[error("the manifest names a set that cannot be used")]
    Set(#[source] SetError),
    /// Structures overlap, are out of order, or leave the medium.
    #[error("structure {name} at {start} with {len} does not start at or after {free_from} and end by {end}")]
    Misplaced {
        /// Its name.
        name: String,
        /// Where it starts.
        start: ByteOffset,
        /// How long it is.
        len: ByteLen,
        /// Where the structure before it ends.
        free_from: ByteOffset,
        /// Where the medium ends.
        end: ByteLen,
    },
}

impl Manifest {
    /// Parses the bytes of a manifest.
    ///
    /// # Errors
    /// [`ManifestError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, ManifestError> {
        check_len(bytes.len())?;
        let text = core::str::from_utf8(bytes)
            .map_err(|e| ManifestError::NotText { offset: ByteOffset(e.valid_up_to() as u64) })?;
        let manifest = document::parse_sealed(text).map_err(ManifestError::Document)?;
        check(&manifest)?;
        Ok(manifest)
    }
}

/// Checks the length of a manifest's text.
pub(super) fn check_len(len: usize) -> Result<(), ManifestError> {
    if len <= MAX_TEXT { Ok(()) } else { Err(ManifestError::TooLong { len: ByteLen(len as u64) }) }
}

/// Checks all rules that the fields' types do not say.
pub(super) fn check(manifest: &Manifest) -> Result<(), ManifestError> {
    if manifest.format != FORMAT {
        return Err(ManifestError::Format { found: manifest.format });
    }
    let layers = check_layers(manifest)?;
    check_images(manifest, &layers)?;
    check_files(manifest)?;
    set::check(manifest).map_err(ManifestError::Set)?;
    check_structures(&manifest.structures, manifest.size)
}

fn check_layers(manifest: &Manifest) -> Result<BTreeSet<Uuid>, ManifestError> {
    let mut seen = BTreeSet::new();
    for (index, layer) in manifest.layers.iter().enumerate() {
        let uuid = layer_uuid(layer).ok_or(ManifestError::NoUuid { index })?;
        once(seen.insert(uuid), || alloc::format!("layer {uuid}"))?;
    }
    Ok(seen)
}

fn check_images(manifest: &Manifest, layers: &BTreeSet<Uuid>) -> Result<(), ManifestError> {
    let mut seen = BTreeSet::new();
    for image in &manifest.images {
        check_name(&image.name).map_err(ManifestError::Name)?;
        check_name(&image.version).map_err(ManifestError::Name)?;
        let title = || alloc::format!("{}@{}", image.name, image.version);
        once(seen.insert((&image.name, &image.version)), title)?;
        if image.chain.is_empty() {
            return Err(ManifestError::EmptyChain { image: title() });
        }
        if let Some(layer) = image.chain.iter().find(|uuid| !layers.contains(uuid)) {
            return Err(ManifestError::NoLayer { image: title(), layer: *layer });
        }
        check_chain(&image.chain, title)?;
    }
    Ok(())
}

fn check_chain(chain: &[Uuid], title: impl Fn() -> String) -> Result<(), ManifestError> {
    let mut seen = BTreeSet::new();
    chain.iter().try_for_each(|layer| {
        once(seen.insert(layer), || alloc::format!("layer {layer} in the chain of {}", title()))
    })
}

fn check_files(manifest: &Manifest) -> Result<(), ManifestError> {
    let mut seen = BTreeSet::new();
    let mut disks = BTreeSet::new();
    for file in &manifest.files {
        paths::check(&file.path).map_err(ManifestError::Path)?;
        let own = file.volume == Volume::Seed && [paths::MANIFEST, paths::SIGNATURE].contains(&&*file.path);
        once(!own && seen.insert((file.volume, &file.path)), || file.path.to_string())?;
        once(file.layer.is_none_or(|uuid| disks.insert(uuid)), || file.path.to_string())?;
    }
    Ok(())
}

fn check_structures(structures: &[Structure], end: ByteLen) -> Result<(), ManifestError> {
    let mut free_from = ByteOffset::ZERO;
    for structure in structures {
        let after = structure.start.checked_add(structure.len).filter(|after| after.0 <= end.0);
        free_from = match after {
            Some(after) if structure.start >= free_from => after,
            _ => return Err(misplaced(structure, free_from, end)),
        };
    }
    Ok(())
}

fn misplaced(structure: &Structure, free_from: ByteOffset, end: ByteLen) -> ManifestError {
    let Structure { name, start, len, .. } = structure;
    ManifestError::Misplaced { name: name.clone(), start: *start, len: *len, free_from, end }
}

fn once(first: bool, what: impl FnOnce() -> String) -> Result<(), ManifestError> {
    if first { Ok(()) } else { Err(ManifestError::Twice { what: what() }) }
}
