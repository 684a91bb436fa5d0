//! The certificate table: its entries, and a file with one more (UEFI 2.10, 32.2.4; PE Format, "The Attribute
//! Certificate Table").

use alloc::vec::Vec;

use zerocopy::{FromBytes, IntoBytes};

use super::raw::{ALIGNMENT, DataDirectory, PKCS_SIGNED_DATA, REVISION, WinCertificate};
use super::read::{Pe, PeError};

/// The most entries of a table that are read.
pub const MAX_ENTRIES: usize = 64;

/// An entry of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// What it holds: [`PKCS_SIGNED_DATA`] for a signature.
    pub kind: u16,
    /// Its bytes, behind its head; zeros may follow what they hold.
    pub data: &'a [u8],
}

/// Why there is no reading or writing of a table.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TableError {
    /// The file is no PE file that can be read.
    #[error("this file cannot be read as a PE program")]
    Pe(#[from] PeError),
    /// An entry has no valid length.
    #[error("entry {number} of the certificate table has {found} bytes, {left} are left of the table")]
    Length {
        /// Its number, from 1.
        number: usize,
        /// The length that it says.
        found: u32,
        /// How much of the table is left.
        left: usize,
    },
    /// More entries than anybody signs with.
    #[error("the certificate table has more than {MAX_ENTRIES} entries")]
    TooMany,
    /// The headers have no room to name a certificate table.
    #[error("the optional header has no data directory for a certificate table: link the program anew")]
    NoDirectory,
    /// The table does not end the file, so that it cannot grow.
    #[error(
        "the certificate table ends at byte {end}, expected at the file's end, {len}, from a multiple of 8 on"
    )]
    NotLast {
        /// Where it ends.
        end: usize,
        /// How long the file is, in bytes.
        len: usize,
    },
    /// The file would be longer than a PE file can be.
    #[error("with its signature the file would have {len} bytes, a PE file has fewer than 4 GiB")]
    TooLarge {
        /// How long it would be.
        len: usize,
    },
}

impl<'a> Pe<'a> {
    /// The entries of its certificate table, up to the first one whose length is wrong.
    pub fn entries(&self) -> (Vec<Entry<'a>>, Option<TableError>) {
        let mut entries = Vec::new();
        let mut rest = self.bytes.get(self.table.clone()).unwrap_or_default();
        // Fewer bytes than a head has can be no entry.
        while let Ok((head, _)) = WinCertificate::read_from_prefix(rest) {
            let found = head.len.get();
            let Some(data) = rest.get(size_of::<WinCertificate>()..found as usize) else {
                let (number, left) = (entries.len() + 1, rest.len());
                return (entries, Some(TableError::Length { number, found, left }));
            };
            if entries.len() == MAX_ENTRIES {
                return (entries, Some(TableError::TooMany));
            }
            entries.push(Entry { kind: head.kind.get(), data });
            let next = (found as usize).next_multiple_of(ALIGNMENT);
            rest = rest.get(next..).unwrap_or_default();
        }
        (entries, None)
    }

    /// The file as it is before its next signature is computed: without its certificate table where `keep` says so, and
    /// filled up with zeros, which are signed, to where a table can start.
    ///
    /// # Errors
    /// [`TableError`].
    pub fn ready(&self, keep: bool) -> Result<Vec<u8>, TableError> {
        let directory = self.directory.ok_or(TableError::NoDirectory)?;
        let mut bytes = self.bytes.to_vec();
        if !self.table.is_empty() {
            if self.table.end != bytes.len() || !self.table.start.is_multiple_of(ALIGNMENT) {
                return Err(TableError::NotLast { end: self.table.end, len: bytes.len() });
            }
            if !keep {
                bytes.truncate(self.table.start);
                put(&mut bytes, directory, DataDirectory { start: 0.into(), len: 0.into() }.as_bytes());
            }
        }
        // What lies behind a table that stays would be signed too.
        if self.table.is_empty() {
            bytes.resize(bytes.len().next_multiple_of(ALIGNMENT), 0);
        }
        Ok(bytes)
    }

    /// The file, which [`Pe::ready`] made, with one more signature, and with its check sum made right.
    ///
    /// # Errors
    /// [`TableError`].
    pub fn with_signature(&self, signed_data: &[u8]) -> Result<Vec<u8>, TableError> {
        let directory = self.directory.ok_or(TableError::NoDirectory)?;
        let mut bytes = self.bytes.to_vec();
        bytes.resize(bytes.len().next_multiple_of(ALIGNMENT), 0);
        let table = if self.table.is_empty() { bytes.len() } else { self.table.start };
        let len = (size_of::<WinCertificate>() + signed_data.len()).next_multiple_of(ALIGNMENT);
        let total = bytes.len() + len;
        let narrow = |value: usize| u32::try_from(value).map_err(|_| TableError::TooLarge { len: total });
        narrow(total)?;
        let head = WinCertificate {
            len: narrow(len)?.into(),
            revision: REVISION.into(),
            kind: PKCS_SIGNED_DATA.into(),
        };
        bytes.extend_from_slice(head.as_bytes());
        bytes.extend_from_slice(signed_data);
        bytes.resize(total, 0);
        let entry = DataDirectory { start: narrow(table)?.into(), len: narrow(total - table)?.into() };
        put(&mut bytes, directory, entry.as_bytes());
        let sum = check_sum(&bytes, self.check_sum);
        put(&mut bytes, self.check_sum, &sum.to_le_bytes());
        Ok(bytes)
    }
}

/// The check sum of a file, whose own field, at `field`, counts as zeros: the sum of its words of 16 bits, carries added
/// in, and its length.
pub fn check_sum(bytes: &[u8], field: usize) -> u32 {
    let words = bytes.chunks(2).enumerate().filter(|(number, _)| {
        let at = number * 2;
        at + 1 < field || at >= field + 4
    });
    let sum = words.fold(0u32, |sum, (_, word)| {
        let word = u16::from_le_bytes([word[0], word.get(1).copied().unwrap_or(0)]);
        let sum = sum + u32::from(word);
        (sum & 0xffff) + (sum >> 16)
    });
    // Files of 4 GiB and more have no check sum.
    sum.wrapping_add(bytes.len() as u32)
}

fn put(bytes: &mut [u8], at: usize, field: &[u8]) {
    if let Some(place) = bytes.get_mut(at..at + field.len()) {
        place.copy_from_slice(field);
    }
}
