//! `device remove`.

use clap::Args;

use super::shown::Shown;
use crate::code::Code;
use crate::name;
use crate::shell::Shell;

/// Remove a device.
///
/// The device may still log in, to be told to give up all that it has. With --hard it is gone at once, with its last
/// report, and cannot log in any more.
#[derive(Args, Debug)]
pub struct Remove {
    /// The device's name
    #[arg(value_name = "NAME", value_parser = name::check)]
    name: String,
    /// At once, and for good
    #[arg(long)]
    hard: bool,
}

impl Remove {
    /// Removes the device.
    ///
    /// # Errors
    /// When there is no such device, or the store cannot be written.
    pub fn run(self, shell: &Shell) -> anyhow::Result<Code> {
        let shown = match self.hard {
            true => {
                let device = super::find(shell, &self.name)?;
                shell.store()?.remove_device(&self.name, (shell.stop(), shell.observer()))?;
                Shown::from(device).gone()
            }
            false => super::change(shell, &self.name, |device| {
                device.removed = true;
                Ok(())
            })?
            .into(),
        };
        shell.answer(&shown)?;
        Ok(Code::Done)
    }
}
