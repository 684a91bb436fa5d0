//! Removing what nothing needs any more.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use formats::layer::ImageDocument;
use formats::names::check_name;
use host::{HostError, Operation, sync_folder_of};
use store::paths;
use uuid::Uuid;

use super::busy::Busy;
use super::needed::{Fate, Needed, fate_of};
use super::{DiskError, Order, record};
use crate::client::files;
use crate::client::home::PARTIAL;

/// What the names of layers end with while they are removed.
const REMOVED: &str = ".removed";

/// Something that nothing needed any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removed {
    /// What was removed: a disk, a layer, a layer in the making, or the document of a version.
    pub path: PathBuf,
    /// How many bytes that gave back.
    pub bytes: u64,
}

/// Removes what the target state does not need: disks, documents of versions, layers and layers in the making. Nothing
/// is touched in the client's folder that has not a name of the client's own. Only call it with a target state that
/// came from the service.
///
/// Disks that somebody uses stay, unless their image was taken away at once.
///
/// # Errors
/// [`DiskError`]; what was removed before stays removed.
pub fn clear(order: &Order<'_>) -> Result<Vec<Removed>, DiskError> {
    let busy = Busy::new();
    let needed = Needed::of(order, &busy)?;
    let here = order.store.images()?.versions;
    let mut removed = clear_disks(order, &needed, (&here, &busy))?;
    for document in here.iter().filter(|document| !needed.versions.contains(&document.title())) {
        let path = order.store.depot().place(&paths::version(&document.name, &document.version));
        removed.push(remove(&path)?);
        // Fails while other versions are in it.
        let _ = path.parent().map(fs::remove_dir);
    }
    let layers = order.store.depot().place(paths::LAYERS);
    for folder in [layers, order.client.join(PARTIAL)] {
        removed.extend(clear_layers(&folder, &needed.layers)?);
    }
    Ok(removed)
}

fn clear_disks(
    order: &Order<'_>,
    needed: &Needed,
    (here, busy): (&[ImageDocument], &Busy),
) -> Result<Vec<Removed>, DiskError> {
    let folder = order.folder();
    let mut removed = Vec::new();
    for name in files::names(&folder)? {
        let Some(disk) = OwnDisk::parse(&name).filter(|_| !needed.disks.contains(&name)) else { continue };
        let path = folder.join(&name);
        if is_file(&path) && (disk.is_gone_at_once(order, here) || !busy.uses(&path)) {
            removed.push(remove(&path)?);
        }
    }
    // Of somebody who was cut off. Who still writes one holds a lock on it.
    for path in
        files::names(&folder)?.iter().filter(|name| is_half_written(name)).map(|name| folder.join(name))
    {
        if is_file(&path) && !busy.uses(&path) {
            removed.push(remove(&path)?);
        }
    }
    for name in files::names(&folder.join(record::FOLDER))? {
        let disk = record::disk_of(&name).filter(|disk| OwnDisk::parse(disk).is_some());
        if disk.is_some_and(|disk| !folder.join(disk).exists()) {
            remove(&folder.join(record::FOLDER).join(&name))?;
        }
    }
    Ok(removed)
}

/// Removes the folders of layers that are not needed: first their names, so that nobody finds a part of one.
fn clear_layers(folder: &Path, needed: &BTreeSet<Uuid>) -> Result<Vec<Removed>, DiskError> {
    let mut removed = Vec::new();
    for name in files::names(folder)? {
        let path = folder.join(&name);
        let is_needed = |layer: Uuid| needed.contains(&layer);
        if is_folder(&path) && layer_of(&name).is_some_and(|layer| !is_needed(layer)) {
            let bytes = files::names(&path)?.iter().map(|name| len_of(&path.join(name))).sum();
            let away = folder.join(format!("{}{name}{REMOVED}", paths::UNFINISHED));
            fs::rename(&path, &away).map_err(HostError::io(Operation::Remove, &path))?;
            removed.push(Removed { path, bytes });
        }
    }
    removed.first().map_or(Ok(()), |first| sync_folder_of(&first.path))?;
    // Those too that somebody who was cut off left.
    let half =
        files::names(folder)?.into_iter().filter(|name| is_half_removed(name)).map(|name| folder.join(name));
    for path in half.filter(|path| is_folder(path)) {
        fs::remove_dir_all(&path).map_err(HostError::io(Operation::Remove, &path))?;
    }
    Ok(removed)
}

fn is_half_written(name: &str) -> bool {
    let inner = name.strip_prefix(paths::UNFINISHED).and_then(|name| name.strip_suffix(".partial"));
    inner.and_then(OwnDisk::parse).is_some()
}

fn is_half_removed(name: &str) -> bool {
    let inner = name.strip_prefix(paths::UNFINISHED).and_then(|name| name.strip_suffix(REMOVED));
    inner.and_then(layer_of).is_some()
}

/// A disk with a name of the client's own.
enum OwnDisk<'n> {
    /// `UUID.vhd`.
    Layer(Uuid),
    /// `NAME@VERSION.raw` or `.vhd`, of the image `NAME`.
    Image(&'n str),
}

impl<'n> OwnDisk<'n> {
    fn parse(name: &'n str) -> Option<Self> {
        let (stem, end) = name.rsplit_once('.')?;
        if let Some((image, version)) = stem.split_once('@') {
            let is_name = check_name(image).is_ok() && check_name(version).is_ok();
            return (is_name && ["raw", "vhd"].contains(&end)).then_some(Self::Image(image));
        }
        layer_of(stem).filter(|_| end == "vhd").map(Self::Layer)
    }

    /// Whether all images that it is of were taken away at once.
    fn is_gone_at_once(&self, order: &Order<'_>, here: &[ImageDocument]) -> bool {
        match self {
            Self::Image(name) => {
                order.target.removed || !order.target.images.iter().any(|image| image.document.name == *name)
            }
            Self::Layer(layer) => {
                let mut owners = here.iter().filter(|document| document.chain.contains(layer)).peekable();
                owners.peek().is_some()
                    && owners.all(|document| fate_of(order.target, document) == Fate::Hard)
            }
        }
    }
}

/// The layer that a name is of: 36 characters, as they are written here.
fn layer_of(name: &str) -> Option<Uuid> {
    name.parse::<Uuid>().ok().filter(|layer| layer.to_string() == name)
}

fn is_file(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|found| found.is_file())
}

fn is_folder(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|found| found.is_dir())
}

/// How much room a file takes up, holes left out.
fn len_of(path: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt;
    fs::symlink_metadata(path).map_or(0, |found| found.blocks().saturating_mul(512))
}

fn remove(path: &Path) -> Result<Removed, DiskError> {
    let bytes = len_of(path);
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(HostError::io(Operation::Remove, path)(error).into())
        }
        // When the machine goes down now, it may be there again, and is removed the next time.
        _ => Ok(Removed { path: path.into(), bytes }),
    }
}
