//! `demo`: the main job from end to end, on a real golden disk, as a person would type it.

use std::time::Duration;

use anyhow::Result;

use crate::desk::{self, Desk};
use crate::fixtures::{self, Fixtures};
use crate::setup;
use crate::synchronizer::{CERTIFICATE, Synchronizer};
use crate::table::{self, Table};

/// Run the main job from end to end on a real golden disk
#[derive(clap::Args, Default)]
pub struct Args {}

impl Args {
    /// Publishes two versions, presses a signed USB image and a signed disc, verifies both, deploys from both, and
    /// brings a machine to the second version from a stick and over the network.
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

/// A kind of medium, as the demo presses it.
struct Kind {
    /// What it is called in the page's titles and tables.
    name: &'static str,
    /// What `seedpress` calls it.
    word: &'static str,
    /// The file that is made.
    medium: &'static str,
    /// What the file is afterwards given to, to have faults found.
    judges: &'static [Judge],
}

/// Somebody else's program, and words of the lines that are worth showing of what it prints.
type Judge = (&'static str, &'static [&'static str]);

const SGDISK: Judge = ("sgdisk -v", &["No problems found", "Problem"]);
const SEVEN_ZIP: &[&str] = &["Type =", "Ok", "Files:", "Warning", "WARNING", "Error", "ERROR"];

const KINDS: [Kind; 2] = [
    Kind { name: "USB image", word: "usb", medium: "medium.img", judges: &[SGDISK] },
    Kind {
        name: "optical disc",
        word: "disc",
        medium: "disc.iso",
        judges: &[
            SGDISK,
            ("udfinfo", &["label=", "udfrev=", "integrity=", "numfiles=", "numdirs="]),
            ("7z t -tudf", SEVEN_ZIP),
            ("7z t -tiso", SEVEN_ZIP),
            ("xorriso -indev", &["for EFI", "Boot record", "Media summary", "Volume id", "FAILURE", "SORRY"]),
        ],
    },
];

struct Demo {
    desk: Desk,
    fixtures: Fixtures,
    times: Vec<Timed>,
}

/// What was done, how many bytes that were, and how long it took.
type Timed = (String, u64, Duration);

impl Demo {
    fn run(mut self) -> Result<()> {
        println!("\nThe golden disk: {}", self.fixtures.what);
        println!("$ cd {}", self.desk.path("").display());
        println!("$ export SEEDPRESS_STORE=store SOURCE_DATE_EPOCH={}", fixtures::EPOCH);
        title("Publish the disk and its next version");
        let first = self.publish()?;
        let both = desk::size(&self.desk.path("store"))?;
        self.seedpress("keygen --no-password -s demo.key -p demo.pub")?;
        for kind in &KINDS {
            title(&format!("Press a signed {}", kind.name));
            self.press(kind)?;
            title(&format!("Look for faults of the {}", kind.name));
            self.judge(kind)?;
            title(&format!("Deploy from the {}", kind.name));
            self.deploy(kind)?;
        }
        title("Bring a machine to version 2: from the stick what it has, the rest over the network");
        self.sync()?;
        title("What it comes to");
        self.report(first, both)
    }

    /// Publishes both versions and gives the size of the store with one.
    fn publish(&mut self) -> Result<u64> {
        let disk = self.fixtures.raw(1);
        let publish = "publish Debian@1 ../fixtures/golden-1.vhd";
        let took = self.seedpress(publish)?;
        self.times.push(("publish version 1".into(), desk::size(&disk)?, took));
        let first = desk::size(&self.desk.path("store"))?;
        let publish = "publish Debian@2 ../fixtures/golden-2.vhd --parent Debian@1 --note with-packages";
        let took = self.seedpress(publish)?;
        self.times.push(("publish version 2".into(), desk::size(&disk)?, took));
        self.seedpress("images")?;
        self.seedpress("locate -n Debian -v 2")?;
        Ok(first)
    }

    fn press(&mut self, kind: &Kind) -> Result<()> {
        let Kind { word, medium, .. } = kind;
        let what = "Debian@1 Debian@2 --label DEMO --sign demo.key --trust demo.pub";
        self.seedpress(&format!("plan {word} {what}"))?;
        self.timed(kind, "build", &format!("build {word} -o {medium} {what}"), medium)
    }

    /// Lets the program and others look for faults.
    fn judge(&mut self, kind: &Kind) -> Result<()> {
        let medium = kind.medium;
        self.timed(kind, "verify", &format!("verify {medium} --pubkey demo.pub"), medium)?;
        for (judge, words) in kind.judges {
            self.desk.show_telling(self.desk.other(&format!("{judge} {medium}")), words)?;
        }
        self.seedpress(&format!("inspect {medium}"))?;
        self.seedpress(&format!("ls {medium}"))?;
        self.seedpress(&format!("ls {medium} seed")).map(drop)
    }

    fn deploy(&mut self, kind: &Kind) -> Result<()> {
        let deploy = format!("deploy {} Debian@2 -o disk.raw --force --pubkey demo.pub", kind.medium);
        self.timed(kind, "deploy version 2", &deploy, "disk.raw")?;
        self.desk.show(self.desk.other("cmp disk.raw ../fixtures/golden-2.raw"))?;
        println!("the deployed disk is the source disk, byte for byte");
        Ok(())
    }

    /// A stick with version 1 alone, a service, and a machine that is assigned version 2.
    fn sync(&mut self) -> Result<()> {
        self.seedpress("build usb -o stick.img Debian@1 --label STICK --boot none --sign demo.key")?;
        println!("\n$ seedpress {} &", Synchronizer::LINE);
        let service = Synchronizer::start(&self.desk)?;
        self.seedpress("device add pc-17 --secret-file pc-17.secret")?;
        self.seedpress("device assign pc-17 Debian@2")?;
        self.seedpress("device policy pc-17 Debian --set vm:policy-print-screen:false")?;
        self.seedpress(&format!(
            "client enroll --client machine --server https://{} --device pc-17 --secret-file pc-17.secret \
             --ca-cert {CERTIFICATE} --trust demo.pub --materialize raw",
            service.address()
        ))?;
        let took = self.seedpress("client sync --client machine --medium stick.img")?;
        let disk = "machine/disks/Debian@2.raw";
        self.times.push((
            "sync version 2, stick and network".into(),
            desk::size(&self.desk.path(disk))?,
            took,
        ));
        self.desk.show(self.desk.other(&format!("cmp {disk} ../fixtures/golden-2.raw")))?;
        println!("the machine's disk is the source disk, byte for byte");
        self.seedpress("client status --client machine")?;
        self.seedpress("device report pc-17").map(drop)
    }

    fn report(&self, first: u64, both: u64) -> Result<()> {
        let mut sizes = Table::new(&["what", "size"]);
        sizes.row(["golden disk".into(), table::bytes(desk::size(&self.fixtures.raw(2))?)]);
        sizes.row(["store with version 1".into(), table::bytes(first)]);
        sizes.row(["version 2 adds".into(), table::bytes(both - first)]);
        for kind in &KINDS {
            sizes.row([kind.name.into(), table::bytes(desk::size(&self.desk.path(kind.medium))?)]);
        }
        let mut times = Table::new(&["step", "time", "rate", "of"]);
        for (what, bytes, time) in &self.times {
            let rate = table::rate(*bytes, *time);
            times.row([what.clone(), table::seconds(*time), rate, table::bytes(*bytes)]);
        }
        println!("\n{sizes}\n{times}");
        for Kind { name, medium, .. } in &KINDS {
            println!("sha256 of the {name}:\n{}", desk::sha256(&self.desk.path(medium))?);
        }
        Ok(())
    }

    fn seedpress(&self, line: &str) -> Result<Duration> {
        self.desk.show(self.desk.seedpress(line))
    }

    /// Does a step on a medium, which works on the bytes of `file`.
    fn timed(&mut self, kind: &Kind, what: &str, line: &str, file: &str) -> Result<()> {
        let took = self.seedpress(line)?;
        let bytes = desk::size(&self.desk.path(file))?;
        self.times.push((format!("{what}, {}", kind.name), bytes, took));
        Ok(())
    }
}

/// A title in the page.
fn title(text: &str) {
    println!("\n{text}\n{}", "=".repeat(text.len()));
}
