//! Decoding frames with the zstd library, each thread with a context of its own.

use std::cell::RefCell;

use deploy::{Decoder, Undecodable};
use zstd::bulk::Decompressor;

/// The decoder.
pub struct Zstd;

thread_local! {
    static CONTEXT: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

impl Decoder for Zstd {
    fn decode(&self, compressed: &[u8], plain: &mut [u8]) -> Result<(), Undecodable> {
        let len = CONTEXT.with_borrow_mut(|context| {
            let context = match context {
                Some(context) => context,
                None => context.insert(Decompressor::new()?),
            };
            context.decompress_to_buffer(compressed, plain)
        });
        match len {
            Ok(len) if len == plain.len() => Ok(()),
            Ok(len) => Err(Undecodable::new(format!("it has {len} bytes, expected {}", plain.len()))),
            Err(error) => Err(Undecodable::new(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_has_as_many_bytes_as_it_must_have() {
        let stored = zstd::bulk::compress(b"frame", 3).unwrap();
        let mut plain = [0; 5];
        Zstd.decode(&stored, &mut plain).unwrap();
        assert_eq!(&plain, b"frame");
        assert!(Zstd.decode(&stored, &mut [0; 4]).is_err());
        assert!(Zstd.decode(&stored, &mut [0; 6]).is_err());
        assert!(Zstd.decode(b"no frame", &mut plain).is_err());
    }
}
