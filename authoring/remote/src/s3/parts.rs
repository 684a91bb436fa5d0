//! A large object on its way into a bucket, in parts that go up several at a time and in any order.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use formats::units::ByteLen;
use object_store::multipart::{MultipartStore, PartId};
use object_store::path::Path;
use object_store::{ObjectStoreExt, PutPayload};
use store::{PIECE, RemoteCause, StoreError, Upload};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinHandle;

use super::{S3, fault};
use crate::fault::Fault;

/// S3 takes no more parts of one object.
const MOST_PARTS: u64 = 10_000;
/// No part is shorter than this, but for the last one: S3 wants 5 MiB at least.
const LEAST: u64 = 2 * PIECE as u64;
/// How many parts are under way at a time.
const UNDER_WAY: usize = 4;

/// The object.
pub struct Parts<'a, 'w> {
    part: u64,
    filling: Mutex<BTreeMap<u64, Filling>>,
    sent: Sent,
    room: Arc<Semaphore>,
    begun: Begun<'a>,
    whole: &'w Mutex<Vec<Whole<'a>>>,
}

/// Parts on their way. Dropped, they go no further.
#[derive(Default)]
struct Sent(Mutex<BTreeMap<u64, JoinHandle<Result<PartId, Fault>>>>);

/// An upload that was begun. Dropped before it is done, it is given up.
struct Begun<'a> {
    s3: &'a S3,
    key: String,
    object: Path,
    id: String,
    done: bool,
}

/// An object whose parts are all there, and which nobody sees yet.
pub struct Whole<'a> {
    begun: Begun<'a>,
    parts: Vec<PartId>,
    len: u64,
}

/// A part that is not there whole yet: its pieces by where they are in the object.
type Filling = BTreeMap<u64, Bytes>;

/// How long the parts are of an object that becomes at most `most` long.
fn part_len(most: ByteLen) -> u64 {
    let piece = PIECE as u64;
    most.0.div_ceil(MOST_PARTS).div_ceil(piece).saturating_mul(piece).max(LEAST)
}

impl<'a, 'w> Parts<'a, 'w> {
    /// Begins the object of a key. When all its parts are there, it is added to `whole`.
    pub fn begin(
        s3: &'a S3,
        key: String,
        most: ByteLen,
        whole: &'w Mutex<Vec<Whole<'a>>>,
    ) -> Result<Self, StoreError> {
        let object = s3.object(&key)?;
        let id = s3.ask(("write", &key), || s3.0.uploads.create_multipart(&object))?;
        let begun = Begun { s3, key, object, id, done: false };
        let (part, room) = (part_len(most), Arc::new(Semaphore::new(UNDER_WAY)));
        Ok(Self { part, filling: Mutex::default(), sent: Sent::default(), room, begun, whole })
    }

    /// What S3 calls the upload.
    pub fn id(&self) -> &str {
        &self.begun.id
    }

    fn filling(&self) -> MutexGuard<'_, BTreeMap<u64, Filling>> {
        self.filling.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a part off, as soon as there is room.
    fn send(&self, number: u64, filling: Filling) -> Result<(), StoreError> {
        let Begun { s3, object, id, .. } = &self.begun;
        let room = s3.0.reactor.wait(&s3.1, self.room.clone().acquire_owned())?;
        let room = room.map_err(|e| self.begun.fault(Fault::refused(e.to_string())))?;
        let (uploads, object, id) = (s3.0.uploads.clone(), object.clone(), id.clone());
        let payload: PutPayload = filling.into_values().collect();
        // Cannot cut: there are few parts.
        let (index, retries) = (number as usize, s3.0.access.retries);
        let sent = s3.0.reactor.spawn(async move {
            let _room: OwnedSemaphorePermit = room;
            fault::patiently(retries, || uploads.put_part(&object, &id, index, payload.clone())).await
        });
        self.sent.tasks().insert(number, sent);
        Ok(())
    }

