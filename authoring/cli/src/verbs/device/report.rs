//! `device report`.

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use formats::minisign::PublicKey;
use formats::time::Timestamp;
use remote::api::{self, Receipt};
use serde::Serialize;
use store::Store;
use store::device::{RefusedKey, ReportDocument};
use sync::server;

use crate::code::Code;
use crate::date;
use crate::error::{Refusal, one_line};
use crate::key;
use crate::name;
use crate::output::Answer;
use crate::shell::Shell;
use crate::table::Table;
use crate::text;

/// Show what a device reported last, or take a receipt that came on a stick.
///
/// The first key that a device signs its receipts with is the one that counts. When the machine was set up anew and has
/// another key, --forget lets the next one count.
#[derive(Args, Debug)]
pub struct Report {
    /// The device's name
    #[arg(value_name = "NAME", value_parser = name::check)]
    name: String,
    /// Take this receipt, whose signature lies beside it as RECEIPT.minisig
    #[arg(long, value_name = "RECEIPT")]
    import: Option<PathBuf>,
    /// The key of the first receipt: minisign's public key or its file
    #[arg(long, value_name = "KEY|FILE", requires = "import")]
    pubkey: Option<String>,
    /// Forget the last report and the key of its receipt
    #[arg(long, conflicts_with = "import")]
    forget: bool,
}

#[derive(Serialize)]
struct Last {
    device: String,
    report: Option<Told>,
}

/// A report, with what its receipt says.
#[derive(Serialize)]
struct Told {
    received: Timestamp,
    key: String,
    refused: Option<RefusedKey>,
    receipt: Receipt,
}

impl Report {
    /// Shows the report, takes one or forgets it.
    ///
    /// # Errors
    /// When there is no such device, or the receipt is not its own.
    pub fn run(self, shell: &Shell) -> anyhow::Result<Code> {
        super::find(shell, &self.name)?;
        let store = shell.store()?;
        if let Some(receipt) = &self.import {
            let report = self.read(&store, receipt)?;
            let about = || format!("{} is not taken", receipt.display());
            server::receive(&store, &self.name, &report, date::epoch_or_now()?).with_context(about)?;
        }
        if self.forget {
            store.forget_report(&self.name)?;
        }
        let report = store.report(&self.name)?.map(Told::of).transpose()?;
        shell.answer(&Last { device: self.name, report })?;
        Ok(Code::Done)
    }

    /// A receipt on a stick, as a report.
    fn read(&self, store: &Store, receipt: &Path) -> anyhow::Result<api::Report> {
        let mut signature = receipt.as_os_str().to_owned();
        signature.push(".minisig");
        let [text, signature] = [receipt, Path::new(&signature)].map(text::read);
        let key = match &self.pubkey {
            Some(key) => key::public(key)?.to_base64(),
            None => {
                let known = store.report(&self.name)?.map(|report| report.key);
                let what = format!("{} has not reported yet, so that its key is not known", self.name);
                known.ok_or_else(|| Refusal::usage(what).next("give --pubkey"))?
            }
        };
        Ok(api::Report::new(key, text?, signature?))
    }
}

impl Told {
    fn of(report: ReportDocument) -> anyhow::Result<Self> {
        let ReportDocument { received, key, refused, receipt, .. } = report;
        let receipt = Receipt::parse(&receipt).context("the last receipt cannot be read")?;
        Ok(Self { received, key, refused, receipt })
    }
}

impl Answer for Last {
    const SCHEMA: &'static str = "seedpress.device-report/1";
}

impl fmt::Display for Last {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.report {
            None => writeln!(f, "{} has not reported", self.device),
            Some(told) => {
                writeln!(f, "device    {}", self.device)?;
                told.fmt(f)
            }
        }
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { received, key, refused, receipt } = self;
        let id = |key: &str| PublicKey::parse(key).map_or_else(|_| one_line(key), |key| key.id.to_string());
        writeln!(f, "received  {received}, signed with key {}", id(key))?;
        writeln!(f, "receipt   {}, {} to {}", receipt.number, receipt.started, receipt.finished)?;
        writeln!(f, "program   {}", one_line(&receipt.tool))?;
        writeln!(f, "wire      {}", receipt.wire.exact())?;
        if let Some(RefusedKey { key, received }) = refused {
            writeln!(f, "refused   a report with another key, {}, at {received}", id(key))?;
        }
        let mut images = Table::new(["IMAGE", "STATE"]);
        for image in &receipt.images {
            let title = format!("{}@{}", image.image, image.version);
            images.row([one_line(&title), one_line(&image.state)]);
        }
        if !receipt.images.is_empty() {
            images.fmt(f)?;
        }
        let mut layers = Table::new(["LAYER", "SOURCE", "FRAMES", "BYTES"]);
        for layer in &receipt.layers {
            for taken in &layer.taken {
                let (frames, bytes) = (taken.frames.to_string(), taken.bytes.human());
                layers.row([layer.layer.to_string(), one_line(&taken.source), frames, bytes]);
            }
        }
        if receipt.layers.is_empty() { Ok(()) } else { layers.fmt(f) }
    }
}
