//! `client sync`: what is assigned, from media first and the rest over the network.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use formats::size;
use formats::units::ByteLen;
use remote::http::HttpError;
use sync::client::ClientError;
use sync::client::home::Home;
use sync::client::media::{Machine, Search};
use sync::client::outcome::{Outcome, Verdict};
use sync::client::sync::{self as job, Line, Order};

use super::Materialize;
use super::shown::Shown;
use crate::code::Code;
use crate::date;
use crate::error::Refusal;
use crate::interrupt;
use crate::shell::{Shell, Threads};

/// Fetch what is assigned: from here, from USB media, from discs, then over the network.
///
/// Every frame is compared with its digest before it is kept, and only frames that no nearer source has come over the
/// network. What was fetched stays when a sync is cut off, and is checked by the next one. When the service cannot be
/// reached, media are used for what it said last; the exit code is then 16, or 3 when something is complete.
#[derive(Args, Debug)]
pub struct Sync {
    /// A medium: an image file, a block device or a folder where one is mounted. May
    /// be given more than once
    #[arg(long, value_name = "PATH")]
    medium: Vec<PathBuf>,
    /// A folder with image files of media. May be given more than once
    #[arg(long, value_name = "DIR")]
    media_folder: Vec<PathBuf>,
    /// Look at no media but those that are named
    #[arg(long)]
    named_only: bool,
    /// Ask nobody over the network
    #[arg(long)]
    offline: bool,
    /// Take no frames over the network, only documents
    #[arg(long)]
    require_local: bool,
    /// Tell of each layer and each source what is asked of it, and why
    #[arg(long)]
    explain: bool,
    /// Tell what would be fetched from where, and fetch no frames
    #[arg(long)]
    dry_run: bool,
    /// Take at most so many bytes a second over the network: 500K, 2M
    #[arg(long, value_name = "RATE", value_parser = rate)]
    limit_rate: Option<ByteLen>,
    /// How often a request is tried again: a number, or infinite
    #[arg(long, value_name = "N", value_parser = retries, default_value = "8")]
    retries: u32,
    /// What disks are made of the layers, this time
    #[arg(long, value_enum, value_name = "FORM")]
    materialize: Option<Materialize>,
    #[command(flatten)]
    threads: Threads,
}

/// How long a connection may say nothing.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A rate: a size, with `/s` or without.
fn rate(text: &str) -> Result<ByteLen, String> {
    match size::parse(text.strip_suffix("/s").unwrap_or(text))? {
        ByteLen(0) => Err("a rate of 0 bytes a second fetches nothing: --offline does".into()),
        rate => Ok(rate),
    }
}

fn retries(text: &str) -> Result<u32, String> {
    match text {
        "infinite" => Ok(u32::MAX),
        _ => text.parse().map_err(|_| format!("expected a number or infinite, found {text:?}")),
    }
}

impl Sync {
    /// Does a sync.
    ///
    /// # Errors
    /// When nothing can be done at all. What else goes wrong stands in the answer.
    pub fn run(self, home: &Home, shell: &Shell) -> anyhow::Result<Code> {
        // Each layer and each connection is some.
        interrupt::allow_many_files();
        let crew = self.threads.crew(shell)?;
        let machine = (!self.named_only).then(Machine::default);
        let search = Search { named: self.medium, folders: self.media_folder, ..Search::new(machine) };
        let order = Order {
            home,
            crew: &crew,
            observer: shell.observer(),
            offline: self.offline,
            require_local: self.require_local,
            dry_run: self.dry_run,
            explain: self.explain || self.dry_run,
            search,
            form: self.materialize.map(Into::into),
            line: Line {
                retries: self.retries,
                patience: PATIENCE,
                limit: self.limit_rate.map(|rate| rate.0),
            },
            now: date::now()?,
            tool: press::request::TOOL.into(),
        };
        let outcome = job::sync(&order).map_err(advise)?;
        shell.answer(&Shown::of(&outcome, self.dry_run))?;
        Ok(code(&outcome))
    }
}

/// The same error, with what can be done about it.
fn advise(error: ClientError) -> anyhow::Error {
    let next = match &error {
        ClientError::NoTarget => "sync once with the service, then --offline knows what is to be here",
        ClientError::Http(HttpError::Denied { .. }) => {
            "the secret was changed, or the device removed: ask who runs the service, then client enroll --force"
        }
        _ => return error.into(),
    };
    let (code, what) = (Code::from(error.kind()), error.to_string());
    Refusal::new(code, what).next(next).into()
}

fn code(outcome: &Outcome) -> Code {
    match outcome.verdict() {
        None => Code::Done,
        Some(Verdict::Partial) => Code::Partial,
        Some(Verdict::Failed(kind)) => kind.into(),
    }
}
