//! A volume or disk mounted through FUSE, taken down when it is dropped.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::judge::Judge;

/// How often a volume that is busy is asked again, a tenth of a second apart.
const PATIENCE: u32 = 100;

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
        // A program that another test starts holds, for a moment, what this one has open.
        for _ in 0..PATIENCE {
            if Judge::new("fusermount").arg("-u").arg(&self.folder).run().code == Some(0) {
                self.is_mounted = false;
                return;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
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
