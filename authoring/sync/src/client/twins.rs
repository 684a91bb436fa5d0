//! Frames that other layers of this machine have too: a disk that was published anew, whole, shares most of its frames
//! with the one before. They are known by their digests.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use formats::digest::Sha256;
use formats::layer::Frames;
use store::{Layer, Store, paths};
use uuid::Uuid;

use super::error::ClientError;
use super::making::Making;

/// The frames of the layers that are whole here.
pub struct Twins {
    store: Store,
    layers: Vec<Uuid>,
    /// By digest, which of the layers has the frame, and its number.
    places: HashMap<Sha256, (usize, usize)>,
    /// The layer that was read last. There may be many more than files that may be open.
    open: Mutex<Option<(usize, Arc<Layer>)>>,
}

impl Twins {
    /// Those of a store. A layer that cannot be read is as if absent.
    pub fn of(store: &Store) -> Result<Self, ClientError> {
        let (mut layers, mut places) = (Vec::new(), HashMap::new());
        let names = store.depot().list(paths::LAYERS)?;
        for uuid in names.iter().filter_map(|name| Uuid::parse_str(name).ok()) {
            let Ok(layer) = store.layer(uuid) else { continue };
            let digests = layer.frames.digests().iter().enumerate();
            places.extend(digests.map(|(frame, digest)| (*digest, (layers.len(), frame))));
            layers.push(uuid);
        }
        Ok(Self { store: store.clone(), layers, places, open: Mutex::default() })
    }

    /// Copies the frames that are here into a layer that is being fetched, and gives those that are still missing. Where
    /// it is only looked, those that could be copied are not missing.
    pub fn fill(&self, making: &Making, missing: Vec<usize>) -> Result<Vec<usize>, ClientError> {
        let mut left = Vec::new();
        for number in missing {
            let is_here = match making.is_begun() {
                true => self.copy(making, number)?,
                false => self.place(making.frames(), number).is_some(),
            };
            if !is_here {
                left.push(number);
            }
        }
        Ok(left)
    }

    fn place(&self, frames: &Frames, number: usize) -> Option<(usize, usize)> {
        frames.digests().get(number).and_then(|digest| self.places.get(digest)).copied()
    }

    /// A layer, opened when it is not the one that was read last.
    fn layer(&self, number: usize) -> Option<Arc<Layer>> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        match &*open {
            Some((known, layer)) if *known == number => Some(layer.clone()),
            _ => {
                let layer = Arc::new(self.store.layer(*self.layers.get(number)?).ok()?);
                *open = Some((number, layer.clone()));
                Some(layer)
            }
        }
    }

    fn copy(&self, making: &Making, number: usize) -> Result<bool, ClientError> {
        let frames: &Frames = making.frames();
        let Some((layer, twin)) = self.place(frames, number) else { return Ok(false) };
        let Some((layer, twin)) = self.layer(layer).and_then(|it| Some((it.clone(), it.frames.frame(twin)?)))
        else {
            return Ok(false);
        };
        let mut bytes = Vec::new();
        let read = layer.frames.read(&*layer.stored, &twin, &mut bytes).is_ok();
        match frames.frame(number).filter(|frame| read && frames.check(frame, &bytes).is_ok()) {
            // Of one digest is of one length.
            Some(frame) if frame.stored.end - frame.stored.start == bytes.len() as u64 => {
                making.write(&frame, &bytes).map(|()| true)
            }
            _ => Ok(false),
        }
    }
}
