//! The store as a whole: where its objects lie, and the document that makes it one.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use formats::document;
use formats::layer::{FORMAT, LayerError};
use serde::{Deserialize, Serialize};

use crate::depot::Depot;
use crate::document::read_text;
use crate::error::StoreError;
use crate::folder::{Folder, IS_FILE};
use crate::paths;

/// A store.
#[derive(Clone, Debug)]
pub struct Store {
    depot: Arc<dyn Depot>,
    root: PathBuf,
}

/// `store.json`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoreDocument {
    format: u32,
}

impl Store {
    /// Opens the store in the folder `root`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open(root: &Path) -> Result<Self, StoreError> {
        Self::open_in(Arc::new(Folder::new(root)))
    }

    /// Opens the store in the folder `root`, or makes an empty one there when the folder is empty or absent.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open_or_create(root: &Path) -> Result<Self, StoreError> {
        if root.is_file() {
            return Err(StoreError::NoStore { path: root.into(), reason: IS_FILE });
        }
        Self::open_or_create_in(Arc::new(Folder::new(root)))
    }

    /// Opens the store whose objects lie in `depot`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open_in(depot: Arc<dyn Depot>) -> Result<Self, StoreError> {
        let store = Self { root: depot.place(""), depot };
        match store.check_format() {
            Err(error) if error.is_missing() => Err(store.none()),
            checked => checked.map(|()| store),
        }
    }

    /// Opens the store whose objects lie in `depot`, or makes an empty one where there is nothing.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open_or_create_in(depot: Arc<dyn Depot>) -> Result<Self, StoreError> {
        if depot.has(paths::STORE)? {
            return Self::open_in(depot);
        }
        let is_ours = |name: &String| name.starts_with(paths::UNFINISHED) || name == paths::LOCK;
        // Another publisher may have made the store since we looked, and put something into it.
        if !depot.list("")?.iter().all(is_ours) && !depot.has(paths::STORE)? {
            let reason = "it has no store.json, and other files are in it";
            return Err(StoreError::NoStore { path: depot.place(""), reason });
        }
        // Another publisher may make the same one meanwhile.
        depot.create(paths::STORE, document::print(&StoreDocument { format: FORMAT }).as_bytes())?;
        Self::open_in(depot)
    }

    /// The store's folder, or its URL.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where its objects lie.
    pub fn depot(&self) -> &dyn Depot {
        &*self.depot
    }

    /// Reads `store.json`.
    pub(crate) fn check_format(&self) -> Result<(), StoreError> {
        let text = read_text(self.depot(), paths::STORE)?;
        let path = self.depot.place(paths::STORE);
        let found: StoreDocument =
            document::parse(&text).map_err(|e| StoreError::damaged(&path)(LayerError::Document(e)))?;
        if found.format == FORMAT {
            return Ok(());
        }
        Err(StoreError::Format { path, found: found.format })
    }

    fn none(&self) -> StoreError {
        StoreError::NoStore { path: self.root.clone(), reason: self.depot.why_none() }
    }
}
