//! `check`: whether a store is what was written.

use std::fmt;

use clap::Args;
use formats::units::ByteLen;
use serde::Serialize;
use store::{Depth, Lost, Scope, check};
use uuid::Uuid;

use crate::code::{self, Code};
use crate::error::one_line;
use crate::name::Wanted;
use crate::output::{Answer, Found};
use crate::shell::{Shell, Threads};

/// Compare what is in the store with what was written.
#[derive(Args, Debug)]
pub struct Check {
    /// Only this version and its chain; without @VERSION the newest one
    #[arg(value_name = "NAME[@VERSION]")]
    wanted: Option<Wanted>,
    /// Compare documents, lengths and chains, and leave the payload alone
    #[arg(long)]
    quick: bool,
    #[command(flatten)]
    threads: Threads,
}

#[derive(Serialize)]
struct Checked {
    /// What was checked: a version, or all of the store.
    scope: String,
    depth: &'static str,
    /// How many versions and layers there are.
    versions: usize,
    layers: usize,
    /// How long the stored files of the sound layers are.
    stored: ByteLen,
    problems: Vec<Found>,
    lost: Vec<Again>,
}

/// A layer that is damaged or missing, and the versions that need it.
#[derive(Serialize)]
struct Again {
    layer: Uuid,
    needed_by: Vec<String>,
}

impl Check {
    /// Checks the store and tells what was found.
    ///
    /// # Errors
    /// When the check is not possible.
    pub fn run(self, shell: &Shell) -> anyhow::Result<Code> {
        let wanted = self.wanted.as_ref();
        let image = wanted.map(|w| Scope::Image { name: &w.name, version: w.version.as_deref() });
        let depth = if self.quick { Depth::Quick } else { Depth::Full };
        let crew = self.threads.crew(shell)?;
        let scope = image.unwrap_or(Scope::All);
        let found = check(&shell.store()?, scope, depth, &crew, shell.observer())?;
        let code = code::worst(found.problems.iter().map(|problem| problem.error.kind().into()));
        shell.answer(&Checked {
            scope: wanted.map_or_else(|| "the store".into(), ToString::to_string),
            depth: if self.quick { "quick" } else { "full" },
            versions: found.versions,
            layers: found.layers,
            stored: found.stored,
            problems: found.problems.iter().map(|p| Found::new(p.error.kind(), p)).collect(),
            lost: found.lost.into_iter().map(Again::from).collect(),
        })?;
        Ok(code)
    }
}

impl Answer for Checked {
    const SCHEMA: &'static str = "seedpress.check/1";
}

impl From<Lost> for Again {
    fn from(Lost { layer, needed_by }: Lost) -> Self {
        Self { layer, needed_by }
    }
}

impl fmt::Display for Checked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.problems.iter().try_for_each(|found| writeln!(f, "problem: {}", one_line(&found.message)))?;
        self.lost.iter().try_for_each(|lost| writeln!(f, "{lost}"))?;
        let quick = if self.depth == "quick" { ", as far as a quick look can tell" } else { "" };
        match self.problems.len() {
            0 => {
                let counts = [counted(self.versions, "version"), counted(self.layers, "layer")].join(", ");
                writeln!(f, "{} is sound{quick}: {counts}, {}", self.scope, self.stored.human())
            }
            count => writeln!(f, "{} in {}", counted(count, "problem"), self.scope),
        }
    }
}

impl fmt::Display for Again {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { layer, needed_by } = self;
        match needed_by.first() {
            None => write!(f, "layer {layer} is needed by no version"),
            Some(first) => {
                let all = needed_by.join(", ");
                write!(
                    f,
                    "layer {layer} is needed by {all}\n  next: publish {first} again, as it was published"
                )
            }
        }
    }
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}
