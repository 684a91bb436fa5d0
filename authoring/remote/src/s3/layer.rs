//! A layer on its way into a bucket, and what is left of one whose publisher was cut off.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use formats::document;
use formats::io::read_vec;
use formats::layer::DESCRIPTOR_FILE;
use formats::units::{ByteLen, ByteOffset};
use object_store::multipart::MultipartStore;
use serde::{Deserialize, Serialize};
use store::{Depot, NewLayer, StoreError, Upload, paths};
use uuid::Uuid;

use super::S3;
use super::parts::{Parts, Whole};
use crate::fault::Fault;

/// A note is no longer than this, in bytes.
const MOST: u64 = 64 << 10;

/// What stands in `layers/~UUID.RUN`: which uploads were begun. They cannot be seen otherwise, and cost money.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Note {
    /// Files of the layer, and what S3 calls their uploads.
    uploads: Vec<(String, String)>,
}

/// The layer. Nobody sees anything of it before [`NewLayer::commit`]: there may be a damaged one in its place, which the
/// right disk still mends.
pub struct Growing<'a> {
    s3: &'a S3,
    layer: Uuid,
    note_key: String,
    note: Mutex<Note>,
    whole: Mutex<Vec<Whole<'a>>>,
    /// Its small files.
    small: Mutex<BTreeMap<String, Vec<u8>>>,
    /// The layer was there already, damaged: it is not removed when this one is given up.
    was_there: bool,
    done: bool,
}

impl<'a> Growing<'a> {
    /// Begins a layer.
    pub fn begin(s3: &'a S3, layer: Uuid) -> Result<Self, StoreError> {
        let was_there = s3.has(&paths::of_layer(layer, DESCRIPTOR_FILE))?;
        let note_key = format!("{}/{}{layer}.{}", paths::LAYERS, paths::UNFINISHED, s3.0.access.run);
        let (note, whole, small) = (Mutex::default(), Mutex::default(), Mutex::default());
        let growing = Self { s3, layer, note_key, note, whole, small, was_there, done: false };
        growing.take_note(None)?;
        Ok(growing)
    }

    fn take_note(&self, upload: Option<(String, String)>) -> Result<(), StoreError> {
        let mut note = self.note.lock().unwrap_or_else(PoisonError::into_inner);
        note.uploads.extend(upload);
        self.s3.replace(&self.note_key, document::print(&*note).as_bytes())
    }

    /// Sees that the lock is still held: by the store, as clocks may stand still.
    fn guard(&self) -> Result<(), StoreError> {
        self.s3.0.leases.check(self.s3)
    }

    /// Lets readers see the layer by its description.
    fn describe(&self, bytes: &[u8]) -> Result<(), StoreError> {
        let key = paths::of_layer(self.layer, DESCRIPTOR_FILE);
        if self.was_there {
            return self.s3.replace(&key, bytes);
        }
        let taken = || Fault::refused("somebody else has stored this layer meanwhile");
        if self.s3.create(&key, bytes)? { Ok(()) } else { Err(taken().at("write", self.s3.place(&key))) }
    }
}

impl NewLayer for Growing<'_> {
    fn begin(&self, file: &str, most: ByteLen) -> Result<Box<dyn Upload + '_>, StoreError> {
        let parts = Parts::begin(self.s3, paths::of_layer(self.layer, file), most, &self.whole)?;
        self.take_note(Some((file.into(), parts.id().into())))?;
        Ok(Box::new(parts))
    }

    fn put(&self, file: &str, bytes: &[u8]) -> Result<(), StoreError> {
        self.small.lock().unwrap_or_else(PoisonError::into_inner).insert(file.into(), bytes.into());
        Ok(())
    }

    fn commit(mut self: Box<Self>) -> Result<(), StoreError> {
        let whole = std::mem::take(&mut *self.whole.lock().unwrap_or_else(PoisonError::into_inner));
        let mut small = std::mem::take(&mut *self.small.lock().unwrap_or_else(PoisonError::into_inner));
        let descriptor = small.remove(DESCRIPTOR_FILE).unwrap_or_default();
        for object in whole {
            self.guard()?;
            object.show()?;
        }
        for (file, bytes) in small {
            self.guard()?;
            self.s3.replace(&paths::of_layer(self.layer, &file), &bytes)?;
        }
        self.guard()?;
        self.describe(&descriptor)?;
        self.done = true;
        self.s3.remove(&self.note_key)
    }
}

impl Drop for Growing<'_> {
    fn drop(&mut self) {
        // Whoever lost the lock leaves alone what is another one's now. Where removing does not work, the next publisher
        // does it.
        self.whole.get_mut().unwrap_or_else(PoisonError::into_inner).clear();
        if !self.done && self.s3.0.leases.guard().is_ok() {
            let _ = give_up(&self.s3.parting(), (self.layer, &self.note_key), self.was_there);
        }
    }
}

/// Removes what there is of a layer that nobody can read yet, and the note of it.
fn give_up(s3: &S3, (layer, note_key): (Uuid, &str), was_there: bool) -> Result<(), StoreError> {
    if !was_there {
        for file in s3.list(&paths::layer(layer))? {
            s3.remove(&paths::of_layer(layer, &file))?;
        }
    }
    s3.remove(note_key)
}

/// Cleans up behind a publisher that was cut off; `name` is that of its note.
pub fn clean(s3: &S3, name: &str) -> Result<(), StoreError> {
    let note_key = format!("{}/{name}", paths::LAYERS);
    let Some(layer) = paths::unfinished_layer(name) else { return s3.remove(&note_key) };
    for (file, id) in read_note(s3, &note_key)?.uploads {
        let key = paths::of_layer(layer, &file);
        let object = s3.object(&key)?;
        // It may have been ended, and is unknown then.
        let aborted = s3.ask(("remove", &key), || s3.0.bucket.abort_multipart(&object, &id));
        if let Err(error @ StoreError::Interrupted(_)) = aborted {
            return Err(error);
        }
    }
    let was_there = s3.has(&paths::of_layer(layer, DESCRIPTOR_FILE))?;
    give_up(s3, (layer, &note_key), was_there)
}

/// The note of a layer; empty when it cannot be read.
fn read_note(s3: &S3, note_key: &str) -> Result<Note, StoreError> {
    let source = s3.open(note_key)?;
    let len = source.size().0.min(MOST);
    // Cannot cut: the length is small.
    let bytes = read_vec(&source, ByteOffset::ZERO, len as usize).unwrap_or_default();
    Ok(std::str::from_utf8(&bytes).ok().and_then(|text| document::parse(text).ok()).unwrap_or_default())
}
