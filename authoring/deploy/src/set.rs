//! Media that are used together: one alone, or those of a set, in any order.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use formats::files::{Files, FilesError};
use formats::io::ReadAt;
use formats::joined::Joined;
use formats::layer::{LayerDescriptor, LayerError};
use formats::manifest::{File, Image, Manifest, Member, Part, paths};
use formats::units::ByteOffset;
use uuid::Uuid;

use crate::error::DeployError;
use crate::medium::Medium;

/// Media that are used together.
#[derive(Clone, Debug)]
pub struct Set<'m> {
    first: Entry<'m>,
    others: Vec<Entry<'m>>,
}

/// A medium with its manifest.
#[derive(Clone, Debug)]
struct Entry<'m> {
    medium: &'m Medium,
    manifest: Manifest,
    /// Which of the manifest's files is of which layer: there may be as many of them as there are layers.
    disks: BTreeMap<Uuid, usize>,
}

/// A medium that does not belong to those that are there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("medium {medium} {label:?} is {}, and medium {first} {first_label:?} is {}", of(found), of(expected))]
pub struct NotOfSet {
    /// The medium.
    pub medium: Uuid,
    /// Its label.
    pub label: String,
    /// Its set.
    pub found: Option<Uuid>,
    /// The medium that was there first.
    pub first: Uuid,
    /// Its label.
    pub first_label: String,
    /// Its set.
    pub expected: Option<Uuid>,
}

fn of(set: &Option<Uuid>) -> String {
    set.map_or_else(|| "of no set".into(), |id| format!("of set {id}"))
}

impl<'m> Set<'m> {
    /// A medium alone, or the first one of its set.
    pub fn new(medium: &'m Medium, manifest: Manifest) -> Self {
        Self { first: Entry::new(medium, manifest), others: Vec::new() }
    }

    /// Adds another medium of the same set; one that is there already changes nothing.
    ///
    /// # Errors
    /// [`NotOfSet`].
    pub fn add(&mut self, medium: &'m Medium, manifest: Manifest) -> Result<(), NotOfSet> {
        let id = |manifest: &Manifest| manifest.set.as_ref().map(|set| set.id);
        let first = &self.first.manifest;
        if self.entries().any(|entry| entry.manifest.medium == manifest.medium) {
            return Ok(());
        }
        if id(&manifest).is_none() || id(&manifest) != id(first) {
            return Err(NotOfSet {
                medium: manifest.medium,
                found: id(&manifest),
                label: manifest.label,
                first: first.medium,
                first_label: first.label.clone(),
                expected: id(first),
            });
        }
        self.others.push(Entry::new(medium, manifest));
        Ok(())
    }

    /// The manifest of the medium that came first. What it says of images and layers goes for all.
    pub fn manifest(&self) -> &Manifest {
        &self.first.manifest
    }

    /// The media of the set that are not here, with their numbers.
    pub fn missing(&self) -> Vec<(u32, &Member)> {
        let here: BTreeSet<_> = self.entries().map(|entry| entry.manifest.medium).collect();
        let set = self.manifest().set.as_ref();
        let members = set.into_iter().flat_map(|set| (1..).zip(&set.media));
        members.filter(|(_, member)| !here.contains(&member.medium)).collect()
    }

    /// The medium that holds the byte at `offset` of a layer's compressed disk, with its number in the set.
    pub fn holding(&self, layer: Uuid, offset: ByteOffset) -> Option<(u32, &Member)> {
        let set = self.manifest().set.as_ref()?;
        let has = |part: &Part| {
            part.layer == layer
                && offset.0.checked_sub(part.offset.0).is_some_and(|inside| inside < part.len.0)
        };
        (1..).zip(&set.media).find(|(_, member)| member.parts.iter().any(has))
    }

    fn entries(&self) -> impl Iterator<Item = &Entry<'m>> {
        [&self.first].into_iter().chain(&self.others)
    }

    /// Sees that all media are here that hold something of an image.
    pub(crate) fn check_image(&self, image: &Image) -> Result<(), DeployError> {
        let chain: BTreeSet<_> = image.chain.iter().collect();
        let needed = |member: &Member| member.parts.iter().any(|part| chain.contains(&part.layer));
        let missing: Vec<_> = self.missing().into_iter().filter(|(_, member)| needed(member)).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let names = missing.iter().map(|(number, member)| named(*number, member));
        let image = format!("{}@{}", image.name, image.version);
        Err(DeployError::MediaMissing { image, missing: names.collect::<Vec<_>>().join(", ") })
    }

    /// The compressed disk of a layer, from wherever its parts are.
    pub(crate) fn open_disk(
        &self,
        descriptor: &LayerDescriptor,
    ) -> Result<Box<dyn ReadAt + 'm>, DeployError> {
        let layer = descriptor.uuid;
        let mut parts = Vec::new();
        for entry in self.entries() {
            let Some(file) = entry.file(layer) else { continue };
            let part = open(entry.medium.seed(), layer, &file.path)?;
            if file.offset.is_none() {
                return Ok(part);
            }
            check_len(layer, file, &part)?;
            parts.push((file.offset.unwrap_or(ByteOffset::ZERO), part));
        }
        if parts.is_empty() {
            return open(self.first.medium.seed(), layer, &paths::layer_disk(layer));
        }
        Ok(Box::new(Joined::new(descriptor.stored.len, parts)))
    }

    /// The seed volume that has the list of a layer's frames.
    pub(crate) fn seed_with(&self, layer: Uuid) -> &'m dyn Files {
        let found = self.entries().find(|entry| entry.file(layer).is_some());
        found.unwrap_or(&self.first).medium.seed()
    }
}

impl<'m> Entry<'m> {
    fn new(medium: &'m Medium, manifest: Manifest) -> Self {
        let files = manifest.files.iter().enumerate();
        let disks = files.filter_map(|(index, file)| Some((file.layer?, index))).collect();
        Self { medium, manifest, disks }
    }

    /// The file that holds a layer's compressed disk, or a part of it.
    fn file(&self, layer: Uuid) -> Option<&File> {
        self.manifest.files.get(*self.disks.get(&layer)?)
    }
}

/// How people tell a medium of a set from the others.
fn named(number: u32, member: &Member) -> String {
    format!("number {number} {:?} ({})", member.label, member.medium)
}

fn open<'m>(seed: &'m dyn Files, layer: Uuid, path: &str) -> Result<Box<dyn ReadAt + 'm>, DeployError> {
    seed.open(path).map_err(|source: FilesError| DeployError::Files { layer, source })
}

fn check_len(layer: Uuid, file: &File, part: &dyn ReadAt) -> Result<(), DeployError> {
    let (expected, found) = (file.len, part.size());
    if expected == found {
        return Ok(());
    }
    let source = LayerError::Length { layer, what: "a part of the stored file", expected, found };
    Err(DeployError::Layer { layer, source })
}
