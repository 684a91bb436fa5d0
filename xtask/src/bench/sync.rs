//! `bench sync`: what a client takes over slow and long lines, in bytes and in time, beside casync on the same versions.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::casync::Casync;
use super::measure;
use crate::desk::Desk;
use crate::fixtures::{self, Fixtures};
use crate::line::{Kind, Line};
use crate::setup;
use crate::synchronizer::{CERTIFICATE, Synchronizer};
use crate::table::{self, Table};

/// Measure what clients take over slow lines
#[derive(clap::Args)]
pub struct Args {
    /// How many Mbit a second the lines carry
    #[arg(long, value_delimiter = ',', default_value = "1,10,100")]
    mbit: Vec<u64>,
    /// How many milliseconds it takes there and back
    #[arg(long, default_value_t = 300)]
    rtt: u64,
    /// Cut a contender off after so many seconds
    #[arg(long, default_value_t = 900)]
    limit: u64,
    /// Also fetch all of version 1 over the fastest line
    #[arg(long)]
    whole: bool,
}

/// What is held against a share of bytes.
struct Target {
    /// How many bytes may come.
    most: u64,
    /// What that is.
    what: &'static str,
}

/// One contender on one line.
struct Run {
    mbit: u64,
    what: &'static str,
    time: Duration,
    cut_off: bool,
    down: u64,
    up: u64,
    target: Option<Target>,
}

/// Where it is held.
struct Bench<'a> {
    args: &'a Args,
    desk: Desk,
    service: Synchronizer,
    casync: Casync,
    /// How long the stored file of version 2's own layer is.
    layer: u64,
    /// How long that of version 1 is.
    image: u64,
    runs: Vec<Run>,
}

const STICK: &str = "stick-1.img";
const BOTH: &str = "stick-2.img";

impl Args {
    /// Measures and prints.
    ///
    /// # Errors
    /// When a contender fails or a target is missed.
    pub fn run(self) -> Result<()> {
        setup::ensure()?;
        let fixtures = fixtures::ensure()?;
        let mut bench = Bench::new(&self, &fixtures)?;
        for mbit in &self.mbit {
            bench.measure(*mbit)?;
        }
        if let Some(most) = self.mbit.iter().max().filter(|_| self.whole) {
            bench.whole(*most)?;
        }
        let missed = bench.print();
        ensure!(missed == 0, "{missed} targets missed");
        Ok(())
    }
}

impl<'a> Bench<'a> {
    /// Publishes both versions, presses a stick of the first and one of both, and starts what serves them.
    fn new(args: &'a Args, fixtures: &Fixtures) -> Result<Self> {
        let desk = Desk::empty("bench-sync")?;
        let call = |line: &str| desk.call(line).map(drop);
        call(&format!("publish Debian@1 {}", fixtures.vhd(1).display()))?;
        call(&format!("publish Debian@2 {} --parent Debian@1", fixtures.vhd(2).display()))?;
        call("keygen --no-password -s bench.key -p bench.pub")?;
        call(&format!("build usb -o {STICK} Debian@1 --boot none --sign bench.key"))?;
        call(&format!("build usb -o {BOTH} Debian@1 Debian@2 --boot none --sign bench.key"))?;
        let stored = stored(&desk)?;
        let (image, layer) = (*stored.first().context("a layer")?, *stored.last().context("a layer")?);
        let service = Synchronizer::start(&desk)?;
        let casync = Casync::new(&desk, fixtures)?;
        Ok(Self { args, desk, service, casync, layer, image, runs: Vec::new() })
    }

    /// All contenders on a line.
    fn measure(&mut self, mbit: u64) -> Result<()> {
        println!("\n=== {mbit} Mbit/s, {} ms", self.args.rtt);
        let delta = Target { most: self.layer + self.layer / 50, what: "the new layer + 2 %" };
        let client = self.client(mbit, "next", "Debian@1")?;
        client.prime(&self.desk, STICK)?;
        self.desk.call(&format!("device assign {} Debian@2", client.device))?;
        self.time(&client, "seedpress: version 2, version 1 is there", "", delta)?;
        let share =
            || Target { most: self.layer + self.image / 100, what: "the new layer + 1 % of the image" };
        let (most, none) = (share(), Target { most: self.image / 100, what: "1 % of the image" });
        let client = self.client(mbit, "stick", "Debian@2")?;
        self.time(&client, "seedpress: version 2, a stick has version 1", STICK, most)?;
        let client = self.client(mbit, "sticks", "Debian@2")?;
        self.time(&client, "seedpress: version 2, a stick has both", BOTH, none)?;
        let line = self.line(self.casync.address(), mbit)?;
        let script = self.casync.next(line.address());
        self.clock(mbit, "casync: version 2, version 1 is there", &line, (&script, None))
    }

