//! One run of one contender: wall clock, processor time of all its processes, peak memory of the largest.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::program;

/// The exit code of `timeout` when time is up.
const TIME_IS_UP: &str = "124";

/// What a run took.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Run {
    /// From start to end.
    pub wall: Duration,
    /// Of all processes, in user and system mode.
    pub cpu: Duration,
    /// Of the largest process, in bytes.
    pub peak: u64,
    /// Whether it was ended at the limit: then it would have taken at least this long.
    pub cut_off: bool,
}

/// Runs a shell script in `folder`, for at most `limit`.
///
/// # Errors
/// When the script fails; the error holds what it wrote.
pub fn run(folder: &Path, script: &str, limit: Duration) -> Result<Run> {
    let notes = folder.join("time");
    let mut command = program::system("/usr/bin/time");
    command.arg("-q").arg("-o").arg(&notes).args(["-f", "%e %U %S %M %x", "timeout", "-k", "5"]);
    command.arg(limit.as_secs().to_string()).args(["sh", "-e", "-c", script]).current_dir(folder);
    let said = program::output(&mut command)?;
    let notes = fs::read_to_string(&notes).context("reading the notes of time")?;
    let (run, code) = parse(&notes).with_context(|| format!("time wrote {notes:?}"))?;
    if code != "0" && !run.cut_off {
        bail!("exit code {code}: {script}\n{}", String::from_utf8_lossy(&said.stderr).trim_end());
    }
    Ok(run)
}

fn parse(notes: &str) -> Option<(Run, &str)> {
    let words: Vec<&str> = notes.lines().last()?.split_whitespace().collect();
    let [wall, user, system, peak, code] = words[..] else {
        return None;
    };
    let seconds = |word: &str| word.parse().ok().and_then(|it| Duration::try_from_secs_f64(it).ok());
    let peak = peak.parse::<u64>().ok()?.checked_mul(1024)?;
    let cpu = seconds(user)? + seconds(system)?;
    Some((Run { wall: seconds(wall)?, cpu, peak, cut_off: code == TIME_IS_UP }, code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_notes_of_time_are_read() {
        let (run, code) = parse("1.50 1.00 0.25 2048 0\n").unwrap();
        assert_eq!((run.wall, run.cpu), (Duration::from_millis(1500), Duration::from_millis(1250)));
        assert_eq!((run.peak, run.cut_off, code), (2 << 20, false, "0"));
        assert_eq!(parse("no numbers"), None);
        assert_eq!(parse(""), None);
    }

    #[test]
    fn a_run_has_an_end() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!run(folder.path(), "true", Duration::from_secs(60)).unwrap().cut_off);
        assert!(run(folder.path(), "sleep 60", Duration::from_secs(1)).unwrap().cut_off);
        let error = run(folder.path(), "echo reason >&2; exit 3", Duration::from_secs(60)).unwrap_err();
        assert!(error.to_string().contains("reason"), "{error}");
    }
}
