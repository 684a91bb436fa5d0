//! Comparing what is in a store with what was written.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use formats::io::ReadAt;
use formats::layer::{Frame, ImageDocument, LayerDescriptor, LayerError};
use formats::units::{ByteLen, ByteOffset};
use host::{Crew, Event, Interrupted, Observer, Unit};
use uuid::Uuid;

use crate::catalogue::{Images, Problem};
use crate::error::StoreError;
use crate::layer::Layer;
use crate::paths;
use crate::root::Store;

/// How much is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// Documents, lengths, seek tables, lists of digests and chains: reads little.
    Quick,
    /// Every frame of every layer as well: reads everything.
    Full,
}

/// What is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope<'a> {
    /// Everything that is in the store, layers that no image needs included.
    All,
    /// A version of an image with its chain; without a version the newest one.
    Image {
        /// The image's name.
        name: &'a str,
        /// The version.
        version: Option<&'a str>,
    },
}

/// What a check found.
#[derive(Debug, Default)]
pub struct Checked {
    /// How many versions of images were looked at.
    pub versions: usize,
    /// How many layers.
    pub layers: usize,
    /// How long the stored files of the sound ones are together.
    pub stored: ByteLen,
    /// What is not as it should be.
    pub problems: Vec<Problem>,
    /// The layers that are damaged or missing.
    pub lost: Vec<Lost>,
}

/// A layer that is damaged or missing. Who publishes again what made it puts it back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    /// The layer.
    pub layer: Uuid,
    /// All versions in the store that need it: the one whose own content it is first.
    pub needed_by: Vec<String>,
}

/// Layers that were looked at: what a sound one says of itself, or `None`.
type Seen = BTreeMap<Uuid, Option<LayerDescriptor>>;

/// Compares what is in a store with what was written, and goes on behind what is damaged.
///
/// # Errors
/// [`StoreError`] when the check itself is not possible: the image is not there, or the work was interrupted.
pub fn check(
    store: &Store,
    scope: Scope<'_>,
    depth: Depth,
    crew: &Crew,
    observer: &dyn Observer,
) -> Result<Checked, StoreError> {
    let mut problems: Vec<Problem> = store.check_format().err().map(Into::into).into_iter().collect();
    let images = choose(store, scope)?;
    problems.extend(images.problems);
    let seen = look(store, scope, &images.versions, &mut problems)?;
    for version in &images.versions {
        problems.extend(check_chain(store, version, &seen));
    }
    let layers = seen.len();
    let sound: Vec<_> = seen.into_values().flatten().collect();
    let stored = ByteLen(sound.iter().map(|layer| layer.stored.len.0).sum());
    if depth == Depth::Full {
        problems.extend(check_frames(store, &sound, crew, observer)?);
    }
    let lost = lost(store, &problems)?;
    Ok(Checked { versions: images.versions.len(), layers, stored, problems, lost })
}

/// The layers that problems are about, and who needs them.
fn lost(store: &Store, problems: &[Problem]) -> Result<Vec<Lost>, StoreError> {
    let layers: BTreeSet<Uuid> = problems.iter().filter_map(|problem| problem.layer).collect();
    if layers.is_empty() {
        return Ok(Vec::new());
    }
    let versions = store.images()?.versions;
    let lost = layers.into_iter().map(|layer| {
        let mut users: Vec<_> = versions.iter().filter(|version| version.chain.contains(&layer)).collect();
        users.sort_by_key(|version| version.chain.last() != Some(&layer));
        Lost { layer, needed_by: users.into_iter().map(ImageDocument::title).collect() }
    });
    Ok(lost.collect())
}

/// The versions that are to be checked.
fn choose(store: &Store, scope: Scope<'_>) -> Result<Images, StoreError> {
    let Scope::Image { name, version } = scope else { return store.images() };
    match store.find(name, version) {
        Ok(document) => Ok(Images { versions: vec![document], problems: Vec::new() }),
        Err(error @ StoreError::Damaged { .. }) => {
            Ok(Images { versions: Vec::new(), problems: vec![error.into()] })
        }
        Err(error) => Err(error),
    }
}

