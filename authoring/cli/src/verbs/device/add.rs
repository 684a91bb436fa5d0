//! `device add`.

use clap::Args;
use formats::layer::FORMAT;
use store::device::DeviceDocument;

use super::secret::{NewSecret, SecretOutput};
use super::shown::Shown;
use crate::code::Code;
use crate::date;
use crate::error::Refusal;
use crate::name;
use crate::shell::Shell;

/// Add a device and show its secret, once.
#[derive(Args, Debug)]
pub struct Add {
    /// The device's name
    #[arg(value_name = "NAME", value_parser = name::check)]
    name: String,
    /// What there is to say about it
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    note: String,
    #[command(flatten)]
    secret: SecretOutput,
}

impl Add {
    /// Adds the device.
    ///
    /// # Errors
    /// When there is one of this name, or the store cannot be written.
    pub fn run(self, shell: &Shell) -> anyhow::Result<Code> {
        let store = shell.store()?;
        let secret = NewSecret::draw(self.secret, shell)?;
        let device = DeviceDocument {
            format: FORMAT,
            device: self.name,
            note: self.note,
            added: date::epoch_or_now()?,
            secret: secret.hash.clone(),
            removed: false,
            rows: Vec::new(),
            assignments: Vec::new(),
        };
        if !store.add_device(&device, (shell.stop(), shell.observer()))? {
            let what = format!("there is a device {} already", device.device);
            let next = "rotate-secret gives it a new secret, restore takes back that it was removed";
            return Err(Refusal::new(Code::Target, what).next(next).into());
        }
        shell.answer(&Shown::from(device).with_secret(secret.tell()?))?;
        Ok(Code::Done)
    }
}
