//! Small files that appear under their names together, or not at all.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use host::{HostError, Operation, sync_folder_of};

/// A file that is whole and does not have its name yet. Dropped, it is removed.
pub struct Draft {
    target: PathBuf,
    partial: PathBuf,
}

impl Draft {
    /// Writes a file beside its final place, readable as `mode` says from the first moment on.
    ///
    /// # Errors
    /// [`HostError`]; nothing is left then.
    pub fn new(target: &Path, text: &str, mode: u32) -> Result<Self, HostError> {
        let mut name = std::ffi::OsString::from("~");
        name.push(target.file_name().unwrap_or_default());
        name.push(".partial");
        let partial = target.with_file_name(name);
        match fs::remove_file(&partial) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
                return Err(HostError::io(Operation::Remove, &partial)(e));
            }
            _ => {}
        }
        // Made anew, so that a secret never lies in a file that others have open or may read.
        let file = File::options().write(true).create_new(true).mode(mode).open(&partial);
        let mut file = file.map_err(HostError::io(Operation::Create, target))?;
        let draft = Self { target: target.into(), partial };
        let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
        written.map_err(HostError::io(Operation::Write, target))?;
        Ok(draft)
    }

    /// Gives the files their names.
    ///
    /// # Errors
    /// [`HostError`]; those that have their names already are removed then.
    pub fn commit<const N: usize>(drafts: [Self; N]) -> Result<(), HostError> {
        for (count, draft) in drafts.iter().enumerate() {
            let renamed = fs::rename(&draft.partial, &draft.target);
            let done = renamed.map_err(HostError::io(Operation::Rename, &draft.target));
            if let Err(error) = done.and_then(|()| sync_folder_of(&draft.target)) {
                // One without the others is of no use, and nothing more can be done about it here.
                drafts.iter().take(count).for_each(|draft| drop(fs::remove_file(&draft.target)));
                return Err(error);
            }
        }
        Ok(())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // Nothing more can be done about it here; once renamed, it is not there.
        let _ = fs::remove_file(&self.partial);
    }
}
