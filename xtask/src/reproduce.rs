//! `reproduce`: the same inputs give the same bytes, with 1 and with 8 threads, in other folders, at another time.

use std::path::Path;

use anyhow::{Result, ensure};

use crate::desk::{self, Desk};
use crate::fixtures::{self, Fixtures};
use crate::setup;

/// Press the same media twice in different surroundings and compare
#[derive(clap::Args, Default)]
pub struct Args {}

impl Args {
    /// Presses a medium of each kind twice and compares.
    ///
    /// # Errors
    /// When they differ; the error names the first byte.
    pub fn run(self) -> Result<()> {
        setup::ensure()?;
        let fixtures = fixtures::ensure()?;
        let desk = Desk::empty("reproduce")?;
        desk.show(desk.seedpress("keygen --no-password -s key -p key.pub"))?;
        let one = press(&desk.below("one")?, &fixtures, &desk.path("key"), 1)?;
        let other = press(&desk.below("another place/deep down")?, &fixtures, &desk.path("key"), 8)?;
        for ((kind, one), (_, other)) in one.iter().zip(&other) {
            ensure!(one == other, "the {kind} media differ: {one} and {other}");
            println!("reproduce: 1 and 8 threads, two folders, two moments, one {kind} medium: sha256 {one}");
        }
        Ok(())
    }
}

/// Publishes and presses in one place and gives the digest of each kind of medium.
fn press(desk: &Desk, fixtures: &Fixtures, key: &Path, threads: u32) -> Result<Vec<(&'static str, String)>> {
    for (version, parent) in [(1, ""), (2, "--parent Debian@1")] {
        let mut publish = desk.seedpress(&format!("publish --threads {threads} Debian@{version} {parent}"));
        publish.arg(fixtures.vhd(version));
        desk.show(publish)?;
    }
    let pressed = |kind| {
        let line = format!("build {kind} --threads {threads} -o {kind}.img Debian@2");
        let mut build = desk.seedpress(&line);
        build.arg("--sign").arg(key);
        desk.show(build)?;
        Ok((kind, desk::sha256(&desk.path(format!("{kind}.img")))?))
    };
    ["usb", "disc"].into_iter().map(pressed).collect()
}
