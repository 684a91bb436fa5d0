//! Stored layers, format 1: what a store keeps of a VHD file, and a medium carries on.
//!
//! | file | holds |
//! |---|---|
//! | `raw` | names, sizes and limits |
//! | `descriptor` | `layer.json`: what a layer is, with the digests of its parts |
//! | `seek` | the seek table at the end of the stored file (zstd's contrib/seekable_format) |
//! | `frames` | which frame holds which bytes, and whether a frame is the one that was written (`frames.bin`) |
//! | `image` | `images/NAME/VERSION.json`: the chain of layers that makes up a version |
//!
//! A stored layer is the VHD file byte for byte, cut into frames of [`FRAME`] bytes that are compressed on their
//! own, followed by the seek table: `zstd -d` gives the VHD back, and a reader can begin at any frame.

mod descriptor;
mod error;
mod frames;
mod image;
mod raw;
mod seek;

pub use descriptor::{Compression, Digested, DiskKind, LayerDescriptor, Method};
pub use error::{FrameDamaged, LayerError};
pub use frames::{Frames, parse_digests, print_digests};
pub use image::ImageDocument;
pub use raw::{DESCRIPTOR_FILE, DIGEST, FORMAT, FRAME, FRAMES_FILE, MAX_STORED_FRAME, STORED_FILE};
pub use seek::{Frame, SeekTable};
