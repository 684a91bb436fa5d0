//! Where media may be.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use formats::manifest::paths;

use super::{Machine, Search, machine};
use crate::client::source::SourceKind;

/// What the names of image files end with.
const IMAGES: [&str; 2] = ["img", "iso"];

/// A place where a medium may be.
#[derive(Clone, Debug)]
pub struct Place {
    /// Its path.
    pub path: PathBuf,
    /// Whether somebody named it: then it is told why it is none.
    pub named: bool,
    /// What kind the hardware says that it is.
    pub kind: Option<SourceKind>,
    /// The disk that it is on.
    pub disk: Option<String>,
}

impl Place {
    fn new(path: PathBuf, named: bool) -> Self {
        Self { path, named, kind: None, disk: None }
    }
}

/// All of them: named ones first, of the others those that can be read at any position before folders, each once.
pub fn all(search: &Search) -> Vec<Place> {
    let mut places: Vec<Place> = search.named.iter().map(|path| Place::new(path.clone(), true)).collect();
    places.extend(search.machine.iter().flat_map(devices));
    places.extend(search.folders.iter().flat_map(|folder| images(folder)));
    places.extend(search.machine.iter().flat_map(mounts));
    let mut seen = BTreeSet::new();
    places.retain(|place| identity(&place.path).is_none_or(|id| seen.insert(id)));
    places
}

fn devices(machine: &Machine) -> impl Iterator<Item = Place> {
    let disks = machine::disks(machine).into_iter();
    disks.map(|disk| Place {
        kind: Some(disk.kind),
        disk: Some(disk.name.clone()),
        ..Place::new(machine.devices.join(disk.name), false)
    })
}

/// Mounts with a manifest. What leads elsewhere by a symbolic link is not followed here either.
fn mounts(machine: &Machine) -> impl Iterator<Item = Place> {
    let has_manifest =
        |path: &Path| fs::symlink_metadata(path.join(paths::MANIFEST)).is_ok_and(|found| found.is_file());
    let mounts = machine::mounts(machine).into_iter().filter(move |mount| has_manifest(&mount.path));
    mounts.map(|mount| Place {
        kind: mount.disk.as_ref().map(|disk| disk.kind),
        disk: mount.disk.map(|disk| disk.name),
        ..Place::new(mount.path, false)
    })
}

/// The image files of a folder, in the order of their names.
fn images(folder: &Path) -> impl Iterator<Item = Place> + use<> {
    let is_image = |path: &PathBuf| {
        let end = path.extension().and_then(|end| end.to_str());
        end.is_some_and(|end| IMAGES.iter().any(|known| known.eq_ignore_ascii_case(end)))
    };
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let files = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()));
    let mut paths: Vec<PathBuf> = files.map(|entry| entry.path()).filter(is_image).collect();
    paths.sort();
    paths.into_iter().map(|path| Place::new(path, false))
}

/// What a path leads to, however it is written: of a device its number.
fn identity(path: &Path) -> Option<(u64, u64, u64)> {
    let found = fs::metadata(path).ok()?;
    Some(if found.rdev() == 0 { (found.dev(), found.ino(), 0) } else { (0, 0, found.rdev()) })
}
