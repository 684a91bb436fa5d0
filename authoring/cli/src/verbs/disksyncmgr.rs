//! `disksyncmgr`: the switches as the historic program had them.

use clap::{ArgGroup, Args};

use super::client::{ClientFolder, change, get};
use crate::code::Code;
use crate::shell::Shell;

/// Get and set the client's switches, as the historic program had them.
///
/// The switches are those of client config. A single or a typographic dash before set, get and list is understood too, as
/// old instructions print it.
#[derive(Args, Debug)]
#[command(group = ArgGroup::new("what").required(true).args(["set", "get", "list"]))]
#[command(override_usage = "seedpress disksyncmgr --set NAME VALUE | --get NAME | --list")]
pub struct Disksyncmgr {
    #[command(flatten)]
    folder: ClientFolder,
    /// Turn a switch on or off
    #[arg(long, num_args = 2, value_names = ["NAME", "VALUE"])]
    set: Option<Vec<String>>,
    /// Show a switch
    #[arg(long, value_name = "NAME")]
    get: Option<String>,
    /// Show all switches
    #[arg(long)]
    list: bool,
}

impl Disksyncmgr {
    /// Shows or changes them.
    ///
    /// # Errors
    /// When there is no such switch, or the client's folder cannot be changed.
    pub fn run(self, shell: &Shell) -> anyhow::Result<Code> {
        let home = self.folder.open()?;
        match (self.set.as_deref(), self.get.as_deref()) {
            (Some([name, value]), _) => change(&home, shell, name, value),
            (_, name) => get(&home, shell, name),
        }
    }
}
