//! A store in a folder of this machine.

mod leftovers;
mod lock;
mod unfinished;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use formats::io::ReadAt;
use host::{FileSource, HostError, Observer, Operation, Output, Stop, sync_folder_of};
use uuid::Uuid;

use crate::depot::{Depot, Guarded, Held, NewLayer};
use crate::error::StoreError;
use crate::paths;
use lock::Lock;
use unfinished::Unfinished;

/// What is said of a file in the place of a store's folder.
pub const IS_FILE: &str = "it is a file, expected a folder";

/// How often somebody who writes a document tries, while others write it.
const PATIENCE: u32 = 500;
/// How long one waits before the next try.
const PAUSE: Duration = Duration::from_millis(10);

/// A folder with the objects of a store as its files.
#[derive(Clone, Debug)]
pub struct Folder {
    root: PathBuf,
}

impl Folder {
    /// The folder `root`, which need not be there.
    pub fn new(root: &Path) -> Self {
        Self { root: root.into() }
    }
}

impl Depot for Folder {
    fn place(&self, key: &str) -> PathBuf {
        if key.is_empty() { self.root.clone() } else { self.root.join(key) }
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, StoreError> {
        list(&self.place(folder))
    }

    fn has(&self, key: &str) -> Result<bool, StoreError> {
        let path = self.place(key);
        Ok(path.try_exists().map_err(HostError::io(Operation::Open, &path))?)
    }

    fn open(&self, key: &str) -> Result<Arc<dyn ReadAt>, StoreError> {
        Ok(Arc::new(FileSource::open(&self.place(key))?))
    }

    fn create(&self, key: &str, bytes: &[u8]) -> Result<bool, StoreError> {
        let path = self.place(key);
        make_folder_of(&path)?;
        match write_patiently(&path, bytes, false) {
            Ok(()) => Ok(true),
            Err(StoreError::Host(HostError::Exists { .. })) => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn replace(&self, key: &str, bytes: &[u8]) -> Result<(), StoreError> {
        let path = self.place(key);
        make_folder_of(&path)?;
        write_patiently(&path, bytes, true)
    }

    fn remove(&self, key: &str) -> Result<(), StoreError> {
        let path = self.place(key);
        match fs::remove_file(&path) {
            Ok(()) => Ok(sync_folder_of(&path)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(HostError::io(Operation::Remove, &path)(error).into()),
        }
    }

    fn begin_layer(&self, layer: Uuid) -> Result<Box<dyn NewLayer + '_>, StoreError> {
        Ok(Box::new(Unfinished::begin(&self.root, layer)?))
    }

    fn lock(
        &self,
        guarded: Guarded,
        stop: &Stop,
        observer: &dyn Observer,
    ) -> Result<Box<dyn Held + '_>, StoreError> {
        Ok(Box::new(Lock::take(&self.root, guarded, stop, observer)?))
    }

    fn clean(&self, observer: &dyn Observer) -> Result<(), StoreError> {
        leftovers::clean(&self.root, observer)
    }

    fn why_none(&self) -> &'static str {
        if self.root.is_file() {
            IS_FILE
        } else if self.root.exists() {
            "it has no store.json"
        } else {
            "there is no such folder"
        }
    }
}

/// Makes a folder, and those that it lies in, durably.
fn make_folder(path: &Path) -> Result<(), StoreError> {
    if path.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(path).map_err(HostError::io(Operation::Create, path))?;
    Ok(sync_folder_of(path)?)
}

fn make_folder_of(path: &Path) -> Result<(), StoreError> {
    path.parent().map_or(Ok(()), make_folder)
}

/// Puts a small file under its name, also while others do: then one of them is last, or first.
fn write_patiently(path: &Path, bytes: &[u8], replace: bool) -> Result<(), StoreError> {
    let mut tries = 1..PATIENCE;
    loop {
        match write_file(path, bytes, replace) {
            Err(StoreError::Host(HostError::Busy { .. })) if tries.next().is_some() => {
                std::thread::sleep(PAUSE);
            }
            written => return written,
        }
    }
}

/// Puts a small file under its name, whole; in place of an older one only where that is asked for.
fn write_file(path: &Path, bytes: &[u8], replace: bool) -> Result<(), StoreError> {
    let (output, _) = Output::begin(path, bytes.len() as u64, replace)?;
    output.write_at(0, bytes)?;
    Ok(output.commit()?)
}

/// The names in a folder; none where there is no folder.
fn list(folder: &Path) -> Result<Vec<String>, StoreError> {
    let wrap = || HostError::io(Operation::Open, folder);
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(wrap()(e).into()),
    };
    let names: Result<Vec<_>, _> = entries.map(|entry| entry.map(|entry| entry.file_name())).collect();
    // Nothing that a store writes has a name that is no text.
    Ok(names.map_err(wrap())?.into_iter().filter_map(|name| name.into_string().ok()).collect())
}

/// The path of a layer's folder.
fn layer_folder(root: &Path, layer: Uuid) -> PathBuf {
    root.join(paths::layer(layer))
}
