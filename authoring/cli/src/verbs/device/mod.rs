//! `device`: the machines that may fetch what is assigned to them.

mod add;
mod assign;
mod list;
mod policy;
mod remove;
mod report;
mod restore;
mod rotate_secret;
mod secret;
mod show;
mod shown;
mod unassign;

use clap::{Args, Subcommand};
use store::device::DeviceDocument;

use crate::code::Code;
use crate::error::Refusal;
use crate::shell::Shell;

/// Manage the devices of a store.
///
/// A device logs in with its name and a secret, of which the store keeps a hash alone. It sees what is assigned to it and
/// nothing else. Changes count at the next request of the device.
#[derive(Args, Debug)]
pub struct Device {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Add(add::Add),
    List(list::List),
    Show(show::Show),
    Assign(assign::Assign),
    Unassign(unassign::Unassign),
    Policy(policy::Policy),
    RotateSecret(rotate_secret::RotateSecret),
    Remove(remove::Remove),
    Restore(restore::Restore),
    Report(report::Report),
}

impl Device {
    /// Does what the verb says.
    ///
    /// # Errors
    /// Those of the verb.
    pub fn run(self, shell: &Shell) -> anyhow::Result<Code> {
        match self.verb {
            Verb::Add(args) => args.run(shell),
            Verb::List(args) => args.run(shell),
            Verb::Show(args) => args.run(shell),
            Verb::Assign(args) => args.run(shell),
            Verb::Unassign(args) => args.run(shell),
            Verb::Policy(args) => args.run(shell),
            Verb::RotateSecret(args) => args.run(shell),
            Verb::Remove(args) => args.run(shell),
            Verb::Restore(args) => args.run(shell),
            Verb::Report(args) => args.run(shell),
        }
    }
}

/// The device of a name.
fn find(shell: &Shell, name: &str) -> anyhow::Result<DeviceDocument> {
    Ok(shell.store()?.device(name)?.ok_or_else(|| no_device(name))?)
}

/// Changes the device of a name.
fn change(
    shell: &Shell,
    name: &str,
    change: impl FnOnce(&mut DeviceDocument) -> anyhow::Result<()>,
) -> anyhow::Result<DeviceDocument> {
    let changed = shell.store()?.change_device(name, (shell.stop(), shell.observer()), change)?;
    Ok(changed.ok_or_else(|| no_device(name))?)
}

fn no_device(name: &str) -> Refusal {
    Refusal::new(Code::Unreachable, format!("there is no device {name}"))
        .next("`seedpress device list` shows those that there are")
}

/// What is said of an image that a device does not have.
fn not_assigned(device: &str, image: &str) -> Refusal {
    Refusal::new(Code::Unreachable, format!("{image} is not assigned to {device}"))
        .next("`seedpress device show` shows what is")
}