    /// All of version 1, from nothing.
    fn whole(&mut self, mbit: u64) -> Result<()> {
        println!("\n=== all of it, {mbit} Mbit/s, {} ms", self.args.rtt);
        let most = Target { most: self.image + self.image / 50, what: "the image + 2 %" };
        let client = self.client(mbit, "whole", "Debian@1")?;
        self.time(&client, "seedpress: version 1, nothing is there", "", most)?;
        let line = self.line(self.casync.address(), mbit)?;
        let script = self.casync.whole(line.address());
        self.clock(mbit, "casync: version 1, nothing is there", &line, (&script, None))
    }

    /// A device that is assigned a version, enrolled over a line of its own.
    fn client(&self, mbit: u64, role: &str, version: &str) -> Result<Client> {
        let device = format!("{role}-{mbit}");
        let line = self.line(self.service.address(), mbit)?;
        let call = |words: String| self.desk.call(&words).map(drop);
        call(format!("device add {device} --secret-file {device}.secret"))?;
        call(format!("device assign {device} {version}"))?;
        call(format!(
            "client enroll --client {device} --server https://{} --device {device} --secret-file {device}.secret \
             --ca-cert {CERTIFICATE} --trust bench.pub --materialize raw",
            line.address()
        ))?;
        Ok(Client { device, mbit, line })
    }

    fn line(&self, to: SocketAddr, mbit: u64) -> Result<Line> {
        Line::to(to, Kind { bits: Some(mbit * 1_000_000), delay: Duration::from_millis(self.args.rtt / 2) })
    }

    /// A sync of a client, with a stick or without one.
    fn time(&mut self, client: &Client, what: &'static str, stick: &str, target: Target) -> Result<()> {
        let stick = if stick.is_empty() { String::new() } else { format!(" --medium {stick}") };
        let script = self.desk.shell(&format!("client sync --client {}{stick}", client.device));
        self.clock(client.mbit, what, &client.line, (&script, Some(target)))
    }

    /// Runs a script, and counts what goes over the line meanwhile.
    fn clock(
        &mut self,
        mbit: u64,
        what: &'static str,
        line: &Line,
        (script, target): (&str, Option<Target>),
    ) -> Result<()> {
        line.counted();
        let run = measure::run(&self.desk.path(""), script, Duration::from_secs(self.args.limit))?;
        let (down, up) = line.counted();
        println!("{what:50} {} {}", table::seconds(run.wall), table::bytes(down));
        self.runs.push(Run { mbit, what, time: run.wall, cut_off: run.cut_off, down, up, target });
        Ok(())
    }

    /// Prints what came of it, and gives how many targets were missed.
    fn print(&self) -> usize {
        let mut table = Table::new(&["Mbit/s", "what", "time", "down", "up", "may come", ""]);
        let mut missed = 0;
        for run in &self.runs {
            let at_least = if run.cut_off { "> " } else { "" };
            let (most, verdict) = match &run.target {
                Some(target) if !run.cut_off && run.down <= target.most => (target.say(), "met"),
                Some(target) => {
                    missed += 1;
                    (target.say(), "MISSED")
                }
                None => (String::new(), ""),
            };
            let time = format!("{at_least}{}", table::seconds(run.time));
            let (down, up) = (run.down.to_string(), run.up.to_string());
            table.row([run.mbit.to_string(), run.what.into(), time, down, up, most, verdict.into()]);
        }
        println!("\nversion 1 is stored in {} bytes, version 2 adds {}\n\n{table}", self.image, self.layer);
        missed
    }
}

/// A device of its own, with a line of its own.
struct Client {
    device: String,
    mbit: u64,
    line: Line,
}

impl Client {
    /// Gives it what a stick has.
    fn prime(&self, desk: &Desk, stick: &str) -> Result<()> {
        desk.call(&format!("client sync --client {} --medium {stick}", self.device)).map(drop)
    }
}

impl Target {
    fn say(&self) -> String {
        format!("{} ({})", self.most, self.what)
    }
}

/// How long the stored files are, base first.
fn stored(desk: &Desk) -> Result<Vec<u64>> {
    let text = desk.call("locate Debian@2 --json")?;
    let lengths = text.lines().filter_map(|line| line.trim().strip_prefix("\"stored\": "));
    Ok(lengths.filter_map(|rest| rest.trim_end_matches(',').parse().ok()).collect())
}
