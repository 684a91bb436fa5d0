//! Where outputs lie: their folders, and the names that they have until they are whole.

use std::fs::File;
use std::path::{Path, PathBuf};

use crate::error::{HostError, Operation};

/// Where a file lies until it is whole.
pub(crate) fn partial_path(target: &Path) -> Result<PathBuf, HostError> {
    let name =
        target.file_name().ok_or_else(|| HostError::WrongKind { path: target.into(), found: "directory" })?;
    let mut partial = std::ffi::OsString::from("~");
    partial.push(name);
    partial.push(".partial");
    Ok(target.with_file_name(partial))
}

/// The folder that something of this name lies in.
pub(crate) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Waits until the names in the folder of `path` are on the device, that of `path` among them.
///
/// # Errors
/// [`HostError`].
pub fn sync_folder_of(path: &Path) -> Result<(), HostError> {
    let folder = folder_of(path);
    File::open(folder).and_then(|f| f.sync_all()).map_err(HostError::io(Operation::Write, folder))
}
