//! `setup`: installs the Debian packages that tests and measurements call, where they are missing, and builds the server
//! of S3 that no package has.

mod needs;
mod policy;
pub mod servers;

use std::process::Command;

use anyhow::{Result, bail};

pub use needs::{NEEDS, Need, package_of};
pub use policy::{Policy, Version, together};

use crate::{loader, program};

/// Packages that are built from one source and only work in the same version.
const FAMILIES: [&[&str]; 1] = [&["qemu-system-x86", "qemu-system-common", "qemu-system-data", "qemu-utils"]];

/// Install the Debian packages that tests and measurements call
#[derive(clap::Args, Default)]
pub struct Args {
    /// Print what would be installed, and why; install nothing
    #[arg(long)]
    list: bool,
}

impl Args {
    /// Installs what is missing.
    ///
    /// # Errors
    /// When something is missing and cannot be installed; the error says what one has to type.
    pub fn run(self) -> Result<()> {
        if self.list {
            for need in NEEDS {
                let there = if need.is_there() { "there" } else { "missing" };
                println!("{there:8} {:18} {:22} {}", need.package, need.program, need.why);
            }
            return Ok(());
        }
        ensure()
    }
}

/// Installs what is missing.
///
/// # Errors
/// When something is missing and cannot be installed; the error says what one has to type.
pub fn ensure() -> Result<()> {
    let missing = missing();
    if missing.is_empty() {
        let toolchain = loader::ensure_toolchain()?.name();
        servers::ensure()?;
        println!("setup: all {} programs that we call are there; {toolchain} builds the loader", NEEDS.len());
        return Ok(());
    }
    println!("setup: missing packages: {}", missing.join(" "));
    if program::find("apt-get").is_none() {
        bail!("this is no Debian: install the programs of these packages by hand: {}", missing.join(" "));
    }
    if !program::is_root() {
        bail!("run this as root, then try again: apt-get update && {}", program::line(&install(&missing)?));
    }
    if program::run(Command::new("apt-get").args(["update", "-q"])).is_err() {
        // A mirror that we do not need may be away; installing says what we do need.
        println!("setup: not all package lists could be had, going on with those that are there");
    }
    program::run(install(&missing)?.env("DEBIAN_FRONTEND", "noninteractive"))?;
    still_missing()?;
    servers::ensure()?;
    loader::ensure_toolchain().map(drop)
}

fn missing() -> Vec<&'static str> {
    let mut packages: Vec<_> =
        NEEDS.iter().filter(|need| !need.is_there()).map(|need| need.package).collect();
    packages.dedup();
    packages
}

fn still_missing() -> Result<()> {
    let missing: Vec<_> = NEEDS.iter().filter(|need| !need.is_there()).collect();
    match missing.first() {
        None => Ok(()),
        Some(need) => bail!("package {} is installed, and {} is not there", need.package, need.program),
    }
}

/// The command that installs `missing`, members of a family in one version.
fn install(missing: &[&str]) -> Result<Command> {
    let mut command = Command::new("apt-get");
    command.args(["install", "-y", "-q", "--no-install-recommends"]);
    let alone = missing.iter().filter(|package| !FAMILIES.concat().contains(package));
    command.args(alone);
    for family in FAMILIES.iter().filter(|family| missing.iter().any(|package| family.contains(package))) {
        let said =
            program::capture(Command::new("apt-cache").env("LC_ALL", "C").arg("policy").args(*family))?;
        command.arg("--allow-downgrades").args(together(&Policy::parse(&said)));
    }
    Ok(command)
}
