//! `client`: the machine that is assigned images.

mod config;
mod enroll;
mod receipt;
mod shown;
mod status;
mod sync;
mod trust;

use std::path::PathBuf;

use ::sync::client::ClientError;
use ::sync::client::disks::Form;
use ::sync::client::home::{self, Home};
use clap::{Args, Subcommand, ValueEnum};
use sync::Sync;

use crate::code::Code;
use crate::error::Refusal;
use crate::shell::Shell;

pub use config::{SettingsLine, change, get, list};

/// The variable that names the client's folder.
pub const CLIENT: &str = "SEEDPRESS_CLIENT";

/// Fetch what this machine is assigned: from media first, the rest over the network.
#[derive(Args, Debug)]
pub struct Client {
    #[command(flatten)]
    folder: ClientFolder,
    #[command(subcommand)]
    verb: Verb,
}

/// The client's folder as an argument.
#[derive(Args, Debug)]
pub struct ClientFolder {
    /// The client's folder
    #[arg(long, global = true, value_name = "DIR", env = CLIENT, hide_env_values = true)]
    #[arg(default_value = home::DEFAULT)]
    client: PathBuf,
}

/// What a client can do.
#[derive(Debug, Subcommand)]
enum Verb {
    Enroll(enroll::Enroll),
    Sync(Sync),
    Status(status::Status),
    Config(config::Config),
    Trust(trust::TrustVerb),
    Receipt(receipt::ReceiptVerb),
}

/// How versions become files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Materialize {
    /// Each layer a VHD file that finds its parent beside it
    Chain,
    /// Each version the bytes of its disk
    Raw,
    /// Each version one dynamic VHD
    Vhd,
}

impl From<Materialize> for Form {
    fn from(form: Materialize) -> Self {
        match form {
            Materialize::Chain => Self::Chain,
            Materialize::Raw => Self::Raw,
            Materialize::Vhd => Self::Vhd,
        }
    }
}

impl Client {
    /// Does what was asked for.
    ///
    /// # Errors
    /// Those of the verb.
    pub fn run(self, shell: &Shell) -> anyhow::Result<Code> {
        let Self { folder, verb } = self;
        match verb {
            Verb::Enroll(args) => args.run(&folder.client, shell),
            Verb::Sync(args) => args.run(&folder.open()?, shell),
            Verb::Status(args) => args.run(&folder.open()?, shell),
            Verb::Config(args) => args.run(&folder.open()?, shell),
            Verb::Trust(args) => args.run(&folder.open()?, shell),
            Verb::Receipt(args) => args.run(&folder.open()?, shell),
        }
    }
}

impl ClientFolder {
    /// The client in the folder.
    ///
    /// # Errors
    /// When there is none.
    pub fn open(&self) -> anyhow::Result<Home> {
        Home::open(&self.client).map_err(|error| match error {
            ClientError::NotEnrolled { .. } => {
                let what = format!("there is no client in {}", self.client.display());
                let next =
                    format!("seedpress client enroll makes one; --client DIR or {CLIENT} name another");
                Refusal::new(Code::Unreachable, what).because(error).next(next).into()
            }
            error => error.into(),
        })
    }
}

/// The word for a form of disks.
fn form_name(form: Form) -> &'static str {
    match form {
        Form::Chain => "chain",
        Form::Raw => "raw",
        Form::Vhd => "vhd",
    }
}
