//! Files that are given: read whole, up to a length that none of their kind has.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use formats::units::ByteLen;

use super::error::{LinuxError, unreadable, unusable};

/// No program, kernel or module is longer.
pub const LONGEST: ByteLen = ByteLen(256 << 20);

/// A file's bytes.
pub fn bytes(path: &Path) -> Result<Vec<u8>, LinuxError> {
    let file = File::open(path).map_err(|source| unreadable(path, source))?;
    all(path, Ok(file))
}

/// A file's text.
pub fn text(path: &Path) -> Result<String, LinuxError> {
    String::from_utf8(bytes(path)?).map_err(|_| unusable(path, "it is no text".into()))
}

/// All that a reader of the file at `path` gives.
pub fn all(path: &Path, reader: io::Result<impl Read>) -> Result<Vec<u8>, LinuxError> {
    let mut bytes = Vec::new();
    let read = reader.and_then(|reader| reader.take(LONGEST.0 + 1).read_to_end(&mut bytes));
    let len = read.map_err(|source| unreadable(path, source))?;
    if len as u64 > LONGEST.0 {
        return Err(unusable(
            path,
            format!("it has more than {}, and none of its kind has that", LONGEST.human()),
        ));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_end_is_refused() {
        let error = bytes(Path::new("/dev/zero")).unwrap_err().to_string();
        assert!(error.contains("/dev/zero") && error.contains("256"), "{error}");
    }
}
