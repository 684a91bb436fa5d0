//! What was found on media, as it is told.

use std::fmt;
use std::path::PathBuf;

use formats::digest::Sha256;
use formats::manifest::Member;
use press::verify::{Depth, Problem, Report, Verdict};
use serde::Serialize;
use uuid::Uuid;

use crate::error::one_line;
use crate::medium::{Membership, SignedLines, Signer};
use crate::output::{self, Answer, Found};

/// What was found on one medium.
#[derive(Serialize)]
pub struct Judged {
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

/// What was found on several media.
#[derive(Serialize)]
pub struct JudgedSet {
    media: Vec<JudgedOf>,
    /// Those of the set that were not given.
    missing: Vec<Missing>,
    /// Whether all media of the set are there and sound; `None` when they are of no set.
    complete: Option<bool>,
}

/// What was found on one of several media.
#[derive(Serialize)]
pub struct JudgedOf {
    /// The medium.
    #[serde(serialize_with = "output::lossy")]
    pub path: PathBuf,
    /// What was found on it.
    #[serde(flatten)]
    pub judged: Option<Judged>,
    /// Why nothing could be found on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// A medium of the set that was not given.
#[derive(Serialize)]
pub struct Missing {
    number: u32,
    label: String,
    medium: Uuid,
}

impl Missing {
    /// A medium of a set, with its number.
    pub fn of(number: u32, member: &Member) -> Self {
        Self { number, label: member.label.clone(), medium: member.medium }
    }
}

impl JudgedSet {
    /// What was found on media; `missing` is `None` when they are of no set.
    pub fn new(media: Vec<JudgedOf>, missing: Option<Vec<Missing>>, sound: bool) -> Self {
        let complete = missing.as_ref().map(|missing| missing.is_empty() && sound);
        Self { media, missing: missing.unwrap_or_default(), complete }
    }
}

impl Judged {
    /// What a report says.
    pub fn of(report: &Report, depth: Depth) -> Self {
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
        for JudgedOf { path, judged, error } in &self.media {
            writeln!(f, "{}", path.display())?;
            judged.iter().try_for_each(|judged| judged.fmt(f))?;
            error.iter().try_for_each(|error| writeln!(f, "problem   {}", one_line(error)))?;
            writeln!(f)?;
        }
        for Missing { number, label, medium } in &self.missing {
            writeln!(f, "missing   medium {number} \"{}\" ({medium})", one_line(label))?;
        }
        match (self.complete, self.missing.is_empty()) {
            (Some(true), _) => writeln!(f, "set       complete"),
            (Some(false), true) => writeln!(f, "set       all media are here, not all are sound"),
            _ => Ok(()),
        }
    }
}
