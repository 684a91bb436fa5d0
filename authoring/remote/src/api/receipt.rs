//! What came from where, as the client signs it.

use formats::document::{self, DocumentError};
use formats::time::Timestamp;
use formats::units::ByteLen;
use serde::{Deserialize, Serialize};
use store::device::Reported;
use uuid::Uuid;

/// What a sync did. Its text is signed with the client's own minisign key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// The version of the API.
    pub format: u32,
    /// The device's name.
    pub device: String,
    /// Which of the device's receipts it is, from 1.
    pub number: u64,
    /// When the sync began.
    pub started: Timestamp,
    /// When it ended.
    pub finished: Timestamp,
    /// The program and its version.
    pub tool: String,
    /// What the device has now.
    pub images: Vec<Reported>,
    /// The layers that were fetched, and what of each came from where.
    pub layers: Vec<TakenLayer>,
    /// How many bytes of bodies came over the network, documents included.
    pub wire: ByteLen,
}

/// A layer that was fetched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TakenLayer {
    /// The layer.
    pub layer: Uuid,
    /// What came from where.
    pub taken: Vec<Taken>,
}

/// What came from one source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Taken {
    /// `local`, `usb`, `dvd` or `network`.
    pub source: String,
    /// The medium, where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub medium: Option<Uuid>,
    /// How many frames.
    pub frames: u64,
    /// How many bytes, as they are stored.
    pub bytes: ByteLen,
}

impl Receipt {
    /// Parses a receipt.
    ///
    /// # Errors
    /// [`DocumentError`].
    pub fn parse(text: &str) -> Result<Self, DocumentError> {
        document::parse(text)
    }

    /// The text that is signed.
    pub fn print(&self) -> String {
        document::print(self)
    }
}
