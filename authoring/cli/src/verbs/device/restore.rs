//! `device restore`.

use clap::Args;

use super::shown::Shown;
use crate::code::Code;
use crate::name;
use crate::shell::Shell;

/// Take back that a device was removed: it has again what was assigned to it.
#[derive(Args, Debug)]
pub struct Restore {
    /// The device's name
    #[arg(value_name = "NAME", value_parser = name::check)]
    name: String,
}

impl Restore {
    /// Restores the device.
    ///
    /// # Errors
    /// When there is no such device, or the store cannot be written.
    pub fn run(self, shell: &Shell) -> anyhow::Result<Code> {
        let changed = super::change(shell, &self.name, |device| {
            device.removed = false;
            Ok(())
        })?;
        shell.answer(&Shown::from(changed))?;
        Ok(Code::Done)
    }
}
