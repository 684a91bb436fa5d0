//! `loader`: builds the two programs that media start, into `target/boot-programs`: the native loader for firmware, and
//! the init of the Linux payload. The `seedpress` program carries both.

mod toolchain;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

pub use toolchain::{Toolchain, ensure as ensure_toolchain};

use crate::{place, program};

/// What the loader is built for.
pub const UEFI: &str = "x86_64-unknown-uefi";
/// What init is built for: the standard library is linked into it.
const LINUX: &str = "x86_64-unknown-linux-gnu";
/// How long the loader may be, in bytes.
const MOST: u64 = 1 << 20;
/// What marks the place for keys in the loader: `formats::minisign::slot::MARK`.
const SLOT: &[u8] = b"seedpress: keys of this medium:\0";

/// Build the programs that media start: the native loader and the Linux payload's init
#[derive(clap::Args, Default)]
pub struct Args {
    /// What builds the loader; without it, what there is
    #[arg(long, value_enum)]
    toolchain: Option<Toolchain>,
    /// Hold the loader's code against clippy too
    #[arg(long)]
    clippy: bool,
}

impl Args {
    /// As `ci` has it: with clippy.
    pub fn with_clippy() -> Self {
        Self { clippy: true, ..Self::default() }
    }

    /// Builds both.
    ///
    /// # Errors
    /// When one does not build, or is not as it must be.
    pub fn run(self) -> Result<()> {
        let toolchain = self.toolchain.map_or_else(toolchain::ensure, Ok)?;
        if self.clippy {
            clippy()?;
        }
        build_with(toolchain).map(drop)
    }
}

/// Builds both, and gives the folder that they are in.
///
/// # Errors
/// As for [`Args::run`].
pub fn build() -> Result<PathBuf> {
    build_with(toolchain::ensure()?)
}

fn build_with(toolchain: Toolchain) -> Result<PathBuf> {
    let folder = place::target_folder("boot-programs")?;
    let made = build_dir(toolchain);
    let mut cargo = toolchain.cargo()?;
    cargo.args(["--quiet", "--package", "loader", "--target", UEFI, "--profile", "boot"]);
    cargo.arg("--target-dir").arg(&made);
    program::run(cargo.env("CARGO_ENCODED_RUSTFLAGS", flags(&["-Clink-arg=/Brepro"])))?;
    let loader = keep(&made.join(UEFI).join("boot/seedpress-loader.efi"), &folder.join("loader.efi"))?;

    let made = build_dir(Toolchain::Rustup);
    let mut cargo = place::cargo();
    cargo.args(["build", "--quiet", "--package", "seedpress-init", "--target", LINUX, "--profile", "boot"]);
    cargo.arg("--target-dir").arg(&made);
    program::run(cargo.env("CARGO_ENCODED_RUSTFLAGS", flags(&["-Ctarget-feature=+crt-static"])))?;
    let init = keep(&made.join(LINUX).join("boot/seedpress-init"), &folder.join("init"))?;

    check(&loader)?;
    println!("loader: {} bytes, by {}; init: {} bytes", loader.len(), toolchain.name(), init.len());
    Ok(folder)
}

/// Where cargo builds them. What it builds with other flags, in the usual folders, stays as it is.
fn build_dir(toolchain: Toolchain) -> PathBuf {
    place::target().join("boot-programs/build").join(toolchain.name())
}

/// The loader's code judged by clippy, which its other target hides from the workspace's run.
fn clippy() -> Result<()> {
    let mut clippy = place::cargo();
    clippy.args(["clippy", "--quiet", "--package", "loader", "--target", UEFI, "--profile", "boot"]);
    program::run(clippy.arg("--target-dir").arg(build_dir(Toolchain::Rustup)).args(["--", "-D", "warnings"]))
}

/// Flags for the compiler: with these and no more, so that nothing of this machine gets into what it makes.
fn flags(more: &[&str]) -> String {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| std::env::home_dir().map(|home| home.join(".cargo")));
    let renamed =
        [(Some(place::root()), "seedpress"), (home, "cargo"), (Some(toolchain::RUST_SRC.into()), "rust")];
    let renamed = renamed.iter().filter_map(|(from, to)| {
        from.as_ref().map(|from| format!("--remap-path-prefix={}={to}", from.display()))
    });
    renamed.chain(more.iter().map(|flag| (*flag).to_owned())).collect::<Vec<_>>().join("\u{1f}")
}

/// Copies a program to where it is looked for, when it was built anew: what carries it sees by its time that it is not older
/// than its sources.
fn keep(from: &Path, to: &Path) -> Result<Vec<u8>> {
    let bytes = fs::read(from).with_context(|| format!("reading {}", from.display()))?;
    ensure!(
        find(&bytes, place::root().as_os_str().as_encoded_bytes()) == 0,
        "{} names this folder",
        from.display()
    );
    let time = |path: &Path| fs::metadata(path).and_then(|seen| seen.modified()).ok();
    if fs::read(to).ok().as_ref() != Some(&bytes) || time(to) < time(from) {
        fs::write(to, &bytes).with_context(|| format!("writing {}", to.display()))?;
    }
    Ok(bytes)
}

/// Refuses a loader that is too long, or into which no keys could be put.
fn check(loader: &[u8]) -> Result<()> {
    ensure!(loader.len() as u64 <= MOST, "the loader has {} bytes, more than {MOST}", loader.len());
    let slots = find(loader, SLOT);
    ensure!(slots == 1, "the loader has {slots} places for keys, expected 1");
    Ok(())
}

/// How often `wanted` is in `bytes`.
fn find(bytes: &[u8], wanted: &[u8]) -> usize {
    bytes.windows(wanted.len()).filter(|window| *window == wanted).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loader_that_is_too_long_or_has_no_one_place_for_keys_is_refused() {
        let good = [b"MZ", SLOT].concat();
        assert!(check(&good).is_ok());
        assert!(check(b"MZ").is_err());
        assert!(check(&[SLOT, SLOT].concat()).is_err());
        assert!(check(&[good, vec![0; MOST as usize]].concat()).is_err());
    }

    #[test]
    fn what_is_built_does_not_name_the_folder_it_was_built_in() {
        let folder = tempfile::tempdir().unwrap();
        let [from, to] = ["from", "to"].map(|name| folder.path().join(name));
        fs::write(&from, b"a program").unwrap();
        assert_eq!(keep(&from, &to).unwrap(), fs::read(&to).unwrap());
        fs::write(&from, format!("a program of {}/src", place::root().display())).unwrap();
        assert!(keep(&from, &to).is_err());
    }

    #[test]
    fn the_place_for_keys_is_found_by_what_formats_marks_it_with() {
        let source = fs::read_to_string(place::root().join("formats/src/minisign/slot.rs")).unwrap();
        let mark = String::from_utf8_lossy(SLOT).replace('\0', "\\0");
        assert!(source.contains(&format!("*b\"{mark}\"")), "{mark}");
    }
}
