//! The cached-mode client.
//!
//! | module | does |
//! |---|---|
//! | [`source`] | what every source of frames has in common: this machine, USB and optical media, the network |

pub mod source;
