//! What is kept of a store for a while: versions and layers, which never change.

use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use formats::digest::Sha256;
use formats::io::{ReadAt, read_vec};
use formats::layer::{DESCRIPTOR_FILE, FRAMES_FILE, ImageDocument, STORED_FILE};
use formats::units::ByteOffset;
use store::device::DeviceDocument;
use store::{Layer, Store, StoreError, paths};
use tokio::sync::Semaphore;
use uuid::Uuid;

use super::answer::JSON;
use super::object::Object;

/// How many layers are kept open.
const LAYERS: usize = 64;
/// How many versions are kept.
const VERSIONS: usize = 256;
/// How many large pieces of bodies may be in memory: 128 MiB.
const LARGE: usize = 128;
/// How long something is kept: a layer may be repaired, and a version removed by hand.
const KEPT: Duration = Duration::from_secs(30);

/// A store and what is kept of it.
#[derive(Debug)]
pub(super) struct Shelf {
    pub(super) store: Store,
    layers: Kept<Uuid, Arc<Layer>>,
    versions: Kept<(String, String), Arc<ImageDocument>>,
    large: Arc<Semaphore>,
}

/// The values that were used last.
#[derive(Debug)]
struct Kept<K, V> {
    /// The one that was used last stands at the end.
    entries: Mutex<Vec<(K, Slot<V>, Instant)>>,
    most: usize,
}

/// Where a value is kept. Whoever opens it holds the lock.
type Slot<V> = Arc<Mutex<State<V>>>;

#[derive(Debug)]
enum State<V> {
    Closed,
    Open(V),
    /// Whoever waited meanwhile tries for itself.
    Lost,
}

impl<K: PartialEq, V: Clone> Kept<K, V> {
    fn new(most: usize) -> Self {
        Self { entries: Mutex::default(), most }
    }

    /// The value that is kept under `key`, or the one that `open` makes. One makes it at a time, and the others wait for
    /// that.
    fn get<E>(&self, key: K, now: Instant, open: impl FnOnce() -> Result<V, E>) -> Result<V, E> {
        let slot = self.slot(key, now);
        let mut state = slot.lock().unwrap_or_else(PoisonError::into_inner);
        match &*state {
            State::Open(value) => return Ok(value.clone()),
            State::Lost => {
                drop(state);
                return open();
            }
            State::Closed => {}
        }
        let opened = open();
        *state = opened.as_ref().map_or(State::Lost, |value| State::Open(value.clone()));
        drop(state);
        if opened.is_err() {
            self.entries().retain(|(_, kept, _)| !Arc::ptr_eq(kept, &slot));
        }
        opened
    }

    fn slot(&self, key: K, now: Instant) -> Slot<V> {
        let mut entries = self.entries();
        entries.retain(|(.., since)| now.saturating_duration_since(*since) < KEPT);
        let entry = match entries.iter().position(|(kept, ..)| *kept == key) {
            Some(at) => entries.remove(at),
            None => (key, Arc::new(Mutex::new(State::Closed)), now),
        };
        if entries.len() >= self.most {
            entries.remove(0);
        }
        let slot = entry.1.clone();
        entries.push(entry);
        slot
    }

    fn entries(&self) -> MutexGuard<'_, Vec<(K, Slot<V>, Instant)>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads an object that every store has.
pub(super) fn probe(store: &Store) -> Result<(), StoreError> {
    let source = store.depot().open(paths::STORE)?;
    let len = source.size().0.min(1 << 10) as usize;
    let place = store.depot().place(paths::STORE);
    read_vec(&source, ByteOffset::ZERO, len).map(drop).map_err(StoreError::read(&place))
}

impl Shelf {
    pub(super) fn new(store: Store) -> Self {
        Self {
            store,
            layers: Kept::new(LAYERS),
            versions: Kept::new(VERSIONS),
            large: Arc::new(Semaphore::new(LARGE)),
        }
    }

    /// Whether the store answers.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        probe(&self.store)
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
                let len = text.len() as u64;
                Some(self.object(Arc::new(text), 0..len, digest, JSON))
            }
            FRAMES_FILE => {
                let source = self.store.depot().open(&paths::of_layer(about.uuid, FRAMES_FILE))?;
                Some(self.object(
                    source,
                    0..about.frames.len.0,
                    about.frames.sha256,
                    "application/octet-stream",
                ))
            }
            STORED_FILE => {
                let source = layer.stored.clone();
                Some(self.object(source, 0..about.stored.len.0, about.stored.sha256, "application/zstd"))
            }
            _ => None,
        })
    }

    /// A frame of a layer; `None` when it has none of this number.
    pub(super) fn frame(&self, layer: Uuid, number: usize) -> Result<Option<Object>, StoreError> {
        let layer = self.layer(layer)?;
        let found = layer.frames.frame(number).zip(layer.frames.digests().get(number).copied());
        Ok(found.map(|(frame, digest)| {
            self.object(layer.stored.clone(), frame.stored, digest, "application/zstd")
        }))
    }

    fn object(
        &self,
        source: Arc<dyn ReadAt>,
        range: Range<u64>,
        digest: Sha256,
        kind: &'static str,
    ) -> Object {
        Object { source, range, digest, kind, large: self.large.clone() }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicUsize, Ordering};

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

    #[test]
    fn many_who_want_the_same_have_it_opened_once() {
        let (kept, now) = (Kept::new(2), Instant::now());
        let opened = AtomicUsize::new(0);
        let all = Barrier::new(8);
        let open = || {
            // Time for the others to come.
            std::thread::yield_now();
            Ok::<_, ()>(opened.fetch_add(1, Ordering::Relaxed))
        };
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    all.wait();
                    assert_eq!(kept.get(1, now, open), Ok(0));
                });
            }
        });
        assert_eq!(opened.into_inner(), 1);
    }
}
