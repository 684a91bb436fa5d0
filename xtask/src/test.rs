//! `test`: every test of the workspace, and what came of them in one line at the end.

use std::fmt;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use crate::{place, program, setup};

/// Run every test of the workspace
#[derive(clap::Args, Default)]
pub struct Args {
    /// Passed to `cargo test`: `-p formats`, a part of a test's name
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    more: Vec<String>,
}

impl Args {
    /// Runs the tests.
    ///
    /// # Errors
    /// When one does not pass, or none ran.
    pub fn run(self) -> Result<()> {
        let tally = self.tally()?;
        println!("\n{tally}");
        Ok(())
    }

    /// Runs the tests and counts them.
    ///
    /// # Errors
    /// When one does not pass, or none ran.
    pub fn tally(self) -> Result<Tally> {
        setup::ensure()?;
        let mut command = place::cargo();
        command.args(["test", "--no-fail-fast"]);
        if !self.more.iter().any(|word| word == "-p" || word == "--package") {
            command.arg("--workspace").env("SEEDPRESS_PROGRAM", build_all()?);
        }
        let scratch = place::empty_folder("scratch")?;
        command.args(&self.more).env("SEEDPRESS_SCRATCH", &scratch).env("TMPDIR", &scratch);
        let (tally, passed) = watch(&mut command)?;
        tally.names_of_failed.iter().for_each(|name| println!("failed: {name}"));
        ensure!(passed && tally.failed == 0, "tests do not pass\n\n{tally}");
        ensure!(tally.passed > 0, "no test ran");
        Ok(tally)
    }
}

/// Builds everything that the tests need, the program among it, in one go: a test would build the program once more,
/// with other features of what it depends on. Gives the program's path.
fn build_all() -> Result<PathBuf> {
    program::run(place::cargo().args(["build", "--workspace", "--all-targets"]))?;
    Ok(place::target().join("debug/seedpress"))
}

/// What came of a run of tests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    passed: u64,
    failed: u64,
    names_of_failed: Vec<String>,
}

impl Tally {
    /// Takes in a line that `cargo test` prints.
    fn take(&mut self, line: &str) {
        let failed = line.strip_prefix("test ").and_then(|rest| rest.strip_suffix(" ... FAILED"));
        self.names_of_failed.extend(failed.map(str::to_owned));
        if let Some(rest) = line.strip_prefix("test result: ") {
            self.passed += count(rest, " passed");
            self.failed += count(rest, " failed");
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

/// The number that stands before `what`.
fn count(line: &str, what: &str) -> u64 {
    let before = line.split_once(what).map(|(before, _)| before);
    before.and_then(|text| text.rsplit(' ').next()?.parse().ok()).unwrap_or(0)
}

/// Runs `cargo test`, shows what it prints, and counts.
fn watch(command: &mut Command) -> Result<(Tally, bool)> {
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().context("starting cargo")?;
    let Some(stdout) = child.stdout.take() else {
        bail!("cargo has no stdout");
    };
    let mut tally = Tally::default();
    for line in BufReader::new(stdout).split(b'\n') {
        let line = line?;
        let line = String::from_utf8_lossy(&line);
        println!("{line}");
        tally.take(&line);
    }
    Ok((tally, child.wait()?.success()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_of_all_programs_are_added_up() {
        let mut tally = Tally::default();
        let said = "running 3 tests\ntest a::b ... ok\ntest a::c ... FAILED\n\
                    test result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out\n\
                    test result: ok. 40 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out\n";
        said.lines().for_each(|line| tally.take(line));
        let expected = Tally { passed: 42, failed: 1, names_of_failed: vec!["a::c".into()] };
        assert_eq!(tally, expected);
    }
}
