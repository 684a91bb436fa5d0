//! Servers that tests call and no Debian package has: built once, and kept in cargo's target folder.

use std::path::PathBuf;

use anyhow::{Result, ensure};

use crate::{place, program};

/// The server of S3: the crate, its version and its program.
const S3: [&str; 3] = ["s3s-fs", "0.14.1", "s3s-fs"];

/// Where the server of S3 is.
pub fn s3() -> PathBuf {
    place::target().join("servers/bin").join(S3[2])
}

/// Builds the server of S3 where it is missing: a minute or two.
///
/// # Errors
/// When it does not build.
pub fn ensure() -> Result<()> {
    if s3().is_file() {
        return Ok(());
    }
    let [name, version, _] = S3;
    println!("setup: building {name} {version}, once");
    let mut cargo = place::cargo();
    cargo.args([
        "install",
        "--quiet",
        "--locked",
        "--force",
        name,
        "--version",
        version,
        "--features",
        "binary",
    ]);
    cargo.arg("--root").arg(place::target().join("servers"));
    program::run(&mut cargo)?;
    ensure!(s3().is_file(), "{name} is built, and {} is not there", s3().display());
    Ok(())
}
