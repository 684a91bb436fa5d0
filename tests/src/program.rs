//! The program `seedpress`, built once and run as a judge is run: with a time limit and a known environment.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use serde_json::Value;

use crate::judge::{Judge, Said};

/// The time of all that tests make, in seconds since 1970: 2026-01-01.
pub const EPOCH: &str = "1767225600";

/// How long one call may take.
const LIMIT: Duration = Duration::from_secs(300);

/// `seedpress`, with no store named and the time fixed.
pub fn seedpress() -> Judge {
    let program = path().to_str().expect("a path that is text");
    // Empty variables are as if absent.
    let judge = Judge::within(LIMIT, program).env("SOURCE_DATE_EPOCH", EPOCH);
    judge.env("SEEDPRESS_PASSWORD", "").env("COLUMNS", "80")
}

/// `seedpress` as a command that is to be started and watched, with the words of `line` as its arguments.
pub fn command<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(path());
    command.args(args).env("SOURCE_DATE_EPOCH", EPOCH).env_remove("SEEDPRESS_STORE");
    command.env_remove("SEEDPRESS_PASSWORD").stdin(Stdio::null());
    command
}

/// The program, built when it is asked for first. `SEEDPRESS_PROGRAM` names one that is already there.
///
/// # Panics
/// When it does not build.
pub fn path() -> &'static PathBuf {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| std::env::var_os("SEEDPRESS_PROGRAM").map_or_else(build, PathBuf::from))
}

/// Cargo builds a program for the tests of its own package only, so the build that these tests come from is asked for
/// it: same folder, same profile.
fn build() -> PathBuf {
    let test = std::env::current_exe().expect("the path of the running test");
    // A test runs from target/PROFILE/deps.
    let profile = test.ancestors().nth(2).expect("the folder of a profile");
    let target = profile.parent().expect("cargo's target folder");
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--quiet", "--package", "seedpress", "--target-dir"]).arg(target);
    if profile.ends_with("release") {
        cargo.arg("--release");
    }
    let built = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).status().expect("cargo can be started");
    assert!(built.success(), "seedpress does not build");
    profile.join("seedpress")
}

/// The one JSON object that a call with `--json` prints, after its schema was compared.
///
/// # Panics
/// When there is something else on stdout.
pub fn object(said: &Said, schema: &str) -> Value {
    let object: Value = serde_json::from_slice(&said.stdout).unwrap_or_else(|e| panic!("{e}: {said}"));
    assert_eq!(object["schema"], schema, "{said}");
    object
}
