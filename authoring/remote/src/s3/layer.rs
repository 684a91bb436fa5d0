//! A layer on its way into a bucket, and what is left of one whose publisher was cut off.

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
use super::parts::Parts;
use crate::fault::Fault;

/// A note is no longer than this, in bytes.
const MOST: u64 = 64 << 10;

/// What stands in `layers/~UUID`: which uploads were begun. They cannot be seen otherwise, and cost money.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Note {
    /// Files of the layer, and what S3 calls their uploads.
    uploads: Vec<(String, String)>,
}

/// The layer.
pub struct Growing<'a> {
    s3: &'a S3,
    layer: Uuid,
    note: Mutex<Note>,
    /// `layer.json`, which is put last.
    descriptor: Mutex<Option<Vec<u8>>>,
    /// The layer was there already, damaged: it is not removed when this one is given up.
    was_there: bool,
    done: bool,
}

fn note_key(layer: Uuid) -> String {
    format!("{}/{}{layer}", paths::LAYERS, paths::UNFINISHED)
}

impl<'a> Growing<'a> {
    /// Begins a layer.
    pub fn begin(s3: &'a S3, layer: Uuid) -> Result<Self, StoreError> {
        let was_there = s3.has(&paths::of_layer(layer, DESCRIPTOR_FILE))?;
        let growing =
            Self { s3, layer, note: Mutex::default(), descriptor: Mutex::default(), was_there, done: false };
        growing.take_note(None)?;
        Ok(growing)
    }

    fn take_note(&self, upload: Option<(String, String)>) -> Result<(), StoreError> {
        let mut note = self.note.lock().unwrap_or_else(PoisonError::into_inner);
        note.uploads.extend(upload);
        self.s3.replace(&note_key(self.layer), document::print(&*note).as_bytes())
    }

    fn fault(&self, fault: Fault) -> StoreError {
        fault.at("write", self.s3.place(&paths::of_layer(self.layer, DESCRIPTOR_FILE)))
    }
}

impl NewLayer for Growing<'_> {
    fn begin(&self, file: &str, most: ByteLen) -> Result<Box<dyn Upload + '_>, StoreError> {
        let parts = Parts::begin(self.s3, paths::of_layer(self.layer, file), most)?;
        self.take_note(Some((file.into(), parts.id().into())))?;
        Ok(Box::new(parts))
    }

    fn put(&self, file: &str, bytes: &[u8]) -> Result<(), StoreError> {
        if file == DESCRIPTOR_FILE {
            *self.descriptor.lock().unwrap_or_else(PoisonError::into_inner) = Some(bytes.into());
            return Ok(());
        }
        self.s3.0.leases.guard().map_err(|fault| self.fault(fault))?;
        self.s3.replace(&paths::of_layer(self.layer, file), bytes)
    }

    fn commit(mut self: Box<Self>) -> Result<(), StoreError> {
        let bytes = self.descriptor.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or_default();
        let key = paths::of_layer(self.layer, DESCRIPTOR_FILE);
        self.s3.0.leases.guard().map_err(|fault| self.fault(fault))?;
        if self.was_there {
            self.s3.replace(&key, &bytes)?;
        } else if !self.s3.create(&key, &bytes)? {
            return Err(self.fault(Fault::refused("somebody else has stored this layer meanwhile")));
        }
        self.done = true;
        self.s3.remove(&note_key(self.layer))
    }
}

impl Drop for Growing<'_> {
    fn drop(&mut self) {
        // Whoever lost the lock leaves alone what is another one's now. Where removing does not work, the next publisher
        // does it.
        if !self.done && self.s3.0.leases.guard().is_ok() {
            let _ = give_up(&self.s3.calm(), self.layer, self.was_there);
        }
    }
}

/// Removes what there is of a layer that nobody can read yet, and the note of it.
fn give_up(s3: &S3, layer: Uuid, was_there: bool) -> Result<(), StoreError> {
    if !was_there {
        for file in s3.list(&paths::layer(layer))? {
            s3.remove(&paths::of_layer(layer, &file))?;
        }
    }
    s3.remove(&note_key(layer))
}

/// Cleans up behind a publisher that was cut off; `name` is that of its note.
pub fn clean(s3: &S3, name: &str) -> Result<(), StoreError> {
    let Some(layer) = name.strip_prefix(paths::UNFINISHED).and_then(|name| name.parse::<Uuid>().ok()) else {
        return s3.remove(&format!("{}/{name}", paths::LAYERS));
    };
    for (file, id) in read_note(s3, layer)?.uploads {
        let key = paths::of_layer(layer, &file);
        let object = s3.object(&key)?;
        // It may have been ended, and is unknown then.
        let aborted = s3.ask(("remove", &key), || s3.0.bucket.abort_multipart(&object, &id));
        if let Err(error @ StoreError::Interrupted(_)) = aborted {
            return Err(error);
        }
    }
    let was_there = s3.has(&paths::of_layer(layer, DESCRIPTOR_FILE))?;
    give_up(s3, layer, was_there)
}

/// The note of a layer; empty when it cannot be read.
fn read_note(s3: &S3, layer: Uuid) -> Result<Note, StoreError> {
    let source = s3.open(&note_key(layer))?;
    let len = source.size().0.min(MOST);
    // Cannot cut: the length is small.
    let bytes = read_vec(&source, ByteOffset::ZERO, len as usize).unwrap_or_default();
    Ok(std::str::from_utf8(&bytes).ok().and_then(|text| document::parse(text).ok()).unwrap_or_default())
}
