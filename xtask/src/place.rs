//! Where things are: the tree, what is built from it, and what is made for tests.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::program;

/// The root of the tree.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// Where cargo builds.
pub fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |dir| root().join(dir))
}

/// The folder `target/NAME`, made when it is not there.
///
/// # Errors
/// When it cannot be made.
pub fn target_folder(name: &str) -> Result<PathBuf> {
    let folder = target().join(name);
    fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
    Ok(folder)
}

/// The folder `target/NAME`, empty. What is mounted below it is not touched.
///
/// # Errors
/// When it cannot be emptied or made.
pub fn empty_folder(name: &str) -> Result<PathBuf> {
    let folder = target().join(name);
    program::run(program::system("rm").args(["-rf", "--one-file-system"]).arg(&folder))?;
    target_folder(name)
}

/// The cargo that runs us, in the root of the tree.
pub fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

/// The `seedpress` program as customers get it, built now.
///
/// # Errors
/// When it does not build.
pub fn seedpress() -> Result<PathBuf> {
    program::run(cargo().args(["build", "--release", "--package", "seedpress"]))?;
    Ok(target().join("release/seedpress"))
}
