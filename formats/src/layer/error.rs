//! What can be wrong with a stored layer.

use alloc::string::String;

use uuid::Uuid;

use super::{DiskKind, FORMAT};
use crate::digest::Sha256;
use crate::document::DocumentError;
use crate::io::ReadError;
use crate::names::NoName;
use crate::units::{ByteLen, ByteOffset};

/// Why a layer's or an image's files are refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LayerError {
    /// It is no sealed document with the fields of its kind.
    #[error("the document cannot be used")]
    Document(#[source] DocumentError),
    /// A newer program wrote it.
    #[error("the document has format {found}, this program reads format {FORMAT}")]
    Format {
        /// Its format.
        found: u32,
    },
    /// An image or a version has no valid name.
    #[error("the document has a name that it cannot have")]
    Name(#[source] NoName),
    /// A document is about something else than the place where it was found says.
    #[error("the document is about {found}, expected {expected}")]
    OtherSubject {
        /// What the place says.
        expected: String,
        /// What the document says.
        found: String,
    },
    /// A differencing disk has no parent, or another disk has one.
    #[error("layer {layer} is a {kind} disk with {}", parent_text(*.parent))]
    Parent {
        /// The layer.
        layer: Uuid,
        /// What kind of disk it says it is.
        kind: DiskKind,
        /// The parent that it names.
        parent: Option<Uuid>,
    },
    /// The chain of an image has no layers, or the same layer twice.
    #[error("{image} has a chain {reason}")]
    Chain {
        /// The image and its version.
        image: String,
        /// What is wrong with its chain.
        reason: &'static str,
    },
    /// A default device policy is no row of the form `DAEMON:KEY:VALUE`.
    #[error("{found:?} is no policy: expected DAEMON:KEY:VALUE")]
    Policy {
        /// The row.
        found: String,
    },
    /// A part of a layer is longer or shorter than the layer's description says.
    #[error("{what} of layer {layer} has {found}, expected {expected}")]
    Length {
        /// The layer.
        layer: Uuid,
        /// Which part.
        what: &'static str,
        /// What the description says.
        expected: ByteLen,
        /// What is there.
        found: ByteLen,
    },
    /// A part of a layer is not the one that the layer's description was written for.
    #[error("{what} of layer {layer} was changed: expected SHA-256 {expected}, found {found}")]
    Digest {
        /// The layer.
        layer: Uuid,
        /// Which part.
        what: &'static str,
        /// What the description says.
        expected: Sha256,
        /// What is there.
        found: Sha256,
    },
    /// A field of the seek table has a value that it cannot have.
    #[error("the seek table's {field} at {offset} is {found:#x}, expected {expected:#x}")]
    SeekTable {
        /// Where the field is in the stored file.
        offset: ByteOffset,
        /// The field, in the words of the format.
        field: &'static str,
        /// What it should be, or the most that it may be.
        expected: u64,
        /// What it is.
        found: u64,
    },
    /// The stored file could not be read.
    #[error("the stored file cannot be read")]
    Read(#[source] ReadError),
}

/// A frame whose bytes are not those that were written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "frame {frame} of layer {layer}, at {offset} of its stored file, is damaged: expected SHA-256 {expected}, found {found}"
)]
pub struct FrameDamaged {
    /// The layer.
    pub layer: Uuid,
    /// The frame's number, from 0.
    pub frame: usize,
    /// Where the frame starts in the stored file.
    pub offset: ByteOffset,
    /// The digest that `frames.bin` lists.
    pub expected: Sha256,
    /// The digest of the bytes that are there.
    pub found: Sha256,
}

fn parent_text(parent: Option<Uuid>) -> String {
    match parent {
        Some(parent) => alloc::format!("the parent {parent}"),
        None => "no parent".into(),
    }
}
