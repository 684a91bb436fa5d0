//! A layer on a medium: its frames read, checked and decoded.

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use formats::files::read_file;
use formats::io::{ReadAt, ReadError};
use formats::layer::{Frame, Frames, LayerDescriptor};
use formats::manifest::paths;
use formats::units::ByteOffset;
use uuid::Uuid;

use crate::error::DeployError;
use crate::set::Set;

/// Decodes frames: Zstandard (RFC 8878), by whatever means the caller has.
pub trait Decoder: Sync {
    /// Decodes one frame into `plain`, which has exactly the length that the frame must give.
    ///
    /// # Errors
    /// [`Undecodable`], also when the frame gives another number of bytes.
    fn decode(&self, compressed: &[u8], plain: &mut [u8]) -> Result<(), Undecodable>;
}

/// Why a frame cannot be decoded, in the decoder's own words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Undecodable {
    /// The words.
    pub reason: String,
}

/// The memory that a job works in, to be used again for the next: at most one frame of both kinds.
#[derive(Clone, Debug, Default)]
pub struct Scratch {
    compressed: Vec<u8>,
    plain: Vec<u8>,
}

/// A layer on a medium.
pub struct Layer<'m> {
    descriptor: LayerDescriptor,
    frames: Frames,
    stored: Box<dyn ReadAt + 'm>,
}

impl Undecodable {
    /// In the decoder's own words.
    pub fn new(reason: impl ToString) -> Self {
        Self { reason: reason.to_string() }
    }
}

impl<'m> Layer<'m> {
    /// Opens a layer of the manifest on the media that hold it.
    ///
    /// # Errors
    /// [`DeployError`].
    pub fn open(set: &Set<'m>, layer: Uuid) -> Result<Self, DeployError> {
        let described = set.manifest().layer_as(layer);
        let descriptor: LayerDescriptor = described.ok_or(DeployError::NoLayer { layer })?;
        let stored = set.open_disk(&descriptor)?;
        let list = paths::layer_frames(layer);
        // No more is read than the file really has.
        let limit = descriptor.frames.len.to_usize().unwrap_or(usize::MAX);
        let digests = read_file(set.seed_with(layer), &list, limit)
            .map_err(|source| DeployError::Files { layer, source })?;
        let frames = Frames::open(&descriptor, &stored, &digests)
            .map_err(|source| DeployError::Layer { layer, source })?;
        Ok(Self { descriptor, frames, stored })
    }

    /// What it is.
    pub fn descriptor(&self) -> &LayerDescriptor {
        &self.descriptor
    }

    /// Its frames.
    pub fn frames(&self) -> &Frames {
        &self.frames
    }

    /// The bytes of a frame, checked against its digest and then decoded.
    ///
    /// # Errors
    /// [`DeployError`].
    pub fn decode<'s>(
        &self,
        frame: &Frame,
        decoder: &dyn Decoder,
        scratch: &'s mut Scratch,
    ) -> Result<&'s [u8], DeployError> {
        let Scratch { compressed, plain } = scratch;
        self.decode_into(frame, decoder, (compressed, plain))?;
        Ok(plain)
    }

    /// As [`Layer::decode`], into memory of the caller's: for what is read, and for what comes of it.
    pub(crate) fn decode_into(
        &self,
        frame: &Frame,
        decoder: &dyn Decoder,
        (compressed, plain): (&mut Vec<u8>, &mut Vec<u8>),
    ) -> Result<(), DeployError> {
        let layer = self.descriptor.uuid;
        // Cannot cut: the lengths of frames were bounded when the layer was opened.
        compressed.resize((frame.stored.end - frame.stored.start) as usize, 0);
        plain.resize((frame.plain.end - frame.plain.start) as usize, 0);
        let at = ByteOffset(frame.stored.start);
        let read = |source: ReadError| DeployError::Read { layer, source };
        self.stored.read_at(at, compressed).map_err(read)?;
        self.frames.check(frame, compressed).map_err(DeployError::Frame)?;
        decoder.decode(compressed, plain).map_err(|source| DeployError::Undecodable {
            layer,
            frame: frame.number,
            source,
        })
    }
}
