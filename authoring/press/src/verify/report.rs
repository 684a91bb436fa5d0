//! What was found on a medium.

use deploy::{Signed, TrustError};
use formats::digest::Sha256;
use formats::files::FilesError;
use formats::io::ReadError;
use formats::kind::{ErrorKind, with_causes};
use formats::layer::LayerError;
use formats::manifest::{Manifest, Volume};
use formats::units::{ByteLen, ByteOffset};
use host::Panicked;

use crate::payload::PieceError;

/// What became of a medium since it was pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every byte that was looked at is as it was pressed. Never said of a folder where a medium is mounted, nor of a
    /// seed volume alone: there only files can be looked at.
    Pristine,
    /// A host wrote to the medium, as Windows does when a stick is plugged in: there are new files, data in what was free,
    /// and, on a USB medium, other structures. All that else is named in the manifest is as it was pressed.
    PayloadIntact,
    /// Something of that changed, or the manifest itself.
    PayloadChanged,
}

/// Something that is wrong with a medium.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The manifest or its signature is not what it should be.
    #[error("{}", with_causes(.0))]
    Document(TrustError),
    /// A file of the manifest cannot be read.
    #[error("{}: {}", place(*volume, path), with_causes(source))]
    File {
        /// The volume.
        volume: Volume,
        /// The path.
        path: String,
        /// Why.
        source: FilesError,
    },
    /// The manifest lists more than a medium of this size holds.
    #[error("the manifest lists files of {listed} in all, and the medium has {size}")]
    TooMuch {
        /// The length of all files.
        listed: ByteLen,
        /// The medium's size.
        size: ByteLen,
    },
    /// A file has another length than the manifest says.
    #[error("{} has {found}, expected {expected}", place(*volume, path))]
    Length {
        /// The volume.
        volume: Volume,
        /// The path.
        path: String,
        /// The manifest's length.
        expected: ByteLen,
        /// The file's length.
        found: ByteLen,
    },
    /// A file has another digest than the manifest says.
    #[error("{} is damaged: expected sha256 {expected}, found {found}", place(*volume, path))]
    Digest {
        /// The volume.
        volume: Volume,
        /// The path.
        path: String,
        /// The manifest's digest.
        expected: Sha256,
        /// The file's digest.
        found: Sha256,
    },
    /// A frame of a layer is damaged or cannot be read.
    #[error("{}", with_causes(.0))]
    Frame(PieceError),
    /// A layer's files do not belong together.
    #[error("{path}: {}", with_causes(source))]
    Layer {
        /// The path of its compressed disk.
        path: String,
        /// What contradicts what.
        source: LayerError,
    },
    /// A structure of an optical medium is not as it was pressed.
    #[error("{name} at {start} with {len} is damaged")]
    Structure {
        /// Its name.
        name: String,
        /// Where it starts on the medium.
        start: ByteOffset,
        /// How long it is.
        len: ByteLen,
    },
    /// A structure of an optical medium cannot be read.
    #[error("{name} at {start} with {len} cannot be read: {}", with_causes(source))]
    UnreadableStructure {
        /// Its name.
        name: String,
        /// Where it starts on the medium.
        start: ByteOffset,
        /// How long it is.
        len: ByteLen,
        /// Why.
        source: ReadError,
    },
    /// A reader gave up on damaged structures.
    #[error("{what}: {source}")]
    Panicked {
        /// What was being read.
        what: String,
        /// Its last words.
        source: Panicked,
    },
}

/// Something that was written on a medium after it was pressed, and that nothing in the manifest depends on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// A structure of a file system or partition table, of a medium that hosts write to.
    Structure {
        /// Its name.
        name: String,
        /// Where it starts on the medium.
        start: ByteOffset,
        /// How long it is.
        len: ByteLen,
    },
    /// A file that the manifest does not list.
    File {
        /// The volume.
        volume: Volume,
        /// Its path.
        path: String,
        /// How long it is.
        len: ByteLen,
    },
    /// Space that was zero and belonged to nothing.
    Free {
        /// Where on the medium the first byte lies that is not zero.
        first: ByteOffset,
        /// In how many places of at most [`super::PLACE`] bytes there are others.
        places: usize,
    },
    /// The comment of the signature that nobody signs, or the form of the signature's file.
    Signature,
    /// The medium became shorter.
    Size {
        /// The manifest's size.
        expected: ByteLen,
        /// What it has.
        found: ByteLen,
    },
    /// A part of the medium cannot be read that belongs to no file.
    Unreadable {
        /// What it is.
        name: String,
        /// The reader's words.
        reason: String,
    },
}

/// What was found on a medium.
#[derive(Clone, Debug)]
pub struct Report {
    /// What became of it.
    pub verdict: Verdict,
    /// Who signed it; `None` when its manifest or its signature is refused.
    pub signed: Option<Signed>,
    /// Its manifest, when it can be used.
    pub manifest: Option<Manifest>,
    /// The digest of its manifest, when it can be read.
    pub manifest_digest: Option<Sha256>,
    /// Everything that is wrong with it.
    pub problems: Vec<Problem>,
    /// Everything that was written on it later.
    pub changes: Vec<Change>,
}

impl Problem {
    /// What it means for whoever asked.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Document(error) => error.kind(),
            _ => ErrorKind::Corrupt,
        }
    }

    /// What orders problems: documents first, then by path and place, whichever thread was the first to find them.
    pub(super) fn order(&self) -> (bool, String, u64) {
        match self {
            Self::Document(_) | Self::TooMuch { .. } => (false, String::new(), 0),
            Self::File { path, .. }
            | Self::Length { path, .. }
            | Self::Digest { path, .. }
            | Self::Layer { path, .. } => (true, path.clone(), 0),
            Self::Frame(
                PieceError::Damaged { name, number, .. } | PieceError::Unreadable { name, number, .. },
            ) => (true, name.clone(), *number as u64),
            Self::Structure { name, start, .. } | Self::UnreadableStructure { name, start, .. } => {
                (true, name.clone(), start.0)
            }
            Self::Panicked { what, .. } => (true, what.clone(), 0),
        }
    }
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Pristine => "pristine",
            Self::PayloadIntact => "payload intact",
            Self::PayloadChanged => "payload changed",
        })
    }
}

impl std::fmt::Display for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Structure { name, start, len } => write!(f, "{name} at {start} with {len} was changed"),
            Self::File { volume, path, len } => write!(f, "{} with {len} was added", place(*volume, path)),
            Self::Free { first, places: 1 } => write!(f, "free space was written to at {first}"),
            Self::Free { first, places } => {
                write!(f, "free space was written to in {places} places, first at {first}")
            }
            Self::Signature => f.write_str("the unsigned comment in the signature was changed"),
            Self::Size { expected, found } => {
                write!(f, "the medium has {found}, was pressed with {expected}")
            }
            Self::Unreadable { name, reason } => write!(f, "{name} cannot be read: {reason}"),
        }
    }
}

/// A path with its volume.
fn place(volume: Volume, path: &str) -> String {
    match volume {
        Volume::Seed => path.into(),
        Volume::Esp => format!("{path} on the EFI system partition"),
    }
}
