//! `bench serve`: many clients at once against one service of this machine, which they share the machine with.

use std::fmt::Write as _;
use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::desk::Desk;
use crate::program;
use crate::setup;
use crate::synchronizer::{CERTIFICATE, Synchronizer};
use crate::table::{self, Table};

/// Measure many clients at once against one service
#[derive(clap::Args)]
pub struct Args {
    /// How many connections there are at once
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=300))]
    clients: u32,
    /// How many MiB the layer has that they fetch
    #[arg(long, default_value_t = 256)]
    mib: u32,
    /// How many requests are made for small documents
    #[arg(long, default_value_t = 10_000)]
    requests: u32,
}

/// One thing that all clients do.
struct Job {
    what: &'static str,
    /// `http1.1`, a connection each; or `http2`, one connection for all.
    version: &'static str,
    /// The paths that are asked for.
    paths: Vec<String>,
}

/// What came of it.
struct Figures {
    took: Duration,
    bytes: u64,
}

/// A frame of the layer, in bytes.
const FRAME: u64 = 4 << 20;

impl Args {
    /// Measures and prints.
    ///
    /// # Errors
    /// When a client does not get what it asked for.
    pub fn run(self) -> Result<()> {
        setup::ensure()?;
        let desk = Desk::empty("bench-serve")?;
        let layer = self.stock(&desk)?;
        let service = Synchronizer::start(&desk)?;
        let mut printed = Table::new(&["what", "requests", "time", "requests/s", "MiB/s", "memory so far"]);
        for job in self.jobs(&layer) {
            let Figures { took, bytes } = job.run(&desk, &service, self.clients)?;
            let (count, seconds) = (job.paths.len(), took.as_secs_f64());
            printed.row([
                format!("{}, {}", job.what, job.version),
                count.to_string(),
                format!("{seconds:.1} s"),
                format!("{:.0}", count as f64 / seconds),
                format!("{:.0}", bytes as f64 / f64::from(1 << 20) / seconds),
                table::bytes(peak(service.pid())?),
            ]);
        }
        println!("{} clients at once, on this machine with the service\n\n{printed}", self.clients);
        Ok(())
    }

    /// A store with a layer that does not compress, and a device that may have it. Gives the layer.
    fn stock(&self, desk: &Desk) -> Result<String> {
        let noise = format!("head -c {}M /dev/urandom > noise.img", self.mib);
        program::run(desk.other("sh -c").arg(noise))?;
        desk.call("publish Noise@1 noise.img --level 1")?;
        desk.call("device add bench --secret-file secret")?;
        desk.call("device assign bench Noise@1")?;
        let located = desk.call("locate Noise@1 --json")?;
        let layer = located.split("\"uuid\": \"").nth(1).and_then(|rest| rest.get(..36));
        layer.map(str::to_owned).context("`locate` names no layer")
    }

    fn jobs(&self, layer: &str) -> Vec<Job> {
        let frames = u64::from(self.mib) * (1 << 20) / FRAME;
        let frame = |number: u64| format!("/v1/layers/{layer}/frames/{}", number % frames.max(1));
        let several: Vec<String> = (0..u64::from(self.clients) * 4).map(frame).collect();
        let target = vec!["/v1/target".to_owned(); self.requests as usize];
        vec![
            Job { what: "target state", version: "http1.1", paths: target.clone() },
            Job { what: "target state", version: "http2", paths: target },
            Job { what: "frames of 4 MiB", version: "http1.1", paths: several.clone() },
            Job { what: "frames of 4 MiB", version: "http2", paths: several },
        ]
    }
}

impl Job {
    /// Has curl ask for all paths, so many at once.
    fn run(&self, desk: &Desk, service: &Synchronizer, clients: u32) -> Result<Figures> {
        let secret = fs::read_to_string(desk.path("secret")).context("reading the secret")?;
        let mut config = String::new();
        for path in &self.paths {
            writeln!(config, "url = \"https://{}{path}\"\noutput = \"/dev/null\"", service.address())?;
        }
        writeln!(config, "user = \"bench:{}\"\ncacert = \"{CERTIFICATE}\"\n{}", secret.trim(), self.version)?;
        writeln!(config, "fail\nwrite-out = \"%{{http_code}} %{{size_download}}\\n\"")?;
        fs::write(desk.path("curl.config"), config).context("writing curl's configuration")?;
        let mut curl =
            desk.other("curl --silent --show-error --parallel --config curl.config --parallel-max");
        curl.arg(clients.to_string());
        if self.version == "http1.1" {
            curl.arg("--parallel-immediate");
        }
        let began = Instant::now();
        let said = program::capture(&mut curl)?;
        let took = began.elapsed();
        let answers: Vec<_> = said.lines().filter_map(|line| line.strip_prefix("200 ")).collect();
        ensure!(answers.len() == self.paths.len(), "{} of {} were answered", answers.len(), self.paths.len());
        let bytes = answers.iter().filter_map(|bytes| bytes.parse::<u64>().ok()).sum();
        Ok(Figures { took, bytes })
    }
}

/// How much memory a process had at most, in bytes.
fn peak(pid: u32) -> Result<u64> {
    let status =
        fs::read_to_string(format!("/proc/{pid}/status")).context("reading the status of the service")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    let kib: u64 = line.trim().trim_end_matches(" kB").parse().context("reading the peak of memory")?;
    Ok(kib << 10)
}
