//! `check`: whether a store is what was written.

use std::fmt;

use clap::Args;
use serde::Serialize;
use store::{Depth, Scope, check};

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
    problems: Vec<Found>,
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
        let problems = check(&shell.store()?, scope, depth, &crew, shell.observer())?;
        let code = code::worst(problems.iter().map(|problem| problem.error.kind().into()));
        shell.answer(&Checked {
            scope: wanted.map_or_else(|| "the store".into(), ToString::to_string),
            depth: if self.quick { "quick" } else { "full" },
            problems: problems.iter().map(|problem| Found::new(problem.error.kind(), problem)).collect(),
        })?;
        Ok(code)
    }
}

impl Answer for Checked {
    const SCHEMA: &'static str = "seedpress.check/1";
}

impl fmt::Display for Checked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.problems.iter().try_for_each(|found| writeln!(f, "problem: {}", one_line(&found.message)))?;
        let quick = if self.depth == "quick" { ", as far as a quick look can tell" } else { "" };
        match self.problems.len() {
            0 => writeln!(f, "{} is sound{quick}", self.scope),
            1 => writeln!(f, "1 problem in {}", self.scope),
            count => writeln!(f, "{count} problems in {}", self.scope),
        }
    }
}
