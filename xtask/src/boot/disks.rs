//! The images of a case's disks: what is on them before, and what became of it.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use super::hardware::Disk;
use crate::desk;
use crate::fixtures::bootable::{self, Bootable};
use crate::program;

/// Bytes at both ends of a disk that must be zeros when it is not to start.
const END: usize = 1 << 20;

/// What is on a disk that fails, at the place where it does: the image has something else there.
const SCRAWL: &[u8] = b"what was here before";

/// A disk's image.
pub struct Image {
    /// The disk.
    pub disk: Disk,
    /// Where the image is.
    pub path: PathBuf,
    before: String,
}

impl Image {
    /// A disk from which version 1 starts, where it is long enough: what is there already is not to be mistaken for what
    /// is deployed.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn make(disk: Disk, golden: &Bootable, path: PathBuf) -> Result<Self> {
        program::run(program::system("cp").arg("--sparse=always").arg(golden.raw(1)).arg(&path))?;
        let file = File::options().write(true).open(&path)?;
        file.set_len(disk.mib << 20)?;
        if let Some(mib) = disk.fails_at {
            file.write_all_at(SCRAWL, mib << 20)?;
        }
        let before = desk::sha256(&path)?;
        Ok(Self { disk, path, before })
    }

    /// Sees that the disk starts with the bytes of a file.
    ///
    /// # Errors
    /// When it does not; the error has where.
    pub fn starts_with(&self, golden: &Path) -> Result<()> {
        let limit = format!("--bytes={}", bootable::SIZE);
        let mut compare = program::system("cmp");
        program::capture(compare.arg(limit).arg(golden).arg(&self.path)).map(drop)
    }

    /// Sees that nothing was written.
    ///
    /// # Errors
    /// When something was.
    pub fn is_untouched(&self) -> Result<()> {
        let now = desk::sha256(&self.path)?;
        ensure!(now == self.before, "{} was written to", self.path.display());
        Ok(())
    }

    /// Sees that no partition table is left, at neither end of the image that it had or of the disk.
    ///
    /// # Errors
    /// When something else than zeros is there.
    pub fn has_bare_ends(&self) -> Result<()> {
        let file = File::open(&self.path).with_context(|| format!("opening {}", self.path.display()))?;
        let len = file.metadata()?.len();
        for at in [0, bootable::SIZE - END as u64, len - END as u64] {
            let mut bytes = vec![0; END];
            file.read_exact_at(&mut bytes, at)?;
            let found = bytes.iter().position(|byte| *byte != 0);
            ensure!(found.is_none(), "{} is not zeros in the MiB at {at}", self.path.display());
        }
        Ok(())
    }

    /// Removes the image.
    ///
    /// # Errors
    /// When that is not possible.
    pub fn remove(self) -> Result<()> {
        fs::remove_file(&self.path).with_context(|| format!("removing {}", self.path.display()))
    }
}

/// Makes the image of a disk on which there is nothing.
///
/// # Errors
/// When it cannot be made.
pub fn empty(path: &Path, mib: u64) -> Result<()> {
    let file = File::create(path).with_context(|| format!("making {}", path.display()))?;
    Ok(file.set_len(mib << 20)?)
}

#[cfg(test)]
mod tests {
    use super::super::hardware::Bus;
    use super::*;

    #[test]
    fn bytes_at_either_end_are_found() {
        let scratch = tempfile::NamedTempFile::new().unwrap();
        let file = scratch.as_file();
        file.set_len(96 << 20).unwrap();
        let disk = Disk::new(Bus::Nvme, 512, 96);
        let image = Image { disk, path: scratch.path().into(), before: String::new() };
        image.has_bare_ends().unwrap();
        for at in [511, (64 << 20) - 512, (96 << 20) - 1] {
            file.write_all_at(&[1], at).unwrap();
            image.has_bare_ends().unwrap_err();
            file.write_all_at(&[0], at).unwrap();
        }
        image.has_bare_ends().unwrap();
    }
}
