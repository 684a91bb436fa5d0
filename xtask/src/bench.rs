//! `bench`: how fast we are beside the programs that do the same job, on this machine, now.
//!
//! A contest is a job and the contenders who do it. They are run in turn (A B C A B C), so that a busy machine is
//! busy for all of them, and compared by medians. A contender that takes longer than the limit is cut off, and
//! its time stands for "at least that".

mod casync;
mod contest;
mod contests;
mod ground;
mod measure;
mod serve;
mod sync;

use std::time::Duration;

use anyhow::{Result, ensure};

use crate::setup;
use contest::Standing;
use ground::Ground;

/// Compare our speed with programs that do the same job
#[derive(clap::Args)]
pub struct Args {
    /// What to measure instead of the contests of pressing
    #[command(subcommand)]
    what: Option<What>,
    /// How much payload, such as 8G or 512M
    #[arg(long, default_value = "8G", value_parser = size)]
    size: u64,
    /// How often each contender runs
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Cut a contender off after so many seconds
    #[arg(long, default_value_t = 180)]
    limit: u64,
    /// Only the contests whose name holds this
    #[arg(long, default_value = "")]
    only: String,
}

/// What else is measured.
#[derive(clap::Subcommand)]
enum What {
    Sync(sync::Args),
    Serve(serve::Args),
}

impl Args {
    /// Holds all contests and prints what came of them.
    ///
    /// # Errors
    /// When a contest cannot be held or a target is missed.
    pub fn run(self) -> Result<()> {
        match self.what {
            Some(What::Sync(args)) => return args.run(),
            Some(What::Serve(args)) => return args.run(),
            None => setup::ensure()?,
        }
        let ground = Ground::new(self.size)?;
        let held = self.hold(&ground);
        ground.clear()?;
        let missed = held?;
        ensure!(missed == 0, "{missed} targets missed");
        Ok(())
    }

    /// Holds the contests, prints what came of them, and gives how many targets were missed.
    fn hold(&self, ground: &Ground) -> Result<usize> {
        let limit = Duration::from_secs(self.limit);
        let mut missed = 0;
        let mut printed = String::new();
        for contest in contests::all(ground).iter().filter(|contest| contest.name.contains(&self.only)) {
            println!("\n=== {}", contest.name);
            let standing = Standing::of(contest, ground, self.rounds.max(1), limit)?;
            missed += standing.missed(contest);
            printed += &standing.print(contest);
        }
        println!("\n{printed}");
        Ok(missed)
    }
}

/// Bytes, such as `8G`.
fn size(text: &str) -> Result<u64, String> {
    let text = text.trim_end_matches("iB");
    let (digits, shift) = match (text.strip_suffix('G'), text.strip_suffix('M')) {
        (Some(digits), _) => (digits, 30),
        (None, Some(digits)) => (digits, 20),
        (None, None) => return Err("not a number of M or G".into()),
    };
    let number: u64 = digits.parse().map_err(|_| "not a whole number of M or G".to_owned())?;
    if (1..=1 << 20).contains(&number) {
        Ok(number << shift)
    } else {
        Err("not between 1 and 1048576".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_whole_numbers_of_units() {
        assert_eq!(size("8G"), Ok(8 << 30));
        assert_eq!(size("512MiB"), Ok(512 << 20));
        for bad in ["", "G", "8", "8T", "-1G", "0G", "iB", "\u{e9}"] {
            assert!(size(bad).is_err(), "{bad:?}");
        }
    }
}
