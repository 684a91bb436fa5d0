//! Small files of the client's folder: read with a bound, written whole.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use formats::units::ByteLen;
use host::{HostError, Operation, sync_folder_of};

use super::error::ClientError;

/// For the client alone.
const PRIVATE: u32 = 0o600;
/// The same of a folder.
const PRIVATE_FOLDER: u32 = 0o700;

/// The text of a file of at most `most` bytes; `None` where there is none. What is no text in it is replaced: whoever
/// parses it refuses it.
pub fn read(path: &Path, most: usize) -> Result<Option<String>, ClientError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(HostError::io(Operation::Open, path)(e).into()),
    };
    let mut bytes = Vec::new();
    let read = file.take(most as u64 + 1).read_to_end(&mut bytes);
    read.map_err(HostError::io(Operation::Read, path))?;
    if bytes.len() > most {
        return Err(ClientError::Long { path: path.into(), most: ByteLen(most as u64) });
    }
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}

/// Writes a file, in place of the one that may be there: readers see the one or the other, whole, and nobody else reads it
/// from the first moment on. One process at a time may.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), ClientError> {
    let mut name = std::ffi::OsString::from("~");
    name.push(path.file_name().unwrap_or_default());
    let draft = path.with_file_name(name);
    remove(&draft)?;
    // Made anew, so that a secret never lies in a file that others have open or may read.
    let file = File::options().write(true).create_new(true).mode(PRIVATE).open(&draft);
    let mut file = file.map_err(HostError::io(Operation::Create, path))?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    let named = written.and_then(|()| fs::rename(&draft, path));
    if let Err(e) = named {
        // Nothing more can be done about it here.
        let _ = fs::remove_file(&draft);
        return Err(HostError::io(Operation::Write, path)(e).into());
    }
    Ok(sync_folder_of(path)?)
}

/// Removes a file; one that is not there is no error.
pub fn remove(path: &Path) -> Result<(), ClientError> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => {
            Err(HostError::io(Operation::Remove, path)(e).into())
        }
        _ => Ok(()),
    }
}

/// Makes a folder for the client alone, and those that it lies in.
pub fn make_folder(path: &Path) -> Result<(), ClientError> {
    let made = fs::DirBuilder::new().recursive(true).mode(PRIVATE_FOLDER).create(path);
    made.map_err(HostError::io(Operation::Create, path))?;
    Ok(sync_folder_of(path)?)
}

/// The names in a folder, in order; none where there is no folder.
pub fn names(folder: &Path) -> Result<Vec<String>, HostError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(HostError::io(Operation::Open, folder)(e)),
    };
    let names = entries.map(|entry| Ok(entry?.file_name()));
    let names: Result<Vec<_>, io::Error> = names.collect();
    let names = names.map_err(HostError::io(Operation::Read, folder))?;
    // Nothing that the client writes has a name that is no text.
    let mut names: Vec<String> = names.into_iter().filter_map(|name| name.into_string().ok()).collect();
    names.sort();
    Ok(names)
}
