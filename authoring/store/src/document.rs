//! The documents of a store, read with a bound on their length.

use formats::document::DocumentError;
use formats::io::read_vec;
use formats::layer::LayerError;
use formats::units::ByteOffset;

use crate::depot::Depot;
use crate::error::StoreError;

/// How long a document may be, in bytes: a chain of 20,000 layers with a long note.
pub const MAX_DOCUMENT: u64 = 1 << 20;

/// The text of the document `key`.
pub fn read_text(depot: &dyn Depot, key: &str) -> Result<String, StoreError> {
    let place = depot.place(key);
    let malformed = |reason: String| {
        StoreError::damaged(&place)(LayerError::Document(DocumentError::Malformed { reason }))
    };
    let source = depot.open(key)?;
    let len = source.size();
    if len.0 > MAX_DOCUMENT {
        return Err(malformed(format!("it has {len}, expected at most {MAX_DOCUMENT}")));
    }
    // Cannot cut: the length is small.
    let bytes = read_vec(&source, ByteOffset::ZERO, len.0 as usize).map_err(StoreError::read(&place))?;
    String::from_utf8(bytes).map_err(|e| malformed(e.to_string()))
}
