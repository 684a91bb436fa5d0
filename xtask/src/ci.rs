//! `ci`: everything that must hold before a change lands, in order, each timed, with a table at the end.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::{demo, kernels, no_std, place, program, reproduce, setup, test, tidy};

/// Check everything that must hold before a change lands
#[derive(clap::Args, Default)]
pub struct Args {}

/// A step: its name, and what it does.
type Step = (&'static str, fn() -> Result<()>);

/// In this order.
const STEPS: &[Step] = &[
    ("fmt", fmt),
    ("clippy", clippy),
    ("doc", doc),
    ("tidy", || tidy::Args::default().run()),
    ("no-std", || no_std::Args::default().run()),
    ("test", || test::Args::default().run()),
    ("demo", || demo::Args::default().run()),
    ("guest", kernels::read_the_demo),
    ("reproduce", || reproduce::Args::default().run()),
];

impl Args {
    /// Runs every step, also after one that failed.
    ///
    /// # Errors
    /// When a step failed; without the system's packages there is nothing to run.
    pub fn run(self) -> Result<()> {
        setup::ensure()?;
        let done: Vec<Done> = STEPS.iter().map(run).collect();
        println!("\n{:12} {:>8}  result", "step", "time");
        for step in &done {
            println!("{:12} {:>7.1}s  {}", step.name, step.took.as_secs_f64(), step.result());
        }
        let failed: Vec<_> = done.iter().filter(|step| step.error.is_some()).map(|step| step.name).collect();
        if !failed.is_empty() {
            bail!("{} of {} steps failed: {}", failed.len(), done.len(), failed.join(", "));
        }
        Ok(())
    }
}

/// What came of a step.
struct Done {
    name: &'static str,
    took: Duration,
    error: Option<anyhow::Error>,
}

impl Done {
    fn result(&self) -> String {
        match &self.error {
            None => "passed".into(),
            Some(error) => format!("FAILED: {}", format!("{error:#}").lines().next().unwrap_or_default()),
        }
    }
}

fn run((name, step): &Step) -> Done {
    println!("\n=== {name}");
    let start = Instant::now();
    let error = step().err();
    if let Some(error) = &error {
        println!("{name}: {error:#}");
    }
    Done { name, took: start.elapsed(), error }
}

fn fmt() -> Result<()> {
    program::run(place::cargo().args(["fmt", "--all", "--", "--check"]))
}

fn clippy() -> Result<()> {
    program::run(place::cargo().args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))
}

fn doc() -> Result<()> {
    let mut doc = place::cargo();
    doc.env("RUSTDOCFLAGS", "-D warnings").args(["doc", "--workspace", "--no-deps"]);
    program::run(&mut doc)
}
