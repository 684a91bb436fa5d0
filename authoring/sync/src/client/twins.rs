//! Frames that other layers of this machine have too: a disk that was published anew, whole, shares most of its frames
//! with the one before. They are known by their digests.

use std::collections::HashMap;

use formats::digest::Sha256;
use formats::layer::Frames;
use store::{Layer, Store, paths};
use uuid::Uuid;

use super::error::ClientError;
use super::making::Making;

/// The frames of the layers that are whole here.
#[derive(Default)]
pub struct Twins {
    layers: Vec<Layer>,
    /// By digest, which of the layers has the frame, and its number.
    places: HashMap<Sha256, (usize, usize)>,
}

impl Twins {
    /// Those of a store. A layer that cannot be read is as if absent.
    pub fn of(store: &Store) -> Result<Self, ClientError> {
        let mut twins = Self::default();
        let names = store.depot().list(paths::LAYERS)?;
        for uuid in names.iter().filter_map(|name| Uuid::parse_str(name).ok()) {
            twins.layers.extend(store.layer(uuid));
        }
        for (number, layer) in twins.layers.iter().enumerate() {
            let digests = layer.frames.digests().iter().enumerate();
            twins.places.extend(digests.map(|(frame, digest)| (*digest, (number, frame))));
        }
        Ok(twins)
    }

    /// Copies the frames that are here into a layer that is being fetched, and gives those that are still missing.
    pub fn fill(&self, making: &Making, missing: Vec<usize>) -> Result<Vec<usize>, ClientError> {
        let mut left = Vec::new();
        for number in missing {
            if !self.copy(making, number)? {
                left.push(number);
            }
        }
        Ok(left)
    }

    fn copy(&self, making: &Making, number: usize) -> Result<bool, ClientError> {
        let frames: &Frames = making.frames();
        let place = frames.digests().get(number).and_then(|digest| self.places.get(digest));
        let Some((layer, twin)) = place else { return Ok(false) };
        let layer = self.layers.get(*layer);
        let Some((layer, twin)) = layer.and_then(|it| Some((it, it.frames.frame(*twin)?))) else {
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
