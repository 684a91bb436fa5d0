//! Printing a manifest.

use alloc::string::String;

use super::{Manifest, ManifestError};
use crate::document;
use crate::units::ByteLen;

impl Manifest {
    /// The text of the manifest, with its checksum, after the same rules were checked that a reader checks.
    ///
    /// # Errors
    /// [`ManifestError`] when a reader would refuse it.
    pub fn print(&self) -> Result<String, ManifestError> {
        self.check()?;
        let text = document::print_sealed(self);
        super::read::check_len(text.len())?;
        Ok(text)
    }

    /// How long the text is, whether or not a reader would take it.
    pub fn printed_len(&self) -> ByteLen {
        ByteLen(document::print_sealed(self).len() as u64)
    }

    /// Checks all rules that the fields' types do not say.
    ///
    /// # Errors
    /// [`ManifestError`].
    pub fn check(&self) -> Result<(), ManifestError> {
        super::read::check(self)
    }
}
