//! `device`.

use clap::Args;

use crate::code::Code;
use crate::shell::Shell;

/// Manage the devices of a store.
#[derive(Args, Debug)]
pub struct Device {}

impl Device {
    /// To be filled.
    ///
    /// # Errors
    /// None yet.
    pub fn run(self, _: &Shell) -> anyhow::Result<Code> {
        Ok(Code::Other)
    }
}
