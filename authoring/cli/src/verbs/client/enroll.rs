//! `client enroll`: the client's folder, made when the service has answered.

use std::fmt;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use host::{HostError, Operation};
use remote::http::{Login, Request};
use serde::Serialize;
use sync::client::ClientError;
use sync::client::disks::Form;
use sync::client::enroll::{self, Enrolment};
use sync::client::home::Home;

use super::sync::PATIENCE;
use super::{Materialize, form_name};
use crate::code::Code;
use crate::date;
use crate::error::Refusal;
use crate::key;
use crate::name;
use crate::output::{self, Answer};
use crate::shell::Shell;
use crate::text;

/// Make this machine a device of a service.
///
/// The service is asked first: when it does not know the device, nothing is written. A client that is there is enrolled
/// again with --force; its layers, its switches and its receipts stay.
#[derive(Args, Debug)]
#[command(override_usage = "seedpress client enroll --server URL --device NAME --secret-file FILE ...")]
pub struct Enroll {
    /// The service's URL: https, but for one on this machine
    #[arg(long, value_name = "URL")]
    server: String,
    /// The device's name
    #[arg(long, value_name = "NAME", value_parser = name::check)]
    device: String,
    /// A file with the device's secret; - is the standard input
    #[arg(long, value_name = "FILE|-")]
    secret_file: PathBuf,
    /// Certificates in PEM that are trusted instead of this machine's own
    #[arg(long, value_name = "PEM")]
    ca_cert: Option<PathBuf>,
    /// A key whose signature on media is trusted: minisign's public key or its file.
    /// May be given more than once
    #[arg(long, value_name = "KEY|FILE")]
    trust: Vec<String>,
    /// What disks are made of the layers; without it chain, or what it was before
    #[arg(long, value_enum, value_name = "FORM")]
    materialize: Option<Materialize>,
    /// Enroll a client again that is there
    #[arg(short, long)]
    force: bool,
}

/// How long a secret may be, in bytes.
const MAX_SECRET: u64 = 4096;
/// How often the service is tried.
const RETRIES: u32 = 3;

#[derive(Serialize)]
struct Enrolled {
    #[serde(serialize_with = "output::lossy")]
    client: PathBuf,
    device: String,
    server: String,
    materialize: &'static str,
    trust: Vec<String>,
    /// The key that receipts are verified with.
    receipt_key: String,
    images: Vec<String>,
}

impl Enroll {
    /// Asks the service, and makes the folder.
    ///
    /// # Errors
    /// When the service does not know the device, or the folder cannot be made.
    pub fn run(self, root: &Path, shell: &Shell) -> anyhow::Result<Code> {
        enroll::check(root, self.force).map_err(occupied)?;
        let trust = self.trust.iter().map(|key| key::public(key)).collect::<anyhow::Result<Vec<_>>>()?;
        // A client that is enrolled again makes the disks that it made.
        let before = || Home::open(root).map_or(Form::Chain, |home| home.document().materialize);
        let enrolment = Enrolment {
            request: self.request(shell)?,
            trust,
            materialize: self.materialize.map_or_else(before, Into::into),
            now: date::now()?,
            tool: press::request::TOOL.into(),
            chance: (draw()?, draw()?),
            force: self.force,
        };
        let (home, kept) = enroll::enroll(root, &enrolment, shell.observer()).map_err(occupied)?;
        let document = home.document();
        shell.answer(&Enrolled {
            client: root.into(),
            device: document.device.clone(),
            server: document.server.clone(),
            materialize: form_name(document.materialize),
            trust: home.trust()?.iter().map(|key| key.id.to_string()).collect(),
            receipt_key: home.receipt_public()?.to_base64(),
            images: kept.state.images.iter().map(|image| image.document.title()).collect(),
        })?;
        Ok(Code::Done)
    }

    fn request(&self, shell: &Shell) -> anyhow::Result<Request> {
        let ca = self.ca_cert.as_ref().map(|path| text::read_bytes(path)).transpose()?;
        Ok(Request {
            url: self.server.trim_end_matches('/').into(),
            login: Some(Login { device: self.device.clone(), secret: self.secret()? }),
            ca,
            retries: RETRIES,
            patience: PATIENCE,
            limit: None,
            agent: press::request::TOOL.replacen(' ', "/", 1),
            stop: shell.stop().clone(),
        })
    }

    /// The device's secret: the first line of what was named.
    fn secret(&self) -> anyhow::Result<String> {
        let path = &self.secret_file;
        let text = if path == Path::new("-") {
            let mut text = String::new();
            let read = io::stdin().lock().take(MAX_SECRET).read_to_string(&mut text);
            read.map_err(HostError::io(Operation::Read, path))?;
            text
        } else {
            text::read(path)?
        };
        let secret = text.lines().next().unwrap_or_default().trim();
        let is_secret =
            !secret.is_empty() && secret.len() <= 1024 && secret.chars().all(|c| c.is_ascii_graphic());
        if is_secret {
            return Ok(secret.into());
        }
        let what = format!("{} holds no secret in its first line", path.display());
        Err(Refusal::usage(what).next("seedpress device add and device rotate-secret print one").into())
    }
}

/// The same error, with what can be done about it.
fn occupied(error: ClientError) -> anyhow::Error {
    match error {
        ClientError::Occupied { .. } => {
            let what = error.to_string();
            Refusal::new(Code::Target, what)
                .next("name another folder; --force enrolls a client again")
                .into()
        }
        error => error.into(),
    }
}

fn draw<const N: usize>() -> anyhow::Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).context("this machine gives no random numbers")?;
    Ok(bytes)
}

impl Answer for Enrolled {
    const SCHEMA: &'static str = "seedpress.client-enroll/1";
}

impl fmt::Display for Enrolled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "client    {}", self.client.display())?;
        writeln!(f, "device    {} of {}", self.device, self.server)?;
        writeln!(f, "disks     {}", self.materialize)?;
        match self.trust.as_slice() {
            [] => writeln!(f, "trust     no key: no medium is used until client trust add KEY")?,
            keys => writeln!(f, "trust     {}", keys.join(", "))?,
        }
        writeln!(f, "receipts  verify with minisign -P {}", self.receipt_key)?;
        match self.images.as_slice() {
            [] => writeln!(f, "assigned  nothing yet"),
            images => writeln!(f, "assigned  {}", images.join(", ")),
        }
    }
}
