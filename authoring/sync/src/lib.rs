//! The Synchronizer's service, and the client that looks at local media first.
//!
//! ```text
//! STORE ──server──> target state, layers ──network──┐
//! MEDIA ──manifest, trust────────────────> frames ──┴─client──> store of the client ──> disks, policies, receipt
//! ```
//!
//! | module | is |
//! |---|---|
//! | [`server`] | the service: what devices may see of a store, over HTTP |
//! | [`client`] | the cached-mode client: frame by frame from the nearest source that has it |

pub mod client;
pub mod server;
