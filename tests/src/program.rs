//! The program `seedpress`, built when a test asks for it first, and run with a known environment.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use crate::judge::Judge;

/// The time of all that tests make, in seconds since 1970: 2026-01-01T00:00:00Z.
pub const EPOCH: &str = "1767225600";

/// How long one call may take.
const LIMIT: Duration = Duration::from_secs(300);

/// Variables that the program looks at.
const VARIABLES: [&str; 7] = [
    "SEEDPRESS_STORE",
    "SEEDPRESS_PASSWORD",
    "SEEDPRESS_CLIENT",
    "SEEDPRESS_DEVICE",
    "SEEDPRESS_SECRET_FILE",
    "SEEDPRESS_CA_CERT",
    "SEEDPRESS_LOCK_SECONDS",
];

/// The program, to be run with a time limit.
///
/// # Panics
/// When it does not build.
pub fn judge() -> Judge {
    let program = path().to_str().expect("a path that is text");
    let judge = VARIABLES.into_iter().fold(Judge::within(LIMIT, program), Judge::without);
    judge.env("SOURCE_DATE_EPOCH", EPOCH)
}

/// The program, to be started and watched.
///
/// # Panics
/// When it does not build.
pub fn command<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(path());
    for name in VARIABLES {
        command.env_remove(name);
    }
    command.args(args).env("SOURCE_DATE_EPOCH", EPOCH).stdin(Stdio::null());
    command
}

/// Where the program is. `SEEDPRESS_PROGRAM` names one that is there already.
///
/// # Panics
/// When it does not build.
pub fn path() -> &'static PathBuf {
    static PATH: OnceLock<Option<PathBuf>> = OnceLock::new();
    let given = || std::env::var_os("SEEDPRESS_PROGRAM").map(PathBuf::from);
    PATH.get_or_init(|| given().or_else(build)).as_ref().expect("seedpress builds")
}

/// Cargo builds a program for the tests of its own package alone. So it is asked again, for the same target folder and
/// profile that this test comes from.
fn build() -> Option<PathBuf> {
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
    built.success().then(|| profile.join("seedpress"))
}
