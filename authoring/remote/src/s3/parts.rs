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
pub struct Parts<'a> {
    s3: &'a S3,
    key: String,
    object: Path,
    id: String,
    part: u64,
    filling: Mutex<BTreeMap<u64, Filling>>,
    sent: Mutex<BTreeMap<u64, JoinHandle<Result<PartId, Fault>>>>,
    room: Arc<Semaphore>,
    done: bool,
}

/// A part that is not there whole yet: its pieces by where they are in the object.
type Filling = BTreeMap<u64, Bytes>;

/// How long the parts are of an object that becomes at most `most` long.
fn part_len(most: ByteLen) -> u64 {
    let piece = PIECE as u64;
    most.0.div_ceil(MOST_PARTS).div_ceil(piece).saturating_mul(piece).max(LEAST)
}

impl<'a> Parts<'a> {
    /// Begins the object of a key.
    pub fn begin(s3: &'a S3, key: String, most: ByteLen) -> Result<Self, StoreError> {
        let object = s3.object(&key)?;
        let id = s3.ask(("write", &key), || s3.0.uploads.create_multipart(&object))?;
        let (part, room) = (part_len(most), Arc::new(Semaphore::new(UNDER_WAY)));
        let (filling, sent) = (Mutex::default(), Mutex::default());
        Ok(Self { s3, key, object, id, part, filling, sent, room, done: false })
    }

    /// What S3 calls the upload.
    pub fn id(&self) -> &str {
        &self.id
    }

    fn filling(&self) -> MutexGuard<'_, BTreeMap<u64, Filling>> {
        self.filling.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a part off, as soon as there is room.
    fn send(&self, number: u64, filling: Filling) -> Result<(), StoreError> {
        let room = self.s3.0.reactor.wait(&self.s3.1, self.room.clone().acquire_owned())?;
        let room = room.map_err(|e| self.fault(Fault::refused(e.to_string())))?;
        let (uploads, object, id) = (self.s3.0.uploads.clone(), self.object.clone(), self.id.clone());
        let payload: PutPayload = filling.into_values().collect();
        // Cannot cut: there are few parts.
        let (index, retries) = (number as usize, self.s3.0.access.retries);
        let sent = self.s3.0.reactor.spawn(async move {
            let _room: OwnedSemaphorePermit = room;
            fault::patiently(retries, || uploads.put_part(&object, &id, index, payload.clone())).await
        });
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).insert(number, sent);
        Ok(())
    }

    /// Waits for all parts, in order.
    fn parts(&self) -> Result<Vec<PartId>, StoreError> {
        let sent = std::mem::take(&mut *self.sent.lock().unwrap_or_else(PoisonError::into_inner));
        let mut parts = Vec::new();
        for task in sent.into_values() {
            let part = self.s3.0.reactor.wait(&self.s3.1, task)?;
            let lost = |e: tokio::task::JoinError| Fault::new(RemoteCause::Unreachable, e.to_string());
            parts.push(part.map_err(lost).flatten().map_err(|fault| self.fault(fault))?);
        }
        Ok(parts)
    }

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

impl Upload for Parts<'_> {
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

    fn finish(mut self: Box<Self>, len: u64) -> Result<(), StoreError> {
        let rest = std::mem::take(&mut *self.filling());
        for (number, pieces) in rest {
            self.send(number, pieces)?;
        }
        let parts = self.parts()?;
        if parts.len() as u64 != len.div_ceil(self.part) {
            let text = format!("{} parts were written, expected {len} bytes", parts.len());
            return Err(self.fault(Fault::refused(text)));
        }
        self.s3.0.leases.guard().map_err(|fault| self.fault(fault))?;
        let completed = self.s3.ask(("write", &self.key), || {
            self.s3.0.uploads.complete_multipart(&self.object, &self.id, parts.clone())
        });
        match completed {
            // An upload that is unknown may have been completed by a try whose answer was lost.
            Err(error) if error.is_missing() && self.is_there(len)? => {}
            completed => drop(completed?),
        }
        self.done = true;
        Ok(())
    }
}

impl Drop for Parts<'_> {
    fn drop(&mut self) {
        if self.done {
            return;
        }
        for (_, task) in std::mem::take(&mut *self.sent.lock().unwrap_or_else(PoisonError::into_inner)) {
            task.abort();
        }
        // Where that does not work, the next publisher does it.
        let calm = self.s3.calm();
        let _ = calm.ask(("remove", &self.key), || self.s3.0.bucket.abort_multipart(&self.object, &self.id));
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
