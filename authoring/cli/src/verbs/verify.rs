//! `verify`: whether a medium is as it was pressed.

use std::fmt;

use anyhow::Context as _;
use clap::Args;
use deploy::{Trust, TrustError};
use formats::digest::Sha256;
use host::Event;
use press::verify::{Check, Depth, Problem, Report, Verdict, verify};
use serde::Serialize;
use uuid::Uuid;

use crate::code::{self, Code};
use crate::date;
use crate::error::{Refusal, one_line};
use crate::key::Trusted;
use crate::medium::{MediumArg, SignedLines, Signer};
use crate::output::{Answer, Found};
use crate::shell::{Shell, Threads};

/// Check a medium: its signature, every file, every structure.
///
/// The verdict is "pristine" when every byte is as pressed, "payload intact" when a host wrote to the medium (as
/// Windows does as soon as it is plugged in) and nothing that the manifest names changed, and "payload changed"
/// otherwise. With a damaged manifest or signature nothing on the medium is to be trusted.
#[derive(Args, Debug)]
pub struct Verify {
    #[command(flatten)]
    medium: MediumArg,
    #[command(flatten)]
    trusted: Trusted,
    /// Check documents and structures, and of files only that they are there
    #[arg(long)]
    quick: bool,
    /// End with code 17 when a host wrote to the medium
    #[arg(long)]
    strict: bool,
    #[command(flatten)]
    threads: Threads,
}

#[derive(Serialize)]
struct Judged {
    verdict: &'static str,
    depth: &'static str,
    medium: Option<Uuid>,
    label: Option<String>,
    manifest_sha256: Option<Sha256>,
    signed: Option<Signer>,
    problems: Vec<Found>,
    changes: Vec<String>,
    #[serde(skip)]
    refused: bool,
}

impl Verify {
    /// Checks the medium and tells what was found.
    ///
    /// # Errors
    /// When there is no medium, or the user asked to stop.
    pub fn run(self, shell: &Shell) -> anyhow::Result<Code> {
        if self.strict && self.medium.is_folder() {
            let what = "--strict needs the image or the device: of a folder only files can be seen";
            return Err(Refusal::usage(what).into());
        }
        let trust = Trust { keys: self.trusted.load()?, now: Some(date::now()?) };
        let depth = if self.quick { Depth::Quick } else { Depth::Full };
        let medium = self.medium.open(shell)?;
        if medium.table().is_none() {
            let text = "there is no partition table: only files of the seed volume are checked";
            shell.observer().event(Event::Warning(text.into()));
        }
        let crew = self.threads.crew(shell)?;
        let report = verify(&medium, &Check { trust, depth }, &crew, shell.observer())?;
        if let [Problem::Document(error @ TrustError::NoManifest)] = &report.problems[..] {
            return Err(error.clone()).with_context(|| self.medium.about());
        }
        shell.answer(&Judged::of(&report, depth))?;
        match code::worst(report.problems.iter().map(Problem::kind)) {
            Code::Done if self.strict && report.verdict != Verdict::Pristine => Ok(Code::Touched),
            code => Ok(code),
        }
    }
}

impl Judged {
    fn of(report: &Report, depth: Depth) -> Self {
        let manifest = report.manifest.as_ref();
        let found = |problem: &Problem| Found::new(problem.kind(), problem);
        Self {
            verdict: match report.verdict {
                Verdict::Pristine => "pristine",
                Verdict::PayloadIntact => "payload-intact",
                Verdict::PayloadChanged => "payload-changed",
            },
            depth: match depth {
                Depth::Quick => "quick",
                Depth::Full => "full",
            },
            medium: manifest.map(|manifest| manifest.medium),
            label: manifest.map(|manifest| manifest.label.clone()),
            manifest_sha256: report.manifest_digest,
            signed: report.signed.as_ref().and_then(Signer::of),
            problems: report.problems.iter().map(found).collect(),
            changes: report.changes.iter().map(ToString::to_string).collect(),
            refused: report.signed.is_none(),
        }
    }
}

impl Answer for Judged {
    const SCHEMA: &'static str = "seedpress.verify/1";
}

impl fmt::Display for Judged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((medium, label)) = self.medium.zip(self.label.as_deref()) {
            writeln!(f, "medium    {medium} \"{}\"", one_line(label))?;
        }
        if let Some(digest) = self.manifest_sha256 {
            writeln!(f, "manifest  {digest}")?;
        }
        match self.refused {
            true => writeln!(f, "signed    refused")?,
            false => SignedLines(self.signed.as_ref()).fmt(f)?,
        }
        self.problems.iter().try_for_each(|found| writeln!(f, "problem   {}", one_line(&found.message)))?;
        self.changes.iter().try_for_each(|change| writeln!(f, "changed   {}", one_line(change)))?;
        let quick = if self.depth == "quick" { ", as far as a quick look can tell" } else { "" };
        writeln!(f, "verdict   {}{quick}", self.verdict.replace('-', " "))
    }
}
