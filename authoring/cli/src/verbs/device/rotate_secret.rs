//! `device rotate-secret`.

use clap::Args;

use super::secret::{NewSecret, SecretOutput};
use super::shown::Shown;
use crate::code::Code;
use crate::name;
use crate::shell::Shell;

/// Give a device a new secret; the old one does not count any more.
#[derive(Args, Debug)]
pub struct RotateSecret {
    /// The device's name
    #[arg(value_name = "NAME", value_parser = name::check)]
    name: String,
    #[command(flatten)]
    secret: SecretOutput,
}

impl RotateSecret {
    /// Draws a new secret.
    ///
    /// # Errors
    /// When there is no such device, or the store cannot be written.
    pub fn run(self, shell: &Shell) -> anyhow::Result<Code> {
        let secret = NewSecret::draw(self.secret, shell)?;
        let changed = super::change(shell, &self.name, |device| {
            device.secret = secret.hash.clone();
            Ok(())
        })?;
        shell.answer(&Shown::from(changed).with_secret(secret.tell()?))?;
        Ok(Code::Done)
    }
}
