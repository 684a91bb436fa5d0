//! What can go wrong between a medium and a disk.

use alloc::string::String;

use formats::files::FilesError;
use formats::io::ReadError;
use formats::kind::ErrorKind;
use formats::layer::{FrameDamaged, LayerError};
use formats::units::ByteLen;
use formats::vhd::{ChainError, VhdError};
use uuid::Uuid;

use crate::layer::Undecodable;
use crate::target::TargetError;

/// Why a version could not be deployed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeployError {
    /// The medium does not have it.
    #[error("the medium has no {wanted}; it has {available}")]
    NoVersion {
        /// The image and the version that were asked for.
        wanted: String,
        /// Those that are there.
        available: String,
    },
    /// Media of the set are needed that are not here.
    #[error("{image} needs media of the set that are not here: {missing}")]
    MediaMissing {
        /// The image and its version.
        image: String,
        /// The media: number, label and identity.
        missing: String,
    },
    /// The manifest does not describe a layer, or not as this program reads it.
    #[error("the manifest does not describe layer {layer}")]
    NoLayer {
        /// The layer.
        layer: Uuid,
    },
    /// A file of a layer cannot be had.
    #[error("layer {layer} cannot be read")]
    Files {
        /// The layer.
        layer: Uuid,
        /// What is wrong with it.
        source: FilesError,
    },
    /// The parts of a layer do not belong together.
    #[error("layer {layer} is damaged")]
    Layer {
        /// The layer.
        layer: Uuid,
        /// What is wrong with it.
        source: LayerError,
    },
    /// A frame is not the one that was written.
    #[error("the payload is damaged")]
    Frame(#[source] FrameDamaged),
    /// The bytes of a layer cannot be had.
    #[error("layer {layer} cannot be read")]
    Read {
        /// The layer.
        layer: Uuid,
        /// The cause.
        source: ReadError,
    },
    /// A frame is the one that was written, and cannot be decoded.
    #[error("frame {frame} of layer {layer} cannot be decoded")]
    Undecodable {
        /// The layer.
        layer: Uuid,
        /// The frame's number, from 0.
        frame: usize,
        /// What is wrong with it.
        source: Undecodable,
    },
    /// The VHD in a layer is none, or is damaged.
    #[error("layer {layer} holds no usable VHD")]
    Vhd {
        /// The layer.
        layer: Uuid,
        /// What is wrong with it.
        source: VhdError,
    },
    /// The VHD in a layer is another one than its description says.
    #[error("layer {layer} of {expected} holds disk {found} of {size}")]
    OtherDisk {
        /// The layer.
        layer: Uuid,
        /// How long its disk should be.
        expected: ByteLen,
        /// The disk that it holds.
        found: Uuid,
        /// How long that is.
        size: ByteLen,
    },
    /// The layers are no chain.
    #[error("the layers of {image} are no chain")]
    Chain {
        /// The image and its version.
        image: String,
        /// What is wrong with them.
        source: ChainError,
    },
    /// The target does not take the bytes.
    #[error("the target cannot be written")]
    Target(#[source] TargetError),
}

impl DeployError {
    /// What this means for whoever asked.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::NoVersion { .. } => ErrorKind::Unreachable,
            Self::MediaMissing { .. }
            | Self::NoLayer { .. }
            | Self::Chain { .. }
            | Self::OtherDisk { .. } => ErrorKind::Chain,
            Self::Files { source: FilesError::NotFound { .. }, .. } => ErrorKind::Chain,
            Self::Files { source, .. } => source.kind(),
            Self::Layer { .. } | Self::Frame(_) | Self::Undecodable { .. } | Self::Vhd { .. } => {
                ErrorKind::Corrupt
            }
            Self::Read { source, .. } => source.kind(),
            Self::Target(TargetError::Full { .. }) => ErrorKind::Fit,
            Self::Target(TargetError::Refused { .. }) => ErrorKind::Target,
        }
    }
}
