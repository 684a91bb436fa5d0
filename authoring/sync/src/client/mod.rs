//! The cached-mode client.
//!
//! ```text
//! enroll ──> home ──settings, trust──┐
//! service ──> target ──> plan ──> survey ──> board ──fetch──> making ──> store of the client
//!                                              ^ ^ ^                          │
//!                              local, USB, DVD ┘ │ └ network                  └──> disks, receipt, report
//! ```
//!
//! | module | does |
//! |---|---|
//! | [`home`], [`enroll`], `files`, `lock` | the client's folder, how it is made, and how it is changed |
//! | [`settings`] | the switches, by their names |
//! | [`target`] | what the device is to have: asked for, and kept |
//! | [`plan`] | which versions are to be fetched, and which of their layers are missing |
//! | [`source`], [`network`] | what every source of frames has in common; the service as one |
//! | [`media`] | finds seed media on this machine, and reads frames from them |
//! | [`survey`], `tables` | what each source has of a layer, and whom to believe |
//! | `making`, `local`, `twins` | a layer that is being fetched, each frame at its final place; what is here of it already |
//! | `board`, `fetch`, `tuner` | which frame is taken from where, by many threads |
//! | [`disks`] | makes disks of the layers that are there, and removes what nothing needs any more |
//! | [`sync`], `fill`, `ledger` | all of it, in order, and what became of it |
//! | [`outcome`], `untold` | what a sync did; what came and no receipt tells of yet |
//! | [`receipt`], [`status`] | what came from where, signed; what the device has |

mod board;
pub mod disks;
pub mod enroll;
mod error;
#[cfg(test)]
mod fake;
mod fetch;
mod files;
mod fill;
pub mod home;
mod ledger;
mod local;
mod lock;
mod making;
pub mod media;
pub mod network;
pub mod outcome;
pub mod plan;
pub mod receipt;
pub mod settings;
pub mod source;
pub mod status;
pub mod survey;
pub mod sync;
mod tables;
pub mod target;
mod tuner;
mod twins;
mod untold;

pub use error::ClientError;
