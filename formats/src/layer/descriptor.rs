//! `layer.json`: what a layer is, with the digests of its parts.

use alloc::string::String;
use core::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{DIGEST, FORMAT, FRAME, LayerError};
use crate::digest::Sha256;
use crate::document;
use crate::time::Timestamp;
use crate::units::ByteLen;

/// What a layer is. Its document is sealed ([`crate::document`]).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LayerDescriptor {
    /// [`FORMAT`].
    pub format: u32,
    /// The layer's identity: the unique id in its VHD footer.
    pub uuid: Uuid,
    /// The layer that this one holds the differences to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<Uuid>,
    /// What kind of VHD it is.
    pub kind: DiskKind,
    /// How long the disk is that the layer describes, its parents included.
    pub virtual_size: ByteLen,
    /// The VHD file.
    pub vhd: Digested,
    /// The stored file: the compressed VHD with its seek table.
    pub stored: Digested,
    /// The file of the frames' digests.
    pub frames: Digested,
    /// How the frames are compressed.
    pub compression: Compression,
    /// When the layer was published.
    pub published: Timestamp,
    /// The program that published it and its version: `seedpress 0.1.0`.
    pub tool: String,
}

/// The kinds of VHD (VHD 1.0, "Disk Type").
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DiskKind {
    /// All sectors of the disk.
    Fixed,
    /// The blocks that were written.
    Dynamic,
    /// The sectors that differ from a parent.
    Differencing,
}

/// The length and the digest of a run of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Digested {
    /// How long it is.
    pub len: ByteLen,
    /// The digest of all of it.
    pub sha256: Sha256,
}

/// How the frames of a layer are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Compression {
    /// The method.
    pub method: Method,
    /// Its level; a reader does not need it.
    pub level: i32,
}

/// Methods of compression.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// Zstandard (RFC 8878).
    Zstd,
}

impl Digested {
    /// Those of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self { len: ByteLen(bytes.len() as u64), sha256: Sha256::of(bytes) }
    }
}

impl LayerDescriptor {
    /// Parses a `layer.json`.
    ///
    /// # Errors
    /// [`LayerError`].
    pub fn parse(text: &str) -> Result<Self, LayerError> {
        let descriptor: Self = document::parse_sealed(text).map_err(LayerError::Document)?;
        descriptor.check()?;
        Ok(descriptor)
    }

    /// The text of a `layer.json`.
    pub fn print(&self) -> String {
        document::print_sealed(self)
    }

    /// How many frames the layer has.
    pub fn frame_count(&self) -> u64 {
        self.vhd.len.0.div_ceil(FRAME as u64)
    }

    /// Checks the rules that the fields' types do not say. [`LayerDescriptor::parse`] has done it already.
    ///
    /// # Errors
    /// [`LayerError`].
    pub fn check(&self) -> Result<(), LayerError> {
        if self.format != FORMAT {
            return Err(LayerError::Format { found: self.format });
        }
        let itself = self.parent == Some(self.uuid);
        if (self.kind == DiskKind::Differencing) != self.parent.is_some() || itself {
            return Err(LayerError::Parent { layer: self.uuid, kind: self.kind, parent: self.parent });
        }
        // Cannot overflow: the count is a length divided by more than a digest's length.
        let expected = ByteLen(self.frame_count() * DIGEST as u64);
        if self.frames.len != expected {
            let found = self.frames.len;
            return Err(LayerError::Length { layer: self.uuid, what: "frames.bin", expected, found });
        }
        Ok(())
    }
}

impl fmt::Display for DiskKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fixed => "fixed",
            Self::Dynamic => "dynamic",
            Self::Differencing => "differencing",
        })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use alloc::vec::Vec;

    /// A layer of these parts.
    pub fn layer(vhd: &[u8], stored: &[u8], frames: &[u8]) -> LayerDescriptor {
        LayerDescriptor {
            format: FORMAT,
            uuid: Uuid::from_u128(7),
            parent: None,
            kind: DiskKind::Dynamic,
            virtual_size: ByteLen(vhd.len() as u64),
            vhd: Digested::of(vhd),
            stored: Digested::of(stored),
            frames: Digested::of(frames),
            compression: Compression { method: Method::Zstd, level: 3 },
            published: Timestamp::EARLIEST,
            tool: "seedpress 0.1.0".into(),
        }
    }

    #[test]
    fn a_description_comes_back_as_it_was_printed() {
        let mut one = layer(&[1; 5], &[2; 3], &[3; 32]);
        assert_eq!(LayerDescriptor::parse(&one.print()), Ok(one.clone()));
        one.kind = DiskKind::Differencing;
        one.parent = Some(Uuid::from_u128(8));
        assert_eq!(LayerDescriptor::parse(&one.print()), Ok(one));
    }

    #[test]
    fn what_contradicts_itself_is_refused() {
        let good = layer(&[1; 5], &[2; 3], &[3; 32]);
        let spoil: [fn(&mut LayerDescriptor); 5] = [
            |layer| layer.format = 2,
            |layer| layer.kind = DiskKind::Differencing,
            |layer| layer.parent = Some(Uuid::from_u128(8)),
            |layer| layer.vhd.len = ByteLen(FRAME as u64 + 1),
            |layer| (layer.kind, layer.parent) = (DiskKind::Differencing, Some(layer.uuid)),
        ];
        let refused: Vec<_> = spoil
            .iter()
            .map(|spoil| {
                let mut bad = good.clone();
                spoil(&mut bad);
                LayerDescriptor::parse(&bad.print()).is_err()
            })
            .collect();
        assert_eq!(refused, [true; 5]);
    }
}
