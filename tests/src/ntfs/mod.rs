//! Judges of NTFS volumes.

pub mod by_check;
pub mod by_crate;
pub mod by_tools;

use std::path::Path;

use formats::ntfs::read::Reader;

use crate::content::Content;
use crate::workshop::HostFile;

/// What our reader finds on a volume.
///
/// # Panics
/// When it cannot be read.
pub fn read(path: &Path) -> Content {
    let reader = Reader::open(HostFile::open(path)).unwrap_or_else(|e| panic!("{e}"));
    assert!(!reader.is_dirty(), "the volume says that it must be checked");
    Content::of(&reader)
}
