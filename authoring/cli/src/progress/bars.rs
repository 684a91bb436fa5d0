//! Progress as a bar on a terminal.

use std::time::Duration;

use host::Unit;
use indicatif::{ProgressBar, ProgressStyle};

use super::plain::ending;
use super::{Level, Messages, Screen, Task};
use crate::output::to_stderr;

/// Ten pictures a second.
const PERIOD: Duration = Duration::from_millis(100);
/// What is over sooner needs no bar.
const PATIENCE: Duration = Duration::from_millis(300);

const BYTES: &str =
    "{prefix} [{wide_bar}] {percent:>3}% of {binary_total_bytes}, {binary_bytes_per_sec:>12}, {eta:>3} left";
const ITEMS: &str = "{prefix} [{wide_bar}] {human_pos} of {human_len}, {per_sec:>10}, {eta:>3} left";

/// Draws a bar for the task that is going on.
pub(super) struct Bars {
    bar: Option<ProgressBar>,
    verbose: bool,
}

impl Bars {
    /// Bars on stderr; verbose ones leave a line behind.
    pub(super) fn new(verbose: bool) -> Self {
        Self { bar: None, verbose }
    }
}

impl Screen for Bars {
    fn period(&self) -> Option<Duration> {
        Some(PERIOD)
    }

    fn sample(&mut self, task: &Task, done: u64) {
        let elapsed = task.begun.elapsed();
        if self.bar.is_none() && elapsed >= PATIENCE {
            self.bar = Some(bar(task).with_elapsed(elapsed));
        }
        if let Some(bar) = &self.bar {
            bar.set_position(done);
        }
    }

    fn end(&mut self, task: &Task, done: u64) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
        if self.verbose {
            to_stderr(&ending(task, done));
        }
    }

    fn message(&mut self, level: Level, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| Messages.message(level, text)),
            None => Messages.message(level, text),
        }
    }
}

fn bar(task: &Task) -> ProgressBar {
    let template = match task.unit {
        Unit::Bytes => BYTES,
        Unit::Items => ITEMS,
    };
    // The templates are constants that the tests have seen.
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(task.total).with_style(style.progress_chars("=> ")).with_prefix(task.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_templates_are_understood() {
        assert!([BYTES, ITEMS].into_iter().all(|template| ProgressStyle::with_template(template).is_ok()));
    }
}
