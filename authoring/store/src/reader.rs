//! A stored layer, read as the VHD file that it is.

use std::sync::Arc;

use formats::io::{ReadAt, ReadError, check_range};
use formats::layer::Frame;
use formats::units::{ByteLen, ByteOffset};

use crate::cache::{Cache, decode};
use crate::layer::Layer;

/// The bytes of a layer's VHD file. Each frame is compared with its digest before it is decoded.
#[derive(Clone, Debug)]
pub struct LayerReader {
    layer: Layer,
    cache: Arc<Cache>,
}

impl LayerReader {
    /// Reads `layer` through `cache`.
    pub(crate) fn new(layer: Layer, cache: Arc<Cache>) -> Self {
        Self { layer, cache }
    }

    /// The layer.
    pub fn layer(&self) -> &Layer {
        &self.layer
    }

    fn frame(&self, frame: &Frame) -> Result<Arc<Vec<u8>>, ReadError> {
        self.cache.get((self.layer.uuid(), frame.number), || {
            let mut stored = Vec::new();
            self.layer.frames.read(&*self.layer.stored, frame, &mut stored)?;
            // Cannot cut: the length was checked when the layer was opened.
            decode(&stored, (frame.plain.end - frame.plain.start) as usize).map_err(|reason| {
                let name = format!("frame {} of layer {}", frame.number, self.layer.uuid());
                ReadError::damaged(ByteOffset(frame.stored.start), format!("{name}: {reason}"))
            })
        })
    }
}

impl ReadAt for LayerReader {
    fn size(&self) -> ByteLen {
        self.layer.frames.plain_len()
    }

    fn read_at(&self, offset: ByteOffset, buf: &mut [u8]) -> Result<(), ReadError> {
        let wanted = check_range(self.size(), offset, buf.len())?;
        let mut at = wanted.start;
        let mut rest = buf;
        while !rest.is_empty() {
            let past = || ReadError::PastEnd { offset, wanted: ByteLen(0), len: self.size() };
            let frame = self.layer.frames.holding(ByteOffset(at)).ok_or_else(past)?;
            let bytes = self.frame(&frame)?;
            let from = bytes.get((at - frame.plain.start) as usize..).ok_or_else(past)?;
            let len = from.len().min(rest.len());
            let (now, later) = rest.split_at_mut(len);
            now.copy_from_slice(&from[..len]);
            at += len as u64;
            rest = later;
        }
        Ok(())
    }
}
