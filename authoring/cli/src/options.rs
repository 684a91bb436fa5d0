//! What stands on the command line.

use clap::{ArgAction, Args, Parser, Subcommand};

use crate::code;
use crate::progress::Mode;
use crate::verbs;

/// Presses golden disk images into signed, bootable seed media.
///
/// Golden disks, kept as chains of VHD layers in a store, are written straight into a disk image with a
/// partition table, an NTFS volume and a signed manifest. Nothing is mounted and nothing needs root.
#[derive(Debug, Parser)]
#[command(name = "seedpress", version, max_term_width = 80, help_expected = true)]
#[command(subcommand_required = true, arg_required_else_help = true, disable_help_subcommand = true)]
#[command(after_help = notes())]
pub struct Options {
    /// What is accepted before and after every verb.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

/// Options of every verb.
#[derive(Args, Debug)]
#[command(next_help_heading = HEADING)]
pub struct Global {
    /// The store: a folder, s3://..., sftp://..., or https://... to read only
    #[arg(long, global = true, value_name = "STORE", env = STORE, hide_env_values = true)]
    pub store: Option<std::path::PathBuf>,
    /// Print one JSON object
    #[arg(long, global = true)]
    pub json: bool,
    /// Print results and errors only
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Also say how long tasks took
    #[arg(short, long, global = true, action = ArgAction::SetTrue)]
    pub verbose: bool,
    /// How progress is shown, on stderr
    #[arg(long, global = true, value_enum, value_name = "HOW", default_value_t)]
    pub progress: Mode,
}

/// What seedpress can do.
#[derive(Debug, Subcommand)]
pub enum Verb {
    Publish(verbs::publish::Publish),
    Images(verbs::images::Images),
    Locate(verbs::locate::Locate),
    Check(verbs::check::Check),
    Plan(verbs::plan::Plan),
    Build(verbs::build::Build),
    Verify(verbs::verify::Verify),
    Identify(verbs::identify::Identify),
    Inspect(verbs::inspect::Inspect),
    Ls(verbs::ls::Ls),
    Cat(verbs::cat::Cat),
    Deploy(verbs::deploy::Deploy),
    Serve(verbs::serve::Serve),
    Device(verbs::device::Device),
    Client(verbs::client::Client),
    Disksyncmgr(verbs::disksyncmgr::Disksyncmgr),
    Keygen(verbs::keygen::Keygen),
    Completions(verbs::completions::Completions),
    Man(verbs::man::Man),
}

/// What the options of every verb are called in the help.
pub const HEADING: &str = "Options of every verb";

/// The variable that names the store.
pub const STORE: &str = "SEEDPRESS_STORE";

/// Variables that are looked at, with their meaning.
pub const VARIABLES: [(&str, &str); 9] = [
    (STORE, "the store, where --store is not given"),
    (verbs::client::CLIENT, "the client's folder, where --client is not given"),
    (crate::secret::PASSWORD, "the secret key's password; other users may see it"),
    (crate::elsewhere::DEVICE, "as which device a service is read as a store"),
    (crate::elsewhere::SECRET_FILE, "the file with that device's secret"),
    (crate::elsewhere::CA_CERT, "certificates that are trusted for that service"),
    (crate::elsewhere::LOCK_SECONDS, "how long a publish elsewhere may be silent"),
    (crate::date::EPOCH, "the time of what is made, in seconds since 1970"),
    ("NO_COLOR", "when set, help has no colours"),
];

/// What stands below the list of verbs.
fn notes() -> String {
    let variables: String =
        VARIABLES.iter().map(|(name, meaning)| format!("  {name:<22}  {meaning}\n")).collect();
    format!("{}\nEnvironment:\n{variables}", code::help())
}
