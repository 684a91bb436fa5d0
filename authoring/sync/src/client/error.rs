//! Why the client cannot do its work.

use std::path::PathBuf;

use formats::document::DocumentError;
use formats::kind::ErrorKind;
use formats::layer::FrameDamaged;
use formats::minisign::{FileError, SecretKeyError};
use formats::units::ByteLen;
use host::{HostError, Interrupted, Panicked};
use remote::api::TargetError;
use remote::http::HttpError;
use store::StoreError;
use uuid::Uuid;

use super::disks::DiskError;
use super::home::FORMAT;

/// Why the client cannot do its work.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The machine refused.
    #[error(transparent)]
    Host(#[from] HostError),
    /// The client's own store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The service does not answer, or not as it should.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// Somebody asked to stop.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
    /// The reader of a source broke down.
    #[error(transparent)]
    Panicked(#[from] Panicked),
    /// The disks cannot be made.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// There is no client.
    #[error("{} is no folder of a client: it has no client.json", path.display())]
    NotEnrolled {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// There is a client already, or something else.
    #[error("{} is {what}", path.display())]
    Occupied {
        /// The folder.
        path: PathBuf,
        /// What it is.
        what: String,
    },
    /// One of the client's documents is not what was written.
    #[error("{} cannot be used", path.display())]
    Document {
        /// The document.
        path: PathBuf,
        /// What is wrong with it.
        source: DocumentError,
    },
    /// A newer program wrote a document.
    #[error("{} has format {found}, this program reads format {FORMAT}", path.display())]
    Format {
        /// The document.
        path: PathBuf,
        /// Its format.
        found: u32,
    },
    /// A file is longer than such files are.
    #[error("{} has more than {most}", path.display())]
    Long {
        /// The file.
        path: PathBuf,
        /// How long it may be.
        most: ByteLen,
    },
    /// A file holds no public key.
    #[error("{} holds no public key", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: FileError,
    },
    /// The key that receipts are signed with cannot be used.
    #[error("receipts cannot be signed with {}", path.display())]
    ReceiptKey {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: SecretKeyError,
    },
    /// What the service says that the device is to have makes no sense.
    #[error("the target state of {place} cannot be used")]
    Target {
        /// Whose it is: a URL, or a path.
        place: String,
        /// What is wrong with it.
        source: Box<TargetError>,
    },
    /// The target state is another device's.
    #[error("the target state of {place} is of device {found}, expected {expected}")]
    OtherDevice {
        /// Whose it is.
        place: String,
        /// The device that was asked for.
        expected: String,
        /// The device that it is for.
        found: String,
    },
    /// The secret is not for the service and the device of `client.json`: an enrolment was cut off.
    #[error("{} is of device {device} of {server}, client.json is not: enroll again with --force", path.display())]
    OtherSecret {
        /// The file of the secret.
        path: PathBuf,
        /// The device.
        device: String,
        /// The service.
        server: String,
    },
    /// Nothing is known of what the device is to have.
    #[error("nobody has said yet what this device is to have")]
    NoTarget,
    /// There is not enough room.
    #[error("{} has {} free, and {} are needed{}", path.display(), free.exact(), needed.exact(), for_what(what))]
    Full {
        /// The folder.
        path: PathBuf,
        /// For which version, where it is for one.
        what: Option<String>,
        /// How much there is.
        free: ByteLen,
        /// How much is needed.
        needed: ByteLen,
    },
    /// No source gives a frame that is what was written.
    #[error("no source has frame {frame} of layer {layer}")]
    Lost {
        /// The layer.
        layer: Uuid,
        /// The frame's number, from 0.
        frame: usize,
        /// What the last source gave, where it gave something.
        #[source]
        damage: Option<Box<FrameDamaged>>,
    },
    /// A layer is longer than a VHD can be.
    #[error("layer {layer} has {}, which no VHD has", len.exact())]
    TooLong {
        /// The layer.
        layer: Uuid,
        /// How long it is said to be.
        len: ByteLen,
    },
    /// No source says which frames a layer has.
    #[error("no source has the list of frames of layer {layer}")]
    NoList {
        /// The layer.
        layer: Uuid,
        /// Whether a source gave another list.
        lied: bool,
    },
    /// A receipt that is not there.
    #[error("there is no receipt {number}")]
    NoReceipt {
        /// Its number.
        number: u64,
    },
}

impl ClientError {
    /// What the error means for whoever asked.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Host(e) => e.kind(),
            Self::Store(e) => e.kind(),
            Self::Http(e) => e.kind(),
            Self::Disk(e) => e.kind(),
            Self::Interrupted(_) => ErrorKind::Interrupted,
            Self::NotEnrolled { .. } | Self::NoTarget | Self::NoReceipt { .. } => ErrorKind::Unreachable,
            Self::Occupied { .. } => ErrorKind::Target,
            Self::Document { .. } | Self::Target { .. } | Self::Long { .. } | Self::TooLong { .. } => {
                ErrorKind::Corrupt
            }
            Self::Format { .. } | Self::Panicked(_) => ErrorKind::Other,
            Self::Key { .. } | Self::ReceiptKey { .. } => ErrorKind::Trust,
            Self::OtherDevice { .. } | Self::OtherSecret { .. } => ErrorKind::Trust,
            Self::Full { .. } => ErrorKind::Fit,
            Self::Lost { damage, .. } => if_corrupt(damage.is_some()),
            Self::NoList { lied, .. } => if_corrupt(*lied),
        }
    }
}

fn for_what(what: &Option<String>) -> String {
    what.as_ref().map_or_else(String::new, |what| format!(" for {what}"))
}

/// What somebody gave is wrong, or nobody gave anything.
fn if_corrupt(is_wrong: bool) -> ErrorKind {
    if is_wrong { ErrorKind::Corrupt } else { ErrorKind::Unreachable }
}
