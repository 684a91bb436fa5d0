//! The Authenticode digest: of all of a file but its check sum, the directory that names its certificate table, and that
//! table ("Calculating the PE Image Hash").

use core::ops::Range;

use authenticode::{PeOffsetError, PeOffsets, PeTrait};

use super::raw::DataDirectory;
use super::read::Pe;
use crate::digest::Sha256;

/// That a file's sections overlap, or lie so that it has no digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the file's sections overlap each other or its certificate table: it has no Authenticode digest")]
pub struct NoDigest;

impl Pe<'_> {
    /// The digest that is signed.
    ///
    /// # Errors
    /// [`NoDigest`].
    pub fn authenticode(&self) -> Result<Sha256, NoDigest> {
        let mut hasher = sha2::Sha256::default();
        authenticode::authenticode_digest(self, &mut hasher).map_err(|_| NoDigest)?;
        Ok(Sha256(sha2::Digest::finalize(hasher).into()))
    }
}

impl PeTrait for Pe<'_> {
    fn data(&self) -> &[u8] {
        self.bytes
    }

    fn num_sections(&self) -> usize {
        self.sections.len()
    }

    fn section_data_range(&self, index: usize) -> Result<Range<usize>, PeOffsetError> {
        let section = index.checked_sub(1).and_then(|index| self.sections.get(index));
        section.map(|section| section.range.clone()).ok_or(PeOffsetError)
    }

    fn certificate_table_range(&self) -> Result<Option<Range<usize>>, PeOffsetError> {
        Ok((!self.table.is_empty()).then(|| self.table.clone()))
    }

    fn offsets(&self) -> Result<PeOffsets, PeOffsetError> {
        // Without a directory there is nothing to leave out.
        let (start, end) = match self.directory {
            Some(directory) => (directory, directory + size_of::<DataDirectory>()),
            None => (self.headers, self.headers),
        };
        Ok(PeOffsets {
            check_sum: self.check_sum,
            after_check_sum: self.check_sum + 4,
            security_data_dir: start,
            after_security_data_dir: end,
            after_header: self.headers,
        })
    }
}
