//! What builds for firmware: rustup's target, or the compiler of Debian, which builds the library from its source.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::UEFI;
use crate::{place, program};

/// Where Debian has the source of Rust's library.
pub const RUST_SRC: &str = "/usr/lib/rustlib/src/rust";
/// Debian's compiler, newer than the release's own, with what belongs to it.
const DEBIAN: [&str; 3] = ["rustc-web", "cargo-web", "rust-web-src"];
/// Where the linker is below a compiler's own folder.
const LINKER: &str = "lib/rustlib/x86_64-unknown-linux-gnu/bin/rust-lld";

/// What builds the loader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Toolchain {
    /// The compiler that builds everything else, with a target of rustup
    Rustup,
    /// Debian's packages rustc-web, cargo-web and rust-web-src
    Debian,
}

impl Toolchain {
    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rustup => "rustup",
            Self::Debian => "debian",
        }
    }

    fn is_there(self) -> bool {
        match self {
            Self::Rustup => sysroot().is_ok_and(|root| root.join("lib/rustlib").join(UEFI).is_dir()),
            Self::Debian => {
                ["/usr/bin/rustc", "/usr/bin/cargo"].iter().all(|path| Path::new(path).exists())
                    && Path::new(RUST_SRC).join("library").is_dir()
            }
        }
    }

    /// Its `cargo build`.
    ///
    /// # Errors
    /// When there is no linker.
    pub fn cargo(self) -> Result<Command> {
        if self == Self::Rustup {
            let mut cargo = place::cargo();
            cargo.arg("build");
            return Ok(cargo);
        }
        let mut cargo = Command::new("/usr/bin/cargo");
        cargo.current_dir(place::root()).args([
            "build",
            "-Z",
            "build-std=core,alloc,compiler_builtins",
            "-Z",
            "build-std-features=compiler-builtins-mem",
        ]);
        // Its library is built with what a release may not use otherwise.
        cargo.env("RUSTC", "/usr/bin/rustc").env("RUSTC_BOOTSTRAP", "1");
        cargo.env("CARGO_TARGET_X86_64_UNKNOWN_UEFI_LINKER", linker()?);
        Ok(cargo)
    }
}

/// What builds the loader here, brought here when there is none: rustup's target first.
///
/// # Errors
/// When neither can be had; the error says what one has to type.
pub fn ensure() -> Result<Toolchain> {
    if let Some(there) = [Toolchain::Rustup, Toolchain::Debian].into_iter().find(|it| it.is_there()) {
        return Ok(there);
    }
    let by_rustup = program::find("rustup").is_some()
        && program::run(Command::new("rustup").current_dir(place::root()).args(["target", "add", UEFI]))
            .is_ok();
    if by_rustup && Toolchain::Rustup.is_there() {
        return Ok(Toolchain::Rustup);
    }
    let mut install = Command::new("apt-get");
    install.args(["install", "-y", "-q", "--no-install-recommends"]).args(DEBIAN);
    if !program::is_root() || program::find("apt-get").is_none() {
        bail!(
            "nothing builds for {UEFI}: run rustup target add {UEFI}, or as root {}",
            program::line(&install)
        );
    }
    program::run(install.env("DEBIAN_FRONTEND", "noninteractive"))?;
    Some(Toolchain::Debian)
        .filter(|it| it.is_there())
        .context("the packages are installed and lack something")
}

/// A linker for PE: the one that comes with a compiler, else that of the package lld.
fn linker() -> Result<PathBuf> {
    let own = sysroot().ok().map(|root| root.join(LINKER));
    let debian = Some(Path::new("/usr").join(LINKER));
    let lld = program::find("lld-link");
    let found = own.into_iter().chain(debian).chain(lld).find(|path| path.is_file());
    found.context("there is no linker for PE programs: install the package lld")
}

/// The folder of the compiler that builds everything else.
fn sysroot() -> Result<PathBuf> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let said = program::capture(Command::new(rustc).current_dir(place::root()).args(["--print", "sysroot"]))?;
    Ok(PathBuf::from(said.trim()))
}
