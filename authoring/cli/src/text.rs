//! Small files: keys, certificates, passwords, templates.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use host::{HostError, Operation};

/// How much of a file is read, in bytes. Devices have no end.
const LONGEST: u64 = 1 << 20;

/// The text of a file. What is no text in it is replaced: whoever parses it refuses it.
///
/// # Errors
/// [`HostError`] when it cannot be read.
pub fn read(path: &Path) -> Result<String, HostError> {
    read_bytes(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

/// The bytes of a file.
///
/// # Errors
/// [`HostError`] when it cannot be read.
pub fn read_bytes(path: &Path) -> Result<Vec<u8>, HostError> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(LONGEST + 1).read_to_end(&mut bytes));
    read.map_err(HostError::io(Operation::Read, path))?;
    Ok(bytes)
}

/// The text of a file of which no line may be missing.
///
/// # Errors
/// [`HostError`] when it cannot be read, or not to its end.
pub fn read_whole(path: &Path) -> Result<String, HostError> {
    let text = read(path)?;
    match text.len() as u64 {
        len if len > LONGEST => Err(HostError::io(Operation::Read, path)(too_long())),
        _ => Ok(text),
    }
}

fn too_long() -> io::Error {
    io::Error::other(format!("it has more than {LONGEST} bytes"))
}
