//! Sources of frames: what is here already, media, the network. Nobody believes them: whoever takes a frame compares it
//! with its digest, and the list of digests with the layer's description out of the target state.

use std::ops::ControlFlow;

use formats::io::ReadError;
use formats::kind::ErrorKind;
use formats::layer::{Frame, LayerDescriptor};
use host::Interrupted;
use remote::http::HttpError;
use uuid::Uuid;

/// Kinds of sources, in the order in which they are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SourceKind {
    /// What the client has itself.
    Local,
    /// A medium with a partition table, or a folder where one is mounted.
    Usb,
    /// An optical medium, or a folder where one is mounted.
    Dvd,
    /// The service.
    Network,
}

/// Why a source does not give what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// Its bytes cannot be had, or are not what was written.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The service does not give them.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// Somebody asked to stop.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
    /// It contradicts the target state, or itself.
    #[error("{reason}")]
    Lies {
        /// How.
        reason: String,
    },
}

/// Somewhere that frames may come from.
pub trait Source: Send + Sync {
    /// What kind it is.
    fn kind(&self) -> SourceKind;

    /// What people call it: a path, a device, a URL.
    fn name(&self) -> String;

    /// Which medium it is; of a set, the first one.
    fn medium(&self) -> Option<Uuid>;

    /// What it has of a layer; `None` when it has nothing of it.
    ///
    /// # Errors
    /// [`SourceError`], also when what it says of the layer is not what the target state says.
    fn offer(&self, layer: &LayerDescriptor) -> Result<Option<Box<dyn Offer + '_>>, SourceError>;
}

/// What a source has of a layer. Reading may be done from several threads.
pub trait Offer: Send + Sync {
    /// The bytes of `frames.bin`; at most as many as the description says.
    ///
    /// # Errors
    /// [`SourceError`].
    fn digests(&self) -> Result<Vec<u8>, SourceError>;

    /// The bytes of the seek table: the end of the stored file behind its last frame.
    ///
    /// # Errors
    /// [`SourceError`].
    fn seek_table(&self) -> Result<Vec<u8>, SourceError>;

    /// Whether it has a frame, as far as it can tell without reading it.
    fn has(&self, frame: &Frame) -> bool;

    /// The bytes of frames that lie behind each other in the stored file, given to `sink` one by one, in order. They
    /// are not checked yet. When `sink` breaks off, reading ends.
    ///
    /// # Errors
    /// [`SourceError`]: of the first one that cannot be had; what `sink` got before counts.
    fn read(&self, frames: &[Frame], sink: &mut Sink<'_>) -> Result<(), SourceError>;
}

/// Takes the bytes of a frame; it may break off.
pub type Sink<'a> = dyn FnMut(&Frame, &[u8]) -> ControlFlow<()> + 'a;

impl SourceKind {
    /// The word for it in switches, receipts and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Usb => "usb",
            Self::Dvd => "dvd",
            Self::Network => "network",
        }
    }
}

impl SourceError {
    /// What it means for whoever asked.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Read(error) => error.kind(),
            Self::Http(error) => error.kind(),
            Self::Interrupted(_) => ErrorKind::Interrupted,
            Self::Lies { .. } => ErrorKind::Corrupt,
        }
    }
}
