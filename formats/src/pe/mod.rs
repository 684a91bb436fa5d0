//! PE files as firmware starts them, and the signatures in them (UEFI 2.10, 32.2.4; Microsoft "Windows Authenticode
//! Portable Executable Signature Format").
//!
//! | file | holds |
//! |---|---|
//! | `raw` | headers as they lie in a file, and constants |
//! | `read` | where things are in a file |
//! | `about` | what a program says of itself: SBAT, version resources, markers of boot loaders |
//! | `table` | the certificate table: its entries, and a file with one more |
//! | `digest` | the digest that is signed (feature `std`) |
//! | `signature` | signatures and their certificates, read and checked (feature `std`) |

pub mod about;
#[cfg(feature = "std")]
mod certificate;
#[cfg(feature = "std")]
pub mod digest;
pub mod raw;
pub mod read;
#[cfg(feature = "std")]
pub mod signature;
pub mod table;

#[cfg(feature = "std")]
pub use certificate::{Certificate, CertificateError};
pub use read::{Machine, Pe, PeError, Section};
