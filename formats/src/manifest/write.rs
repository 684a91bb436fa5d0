//! Printing a manifest.

use alloc::string::String;

use super::{Manifest, ManifestError};
use crate::document;

impl Manifest {
    /// The text of the manifest, with its checksum, after the same rules were checked that a reader checks.
    ///
    /// # Errors
    /// [`ManifestError`] when a reader would refuse it.
    pub fn print(&self) -> Result<String, ManifestError> {
        super::read::check(self)?;
        let text = document::print_sealed(self);
        super::read::check_len(text.len())?;
        Ok(text)
    }
}
