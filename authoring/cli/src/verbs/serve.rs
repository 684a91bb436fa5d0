//! `serve`.

use clap::Args;

use crate::code::Code;
use crate::shell::Shell;

/// Serve a store to its devices.
#[derive(Args, Debug)]
pub struct Serve {}

impl Serve {
    /// To be filled.
    ///
    /// # Errors
    /// None yet.
    pub fn run(self, _: &Shell) -> anyhow::Result<Code> {
        Ok(Code::Other)
    }
}
