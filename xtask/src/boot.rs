//! `boot`: starts pressed media in QEMU, as discs and as sticks, under UEFI, with and without Secure Boot, and under a BIOS. What
//! they deploy is compared with its source and started. The serial line's log and pictures of the screen of each stay in
//! `target/boot`.

mod case;
mod disks;
mod grub;
mod hardware;
mod machine;
mod media;
mod qmp;
mod serial;
mod speed;
mod trial;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Mutex;
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, anyhow, bail, ensure};

use crate::desk::Desk;
use crate::fixtures::bootable::{self, Bootable};
use crate::setup;
use crate::table::{self, Table};

use case::{CASES, Case};
use trial::{Outcome, Trial};

/// How many machines run at a time: each keeps one core busy.
const AT_A_TIME: usize = 2;

/// Start pressed media in QEMU as discs and sticks, under UEFI and a BIOS, and start what they deploy
#[derive(clap::Args, Default)]
pub struct Args {
    /// Run the cases alone whose names have one of these words in them
    #[arg(long, value_name = "WORDS", value_delimiter = ',')]
    only: Vec<String>,
    /// Measure instead how fast a deployment reads its medium
    #[arg(long, conflicts_with = "only")]
    speed: bool,
}

impl Args {
    /// Presses the media, starts each in its ways and judges what comes of it.
    ///
    /// # Errors
    /// When one does not do what is expected of it; the error has what it said.
    pub fn run(self) -> Result<()> {
        setup::ensure()?;
        if self.speed {
            return speed::measure(&Desk::empty("boot-speed")?);
        }
        let cases: Vec<&Case> = CASES.iter().filter(|case| case.is_wanted(&self.only)).collect();
        ensure!(!cases.is_empty(), "no case has one of these words in its name: {}", self.only.join(", "));
        let begun = Instant::now();
        let golden = bootable::ensure()?;
        let desk = Desk::empty("boot")?;
        media::lay_ground(&desk, &golden)?;
        let names: Vec<&str> = cases.iter().map(|case| case.medium).collect();
        let ground = Ground { media: media::press(&desk, &names), desk, golden };
        println!("boot: {} media pressed after {}", ground.media.len(), table::seconds(begun.elapsed()));
        let outcomes = ground.try_all(&cases);
        println!("\n{}", tabled(&cases, &outcomes));
        println!("{} cases in {}", cases.len(), table::seconds(begun.elapsed()));
        println!("serial logs and pictures of the screens: {}", ground.desk.path("").display());
        let failed: Vec<String> =
            outcomes.into_iter().filter_map(Result::err).map(|e| format!("{e:#}")).collect();
        if failed.is_empty() { Ok(()) } else { bail!("{}", failed.join("\n")) }
    }
}

fn tabled(cases: &[&Case], outcomes: &[Result<Outcome>]) -> Table {
    let mut table = Table::new(&["case", "time", "menu after", "login after", "result"]);
    for (case, outcome) in cases.iter().zip(outcomes) {
        let [time, menu, login, result] = match outcome {
            Err(_) => ["-".into(), "-".into(), "-".into(), "FAILED".into()],
            Ok(outcome) => [
                table::seconds(outcome.took),
                outcome.menu.clone().unwrap_or("-".into()),
                outcome.login.map_or("-".into(), table::seconds),
                "passed".into(),
            ],
        };
        table.row([case.name(), time, menu, login, result]);
    }
    table
}

/// What the cases have in common.
struct Ground {
    desk: Desk,
    golden: Bootable,
    media: BTreeMap<&'static str, Result<PathBuf, String>>,
}

impl Ground {
    /// Tries every case and gives what came of each, in their order.
    fn try_all(&self, cases: &[&Case]) -> Vec<Result<Outcome>> {
        let open = Mutex::new(cases.iter().enumerate());
        let work = || {
            let mut done = Vec::new();
            // The lock is given back before the machine starts.
            while let Some((index, case)) = { open.lock().ok().and_then(|mut open| open.next()) } {
                done.push((index, self.tell(case)));
            }
            done
        };
        let mut done: Vec<_> = thread::scope(|scope| {
            let workers: Vec<_> = (0..AT_A_TIME).map(|_| scope.spawn(work)).collect();
            workers.into_iter().flat_map(|worker| worker.join().unwrap_or_default()).collect()
        });
        done.sort_by_key(|(index, _)| *index);
        done.into_iter().map(|(_, outcome)| outcome).collect()
    }

    /// Tries a case, and says what came of it.
    fn tell(&self, case: &Case) -> Result<Outcome> {
        let name = case.name();
        let begun = Instant::now();
        let outcome = self.try_one(case).with_context(|| name.clone());
        let word = if outcome.is_ok() { "passed" } else { "FAILED" };
        println!("boot: {name} {word} after {}", table::seconds(begun.elapsed()));
        outcome
    }

    fn try_one(&self, case: &Case) -> Result<Outcome> {
        let medium = self.media.get(case.medium).context("its medium was not pressed")?;
        let medium = medium.as_ref().map_err(|why| anyhow!("{why}"))?;
        Trial { case, medium, golden: &self.golden, desk: &self.desk }.run()
    }
}
