//! Finding the parents of a disk: in the store, among the disks named, in the disk's folder, and where it says.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use formats::vhd::{Chain, ChainError, Parent, identity_of};
use host::{Event, FileSource};
use uuid::Uuid;

use super::Publisher;
use super::disk::Disk;
use super::error::PublishError;
use crate::cache::Cache;
use crate::error::StoreError;
use crate::flat::{Source, open_all};
use crate::layer::Layer;

/// A leaf with its parents.
pub struct Family {
    /// What is in the store already, base first.
    pub below: Vec<Layer>,
    /// What lies on it and is on this machine, leaf last; never empty.
    pub disks: Vec<Disk>,
}

/// Where a parent was found.
enum Found {
    Here(Disk),
    /// In the store, with its own parents.
    Stored(Vec<Layer>),
}

/// Looks for parents.
struct Search<'a> {
    publisher: &'a Publisher<'a>,
    /// Disks that were named and not used yet.
    named: Vec<Disk>,
    /// The VHDs in the leaf's folder, once somebody has asked.
    nearby: Option<Vec<(Uuid, PathBuf)>>,
    leaf_folder: PathBuf,
}

impl Family {
    /// Puts the leaf among the disks named together with its parents.
    pub fn find(publisher: &Publisher<'_>, mut named: Vec<Disk>) -> Result<Self, PublishError> {
        let leaf = named.swap_remove(leaf_index(&named)?);
        let leaf_path = leaf.path.clone();
        let leaf_folder = leaf.folder().to_path_buf();
        let mut search = Search { publisher, named, nearby: None, leaf_folder };
        let family = search.follow(leaf)?;
        match search.named.pop() {
            Some(unused) => Err(PublishError::NotInChain { path: unused.path, leaf: leaf_path }),
            None => Ok(family),
        }
    }

    /// The disk that they make up, and where its leaf is.
    pub fn flatten(self) -> Result<(PathBuf, Source), PublishError> {
        let path = self.disks.last().map(|leaf| leaf.path.clone()).unwrap_or_default();
        let mut layers = open_all(&self.below)?;
        layers.extend(self.disks.into_iter().map(Disk::into_layer));
        let chain = Chain::new(layers).map_err(PublishError::Chain)?;
        Ok((path, Arc::new(chain)))
    }
}

/// Which of the disks is nobody's parent.
fn leaf_index(named: &[Disk]) -> Result<usize, PublishError> {
    let is_parent = |disk: &Disk| {
        named.iter().filter_map(Disk::parent).any(|parent| parent.unique_id == disk.unique_id())
    };
    let leaves: Vec<usize> =
        named.iter().enumerate().filter(|(_, disk)| !is_parent(disk)).map(|(index, _)| index).collect();
    match leaves[..] {
        [leaf] => Ok(leaf),
        _ => Err(PublishError::NotOneLeaf {
            leaves: leaves
                .iter()
                .filter_map(|index| named.get(*index))
                .map(|disk| disk.path.clone())
                .collect(),
        }),
    }
}

