//! `reports/NAME.json`: what a device said of itself last.

use formats::document;
use formats::layer::FORMAT;
use formats::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::document::DeviceError;

/// The last report of a device. Its document is sealed ([`formats::document`]).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReportDocument {
    /// [`FORMAT`] of the store.
    pub format: u32,
    /// The device's name.
    pub device: String,
    /// When the service got the report, or somebody brought it.
    pub received: Timestamp,
    /// The key that the device's receipts are signed with, as minisign's base64. The first one that a device sends is
    /// kept: receipts by another one are refused until an administrator has the device enrolled anew.
    pub key: String,
    /// What it has.
    pub images: Vec<Reported>,
    /// The program of the device and its version.
    pub tool: String,
    /// The text of its last receipt, as it was signed.
    pub receipt: String,
    /// The receipt's minisign signature.
    pub signature: String,
    /// The last report that came with another key, where there was one since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<RefusedKey>,
}

/// A key that somebody tried to report with as a device that has another one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RefusedKey {
    /// The key, as minisign's base64.
    pub key: String,
    /// When that was.
    pub received: Timestamp,
}

/// What a device has of a version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reported {
    /// The image's name.
    pub image: String,
    /// The version.
    pub version: String,
    /// `complete`, or why it is not.
    pub state: String,
}

impl ReportDocument {
    /// Parses the report of a device.
    ///
    /// # Errors
    /// [`DeviceError`].
    pub fn parse(text: &str) -> Result<Self, DeviceError> {
        let report: Self = document::parse_sealed(text)?;
        match report.format {
            FORMAT => Ok(report),
            found => Err(DeviceError::Format { found }),
        }
    }

    /// The text of the document.
    pub fn print(&self) -> String {
        document::print_sealed(self)
    }
}
