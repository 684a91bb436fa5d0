//! Decoded frames that are kept for a while, because neighbouring bytes are asked for next.

use std::sync::{Arc, Mutex, PoisonError};

use formats::io::ReadError;
use formats::layer::{FRAME, MAX_STORED_FRAME};
use uuid::Uuid;

/// The bytes of a frame, once somebody has decoded them. Who comes second waits for the first.
type Slot = Arc<Mutex<Option<Arc<Vec<u8>>>>>;

/// A frame of a layer.
type Key = (Uuid, usize);

/// The frames that were used last, shared between threads and between the layers of a chain.
#[derive(Debug)]
pub struct Cache {
    /// The frame that was used last stands at the end.
    slots: Mutex<Vec<(Key, Slot)>>,
    capacity: usize,
}

impl Cache {
    /// Frames enough to read one layer from several threads.
    pub const ONE_LAYER: usize = 4;
    /// Frames enough to read a chain, whose layers take turns: 96 MiB.
    pub const CHAIN: usize = 24;

    /// A cache of at most `capacity` decoded frames, each of [`FRAME`] bytes.
    pub fn new(capacity: usize) -> Self {
        Self { slots: Mutex::default(), capacity: capacity.max(1) }
    }

    /// The bytes of a frame, which `decode` makes where they are not kept.
    pub(crate) fn get(
        &self,
        key: Key,
        decode: impl FnOnce() -> Result<Vec<u8>, ReadError>,
    ) -> Result<Arc<Vec<u8>>, ReadError> {
        let slot = self.slot(key);
        let mut kept = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bytes) = &*kept {
            return Ok(bytes.clone());
        }
        let bytes = Arc::new(decode()?);
        *kept = Some(bytes.clone());
        Ok(bytes)
    }

    fn slot(&self, key: Key) -> Slot {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = match slots.iter().position(|(kept, _)| *kept == key) {
            Some(index) => slots.remove(index),
            None => (key, Slot::default()),
        };
        let slot = entry.1.clone();
        slots.push(entry);
        if slots.len() > self.capacity {
            slots.remove(0);
        }
        slot
    }
}

/// Decodes a frame that was checked and holds `len` bytes, at most [`FRAME`].
pub(crate) fn decode(stored: &[u8], len: usize) -> Result<Vec<u8>, String> {
    debug_assert!(stored.len() <= MAX_STORED_FRAME && len <= FRAME);
    let bytes = zstd::bulk::decompress(stored, len).map_err(|e| e.to_string())?;
    if bytes.len() == len {
        Ok(bytes)
    } else {
        Err(format!("it holds {} bytes, expected {len}", bytes.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_used_last_is_kept() {
        let cache = Cache::new(2);
        let mut decoded = Vec::new();
        for number in [1, 2, 1, 3, 1, 2] {
            let bytes = cache.get((Uuid::nil(), number), || {
                decoded.push(number);
                Ok(vec![number as u8])
            });
            assert_eq!(*bytes.unwrap(), [number as u8]);
        }
        assert_eq!(decoded, [1, 2, 3, 2]);
    }

    #[test]
    fn an_error_is_not_kept() {
        let cache = Cache::new(1);
        let damage = ReadError::damaged(formats::units::ByteOffset(1), "changed");
        assert_eq!(cache.get((Uuid::nil(), 0), || Err(damage.clone())), Err(damage));
        assert_eq!(*cache.get((Uuid::nil(), 0), || Ok(vec![7])).unwrap(), [7]);
    }

    #[test]
    fn a_frame_of_the_wrong_length_is_refused() {
        let stored = zstd::bulk::compress(b"four", 3).unwrap();
        assert_eq!(decode(&stored, 4).unwrap(), b"four");
        assert!(decode(&stored, 3).is_err());
        assert!(decode(&stored, 5).is_err());
        assert!(decode(b"no frame", 4).is_err());
    }
}
