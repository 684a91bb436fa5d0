//! What is kept of a store for a while: versions and layers, which never change.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use formats::digest::Sha256;
use formats::io::{ReadAt, read_vec};
use formats::layer::{DESCRIPTOR_FILE, FRAMES_FILE, ImageDocument, STORED_FILE};
use formats::units::ByteOffset;
use store::device::DeviceDocument;
use store::{Layer, Store, StoreError, paths};
use uuid::Uuid;

use super::answer::JSON;
use super::object::Object;

/// How many layers are kept open.
const LAYERS: usize = 64;
/// How many versions are kept.
const VERSIONS: usize = 256;
/// How long something is kept: a layer may be repaired, and a version removed by hand.
const KEPT: Duration = Duration::from_secs(30);

/// A store and what is kept of it.
#[derive(Debug)]
pub(super) struct Shelf {
    pub(super) store: Store,
    layers: Kept<Uuid, Arc<Layer>>,
    versions: Kept<(String, String), Arc<ImageDocument>>,
}

/// The values that were used last.
#[derive(Debug)]
struct Kept<K, V> {
    /// The one that was used last stands at the end.
    entries: Mutex<Vec<(K, V, Instant)>>,
    most: usize,
}

impl<K: PartialEq, V: Clone> Kept<K, V> {
    fn new(most: usize) -> Self {
        Self { entries: Mutex::default(), most }
    }

    /// The value that is kept under `key`, or the one that `open` makes. Several may make it at once; one of theirs stays.
    fn get<E>(&self, key: K, now: Instant, open: impl FnOnce() -> Result<V, E>) -> Result<V, E> {
        if let Some(value) = self.look(&key, now) {
            return Ok(value);
        }
        let value = open()?;
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.retain(|(kept, ..)| *kept != key);
        if entries.len() >= self.most {
            entries.remove(0);
        }
        entries.push((key, value.clone(), now));
        Ok(value)
    }

    fn look(&self, key: &K, now: Instant) -> Option<V> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.retain(|(.., since)| now.saturating_duration_since(*since) < KEPT);
        let at = entries.iter().position(|(kept, ..)| kept == key)?;
        let entry = entries.remove(at);
        let value = entry.1.clone();
        entries.push(entry);
        Some(value)
    }
}

impl Shelf {
    pub(super) fn new(store: Store) -> Self {
        Self { store, layers: Kept::new(LAYERS), versions: Kept::new(VERSIONS) }
    }

    /// Whether the store answers.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        let source = self.store.depot().open(paths::STORE)?;
        let len = source.size().0.min(1 << 10) as usize;
        let place = self.store.depot().place(paths::STORE);
        read_vec(&source, ByteOffset::ZERO, len).map(drop).map_err(StoreError::read(&place))
    }

    /// A version.
    pub(super) fn version(&self, image: &str, version: &str) -> Result<Arc<ImageDocument>, StoreError> {
        let find = || self.store.find(image, Some(version)).map(Arc::new);
        self.versions.get((image.into(), version.into()), Instant::now(), find)
    }

    /// A layer.
    pub(super) fn layer(&self, layer: Uuid) -> Result<Arc<Layer>, StoreError> {
        self.layers.get(layer, Instant::now(), || self.store.layer(layer).map(Arc::new))
    }

    /// Whether a device may fetch a layer: it belongs to a version that is assigned to it. A version that is lost hides
    /// no layer of another one.
    pub(super) fn may_fetch(&self, device: &DeviceDocument, layer: Uuid) -> Result<bool, StoreError> {
        let mut lost = None;
        let assigned = device.assignments.iter().filter(|_| !device.removed);
        for (image, version) in assigned.flat_map(|it| it.versions().map(|version| (&*it.image, version))) {
            match self.version(image, version) {
                Ok(document) if document.chain.contains(&layer) => return Ok(true),
                Ok(_) => {}
                Err(error) => lost = Some(error),
            }
        }
        lost.map_or(Ok(false), Err)
    }

    /// A file of a layer; `None` when there is none of this name.
    pub(super) fn file(&self, layer: Uuid, file: &str) -> Result<Option<Object>, StoreError> {
        let layer = self.layer(layer)?;
        let about = &layer.descriptor;
        Ok(match file {
            DESCRIPTOR_FILE => {
                let text = about.print().into_bytes();
                let digest = Sha256::of(&text);
                Some(Object { range: 0..text.len() as u64, source: Arc::new(text), digest, kind: JSON })
            }
            FRAMES_FILE => {
                let source = self.store.depot().open(&paths::of_layer(about.uuid, FRAMES_FILE))?;
                Some(object(source, about.frames.len.0, about.frames.sha256, "application/octet-stream"))
            }
            STORED_FILE => {
                let source = layer.stored.clone();
                Some(object(source, about.stored.len.0, about.stored.sha256, "application/zstd"))
            }
            _ => None,
        })
    }

    /// A frame of a layer; `None` when it has none of this number.
    pub(super) fn frame(&self, layer: Uuid, number: usize) -> Result<Option<Object>, StoreError> {
        let layer = self.layer(layer)?;
        let found = layer.frames.frame(number).zip(layer.frames.digests().get(number).copied());
        Ok(found.map(|(frame, digest)| Object {
            source: layer.stored.clone(),
            range: frame.stored,
            digest,
            kind: "application/zstd",
        }))
    }
}

fn object(source: Arc<dyn ReadAt>, len: u64, digest: Sha256, kind: &'static str) -> Object {
    Object { source, range: 0..len, digest, kind }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_used_last_is_kept_for_a_while() {
        let (kept, now) = (Kept::new(2), Instant::now());
        let get = |key: u8, now| {
            let mut opened = false;
            let value = kept.get(key, now, || {
                opened = true;
                Ok::<_, ()>(key)
            });
            assert_eq!(value, Ok(key));
            opened
        };
        assert_eq!([1, 2, 1, 3, 1, 2].map(|key| get(key, now)), [true, true, false, true, false, true]);
        assert!(get(2, now + KEPT));
        assert_eq!(kept.get(9, now, || Err(7)), Err(7));
        assert!(get(9, now));
    }
}
