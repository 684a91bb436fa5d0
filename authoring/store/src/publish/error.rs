//! What may keep a disk from being published.

use std::io;
use std::path::{Path, PathBuf};

use formats::io::ReadError;
use formats::layer::LayerError;
use formats::names::NoName;
use formats::units::ByteLen;
use formats::vhd::raw::{MAX_DISK, SECTOR};
use formats::vhd::{ChainError, VhdError};
use host::{ErrorKind, HostError, Interrupted};
use uuid::Uuid;

use super::request::Request;
use crate::error::{StoreError, vhd_kind};

/// Why a disk is not published. The store is as it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PublishError {
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The machine refused.
    #[error(transparent)]
    Host(#[from] HostError),
    /// Somebody asked to stop.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
    /// The image or the version cannot have this name.
    #[error(transparent)]
    Name(NoName),
    /// The version's document would be refused.
    #[error("this cannot be published")]
    Document(#[source] LayerError),
    /// There is no such level of compression.
    #[error("there is no level {found}: expected {} to {}", Request::LEVELS.start(), Request::LEVELS.end())]
    Level {
        /// The level.
        found: i32,
    },
    /// The note is too long.
    #[error("the note has {len} bytes, expected at most {}", Request::MAX_NOTE)]
    Note {
        /// Its length.
        len: usize,
    },
    /// No disk is named.
    #[error("expected at least one disk")]
    NoDisk,
    /// The differences to a version are those of one disk, and have an identity of their own anyway.
    #[error("with a parent version, expected one disk, which need not have a new identity")]
    OneWholeDisk,
    /// Several disks are named, and more or fewer than one is nobody's parent.
    #[error("expected the disks of one chain, found {} that are nobody's parent: {}", leaves.len(), names(leaves))]
    NotOneLeaf {
        /// Those disks.
        leaves: Vec<PathBuf>,
    },
    /// A disk is named that the leaf does not need.
    #[error("{} does not belong to the chain of {}", path.display(), leaf.display())]
    NotInChain {
        /// The disk.
        path: PathBuf,
        /// The leaf.
        leaf: PathBuf,
    },
    /// A disk is damaged, or is none.
    #[error("{} cannot be published", path.display())]
    Vhd {
        /// The disk.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<VhdError>,
    },
    /// A file holds a disk, and is none itself.
    #[error("{} is {what}, which is not read: make a disk of it with `{command}`", path.display())]
    Container {
        /// The file.
        path: PathBuf,
        /// What it is, with its article.
        what: &'static str,
        /// What makes a disk of it.
        command: String,
    },
    /// A disk does not yield its bytes.
    #[error("{} cannot be read", path.display())]
    Read {
        /// The disk.
        path: PathBuf,
        /// Why not.
        source: ReadError,
    },
    /// A disk has no bytes.
    #[error("{} is empty: expected a disk", path.display())]
    Empty {
        /// The disk.
        path: PathBuf,
    },
    /// A VHD has no identity.
    #[error("{} has no identity (its unique id is nil): give it one with --new-uuid", path.display())]
    NoIdentity {
        /// The disk.
        path: PathBuf,
    },
    /// The parent of a disk is nowhere to be found.
    #[error(
        "{} needs its parent {}{}, which is neither in the store nor among the disks named nor in the disk's folder",
        path.display(), parent_text(*.parent), hint(name)
    )]
    NoParent {
        /// The disk.
        path: PathBuf,
        /// Its parent; nil for a raw disk.
        parent: Uuid,
        /// The parent's file name, as far as the disk says it.
        name: String,
    },
    /// The disks do not make up a chain.
    #[error("the disks are no chain")]
    Chain(#[source] ChainError),
    /// A layer with the same identity is in the store and has other content.
    #[error(
        "{} has the identity {layer} of a layer in the store, and other content: publish the differences with \
         --parent NAME@VERSION, or give it an identity of its own with --new-uuid",
        path.display()
    )]
    OtherContent {
        /// The disk.
        path: PathBuf,
        /// The layer.
        layer: Uuid,
    },
    /// The version is there and made of other layers.
    #[error("{title} is published already, with another chain: choose another version")]
    VersionTaken {
        /// The image and the version.
        title: String,
    },
    /// zstd refuses.
    #[error("the disk cannot be compressed")]
    Compress(#[from] io::Error),
}

impl PublishError {
    /// What the error means for whoever asked.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Store(e) => e.kind(),
            Self::Host(e) => e.kind(),
            Self::Interrupted(_) => ErrorKind::Interrupted,
            Self::Vhd { source, .. } => vhd_kind(source),
            Self::Read { source, .. } => source.kind(),
            Self::NoParent { .. } | Self::Chain(_) => ErrorKind::Chain,
            Self::OtherContent { .. } | Self::VersionTaken { .. } => ErrorKind::Target,
            Self::Compress(_) => ErrorKind::Other,
            _ => ErrorKind::Usage,
        }
    }

    /// Says that a disk is no sound VHD, or that none can be made of it.
    pub(super) fn vhd(path: &Path) -> impl Fn(VhdError) -> Self {
        move |source| Self::Vhd { path: path.into(), source: Box::new(source) }
    }

    /// Says that a disk cannot be read.
    pub(super) fn read(path: &Path) -> impl Fn(ReadError) -> Self + Sync {
        move |source| Self::Read { path: path.into(), source }
    }
}

fn names(paths: &[PathBuf]) -> String {
    let names: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
    names.join(", ")
}

fn parent_text(parent: Uuid) -> String {
    if parent.is_nil() { "(a raw disk)".into() } else { parent.to_string() }
}

fn hint(name: &str) -> String {
    if name.is_empty() { String::new() } else { format!(" ({name:?})") }
}

/// The length of a disk that a VHD can be made of, or why none can.
pub(super) fn check_disk_size(path: &Path, size: ByteLen) -> Result<(), PublishError> {
    if size == ByteLen::ZERO {
        return Err(PublishError::Empty { path: path.into() });
    }
    match size.0 {
        large if large > MAX_DISK => Err(PublishError::vhd(path)(VhdError::TooLarge { found: size })),
        odd if !odd.is_multiple_of(SECTOR) => Err(PublishError::vhd(path)(VhdError::OddSize { found: size })),
        _ => Ok(()),
    }
}
