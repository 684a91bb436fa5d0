//! A contest: its contenders, what came of their runs, and the verdict on each target.

use std::fmt::Write;
use std::time::Duration;

use anyhow::Result;

use super::ground::Ground;
use super::measure::{self, Run};
use crate::table::{self, Table};

/// Peak memory that we promise to stay under, whatever the size, in bytes.
const PEAK: u64 = 256 << 20;

/// A job, and who does it.
#[derive(Clone, Debug)]
pub struct Contest {
    /// What the job is.
    pub name: &'static str,
    /// How many bytes it is about; 0 where a rate means nothing.
    pub bytes: u64,
    /// Makes what the contenders work on.
    pub lay: fn(&Ground) -> Result<()>,
    /// The first of them is ours.
    pub contenders: Vec<Contender>,
    /// What we promise.
    pub targets: Vec<Target>,
}

/// Who does the job.
#[derive(Clone, Debug)]
pub struct Contender {
    /// Its name in the table.
    pub name: &'static str,
    /// What it works on, as words of shell: read before each run, so that all find it in memory.
    pub reads: &'static str,
    /// The shell script that is timed.
    pub script: String,
    /// The shell script that takes away what a run leaves.
    pub clean: &'static str,
}

impl Contender {
    fn before(&self) -> String {
        format!("{}\ncat /dev/null {} > /dev/null", self.clean, self.reads)
    }
}

/// What we promise.
#[derive(Clone, Copy, Debug)]
pub enum Target {
    /// Our median is at most this share of that contender's.
    Share(&'static str, f64),
    /// Our median is at most so many seconds.
    Seconds(f64),
}

/// What came of all runs of a contender.
type Runs = Result<Vec<Run>, String>;

/// What came of a contest: one for each contender, in their order.
#[derive(Clone, Debug)]
pub struct Standing(Vec<Runs>);

impl Standing {
    /// Holds a contest: each contender once, then each again, for all rounds.
    ///
    /// # Errors
    /// When there is nothing to work on, or what a run left cannot be cleaned up.
    pub fn of(contest: &Contest, ground: &Ground, rounds: usize, limit: Duration) -> Result<Self> {
        (contest.lay)(ground)?;
        let mut all: Vec<Runs> = contest.contenders.iter().map(|_| Ok(Vec::new())).collect();
        for round in 1..=rounds {
            for (contender, runs) in contest.contenders.iter().zip(&mut all) {
                // Who was cut off or failed is not asked again.
                let Some(done) = runs.as_mut().ok().filter(|done| done.iter().all(|run| !run.cut_off)) else {
                    continue;
                };
                ground.prepare(&contender.before())?;
                let run = measure::run(ground.folder().as_path(), &contender.script, limit);
                ground.prepare(contender.clean)?;
                match run {
                    Ok(run) => {
                        println!("{round}. {:40} {}", contender.name, table::seconds(run.wall));
                        done.push(run);
                    }
                    Err(error) => {
                        println!("{round}. {:40} failed: {error:#}", contender.name);
                        *runs = Err(format!("{error:#}").lines().last().unwrap_or_default().into());
                    }
                }
            }
        }
        Ok(Self(all))
    }

    /// How many targets are missed; our peak memory is one.
    pub fn missed(&self, contest: &Contest) -> usize {
        self.verdicts(contest).iter().filter(|verdict| !verdict.1).count()
    }

    /// The table and the verdicts.
    pub fn print(&self, contest: &Contest) -> String {
        let mut table = Table::new(&[contest.name, "median", "ratio", "rate", "cpu", "peak memory"]);
        let own = self.0.first().and_then(median);
        for (contender, runs) in contest.contenders.iter().zip(&self.0) {
            match (runs, median(runs)) {
                (_, Some(run)) => table.row(cells(contender.name, &run, own.as_ref(), contest.bytes)),
                (Err(reason), None) => table.row([contender.name.into(), format!("failed: {reason}")]),
                (Ok(_), None) => table.row([contender.name.into(), "did not run".into()]),
            }
        }
        let mut text = table.to_string();
        for (verdict, met) in self.verdicts(contest) {
            // Writing to a string cannot go wrong.
            let _ = writeln!(text, "{} {verdict}", if met { "met   " } else { "MISSED" });
        }
        text + "\n"
    }

    fn verdicts(&self, contest: &Contest) -> Vec<(String, bool)> {
        let Some(own) = self.0.first().and_then(median) else {
            return vec![("we did not finish".into(), false)];
        };
        let mut verdicts: Vec<_> =
            contest.targets.iter().map(|target| self.judge(contest, *target, &own)).collect();
        let peak = format!("peak memory at most {}: {}", table::bytes(PEAK), table::bytes(own.peak));
        verdicts.push((peak, own.peak <= PEAK));
        verdicts.push(("finished within the limit".into(), !own.cut_off));
        verdicts
    }

