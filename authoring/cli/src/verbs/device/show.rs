//! `device show`.

use clap::Args;

use super::shown::Shown;
use crate::code::Code;
use crate::name;
use crate::shell::Shell;

/// Show a device, its configuration and what is assigned to it.
#[derive(Args, Debug)]
pub struct Show {
    /// The device's name
    #[arg(value_name = "NAME", value_parser = name::check)]
    name: String,
}

impl Show {
    /// Shows the device.
    ///
    /// # Errors
    /// When there is no such device.
    pub fn run(self, shell: &Shell) -> anyhow::Result<Code> {
        shell.answer(&Shown::from(super::find(shell, &self.name)?))?;
        Ok(Code::Done)
    }
}
