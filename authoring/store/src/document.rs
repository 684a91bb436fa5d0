//! The documents of a store, read with a bound on their length.

use std::path::Path;

use formats::document::DocumentError;
use formats::io::{ReadAt, read_vec};
use formats::layer::LayerError;
use formats::units::ByteOffset;
use host::FileSource;

use crate::error::StoreError;

/// How long a document may be, in bytes: a chain of 20,000 layers with a long note.
pub const MAX_DOCUMENT: u64 = 1 << 20;

/// The text of the document at `path`.
pub fn read_text(path: &Path) -> Result<String, StoreError> {
    let malformed =
        |reason: String| StoreError::damaged(path)(LayerError::Document(DocumentError::Malformed { reason }));
    let source = FileSource::open(path)?;
    let len = source.size();
    if len.0 > MAX_DOCUMENT {
        return Err(malformed(format!("it has {len}, expected at most {MAX_DOCUMENT}")));
    }
    // Cannot cut: the length is small.
    let bytes = read_vec(&source, ByteOffset::ZERO, len.0 as usize).map_err(StoreError::read(path))?;
    String::from_utf8(bytes).map_err(|e| malformed(e.to_string()))
}