    /// Waits for all parts, in order.
    fn parts(&self) -> Result<Vec<PartId>, StoreError> {
        let sent = std::mem::take(&mut *self.sent.tasks());
        let mut parts = Vec::new();
        for task in sent.into_values() {
            let part = self.begun.s3.0.reactor.wait(&self.begun.s3.1, task)?;
            let lost = |e: tokio::task::JoinError| Fault::new(RemoteCause::Unreachable, e.to_string());
            parts.push(part.map_err(lost).flatten().map_err(|fault| self.begun.fault(fault))?);
        }
        Ok(parts)
    }
}

impl Sent {
    fn tasks(&self) -> MutexGuard<'_, BTreeMap<u64, JoinHandle<Result<PartId, Fault>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Sent {
    fn drop(&mut self) {
        for (_, task) in std::mem::take(&mut *self.tasks()) {
            task.abort();
        }
    }
}

impl Begun<'_> {
    /// Whether the object is there, and so long.
    fn is_there(&self, len: u64) -> Result<bool, StoreError> {
        let meta = self.s3.ask(("read", &self.key), || self.s3.0.bucket.head(&self.object))?;
        Ok(meta.size == len)
    }

    fn fault(&self, fault: Fault) -> StoreError {
        use store::Depot as _;
        fault.at("write", self.s3.place(&self.key))
    }
}

impl Drop for Begun<'_> {
    fn drop(&mut self) {
        if !self.done {
            // Where that does not work, the next publisher does it.
            let parting = self.s3.parting();
            let abort = || self.s3.0.bucket.abort_multipart(&self.object, &self.id);
            let _ = parting.ask(("remove", &self.key), abort);
        }
    }
}

impl Whole<'_> {
    /// Lets the object appear, in place of the one that may be there.
    pub fn show(mut self) -> Result<(), StoreError> {
        let Begun { s3, key, object, id, .. } = &self.begun;
        let completed =
            s3.ask(("write", key), || s3.0.uploads.complete_multipart(object, id, self.parts.clone()));
        match completed {
            // An upload that is unknown may have been completed by a try whose answer was lost.
            Err(error) if error.is_missing() && self.begun.is_there(self.len)? => {}
            completed => drop(completed?),
        }
        self.begun.done = true;
        Ok(())
    }
}

impl Upload for Parts<'_, '_> {
    fn reserve(&self, _: u64, _: u64) {}

    fn write_at(&self, at: u64, bytes: &[u8]) -> Result<(), StoreError> {
        let number = at / self.part;
        let full = {
            let mut filling = self.filling();
            let pieces = filling.entry(number).or_default();
            pieces.insert(at, Bytes::copy_from_slice(bytes));
            let len: u64 = pieces.values().map(|piece| piece.len() as u64).sum();
            if len == self.part { filling.remove(&number) } else { None }
        };
        full.map_or(Ok(()), |pieces| self.send(number, pieces))
    }

    fn finish(self: Box<Self>, len: u64) -> Result<(), StoreError> {
        let rest = std::mem::take(&mut *self.filling());
        for (number, pieces) in rest {
            self.send(number, pieces)?;
        }
        let parts = self.parts()?;
        if parts.len() as u64 != len.div_ceil(self.part) {
            let text = format!("{} parts were written, expected {len} bytes", parts.len());
            return Err(self.begun.fault(Fault::refused(text)));
        }
        let Self { begun, whole, .. } = *self;
        whole.lock().unwrap_or_else(PoisonError::into_inner).push(Whole { begun, parts, len });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_thousand_parts_are_enough_for_any_length() {
        for most in [0, 1, LEAST, 80_000 << 20, (80_000 << 20) + 1, 2 << 40, 64 << 40] {
            let part = part_len(ByteLen(most));
            assert!(part.is_multiple_of(PIECE as u64) && part >= 5 << 20);
            assert!(most.div_ceil(part) <= MOST_PARTS, "{most}");
        }
        assert_eq!(part_len(ByteLen(100 << 30)), 12 << 20);
    }
}
