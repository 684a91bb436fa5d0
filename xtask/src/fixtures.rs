//! `fixtures`: a real golden disk and its next version, made without mounting anything.
//!
//! Version 1 is a partitioned disk of 1 GiB whose ext4 root filesystem holds a minimal Debian system. Version 2 is
//! the same disk after packages were installed in it, so that the two differ where they must and nowhere else.
//! Both are kept raw (to compare with) and as dynamic VHD (to publish). Where no Debian system can be made,
//! directories of this machine take its place.
//!
//! [`bootable`] has a small golden disk that starts.

pub mod bootable;
mod changes;
mod debian;
mod disk;
mod machine;
mod tables;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::program;
use crate::{place, setup};

/// Changes whenever fixtures of an older recipe must be made anew.
const RECIPE: &str = "seedpress fixtures 2";
/// The time of everything in the fixtures: 2026-01-01, in seconds since 1970.
pub const EPOCH: u64 = 1_767_225_600;
/// A small UEFI program that stands for the boot payload.
const UEFI_PROGRAM: &str = "/usr/lib/systemd/boot/efi/systemd-bootx64.efi";

/// Make the golden disks that demo and benchmarks press
#[derive(clap::Args, Default)]
pub struct Args {
    /// Make them anew even if they are there
    #[arg(long)]
    again: bool,
}

impl Args {
    /// Makes them where they are missing, and says where they are.
    ///
    /// # Errors
    /// When a program that makes them fails.
    pub fn run(self) -> Result<()> {
        setup::ensure()?;
        if self.again {
            place::empty_folder("fixtures")?;
            place::empty_folder(bootable::FOLDER)?;
        }
        let fixtures = ensure()?;
        println!("fixtures: {} in {}", fixtures.what, fixtures.folder.display());
        println!("fixtures: a disk that starts: {}", bootable::ensure()?.raw(1).display());
        Ok(())
    }
}

/// The golden disks.
#[derive(Clone, Debug)]
pub struct Fixtures {
    /// Where they are.
    pub folder: PathBuf,
    /// What is on them, in words.
    pub what: String,
}

impl Fixtures {
    /// A version of the disk as it is, byte for byte.
    pub fn raw(&self, version: u32) -> PathBuf {
        self.folder.join(format!("golden-{version}.raw"))
    }

    /// A version of the disk as a dynamic VHD.
    pub fn vhd(&self, version: u32) -> PathBuf {
        self.folder.join(format!("golden-{version}.vhd"))
    }

    /// A folder with what goes on the EFI system partition.
    pub fn esp(&self) -> PathBuf {
        self.folder.join("esp")
    }

    fn stamp(&self) -> PathBuf {
        self.folder.join("stamp")
    }
}

/// The golden disks, made now unless they are there.
///
/// # Errors
/// When a program that makes them fails.
pub fn ensure() -> Result<Fixtures> {
    let folder = place::target_folder("fixtures")?;
    let mut fixtures = Fixtures { folder, what: String::new() };
    let stamp = fs::read_to_string(fixtures.stamp()).unwrap_or_default();
    if let Some((RECIPE, what)) = stamp.split_once('\n') {
        fixtures.what = what.trim().into();
        return Ok(fixtures);
    }
    fixtures.folder = place::empty_folder("fixtures")?;
    fixtures.what = make(&fixtures)?;
    fs::write(fixtures.stamp(), format!("{RECIPE}\n{}\n", fixtures.what)).context("writing the stamp")?;
    Ok(fixtures)
}

fn make(fixtures: &Fixtures) -> Result<String> {
    let tree = fixtures.folder.join("tree");
    let system: Box<dyn System> = match debian::Debian::bootstrap(&tree) {
        Ok(debian) => Box::new(debian),
        Err(reason) => {
            println!("fixtures: no Debian system can be made here, so directories of this machine are used");
            println!("          ({reason:#})");
            Box::new(machine::Machine::copy(&tree)?)
        }
    };
    let before = changes::Snapshot::take(&tree)?;
    disk::first(&tree, &before.script_of_times(), &fixtures.raw(1))?;
    system.next_version(&tree)?;
    let script = before.script_to(&changes::Snapshot::take(&tree)?, &tree);
    disk::next(&fixtures.raw(1), &script, &fixtures.raw(2))?;
    for version in [1, 2] {
        disk::convert(&fixtures.raw(version), &fixtures.vhd(version))?;
    }
    esp(&fixtures.esp())?;
    program::run(program::system("rm").args(["-rf", "--one-file-system"]).arg(&tree))?;
    Ok(system.what())
}

/// Where the files on the golden disk come from.
trait System {
    /// Turns the tree of version 1 into that of version 2.
    fn next_version(&self, tree: &Path) -> Result<()>;
    /// What both versions are, in words.
    fn what(&self) -> String;
}

fn esp(folder: &Path) -> Result<()> {
    let boot = folder.join("EFI/BOOT");
    fs::create_dir_all(&boot)?;
    fs::copy(UEFI_PROGRAM, boot.join("BOOTX64.EFI")).with_context(|| format!("copying {UEFI_PROGRAM}"))?;
    fs::create_dir_all(folder.join("loader"))?;
    fs::write(folder.join("loader/loader.conf"), "timeout 5\n")?;
    Ok(())
}
