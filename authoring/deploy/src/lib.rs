//! From a medium to a disk: open the medium, check its manifest, flatten a chain of layers.
//!
//! ```text
//! source ──Medium::open──> Medium ──trust::load──> Loaded ──Version::open──> Version ──Flatten──> Target
//!                          volumes   manifest,              layers of one    frames, each read,
//!                                    whose signature        version          checked, decoded and
//!                                                                            written once
//! ```
//!
//! The crate is no_std: the command line, the client, a loader in firmware and an init program share it. Whoever
//! calls it brings what it cannot have: a [`Decoder`] for Zstandard, a [`Target`] that takes bytes, and the threads
//! that run jobs, which are plain data.
#![no_std]

extern crate alloc;

mod covered;
mod error;
mod flatten;
mod in_order;
mod layer;
mod medium;
mod metadata;
mod pass;
mod places;
mod set;
mod target;
pub mod trust;
mod version;
mod vhd_target;
mod volumes;

pub use error::DeployError;
pub use flatten::{Flatten, Job, Learned, Tools};
pub use in_order::{InOrder, Placed};
pub use layer::{Decoder, Layer, Scratch, Undecodable};
pub use medium::{Medium, MediumError, Remark};
pub use set::{NotOfSet, Set};
pub use target::{Target, TargetError};
pub use trust::{Loaded, Signed, Trust, TrustError, load};
pub use version::Version;
pub use vhd_target::VhdTarget;
pub use volumes::VolumeError;
