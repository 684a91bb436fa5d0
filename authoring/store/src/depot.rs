//! Where the objects of a store lie: a folder of this machine, or somewhere behind a network.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use formats::io::ReadAt;
use formats::units::ByteLen;
use host::{Observer, Stop};
use uuid::Uuid;

use crate::error::StoreError;

/// Keeps objects under keys: paths inside the store, their parts divided by `/`. Whoever makes a key has checked every
/// part of it. What has a name that starts with `~` is unfinished, and no reader looks at it.
pub trait Depot: fmt::Debug + Send + Sync {
    /// What people call an object: a path, or a URL. With an empty key, the store.
    fn place(&self, key: &str) -> PathBuf;

    /// The names of what lies directly in a folder, objects and folders, in any order; none where there is no folder.
    ///
    /// # Errors
    /// [`StoreError`] when nobody can tell.
    fn list(&self, folder: &str) -> Result<Vec<String>, StoreError>;

    /// Whether there is an object of this key, or something in a folder of this key.
    ///
    /// # Errors
    /// [`StoreError`] when nobody can tell: that is not that there is nothing.
    fn has(&self, key: &str) -> Result<bool, StoreError>;

    /// Opens an object. Its bytes may be fetched ahead of whoever reads them in order.
    ///
    /// # Errors
    /// [`StoreError`], for which [`StoreError::is_missing`] holds when it is not there.
    fn open(&self, key: &str) -> Result<Arc<dyn ReadAt>, StoreError>;

    /// Makes a small object that is not there yet, whole and at once; `false` when it is there, and then nothing
    /// changes. Of several who try, one succeeds.
    ///
    /// # Errors
    /// [`StoreError`].
    fn create(&self, key: &str, bytes: &[u8]) -> Result<bool, StoreError>;

    /// Makes a small object, in place of the one that may be there: readers see the one or the other, whole.
    ///
    /// # Errors
    /// [`StoreError`].
    fn replace(&self, key: &str, bytes: &[u8]) -> Result<(), StoreError>;

    /// Removes an object; one that is not there is no error.
    ///
    /// # Errors
    /// [`StoreError`].
    fn remove(&self, key: &str) -> Result<(), StoreError>;

    /// Begins a layer, in place of a damaged one that may be there.
    ///
    /// # Errors
    /// [`StoreError`].
    fn begin_layer(&self, layer: Uuid) -> Result<Box<dyn NewLayer + '_>, StoreError>;

    /// Takes the lock of those who change what is `guarded`, or waits for it and says so.
    ///
    /// # Errors
    /// [`StoreError`], [`StoreError::Interrupted`] when asked to stop.
    fn lock(
        &self,
        guarded: Guarded,
        stop: &Stop,
        observer: &dyn Observer,
    ) -> Result<Box<dyn Held + '_>, StoreError>;

    /// Removes what somebody who was cut off left unfinished, and says what. Only the holder of the lock of the catalogue
    /// may.
    ///
    /// # Errors
    /// [`StoreError`].
    fn clean(&self, observer: &dyn Observer) -> Result<(), StoreError>;

    /// Why there is no store, where its document is missing.
    fn why_none(&self) -> &'static str {
        "it has no store.json"
    }
}

/// What a lock guards: two who change the same wait for each other, and nobody else does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Guarded {
    /// Images and their layers.
    #[default]
    Catalogue,
    /// The devices, which are changed in a moment, also while a long publish is under way.
    Devices,
}

impl Guarded {
    /// What is said to whoever waits for the lock of the store at `place`.
    pub fn waiting(self, place: &Path) -> String {
        let who = match self {
            Self::Catalogue => "another publish is changing",
            Self::Devices => "somebody else is changing the devices of",
        };
        format!("waiting: {who} the store {}", place.display())
    }
}

/// The lock of those who change a store; given back when it is dropped.
pub trait Held {
    /// Whether it is still held: somebody else may have taken it over, where the holder was not heard of for long.
    ///
    /// # Errors
    /// [`StoreError`] when it is not; nothing may be changed any more.
    fn check(&self) -> Result<(), StoreError>;
}

/// A layer in the making. Dropped before [`NewLayer::commit`], it is removed again.
pub trait NewLayer {
    /// Begins one of its files, which becomes at most `most` long.
    ///
    /// # Errors
    /// [`StoreError`].
    fn begin(&self, file: &str, most: ByteLen) -> Result<Box<dyn Upload + '_>, StoreError>;

    /// Makes one of its small files.
    ///
    /// # Errors
    /// [`StoreError`].
    fn put(&self, file: &str, bytes: &[u8]) -> Result<(), StoreError>;

    /// Lets readers see it, when all its files are whole and durable.
    ///
    /// # Errors
    /// [`StoreError`].
    fn commit(self: Box<Self>) -> Result<(), StoreError>;
}

/// A file that is written by several threads, each byte once.
pub trait Upload: Send + Sync {
    /// Says that so many bytes will be written next: a courtesy.
    fn reserve(&self, at: u64, len: u64);

    /// Writes bytes at a position. Positions are multiples of [`PIECE`], and pieces have that length but for the last.
    ///
    /// # Errors
    /// [`StoreError`].
    fn write_at(&self, at: u64, bytes: &[u8]) -> Result<(), StoreError>;

    /// Ends the file at `len` bytes; it is then durable.
    ///
    /// # Errors
    /// [`StoreError`].
    fn finish(self: Box<Self>, len: u64) -> Result<(), StoreError>;
}

/// How long the pieces are that an [`Upload`] gets, in bytes: large writes past the page cache are the quickest, and
/// leave nothing that would have to be waited for at the end.
pub const PIECE: usize = 4 << 20;
