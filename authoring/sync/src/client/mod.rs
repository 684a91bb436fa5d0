//! The cached-mode client.
//!
//! | module | does |
//! |---|---|
//! | [`disks`] | makes disks of the layers that are there, and removes what nothing needs any more |
//! | [`source`] | what every source of frames has in common: this machine, USB and optical media, the network |
//! | [`media`] | finds seed media on this machine, and reads frames from them |

pub mod disks;
pub mod media;
pub mod source;