    fn judge(&self, contest: &Contest, target: Target, own: &Run) -> (String, bool) {
        match target {
            Target::Seconds(most) => {
                let took = own.wall.as_secs_f64();
                (format!("at most {most} s: {took:.2} s"), took <= most)
            }
            Target::Share(name, most) => {
                let index = contest.contenders.iter().position(|contender| contender.name == name);
                let Some(other) = index.and_then(|index| median(self.0.get(index)?)) else {
                    return (
                        format!("at most {most} of {name}: it did not finish, so nothing is known"),
                        false,
                    );
                };
                let share = own.wall.as_secs_f64() / other.wall.as_secs_f64().max(0.001);
                let bound = if other.cut_off { "less than " } else { "" };
                (format!("at most {most} of the time of {name}: {bound}{share:.2}"), share <= most)
            }
        }
    }
}

fn cells(name: &str, run: &Run, own: Option<&Run>, bytes: u64) -> [String; 6] {
    let at_least = if run.cut_off { "cut off at " } else { "" };
    let ratio = own.map(|own| own.wall.as_secs_f64() / run.wall.as_secs_f64().max(0.001));
    [
        name.into(),
        format!("{at_least}{}", table::seconds(run.wall)),
        ratio.map(|ratio| format!("{ratio:.2}")).unwrap_or_default(),
        if bytes > 0 && !run.cut_off { table::rate(bytes, run.wall) } else { "-".into() },
        table::seconds(run.cpu),
        table::bytes(run.peak),
    ]
}

/// The run with the middle wall clock (the lower of two), with the highest peak memory of all.
fn median(runs: &Runs) -> Option<Run> {
    let mut runs = runs.as_ref().ok()?.clone();
    runs.sort_by_key(|run| run.wall);
    if let Some(cut_off) = runs.iter().find(|run| run.cut_off) {
        return Some(*cut_off);
    }
    let peak = runs.iter().map(|run| run.peak).max()?;
    runs.get((runs.len() - 1) / 2).map(|run| Run { peak, ..*run })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(seconds: u64) -> Run {
        let wall = Duration::from_secs(seconds);
        Run { wall, cpu: wall, peak: seconds << 20, cut_off: false }
    }

    fn contest(targets: Vec<Target>) -> Contest {
        let contender = |name| Contender { name, reads: "", script: String::new(), clean: "" };
        let contenders = vec![contender("ours"), contender("theirs")];
        Contest { name: "job", bytes: 1 << 30, lay: |_| Ok(()), contenders, targets }
    }

    #[test]
    fn the_median_is_compared_and_the_highest_peak_counts() {
        let median = median(&Ok(vec![run(9), run(1), run(2)])).unwrap();
        assert_eq!((median.wall, median.peak), (Duration::from_secs(2), 9 << 20));
    }

    #[test]
    fn a_target_is_met_or_missed() {
        let standing = Standing(vec![Ok(vec![run(2)]), Ok(vec![run(4)])]);
        let missed = |target| standing.missed(&contest(vec![target]));
        assert_eq!(missed(Target::Share("theirs", 0.5)), 0);
        assert_eq!(missed(Target::Share("theirs", 0.4)), 1);
        assert_eq!(missed(Target::Seconds(2.0)), 0);
        assert_eq!(missed(Target::Seconds(1.9)), 1);
        assert_eq!(missed(Target::Share("nobody", 1.0)), 1);
    }

    #[test]
    fn too_much_memory_is_a_target_missed() {
        assert_eq!(Standing(vec![Ok(vec![run(256)])]).missed(&contest(vec![])), 0);
        assert_eq!(Standing(vec![Ok(vec![run(257)])]).missed(&contest(vec![])), 1);
    }

    #[test]
    fn who_was_cut_off_took_at_least_the_limit() {
        let slow = Run { cut_off: true, ..run(10) };
        let standing = Standing(vec![Ok(vec![run(2)]), Ok(vec![run(1), slow])]);
        let contest = contest(vec![Target::Share("theirs", 0.4)]);
        assert_eq!(standing.missed(&contest), 0);
        assert!(standing.print(&contest).contains("less than 0.20"), "{}", standing.print(&contest));
    }

    #[test]
    fn who_fails_is_told() {
        let standing = Standing(vec![Err("no room".into()), Ok(vec![run(1)])]);
        assert_eq!(standing.missed(&contest(vec![])), 1);
        assert!(standing.print(&contest(vec![])).contains("failed: no room"));
    }
}
