//! `disksyncmgr`.

use clap::Args;

use crate::code::Code;
use crate::shell::Shell;

/// Get and set the client's switches, as the historic program has them.
#[derive(Args, Debug)]
pub struct Disksyncmgr {}

impl Disksyncmgr {
    /// To be filled.
    ///
    /// # Errors
    /// None yet.
    pub fn run(self, _: &Shell) -> anyhow::Result<Code> {
        Ok(Code::Other)
    }
}
