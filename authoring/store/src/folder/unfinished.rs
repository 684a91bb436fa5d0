//! A layer's folder in the making. It gets its name when all of it is there and on the device.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use formats::units::ByteLen;
use host::{HostError, Operation, Output, sync_folder_of};
use uuid::Uuid;

use super::{layer_folder, make_folder, write_file};
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
        let old = self.path.with_extension("damaged");
        let replaced = self.target.exists();
        if replaced {
            rename(&self.target, &old)?;
        }
        rename(&self.path, &self.target)?;
        sync_folder_of(&self.target)?;
        if replaced {
            fs::remove_dir_all(&old).map_err(HostError::io(Operation::Remove, &old))?;
        }
        Ok(())
    }
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
