//! Zstandard (RFC 8878), decoded without a C library.

use alloc::format;

use deploy::{Decoder, Undecodable};
use ruzstd::decoding::FrameDecoder;

use crate::raw::Lock;

/// How far back a frame may reach, in bytes, which bounds the decoder's memory: what every decoder supports (RFC 8878,
/// 3.1.1.1.2), and twice a frame of a stored layer.
const WINDOW: u64 = 8 << 20;

/// The decoder. Its memory is used again for the next frame.
pub struct Ruzstd {
    decoder: Lock<FrameDecoder>,
}

impl Ruzstd {
    /// A decoder that has no memory yet.
    pub fn new() -> Self {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(WINDOW);
        Self { decoder: Lock::new(decoder) }
    }
}

impl Decoder for Ruzstd {
    fn decode(&self, compressed: &[u8], plain: &mut [u8]) -> Result<(), Undecodable> {
        let decoded = self.decoder.with(|decoder| decoder.decode_all(compressed, plain));
        match decoded.map_err(Undecodable::new)? {
            len if len == plain.len() => Ok(()),
            len => Err(Undecodable::new(format!("it has {len} bytes, expected {}", plain.len()))),
        }
    }
}
