//! `client status`: what this machine has, without asking anybody.

use std::fmt;
use std::path::PathBuf;

use clap::Args;
use formats::time::Timestamp;
use formats::units::ByteLen;
use serde::Serialize;
use sync::client::home::Home;
use sync::client::outcome::ImageLine;
use sync::client::status;

use super::SettingsLine;
use super::form_name;
use super::list;
use super::shown::images_table;
use crate::code::Code;
use crate::output::{self, Answer};
use crate::shell::Shell;

/// Show what this machine has, without asking anybody.
#[derive(Args, Debug)]
pub struct Status {}

#[derive(Serialize)]
struct Shown {
    #[serde(serialize_with = "output::lossy")]
    client: PathBuf,
    device: String,
    server: String,
    materialize: &'static str,
    /// When the service said last what is to be here.
    asked: Option<Timestamp>,
    /// Whether the device was removed.
    removed: bool,
    images: Vec<ImageLine>,
    missing: ByteLen,
    trust: Vec<String>,
    settings: Vec<SettingsLine>,
    last_sync: Option<Timestamp>,
    last_receipt: Option<u64>,
    last_reported: Option<u64>,
}

impl Status {
    /// Shows it.
    ///
    /// # Errors
    /// When the client's folder cannot be read.
    pub fn run(self, home: &Home, shell: &Shell) -> anyhow::Result<Code> {
        let found = status::status(home)?;
        let document = home.document();
        let kept = found.kept.as_ref();
        shell.answer(&Shown {
            client: home.root().into(),
            device: document.device.clone(),
            server: document.server.clone(),
            materialize: form_name(document.materialize),
            asked: kept.map(|kept| kept.received),
            removed: kept.is_some_and(|kept| kept.state.removed),
            images: found.images,
            missing: found.missing,
            trust: home.trust()?.iter().map(|key| key.id.to_string()).collect(),
            settings: list(home)?,
            last_sync: found.receipt.as_ref().map(|receipt| receipt.finished),
            last_receipt: found.receipt.as_ref().map(|receipt| receipt.number),
            last_reported: found.reported,
        })?;
        Ok(Code::Done)
    }
}

impl Answer for Shown {
    const SCHEMA: &'static str = "seedpress.client-status/1";
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = |time: Option<Timestamp>| time.map_or_else(|| "never".into(), |time| time.to_string());
        writeln!(f, "client    {}", self.client.display())?;
        writeln!(f, "device    {} of {}", self.device, self.server)?;
        writeln!(f, "disks     {}", self.materialize)?;
        writeln!(f, "asked     {}", time(self.asked))?;
        writeln!(f, "synced    {}", time(self.last_sync))?;
        if let Some(number) = self.last_receipt {
            let sent = if self.last_reported >= Some(number) { "reported" } else { "not reported yet" };
            writeln!(f, "receipt   {number}, {sent}")?;
        }
        match self.trust.as_slice() {
            [] => writeln!(f, "trust     no key")?,
            keys => writeln!(f, "trust     {}", keys.join(", "))?,
        }
        for SettingsLine { name, value, .. } in &self.settings {
            writeln!(f, "switch    {name} {value}")?;
        }
        if self.removed {
            writeln!(f, "removed   this device is to give up all that it has")?;
        }
        writeln!(f, "missing   {}\n", self.missing.human())?;
        images_table(&self.images).fmt(f)
    }
}
