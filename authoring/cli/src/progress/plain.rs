//! Progress as lines of text, for logs.

use std::time::Duration;

use formats::units::ByteLen;
use host::Unit;

use super::{Done, Level, Messages, Screen, Task};
use crate::output::to_stderr;

/// A line every ten seconds.
const PERIOD: Duration = Duration::from_secs(10);

/// Writes a line now and then.
pub(super) struct Plain {
    period: Option<Duration>,
}

impl Plain {
    /// Lines while a task goes on, and one at its end.
    pub(super) fn lines() -> Self {
        Self { period: Some(PERIOD) }
    }

    /// A line at the end of each task.
    pub(super) fn ends() -> Self {
        Self { period: None }
    }
}

impl Screen for Plain {
    fn period(&self) -> Option<Duration> {
        self.period
    }

    fn sample(&mut self, task: &Task, done: Done) {
        // The clock of the sampler is not the task's: a task that has just begun has nothing to say.
        if task.begun.elapsed() < Duration::from_secs(1) {
            return;
        }
        let left = task.left(done).map(|left| format!(", {} s left", left.as_secs())).unwrap_or_default();
        let total = amount(task.total, task.unit);
        to_stderr(&format!(
            "{}: {} of {total}{}{left}",
            task.name,
            amount(done.all, task.unit),
            rate(task, done)
        ));
    }

    fn end(&mut self, task: &Task, done: Done) {
        to_stderr(&ending(task, done));
    }

    fn message(&mut self, level: Level, text: &str) {
        Messages.message(level, text);
    }
}

/// What is said of a task that is over.
pub(super) fn ending(task: &Task, done: Done) -> String {
    let seconds = task.begun.elapsed().as_secs_f64();
    format!("{}: {} in {seconds:.1} s{}", task.name, amount(done.all, task.unit), rate(task, done))
}

/// So many bytes or things, for people.
pub(super) fn amount(count: u64, unit: Unit) -> String {
    match unit {
        Unit::Bytes => ByteLen(count).human(),
        Unit::Items => count.to_string(),
    }
}

fn rate(task: &Task, done: Done) -> String {
    speed(task, done).map(|speed| format!(", {speed}")).unwrap_or_default()
}

/// How much is worked on a second.
pub(super) fn speed(task: &Task, done: Done) -> Option<String> {
    // Rounded to whole bytes or things: both fit.
    task.rate(done).map(|rate| format!("{}/s", amount(rate as u64, task.unit)))
}
