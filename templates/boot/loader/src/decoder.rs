//! Zstandard (RFC 8878), decoded without a C library.

use deploy::{Decoder, Undecodable};
use ruzstd::decoding::FrameDecoder;

/// The decoder.
pub struct Ruzstd;

impl Decoder for Ruzstd {
    fn decode(&self, compressed: &[u8], plain: &mut [u8]) -> Result<(), Undecodable> {
        let len = FrameDecoder::new().decode_all(compressed, plain).map_err(Undecodable::new)?;
        if len == plain.len() {
            Ok(())
        } else {
            let expected = plain.len();
            Err(Undecodable::new(alloc::format!("it has {len} bytes, expected {expected}")))
        }
    }
}
