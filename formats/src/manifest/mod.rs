//! The manifest: the list, inside a medium, of everything that was pressed on it.
//!
//! | file | holds |
//! |---|---|
//! | `raw` | the document's fields |
//! | `marker` | the file by which a program that was started finds its medium |
//! | `paths` | where things are on a medium, and which paths a manifest may name |
//! | `read` | parsing, with every rule checked |
//! | `set` | which media hold a payload together |
//! | `write` | printing |
//! | `sums` | `SHA256SUMS`, the same digests for `sha256sum -c` |
//!
//! The manifest is a sealed document ([`crate::document`]) of at most [`MAX_TEXT`] bytes. It names the files of
//! both volumes, and the byte ranges of the medium that are no file's; the bytes of a medium that neither a
//! structure nor a file's extent covers are zero. It can list neither itself nor its signature: [`paths::MANIFEST`]
//! and [`paths::SIGNATURE`] are the two files of a medium that it leaves out.

mod marker;
pub mod paths;
mod raw;
mod read;
mod set;
pub mod sums;
mod write;

pub use marker::Marker;
pub use paths::PathError;
pub use raw::{Component, FORMAT, File, Image, Kind, MAX_TEXT, Manifest, Structure, Volume};
pub use read::ManifestError;
pub use set::{MAX_MEDIA, Member, Part, Set, SetError};

#[cfg(test)]
mod tests;