impl Search<'_> {
    /// Goes from the leaf to the base.
    fn follow(&mut self, leaf: Disk) -> Result<Family, PublishError> {
        let mut seen = BTreeSet::from([leaf.unique_id()]);
        let mut disks = Vec::new();
        let mut below = Vec::new();
        let mut next = Some(leaf);
        while let Some(disk) = next.take() {
            if let Some(parent) = disk.parent() {
                let found = self.find(&disk, parent)?;
                self.compare_times(&disk, parent, &found)?;
                match found {
                    Found::Here(found) if seen.insert(found.unique_id()) => next = Some(found),
                    Found::Here(found) => {
                        return Err(PublishError::Chain(ChainError::Cycle { disk: found.unique_id() }));
                    }
                    Found::Stored(layers) => below = layers,
                }
            }
            disks.push(disk);
        }
        disks.reverse();
        Ok(Family { below, disks })
    }

    /// Warns when the parent was changed after the child was made.
    fn compare_times(&self, child: &Disk, parent: &Parent, found: &Found) -> Result<(), PublishError> {
        let stamp = match found {
            Found::Here(disk) => disk.vhd.as_ref().map(|vhd| vhd.footer().time_stamp.get()),
            Found::Stored(layers) => layers.last().map(time_stamp).transpose()?,
        };
        if let Some(warning) = stamp.and_then(|stamp| parent.compare_time(child.unique_id(), stamp)) {
            let text = format!("{}: {warning}", child.path.display());
            self.publisher.observer.event(Event::Warning(text));
        }
        Ok(())
    }

    fn find(&mut self, child: &Disk, parent: &Parent) -> Result<Found, PublishError> {
        let wanted = parent.unique_id;
        if let Some(index) = self.named.iter().position(|disk| disk.unique_id() == wanted) {
            return Ok(Found::Here(self.named.swap_remove(index)));
        }
        let stored = if parent.is_raw() { Ok(None) } else { self.in_store(wanted) };
        if let Ok(Some(layers)) = stored {
            return Ok(Found::Stored(layers));
        }
        let here = if parent.is_raw() { None } else { self.in_folder(wanted)? };
        match here.map_or_else(|| self.by_locator(child, parent), |disk| Ok(Some(disk)))? {
            Some(disk) => Ok(Found::Here(disk)),
            // A damaged layer is the better explanation.
            None => Err(stored.err().map_or_else(|| no_parent(child, parent), PublishError::Store)),
        }
    }

    /// The layer with its parents, when the store has it.
    fn in_store(&self, uuid: Uuid) -> Result<Option<Vec<Layer>>, StoreError> {
        let store = self.publisher.store;
        if store.has_layer(uuid)? { store.lineage(uuid).map(Some) } else { Ok(None) }
    }

    /// The VHD with this identity in the leaf's folder.
    fn in_folder(&mut self, uuid: Uuid) -> Result<Option<Disk>, PublishError> {
        let nearby = self.nearby.get_or_insert_with(|| identities_in(&self.leaf_folder));
        let found = nearby.iter().find(|(found, _)| *found == uuid).map(|(_, path)| path.clone());
        found.map(|path| self.publisher.open(&path)).transpose()
    }

    /// The disk to which a relative locator leads.
    fn by_locator(&self, child: &Disk, parent: &Parent) -> Result<Option<Disk>, PublishError> {
        for relative in parent.locators.iter().filter_map(|locator| locator.relative()) {
            let path = child.folder().join(relative);
            if !path.is_file() {
                continue;
            }
            let found = self.publisher.open(&path)?;
            if found.unique_id() == parent.unique_id {
                return Ok(Some(found));
            }
            return Err(PublishError::Chain(ChainError::WrongParent {
                child: child.unique_id(),
                expected: parent.unique_id,
                found: found.unique_id(),
            }));
        }
        Ok(None)
    }
}

/// The time stamp in the footer of a layer.
fn time_stamp(layer: &Layer) -> Result<u32, StoreError> {
    let vhd = layer.open_vhd(Arc::new(Cache::new(Cache::ONE_LAYER)))?;
    Ok(vhd.footer().time_stamp.get())
}

/// The identities of all VHDs in a folder. What cannot be read is none.
fn identities_in(folder: &Path) -> Vec<(Uuid, PathBuf)> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(|path| path.is_file()).collect();
    // Of two copies the same one is taken each time.
    paths.sort();
    let identity = |path: PathBuf| Some((identity_of(&FileSource::open(&path).ok()?).ok()?, path));
    paths.into_iter().filter_map(identity).collect()
}

fn no_parent(child: &Disk, parent: &Parent) -> PublishError {
    let name = parent.name.clone();
    PublishError::NoParent { path: child.path.clone(), parent: parent.unique_id, name }
}
