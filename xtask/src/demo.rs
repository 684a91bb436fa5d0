//! `demo`: the main job from end to end, on a real golden disk, as a person would type it.

use std::fs;
use std::time::Duration;

use anyhow::Result;

use crate::desk::{self, Desk};
use crate::fixtures::{self, Fixtures};
use crate::setup;
use crate::table::{self, Table};

/// Run the main job from end to end on a real golden disk
#[derive(clap::Args, Default)]
pub struct Args {}

impl Args {
    /// Publishes two versions, presses a signed medium, verifies it, and deploys from it.
    ///
    /// # Errors
    /// At the first command that fails.
    pub fn run(self) -> Result<()> {
        setup::ensure()?;
        let fixtures = fixtures::ensure()?;
        let demo = Demo { desk: Desk::empty("demo")?, fixtures, times: Vec::new() };
        demo.run()
    }
}

struct Demo {
    desk: Desk,
    fixtures: Fixtures,
    times: Vec<Timed>,
}

/// What was done, how many bytes that were, and how long it took.
type Timed = (&'static str, u64, Duration);

impl Demo {
    fn run(mut self) -> Result<()> {
        println!("\nThe golden disk: {}", self.fixtures.what);
        println!("$ cd {}", self.desk.path("").display());
        println!("$ export SEEDPRESS_STORE=store SOURCE_DATE_EPOCH={}", fixtures::EPOCH);
        let first = self.publish()?;
        let both = desk::size(&self.desk.path("store"))?;
        self.press()?;
        self.judge()?;
        self.deploy()?;
        self.report(first, both)
    }

    /// Publishes both versions and gives the size of the store with one.
    fn publish(&mut self) -> Result<u64> {
        let disk = desk::size(&self.fixtures.raw(1))?;
        self.timed("publish version 1", disk, "publish Debian@1 ../fixtures/golden-1.vhd")?;
        let first = desk::size(&self.desk.path("store"))?;
        self.timed(
            "publish version 2",
            disk,
            "publish Debian@2 ../fixtures/golden-2.vhd --parent Debian@1 --note with-packages",
        )?;
        self.seedpress("images")?;
        self.seedpress("locate -n Debian -v 2")?;
        Ok(first)
    }

    fn press(&mut self) -> Result<()> {
        let what = "Debian@1 Debian@2 --label DEMO --esp-tree ../fixtures/esp";
        self.seedpress("keygen --no-password -s demo.key -p demo.pub")?;
        self.seedpress(&format!("plan usb {what} --sign demo.key"))?;
        let build = format!("build usb -o medium.img {what} --sign demo.key");
        self.timed("build", 0, &build)?;
        self.measure_last("medium.img")
    }

    fn judge(&mut self) -> Result<()> {
        self.timed("verify", 0, "verify medium.img --pubkey demo.pub")?;
        self.measure_last("medium.img")?;
        self.desk.show(self.desk.other("sgdisk -v medium.img"))?;
        self.seedpress("ls medium.img")?;
        self.seedpress("ls medium.img seed")
    }

    fn deploy(&mut self) -> Result<()> {
        let disk = desk::size(&self.fixtures.raw(2))?;
        self.timed("deploy version 2", disk, "deploy medium.img Debian@2 -o disk.raw --pubkey demo.pub")?;
        self.desk.show(self.desk.other("cmp disk.raw ../fixtures/golden-2.raw"))?;
        println!("the deployed disk is the source disk, byte for byte");
        Ok(())
    }

    fn report(&self, first: u64, both: u64) -> Result<()> {
        let medium = self.desk.path("medium.img");
        let mut sizes = Table::new(&["what", "size"]);
        sizes.row(["golden disk".into(), table::bytes(desk::size(&self.fixtures.raw(2))?)]);
        sizes.row(["store with version 1".into(), table::bytes(first)]);
        sizes.row(["version 2 adds".into(), table::bytes(both - first)]);
        sizes.row(["medium".into(), table::bytes(fs::metadata(&medium)?.len())]);
        let mut times = Table::new(&["step", "time", "rate", "of"]);
        for (what, bytes, time) in &self.times {
            let rate = table::rate(*bytes, *time);
            times.row([(*what).into(), table::seconds(*time), rate, table::bytes(*bytes)]);
        }
        println!("\n{sizes}\n{times}\nsha256 of the medium: {}", desk::sha256(&medium)?);
        Ok(())
    }

    fn seedpress(&self, line: &str) -> Result<()> {
        self.desk.show(self.desk.seedpress(line)).map(|_| ())
    }

    fn timed(&mut self, what: &'static str, bytes: u64, line: &str) -> Result<()> {
        let time = self.desk.show(self.desk.seedpress(line))?;
        self.times.push((what, bytes, time));
        Ok(())
    }

    /// Takes the size of a file that was just made as what the last step worked on.
    fn measure_last(&mut self, file: &str) -> Result<()> {
        let bytes = desk::size(&self.desk.path(file))?;
        if let Some(last) = self.times.last_mut() {
            last.1 = bytes;
        }
        Ok(())
    }
}