/// Looks at the parts of each layer once.
fn look(
    store: &Store,
    scope: Scope<'_>,
    versions: &[ImageDocument],
    problems: &mut Vec<Problem>,
) -> Result<Seen, StoreError> {
    let wanted: BTreeSet<Uuid> = versions.iter().flat_map(|version| version.chain.iter().copied()).collect();
    let mut there = Vec::new();
    for uuid in wanted {
        if store.has_layer(uuid)? {
            there.push(uuid);
        }
    }
    if scope == Scope::All {
        let names = store.depot().list(paths::LAYERS)?;
        there.extend(names.iter().filter_map(|name| name.parse::<Uuid>().ok()));
    }
    let mut seen = Seen::new();
    for uuid in there {
        seen.entry(uuid).or_insert_with(|| match store.layer(uuid) {
            Ok(layer) => Some(layer.descriptor),
            Err(error) => {
                problems.push(Problem::of(uuid, error));
                None
            }
        });
    }
    Ok(seen)
}

/// Sees that each layer of a version lies on its parent. What is damaged itself was told already.
fn check_chain(store: &Store, version: &ImageDocument, seen: &Seen) -> Option<Problem> {
    let image = version.title();
    let mut below = None;
    for uuid in &version.chain {
        let Some(known) = seen.get(uuid) else {
            let path = store.layer_place(*uuid);
            return Some(StoreError::NoLayer { layer: *uuid, needed_by: image, path }.into());
        };
        let found = known.as_ref().map_or(below, |layer| layer.parent);
        if found != below {
            return Some(StoreError::Link { image, layer: *uuid, expected: below, found }.into());
        }
        below = Some(*uuid);
    }
    let leaf = seen.get(&below?)?.as_ref()?;
    if leaf.virtual_size == version.size {
        return None;
    }
    let path = store.depot().place(&paths::version(&version.name, &version.version));
    let (expected, found) = (leaf.virtual_size, version.size);
    let fault = LayerError::Length { layer: leaf.uuid, what: "the disk", expected, found };
    Some(StoreError::damaged(&path)(fault).into())
}

/// Reads every frame of these layers.
fn check_frames(
    store: &Store,
    layers: &[LayerDescriptor],
    crew: &Crew,
    observer: &dyn Observer,
) -> Result<Vec<Problem>, StoreError> {
    let total = layers.iter().map(|layer| layer.stored.len.0).sum();
    observer.event(Event::Begin { task: "checking", total, unit: Unit::Bytes });
    let mut problems = Vec::new();
    for known in layers {
        match store.layer(known.uuid) {
            Ok(layer) => problems.extend(check_layer(&layer, crew, observer)?),
            Err(error) => problems.push(Problem::of(known.uuid, error)),
        }
    }
    observer.event(Event::End);
    Ok(problems)
}

/// Reads every frame of a layer.
pub(crate) fn check_layer(
    layer: &Layer,
    crew: &Crew,
    observer: &dyn Observer,
) -> Result<Vec<Problem>, Interrupted> {
    let found = Mutex::new(BTreeMap::new());
    crew.each(layer.frames.frames(), Vec::new, |bytes, frame| {
        if let Err(error) = check_frame(layer, &frame, bytes) {
            found.lock().unwrap_or_else(PoisonError::into_inner).insert(frame.number, error);
        }
        observer.event(Event::Advance(frame.stored.end - frame.stored.start));
        Ok::<_, Interrupted>(())
    })?;
    let found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok(found.into_values().map(|error| Problem::of(layer.uuid(), error)).collect())
}

fn check_frame(layer: &Layer, frame: &Frame, bytes: &mut Vec<u8>) -> Result<(), StoreError> {
    let path = layer.stored_path();
    // Cannot cut: the length was checked when the layer was opened.
    bytes.resize((frame.stored.end - frame.stored.start) as usize, 0);
    layer.stored.read_at(ByteOffset(frame.stored.start), bytes).map_err(StoreError::read(path))?;
    let damage = |damage| StoreError::Frame { path: path.into(), source: Box::new(damage) };
    layer.frames.check(frame, bytes).map_err(damage)
}
