//! A volume or disk mounted through FUSE, taken down when it is dropped.

use std::path::{Path, PathBuf};

use crate::judge::Judge;

/// A volume or disk that is mounted.
pub struct Mounted {
    folder: PathBuf,
    is_mounted: bool,
}

impl Mounted {
    /// Mounts the volume that the file `image` starts with on `folder`, which is made.
    ///
    /// # Panics
    /// When it cannot be mounted: `/dev/fuse` is needed.
    pub fn new(image: &Path, folder: &Path) -> Self {
        let program = Judge::new("ntfs-3g").arg("-o").arg("streams_interface=none,big_writes");
        Self::by(program.arg(image), folder)
    }

    /// Mounts on `folder`, which is made, with a program that takes the folder as its last argument.
    ///
    /// # Panics
    /// When it cannot be mounted: `/dev/fuse` is needed.
    pub fn by(program: Judge, folder: &Path) -> Self {
        std::fs::create_dir_all(folder).expect("a folder to mount on");
        program.arg(folder).agrees();
        Self { folder: folder.into(), is_mounted: true }
    }

    /// Where it is mounted.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Takes the volume down; all that was written to it is in its file then.
    ///
    /// # Panics
    /// When it stays busy.
    pub fn take_down(mut self) {
        self.is_mounted = false;
        Judge::new("fusermount").arg("-u").arg(&self.folder).agrees();
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        if self.is_mounted {
            let _ = Judge::new("fusermount").arg("-uz").arg(&self.folder).run();
        }
    }
}
