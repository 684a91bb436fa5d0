//! What bytes mean: the formats of stores and media, read and written.
//!
//! Bytes in, bytes out: nothing here opens a file, starts a thread, reads a clock or draws chance, so the same
//! code runs in the command line, in a client and in firmware. A format has one folder with the same names in
//! each: `raw` (structures and constants), `write`, `read`, `dump`. One format never names another; what they
//! share stands beside them: [`units`], [`region`], [`tree`], [`io`], [`files`].
//!
//! | feature | adds |
//! |---|---|
//! | `std` (default) | the writers of GPT and FAT, and the signatures of programs, which wrap crates that need it |
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub mod answer;
pub mod digest;
pub mod document;
pub mod fat;
pub mod files;
pub mod gpt;
pub mod identity;
pub mod io;
pub mod iso;
pub mod joined;
pub mod kind;
pub mod label;
pub mod layer;
pub mod manifest;
pub mod minisign;
pub mod names;
pub mod ntfs;
mod on_disc;
pub mod pe;
pub mod pieces;
pub mod placed;
pub mod region;
pub mod size;
pub mod slip;
pub mod time;
pub mod tree;
pub mod udf;
pub mod units;
pub mod vhd;
