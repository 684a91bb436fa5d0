//! `ci`: everything that must hold before a change lands, in order, each timed, with a table at the end.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::{boot, demo, kernels, loader, no_std, place, program, reproduce, setup, test, tidy};

/// Check everything that must hold before a change lands
#[derive(clap::Args, Default)]
pub struct Args {}

/// A step: its name, and what it does, which gives what there is to say of it.
type Step = (&'static str, fn() -> Result<String>);

/// The step whose outcome is said again at the very end.
const TEST: &str = "test";

/// In this order.
const STEPS: &[Step] = &[
    ("fmt", || fmt().map(passed)),
    ("loader", || loader::Args::with_clippy().run().map(passed)),
    ("clippy", || clippy().map(passed)),
    ("doc", || doc().map(passed)),
    ("tidy", || tidy::Args::default().run().map(passed)),
    ("no-std", || no_std::Args::default().run().map(passed)),
    (TEST, || test::Args::default().tally().map(|tally| tally.to_string())),
    ("demo", || demo::Args::default().run().map(passed)),
    ("boot", || boot::Args::default().run().map(passed)),
    ("guest", || kernels::read_the_demo().map(passed)),
    ("reproduce", || reproduce::Args::default().run().map(passed)),
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
        let tests = done.iter().filter(|step| step.name == TEST).find_map(|step| step.outcome.as_ref().ok());
        println!("\n{}", tests.map_or("", String::as_str));
        let failed: Vec<_> = done.iter().filter(|step| step.outcome.is_err()).map(|step| step.name).collect();
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
    outcome: Result<String>,
}

impl Done {
    fn result(&self) -> String {
        match &self.outcome {
            Ok(said) => said.clone(),
            Err(error) => format!("FAILED: {}", format!("{error:#}").lines().next().unwrap_or_default()),
        }
    }
}

fn run((name, step): &Step) -> Done {
    println!("\n=== {name}");
    let start = Instant::now();
    let outcome = step();
    if let Err(error) = &outcome {
        println!("{name}: {error:#}");
    }
    Done { name, took: start.elapsed(), outcome }
}

fn passed((): ()) -> String {
    "passed".into()
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
