//! What a device tells the service.

use formats::document::{self, DocumentError};
use serde::{Deserialize, Serialize};

use super::VERSION;

/// How long the text of a report may be, in bytes.
pub const MAX_REPORT: usize = 256 << 10;

/// The body of `POST /v1/report`: the device's last receipt, signed. What the device has stands in the receipt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// [`VERSION`].
    pub format: u32,
    /// The key that receipts are signed with, as minisign's base64.
    pub key: String,
    /// The text of the receipt ([`Receipt`](super::Receipt)).
    pub receipt: String,
    /// Its minisign signature.
    pub signature: String,
}

impl Report {
    /// A report of a receipt.
    pub fn new(key: String, receipt: String, signature: String) -> Self {
        Self { format: VERSION, key, receipt, signature }
    }

    /// Parses a report.
    ///
    /// # Errors
    /// [`DocumentError`].
    pub fn parse(text: &str) -> Result<Self, DocumentError> {
        document::parse(text)
    }

    /// The text of a report.
    pub fn print(&self) -> String {
        document::print(self)
    }
}
