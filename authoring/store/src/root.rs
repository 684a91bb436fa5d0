//! The folder of a store, and the document that makes it one.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use formats::document;
use formats::layer::{FORMAT, LayerError};
use host::{HostError, Operation, Output, sync_folder_of};
use serde::{Deserialize, Serialize};

use crate::catalogue::list;
use crate::document::read_text;
use crate::error::StoreError;
use crate::paths;

/// A store in a folder.
#[derive(Clone, Debug)]
pub struct Store {
    root: PathBuf,
}

/// `store.json`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoreDocument {
    format: u32,
}

/// What is said of a file in the place of a store's folder.
const IS_FILE: &str = "it is a file, expected a folder";

impl Store {
    /// Opens the store in the folder `root`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open(root: &Path) -> Result<Self, StoreError> {
        let path = root.join(paths::STORE);
        if let Err(e) = fs::metadata(&path) {
            return Err(no_store(root, e));
        }
        let store = Self { root: root.into() };
        store.check_format()?;
        Ok(store)
    }

    /// Opens the store in the folder `root`, or makes an empty one there when the folder is empty or absent.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open_or_create(root: &Path) -> Result<Self, StoreError> {
        if root.join(paths::STORE).exists() {
            return Self::open(root);
        }
        if root.is_file() {
            return Err(StoreError::NoStore { path: root.into(), reason: IS_FILE });
        }
        make_folder(root)?;
        let others =
            list(root)?.into_iter().any(|name| !name.starts_with(paths::UNFINISHED) && name != paths::LOCK);
        if others {
            let reason = "it has no store.json, and other files are in it";
            return Err(StoreError::NoStore { path: root.into(), reason });
        }
        write_file(&root.join(paths::STORE), document::print(&StoreDocument { format: FORMAT }).as_bytes())?;
        Ok(Self { root: root.into() })
    }

    /// The store's folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Reads `store.json`.
    pub(crate) fn check_format(&self) -> Result<(), StoreError> {
        let path = self.root.join(paths::STORE);
        let text = read_text(&path)?;
        let found: StoreDocument =
            document::parse(&text).map_err(|e| StoreError::damaged(&path)(LayerError::Document(e)))?;
        if found.format == FORMAT {
            return Ok(());
        }
        Err(StoreError::Format { path, found: found.format })
    }
}

/// Makes a folder, and those that it lies in, durably.
pub(crate) fn make_folder(path: &Path) -> Result<(), StoreError> {
    if path.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(path).map_err(HostError::io(Operation::Create, path))?;
    Ok(sync_folder_of(path)?)
}

/// Puts a small file under its name, whole, in place of an older one.
pub(crate) fn write_file(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let (output, _) = Output::begin(path, bytes.len() as u64, true)?;
    output.write_at(0, bytes)?;
    Ok(output.commit()?)
}

fn no_store(root: &Path, cause: io::Error) -> StoreError {
    let reason = match (cause.kind(), root.exists()) {
        _ if root.is_file() => IS_FILE,
        (io::ErrorKind::NotFound, true) => "it has no store.json",
        (io::ErrorKind::NotFound | io::ErrorKind::NotADirectory, _) => "there is no such folder",
        _ => return HostError::io(Operation::Open, &root.join(paths::STORE))(cause).into(),
    };
    StoreError::NoStore { path: root.into(), reason }
}
