//! What is known before anything was looked at.

use alloc::format;

use station::Start;

/// What the medium says, and what was built in when it was pressed.
pub fn start() -> Start {
    Start { program: format!("seedpress {} loader", env!("CARGO_PKG_VERSION")), ..Start::default() }
}
