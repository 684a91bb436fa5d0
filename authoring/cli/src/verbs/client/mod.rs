//! `client`.

use clap::Args;

use crate::code::Code;
use crate::shell::Shell;

/// Fetch what this machine is assigned: from media first, the rest over the network.
#[derive(Args, Debug)]
pub struct Client {}

impl Client {
    /// To be filled.
    ///
    /// # Errors
    /// None yet.
    pub fn run(self, _: &Shell) -> anyhow::Result<Code> {
        Ok(Code::Other)
    }
}
