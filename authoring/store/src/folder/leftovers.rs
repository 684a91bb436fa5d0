//! What a publish that was cut off left behind.

use std::fs;
use std::path::{Path, PathBuf};

use host::{Event, HostError, Observer, Operation};

use super::list;
use super::unfinished::restore;
use crate::error::StoreError;
use crate::paths;

/// Removes everything unfinished, and says what. Only the holder of the lock may: it knows that nobody is at work.
pub fn clean(root: &Path, observer: &dyn Observer) -> Result<(), StoreError> {
    restore(root, observer)?;
    let images = root.join(paths::IMAGES);
    let mut folders = vec![root.to_path_buf(), root.join(paths::LAYERS), images.clone()];
    folders.extend(list(&images)?.into_iter().map(|name| images.join(name)).filter(|path| path.is_dir()));
    for folder in folders {
        for name in list(&folder)?.iter().filter(|name| name.starts_with(paths::UNFINISHED)) {
            remove(&folder.join(name), observer)?;
        }
    }
    Ok(())
}

/// Removes a file or a folder, and says how much that was.
fn remove(path: &Path, observer: &dyn Observer) -> Result<(), StoreError> {
    let is_folder = fs::symlink_metadata(path).is_ok_and(|found| found.is_dir());
    let len = if is_folder { folder_len(path)? } else { file_len(path) };
    let removed = if is_folder { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    removed.map_err(HostError::io(Operation::Remove, path))?;
    let shown = path.display();
    observer.event(Event::Notice(format!(
        "removed {shown} ({len} bytes), left over from a publish that was cut off"
    )));
    Ok(())
}

/// How long the files in a folder are; a layer's folder has no folders in it.
fn folder_len(path: &Path) -> Result<u64, StoreError> {
    let files: Vec<PathBuf> = list(path)?.iter().map(|name| path.join(name)).collect();
    Ok(files.iter().map(|file| file_len(file)).sum())
}

fn file_len(path: &Path) -> u64 {
    fs::symlink_metadata(path).map_or(0, |found| found.len())
}
