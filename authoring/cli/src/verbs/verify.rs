//! `verify`: whether a medium is as it was pressed.

use std::fmt;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use deploy::{Medium, Set, Trust, TrustError, load};
use formats::digest::Sha256;
use formats::kind::ErrorKind;
use host::{Crew, Event};
use press::verify::{Check, Depth, Problem, Report, Verdict, verify};
use serde::Serialize;
use uuid::Uuid;

use crate::code::{self, Code};
use crate::date;
use crate::error::{Refusal, one_line};
use crate::key::Trusted;
use crate::medium::{MediaArg, MediumArg, Membership, SignedLines, Signer};
use crate::output::{Answer, Found};
use crate::shell::{Shell, Threads};

/// Check a medium: its signature, every file, every structure.
///
/// The verdict is "pristine" when every byte is as pressed, "payload intact" when a host wrote to the medium (as
/// Windows does as soon as it is plugged in) and nothing that the manifest names changed, and "payload changed"
/// otherwise. With a damaged manifest or signature nothing on the medium is to be trusted.
///
/// Of a set, one medium is checked alone; given several, in any order, those that are missing are named, and the code
/// is then 13.
#[derive(Args, Debug)]
pub struct Verify {
    #[command(flatten)]
    media: MediaArg,
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
    set: Option<Membership>,
    label: Option<String>,
    manifest_sha256: Option<Sha256>,
    signed: Option<Signer>,
    problems: Vec<Found>,
    changes: Vec<String>,
    #[serde(skip)]
    refused: bool,
}

/// What was found on several media of a set.
#[derive(Serialize)]
struct JudgedSet {
    media: Vec<JudgedOf>,
    missing: Vec<Missing>,
}

/// What was found on one of several media.
#[derive(Serialize)]
struct JudgedOf {
    path: PathBuf,
    #[serde(flatten)]
    judged: Judged,
}

/// A medium of the set that was not given.
#[derive(Serialize)]
struct Missing {
    number: u32,
    label: String,
    medium: Uuid,
}

/// How media are checked.
struct Checking<'a> {
    check: Check,
    crew: Crew,
    shell: &'a Shell,
}

impl Verify {
    /// Checks the media and tells what was found.
    ///
    /// # Errors
    /// When there is no medium, the media are not of one set, or the user asked to stop.
    pub fn run(self, shell: &Shell) -> anyhow::Result<Code> {
        let args = self.media.each();
        if self.strict && args.iter().any(MediumArg::is_folder) {
            let what = "--strict needs the image or the device: of a folder only files can be seen";
            return Err(Refusal::usage(what).into());
        }
        let trust = Trust { keys: self.trusted.load()?, now: Some(date::now()?) };
        let depth = if self.quick { Depth::Quick } else { Depth::Full };
        let checking = Checking { check: Check { trust, depth }, crew: self.threads.crew(shell)?, shell };
        let media = args.iter().map(|arg| arg.open(shell)).collect::<anyhow::Result<Vec<_>>>()?;
        let missing = missing(&media)?;
        let reports = args.iter().zip(&media).map(|(arg, medium)| checking.look(arg, medium));
        let reports = reports.collect::<anyhow::Result<Vec<_>>>()?;
        let incomplete = (reports.len() > 1 && !missing.is_empty()).then_some(ErrorKind::Chain);
        match &reports[..] {
            [report] => shell.answer(&Judged::of(report, depth))?,
            reports => {
                let judged = |(arg, report): (&MediumArg, &Report)| JudgedOf {
                    path: arg.medium.clone(),
                    judged: Judged::of(report, depth),
                };
                let media = args.iter().zip(reports).map(judged).collect();
                shell.answer(&JudgedSet { media, missing })?;
            }
        }
        let kinds = reports.iter().flat_map(|report| &report.problems).map(Problem::kind);
        match code::worst(kinds.chain(incomplete)) {
            Code::Done if self.strict && reports.iter().any(|report| report.verdict != Verdict::Pristine) => {
                Ok(Code::Touched)
            }
            code => Ok(code),
        }
    }
}

impl Checking<'_> {
    fn look(&self, arg: &MediumArg, medium: &Medium) -> anyhow::Result<Report> {
        let Self { check, crew, shell } = self;
        if medium.table().is_none() {
            let text = "there is no partition table: only files of the seed volume are checked";
            shell.observer().event(Event::Warning(text.into()));
        }
        let report = verify(medium, check, crew, shell.observer())?;
        if let [Problem::Document(error @ TrustError::NoManifest)] = &report.problems[..] {
            return Err(error.clone()).with_context(|| arg.about());
        }
        Ok(report)
    }
}

/// The media that belong to the same set as `media` and are not among them.
fn missing(media: &[Medium]) -> anyhow::Result<Vec<Missing>> {
    // One whose manifest cannot be read belongs nowhere; verifying it tells.
    let mut loaded = media.iter().filter_map(|medium| Some((medium, load(medium, &Trust::default()).ok()?)));
    let Some((medium, first)) = loaded.next() else { return Ok(Vec::new()) };
    let mut set = Set::new(medium, first.manifest);
    for (medium, other) in loaded {
        set.add(medium, other.manifest)?;
    }
    let missing = set.missing().into_iter();
    let missing = missing.map(|(number, member)| Missing {
        number,
        label: member.label.clone(),
        medium: member.medium,
    });
    Ok(missing.collect())
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
            set: manifest.and_then(|manifest| Membership::of(manifest.set.as_ref())),
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
        self.set.iter().try_for_each(|set| set.fmt(f))?;
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

impl Answer for JudgedSet {
    const SCHEMA: &'static str = "seedpress.verify-set/1";
}

impl fmt::Display for JudgedSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for JudgedOf { path, judged } in &self.media {
            writeln!(f, "{}", path.display())?;
            writeln!(f, "{judged}")?;
        }
        if self.missing.is_empty() {
            return writeln!(f, "set       complete");
        }
        self.missing.iter().try_for_each(|Missing { number, label, medium }| {
            writeln!(f, "missing   medium {number} \"{}\" ({medium})", one_line(label))
        })
    }
}
