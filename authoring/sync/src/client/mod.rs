//! The cached-mode client.
//!
//! | module | does |
//! |---|---|
//! | [`source`] | what every source of frames has in common: this machine, USB and optical media, the network |
//! | [`media`] | finds seed media on this machine, and reads frames from them |

pub mod media;
pub mod source;
