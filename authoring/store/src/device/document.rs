//! `devices/NAME.json`: a device, its secret's hash, and what is assigned to it.

use std::collections::BTreeSet;

use formats::digest::{Hasher, Sha256};
use formats::document::{self, DocumentError};
use formats::layer::FORMAT;
use formats::names::{NoName, check_name};
use formats::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::assignment::Assignment;
use super::row::Row;

/// A device. Its document is sealed ([`formats::document`]).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceDocument {
    /// [`FORMAT`] of the store.
    pub format: u32,
    /// The device's name, by the rules for names of images.
    pub device: String,
    /// What its administrator said of it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// When it was added.
    pub added: Timestamp,
    /// What its secret is known by.
    pub secret: SecretHash,
    /// Whether it is to give up all that it has; it may still log in to be told so.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub removed: bool,
    /// What it is told that is of no image.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<Row>,
    /// What it is to have, one entry an image.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assignments: Vec<Assignment>,
}

/// What a secret is known by. Secrets are 256 bits of chance, which nobody finds by trying: one round of SHA-256 over
/// salt and secret keeps them as well as a slow function would, and costs a busy service nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecretHash {
    /// Chance that goes before the secret, so that equal secrets are not known to be equal.
    pub salt: Sha256,
    /// The SHA-256 of the salt's 32 bytes and the text of the secret.
    pub sha256: Sha256,
}

/// Why a document is not that of a device.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeviceError {
    /// It is no document, or not the one that was written.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// A newer program wrote it.
    #[error("it has format {found}, this program reads format {FORMAT}")]
    Format {
        /// Its format.
        found: u32,
    },
    /// It names something that cannot have this name.
    #[error(transparent)]
    Name(#[from] NoName),
    /// It is the document of something else.
    #[error("it is of {found}, expected {expected}")]
    OtherSubject {
        /// Who was asked for.
        expected: String,
        /// Whose it is.
        found: String,
    },
    /// It assigns an image twice.
    #[error("it assigns {image} twice")]
    Twice {
        /// The image.
        image: String,
    },
}

impl SecretHash {
    /// What `secret` is known by, with a salt.
    pub fn new(salt: [u8; 32], secret: &str) -> Self {
        let mut hasher = Hasher::new();
        hasher.update(&salt);
        hasher.update(secret.as_bytes());
        Self { salt: Sha256(salt), sha256: hasher.finish() }
    }
}

impl DeviceDocument {
    /// Parses the document of a device.
    ///
    /// # Errors
    /// [`DeviceError`].
    pub fn parse(text: &str) -> Result<Self, DeviceError> {
        let device: Self = document::parse_sealed(text)?;
        device.check()?;
        Ok(device)
    }

    /// The text of the document.
    pub fn print(&self) -> String {
        document::print_sealed(self)
    }

    /// What is assigned of an image, removed or not.
    pub fn assignment(&mut self, image: &str) -> Option<&mut Assignment> {
        self.assignments.iter_mut().find(|assignment| assignment.image == image)
    }

    fn check(&self) -> Result<(), DeviceError> {
        if self.format != FORMAT {
            return Err(DeviceError::Format { found: self.format });
        }
        check_name(&self.device)?;
        let mut seen = BTreeSet::new();
        for assignment in &self.assignments {
            assignment.check()?;
            if !seen.insert(&assignment.image) {
                return Err(DeviceError::Twice { image: assignment.image.clone() });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::Removal;
    use super::*;

    fn device() -> DeviceDocument {
        DeviceDocument {
            format: FORMAT,
            device: "pc-17".into(),
            note: String::new(),
            added: Timestamp::EARLIEST,
            secret: SecretHash::new([7; 32], "secret"),
            removed: false,
            rows: vec!["ui:language:de".parse().unwrap()],
            assignments: vec![Assignment { staged: Some("3".into()), ..Assignment::new("Win7", "2") }],
        }
    }

    #[test]
    fn a_device_comes_back_as_it_was_printed() {
        assert_eq!(DeviceDocument::parse(&device().print()), Ok(device()));
        assert_eq!(device().assignment("Win7").unwrap().versions().collect::<Vec<_>>(), ["2", "3"]);
        assert!(!device().print().contains("\"secret\": \"secret\""));
    }

    #[test]
    fn what_cannot_be_a_device_is_refused() {
        let spoil: [fn(&mut DeviceDocument); 4] = [
            |device| device.format = 2,
            |device| device.device = "../pc".into(),
            |device| device.assignments[0].current = "a/b".into(),
            |device| device.assignments.push(Assignment::new("Win7", "1")),
        ];
        for spoil in spoil {
            let mut bad = device();
            spoil(&mut bad);
            assert!(DeviceDocument::parse(&bad.print()).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn what_is_gone_at_once_may_not_be_fetched() {
        let gone = Assignment { removed: Some(Removal::Hard), ..Assignment::new("Win7", "2") };
        assert_eq!(gone.versions().count(), 0);
        let going = Assignment { removed: Some(Removal::Soft), ..Assignment::new("Win7", "2") };
        assert_eq!(going.versions().count(), 1);
    }
}
