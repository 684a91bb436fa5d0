//! Why something behind a network was not done.

use formats::io::ReadError;
use formats::units::ByteOffset;
use std::path::PathBuf;
use store::{RemoteCause, StoreError};

use crate::http::HttpError;

/// Why something was not done: what that means, and in whose words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct Fault {
    /// What it means.
    pub cause: RemoteCause,
    /// What was said.
    pub text: String,
}

impl Fault {
    /// A fault.
    pub fn new(cause: RemoteCause, text: impl Into<String>) -> Self {
        Self { cause, text: text.into() }
    }

    /// Whoever is there does not do such a thing, or somebody else was quicker.
    pub fn refused(text: impl Into<String>) -> Self {
        Self::new(RemoteCause::Refused, text)
    }

    /// The same as an error of the store: what was being done, and with which object.
    pub fn at(self, operation: &'static str, path: PathBuf) -> StoreError {
        StoreError::Remote { operation, path, cause: self.cause, source: Box::new(self) }
    }

    /// The same as an error of reading.
    pub fn reading(self, offset: u64) -> ReadError {
        match self.cause {
            RemoteCause::Corrupt => ReadError::damaged(ByteOffset(offset), self.text),
            _ => ReadError::unreadable(ByteOffset(offset), self.text),
        }
    }
}

impl From<HttpError> for Fault {
    fn from(error: HttpError) -> Self {
        let cause = match error.kind() {
            _ if error.is_missing() => RemoteCause::Missing,
            formats::kind::ErrorKind::Trust => RemoteCause::Denied,
            formats::kind::ErrorKind::Corrupt => RemoteCause::Corrupt,
            _ => RemoteCause::Unreachable,
        };
        Self::new(cause, error.to_string())
    }
}
