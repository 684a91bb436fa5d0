//! Why a disk is not made, or something is not removed.

use std::path::PathBuf;

use formats::digest::Sha256;
use formats::io::ReadError;
use formats::kind::ErrorKind;
use formats::units::ByteLen;
use formats::vhd::VhdError;
use host::{HostError, Interrupted};
use store::StoreError;
use uuid::Uuid;

/// Why a disk is not made, or something is not removed.
#[derive(Debug, thiserror::Error)]
pub enum DiskError {
    /// The machine refused.
    #[error(transparent)]
    Host(#[from] HostError),
    /// The client's store does not give what is needed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Somebody asked to stop.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
    /// The bytes of a disk cannot be had.
    #[error("{what} cannot be read")]
    Read {
        /// The layer, or the version.
        what: String,
        /// Why not.
        source: ReadError,
    },
    /// A layer here is another one than that of the target state.
    #[error("layer {layer} in the client's store is not the one that the target state describes")]
    OtherLayer {
        /// The layer.
        layer: Uuid,
    },
    /// A VHD is not the one that was published.
    #[error("the VHD of layer {layer} has the digest {found}, expected {expected}")]
    Digest {
        /// The layer.
        layer: Uuid,
        /// The digest in the layer's description.
        expected: Sha256,
        /// The digest of its bytes.
        found: Sha256,
    },
    /// There is not enough room.
    #[error("{} has {} free, and at least {} are needed", path.display(), free.exact(), needed.exact())]
    Full {
        /// The folder.
        path: PathBuf,
        /// How much there is.
        free: ByteLen,
        /// How much is needed at least.
        needed: ByteLen,
    },
    /// A VHD cannot be laid out.
    #[error("{what} cannot be a VHD here")]
    Vhd {
        /// The layer, or the version.
        what: String,
        /// Why not.
        source: VhdError,
    },
}

impl DiskError {
    /// What it means for whoever asked.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Host(error) => error.kind(),
            Self::Store(error) => error.kind(),
            Self::Interrupted(_) => ErrorKind::Interrupted,
            Self::Read { source, .. } => source.kind(),
            Self::Full { .. } => ErrorKind::Fit,
            Self::OtherLayer { .. } | Self::Digest { .. } => ErrorKind::Corrupt,
            Self::Vhd { source, .. } => vhd_kind(source),
        }
    }
}

fn vhd_kind(error: &VhdError) -> ErrorKind {
    match error {
        VhdError::Read(error) => error.kind(),
        VhdError::TooLarge { .. } => ErrorKind::Fit,
        _ => ErrorKind::Corrupt,
    }
}
