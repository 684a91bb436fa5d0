//! `no-std`: shows that `formats` and `deploy` need no standard library.
//!
//! A program without one, with a panic handler of its own, names both. Were the standard library anywhere below
//! them, the compiler would find two panic handlers. That needs no target beside the machine's own; where a bare
//! target is installed, both are checked for it as well.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::{place, program};

/// Show that formats and deploy need no standard library
#[derive(clap::Args, Default)]
pub struct Args {}

/// A target that has no standard library.
const BARE: &str = "x86_64-unknown-none";

const PROGRAM: &str = r#"//! Names what must do without the standard library.
#![no_std]
#![no_main]
use core::alloc::{GlobalAlloc, Layout};
use {deploy as _, formats as _};

struct Nothing;

unsafe impl GlobalAlloc for Nothing {
    unsafe fn alloc(&self, _: Layout) -> *mut u8 {
        core::ptr::null_mut()
    }
    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}

#[global_allocator]
static NOTHING: Nothing = Nothing;

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    loop {}
}
"#;

impl Args {
    /// Checks both crates.
    ///
    /// # Errors
    /// When one of them needs the standard library.
    pub fn run(self) -> Result<()> {
        let folder = place::target_folder("no-std")?;
        write(&folder, &place::root())?;
        check(&folder, &[])?;
        let bare = bare_is_installed()?;
        if bare {
            check(&folder, &["--target", BARE])?;
        }
        let also = if bare { format!(", also for {BARE}") } else { String::new() };
        println!("no-std: formats and deploy compile without the standard library{also}");
        Ok(())
    }
}

fn write(folder: &Path, root: &Path) -> Result<()> {
    let manifest = format!(
        "[package]\nname = \"no-std\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n\
         deploy = {{ path = {:?} }}\nformats = {{ path = {:?}, default-features = false }}\n\n\
         [profile.dev]\npanic = \"abort\"\n",
        root.join("authoring/deploy"),
        root.join("formats"),
    );
    fs::create_dir_all(folder.join("src"))?;
    fs::write(folder.join("Cargo.toml"), manifest)?;
    fs::write(folder.join("src/main.rs"), PROGRAM)?;
    fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock")).context("copying Cargo.lock")?;
    Ok(())
}

fn check(folder: &Path, more: &[&str]) -> Result<()> {
    let mut command = place::cargo();
    program::run(
        command.args(["check", "--quiet", "--manifest-path"]).arg(folder.join("Cargo.toml")).args(more),
    )
}

fn bare_is_installed() -> Result<bool> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let sysroot = program::capture(
        std::process::Command::new(rustc).current_dir(place::root()).args(["--print", "sysroot"]),
    )?;
    Ok(Path::new(sysroot.trim()).join("lib/rustlib").join(BARE).is_dir())
}
