//! What a store may refuse.

use std::io;
use std::path::{Path, PathBuf};

use crate::device::DeviceError;
use formats::io::ReadError;
use formats::layer::{FORMAT, FrameDamaged, LayerError};
use formats::names::NoName;
use formats::units::ByteLen;
use formats::vhd::{ChainError, VhdError};
use host::{ErrorKind, HostError, Interrupted};
use uuid::Uuid;

/// Why a store cannot be used, or something in it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The machine refused.
    #[error(transparent)]
    Host(#[from] HostError),
    /// Somebody asked to stop.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
    /// What lies behind a network does not do as it is asked.
    #[error("cannot {operation} {}", path.display())]
    Remote {
        /// What was being done: `read`, `write`, `list`, `remove`, `lock`.
        operation: &'static str,
        /// The object's URL.
        path: PathBuf,
        /// What it means.
        cause: RemoteCause,
        /// The reason, in the words of whoever is there.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// There is no store.
    #[error("{} is no store: {reason}", path.display())]
    NoStore {
        /// Where it was looked for.
        path: PathBuf,
        /// What speaks against it.
        reason: &'static str,
    },
    /// A newer program wrote the store.
    #[error("{} has format {found}, this program reads format {FORMAT}", path.display())]
    Format {
        /// The store's document.
        path: PathBuf,
        /// Its format.
        found: u32,
    },
    /// A file of the store is not what was written.
    #[error("{} is damaged", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<LayerError>,
    },
    /// A frame of a layer is not what was written.
    #[error("{} is damaged", path.display())]
    Frame {
        /// The stored file of the layer.
        path: PathBuf,
        /// Which frame, and where.
        source: Box<FrameDamaged>,
    },
    /// A document would be too long for whoever reads it.
    #[error("{} would have {len}, expected at most {most}", path.display())]
    TooLong {
        /// The document, which is as it was.
        path: PathBuf,
        /// How long it would be.
        len: ByteLen,
        /// How long it may be.
        most: ByteLen,
    },
    /// The document of a device is not what was written.
    #[error("{} is damaged", path.display())]
    Device {
        /// The document.
        path: PathBuf,
        /// What is wrong with it.
        source: DeviceError,
    },
    /// A layer is not the VHD that it should be.
    #[error("the VHD in {} cannot be used", path.display())]
    Vhd {
        /// The stored file of the layer.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<VhdError>,
    },
    /// Layers do not make up a disk.
    #[error("the layers of {image} are no chain")]
    Chain {
        /// The image and its version.
        image: String,
        /// What is wrong with them.
        source: ChainError,
    },
    /// A file of the store does not yield its bytes.
    #[error("{} cannot be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: ReadError,
    },
    /// An image or a version is asked for under a name that it cannot have.
    #[error(transparent)]
    Name(#[from] NoName),
    /// There is no such image, or no such version of it.
    #[error("there is no {wanted} in {}: {there}", store.display())]
    NotFound {
        /// The image or version.
        wanted: String,
        /// The store.
        store: PathBuf,
        /// What there is instead.
        there: String,
    },
    /// A layer that is needed is not there.
    #[error("{needed_by} needs layer {layer}, and {} is not there", path.display())]
    NoLayer {
        /// The layer.
        layer: Uuid,
        /// Who needs it.
        needed_by: String,
        /// Where it would be.
        path: PathBuf,
    },
    /// A chain lists a layer above another one that is not its parent.
    #[error(
        "the chain of {image} is broken: layer {layer} has {}, its chain lists {}",
        parent_text(*.found), parent_text(*.expected)
    )]
    Link {
        /// The image and its version.
        image: String,
        /// The layer.
        layer: Uuid,
        /// The layer below it in the chain.
        expected: Option<Uuid>,
        /// The parent that it names.
        found: Option<Uuid>,
    },
}

/// Why something behind a network is not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RemoteCause {
    /// There is no such object.
    Missing,
    /// Whoever is there does not let us.
    Denied,
    /// Nobody answers, or what answers makes no sense.
    Unreachable,
    /// Somebody else has changed the store meanwhile, or it cannot be changed at all.
    Refused,
    /// There is no more room.
    Full,
    /// What came is not what was written.
    Corrupt,
}

impl RemoteCause {
    fn kind(self) -> ErrorKind {
        match self {
            Self::Missing | Self::Unreachable => ErrorKind::Unreachable,
            Self::Denied => ErrorKind::Trust,
            Self::Refused => ErrorKind::Target,
            Self::Full => ErrorKind::Fit,
            Self::Corrupt => ErrorKind::Corrupt,
        }
    }
}

impl StoreError {
    /// What the error means for whoever asked.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Host(e) => e.kind(),
            Self::Interrupted(_) => ErrorKind::Interrupted,
            Self::TooLong { .. } => ErrorKind::Fit,
            Self::Remote { cause, .. } => cause.kind(),
            Self::NoStore { .. } | Self::NotFound { .. } => ErrorKind::Unreachable,
            Self::Damaged { source, .. } => layer_kind(source),
            Self::Read { source, .. } => source.kind(),
            Self::Vhd { source, .. } => vhd_kind(source),
            Self::Frame { .. } | Self::Device { .. } => ErrorKind::Corrupt,
            Self::Name(_) => ErrorKind::Usage,
            Self::NoLayer { .. } | Self::Link { .. } | Self::Chain { .. } => ErrorKind::Chain,
            Self::Format { .. } => ErrorKind::Other,
        }
    }

    /// The file or folder that the error is about, where it is about one.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::NoStore { path, .. }
            | Self::Format { path, .. }
            | Self::Damaged { path, .. }
            | Self::Frame { path, .. }
            | Self::Device { path, .. }
            | Self::Vhd { path, .. }
            | Self::Read { path, .. }
            | Self::NoLayer { path, .. }
            | Self::Remote { path, .. }
            | Self::Host(HostError::Io { path, .. }) => Some(path),
            _ => None,
        }
    }

    /// Whether the error is that an object is not there.
    pub fn is_missing(&self) -> bool {
        let missing = [io::ErrorKind::NotFound, io::ErrorKind::NotADirectory];
        match self {
            Self::Host(HostError::Io { source, .. }) => missing.contains(&source.kind()),
            Self::Remote { cause, .. } => *cause == RemoteCause::Missing,
            _ => false,
        }
    }

    /// Says that a file of the store is damaged.
    pub fn damaged(path: &Path) -> impl FnOnce(LayerError) -> Self {
        move |source| Self::Damaged { path: path.into(), source: Box::new(source) }
    }

    /// Says that a file of the store cannot be read.
    pub fn read(path: &Path) -> impl FnOnce(ReadError) -> Self {
        move |source| Self::Read { path: path.into(), source }
    }
}

fn layer_kind(error: &LayerError) -> ErrorKind {
    match error {
        LayerError::Format { .. } => ErrorKind::Other,
        LayerError::Read(e) => e.kind(),
        _ => ErrorKind::Corrupt,
    }
}

/// What an error in a VHD means.
pub(crate) fn vhd_kind(error: &VhdError) -> ErrorKind {
    match error {
        VhdError::Read(e) => e.kind(),
        VhdError::TooLarge { .. } => ErrorKind::Fit,
        VhdError::OddSize { .. } => ErrorKind::Usage,
        _ => ErrorKind::Corrupt,
    }
}

fn parent_text(parent: Option<Uuid>) -> String {
    parent.map_or_else(|| "no parent".into(), |parent| format!("the parent {parent}"))
}
