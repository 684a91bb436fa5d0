//! A layer's folder in the making. It gets its name when all of it is there and on the device.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use formats::units::ByteLen;
use host::{Event, HostError, Observer, Operation, Output, sync_folder_of};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use uuid::Uuid;

use super::{layer_folder, list, make_folder, write_file};
use crate::depot::{NewLayer, Upload};
use crate::error::StoreError;
use crate::paths;

/// The folder. Dropped before [`NewLayer::commit`], it is removed again.
pub struct Unfinished {
    path: PathBuf,
    target: PathBuf,
}

impl Unfinished {
    /// A new folder for the layer `uuid`.
    pub fn begin(root: &Path, uuid: Uuid) -> Result<Self, StoreError> {
        let layers = root.join(paths::LAYERS);
        make_folder(&layers)?;
        let path = layers.join(format!("{}{uuid}", paths::UNFINISHED));
        fs::create_dir(&path).map_err(HostError::io(Operation::Create, &path))?;
        Ok(Self { path, target: layer_folder(root, uuid) })
    }
}

impl NewLayer for Unfinished {
    fn begin(&self, file: &str, _: ByteLen) -> Result<Box<dyn Upload + '_>, StoreError> {
        let (output, _) = Output::begin(&self.path.join(file), 0, true)?;
        Ok(Box::new(Growing(output)))
    }

    fn put(&self, file: &str, bytes: &[u8]) -> Result<(), StoreError> {
        write_file(&self.path.join(file), bytes, true)
    }

    /// Gives the folder its name, in place of a damaged one.
    fn commit(self: Box<Self>) -> Result<(), StoreError> {
        if !self.target.exists() {
            rename(&self.path, &self.target)?;
        } else if renameat_with(CWD, &self.path, CWD, &self.target, RenameFlags::EXCHANGE).is_err() {
            // Not every file system can do both at once.
            self.replace()?;
        }
        sync_folder_of(&self.target)?;
        for old in [&self.path, &damaged(&self.path)] {
            if old.exists() {
                fs::remove_dir_all(old).map_err(HostError::io(Operation::Remove, old))?;
            }
        }
        Ok(())
    }
}

impl Unfinished {
    /// Puts the damaged folder aside. Who is cut off then leaves it to [`restore`].
    fn replace(&self) -> Result<(), StoreError> {
        let old = damaged(&self.path);
        rename(&self.target, &old)?;
        if let Err(error) = rename(&self.path, &self.target) {
            rename(&old, &self.target)?;
            return Err(error.into());
        }
        Ok(())
    }
}

/// Where a damaged layer is put aside.
fn damaged(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(paths::DAMAGED);
    name.into()
}

/// Gives damaged layers their names back, where a publisher was cut off before another one took their place.
pub fn restore(root: &Path, observer: &dyn Observer) -> Result<(), StoreError> {
    let layers = root.join(paths::LAYERS);
    for name in list(&layers)?.iter().filter(|name| name.ends_with(paths::DAMAGED)) {
        let Some(layer) = paths::unfinished_layer(name) else { continue };
        let target = layer_folder(root, layer);
        if target.exists() {
            continue;
        }
        rename(&layers.join(name), &target)?;
        sync_folder_of(&target)?;
        let shown = target.display();
        let text = format!("{shown} has its name again: a publish that was to mend it was cut off");
        observer.event(Event::Notice(text));
    }
    Ok(())
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // It is not there any more after a commit. What cannot be removed now is removed by the next publish.
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// A file whose length is known when all of it is there.
struct Growing(Output);

impl Upload for Growing {
    fn reserve(&self, at: u64, len: u64) {
        // Where it is not granted, writing tells what is wrong.
        let _ = self.0.reserve(at, len);
    }

    fn write_at(&self, at: u64, bytes: &[u8]) -> Result<(), StoreError> {
        Ok(self.0.write_at(at, bytes)?)
    }

    fn finish(self: Box<Self>, len: u64) -> Result<(), StoreError> {
        self.0.cut(len)?;
        Ok(self.0.commit()?)
    }
}

fn rename(from: &Path, to: &Path) -> Result<(), HostError> {
    fs::rename(from, to).map_err(|e: io::Error| HostError::io(Operation::Rename, from)(e))
}
