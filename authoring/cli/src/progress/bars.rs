//! Progress as a bar on a terminal.

use std::time::Duration;

use indicatif::{HumanDuration, ProgressBar, ProgressStyle};

use super::plain::{amount, ending, speed};
use super::{Done, Level, Messages, Screen, Task};
use crate::output::to_stderr;

/// Ten pictures a second.
const PERIOD: Duration = Duration::from_millis(100);
/// What is over sooner needs no bar.
const PATIENCE: Duration = Duration::from_millis(300);

/// What is drawn where there is room for a bar, and where there is none.
const BAR: &str = "{prefix} [{wide_bar}] {msg}";
const NO_BAR: &str = "{wide_msg}";
/// A shorter bar says nothing, in columns.
const LEAST_BAR: usize = 8;
/// How wide a terminal is that does not say so, in columns.
const USUAL: usize = 80;

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

    fn sample(&mut self, task: &Task, done: Done) {
        if self.bar.is_none() && task.begun.elapsed() >= PATIENCE {
            self.bar = Some(ProgressBar::new(task.total).with_prefix(task.name));
        }
        if let Some(bar) = &self.bar {
            let (template, text) = line(task, done, columns());
            bar.set_style(style(template));
            bar.set_message(text);
            bar.set_position(done.all);
        }
    }

    fn end(&mut self, task: &Task, done: Done) {
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

/// How wide the terminal is now.
fn columns() -> usize {
    let size = rustix::termios::tcgetwinsize(std::io::stderr()).ok();
    size.map(|size| usize::from(size.ws_col)).filter(|columns| *columns > 0).unwrap_or(USUAL)
}

fn style(template: &str) -> ProgressStyle {
    // The templates are constants that the tests have seen.
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    style.progress_chars("=> ")
}

/// The template for a terminal of this width, and what is said beside the bar: as much as there is room for.
fn line(task: &Task, done: Done, columns: usize) -> (&'static str, String) {
    let percent = done.all.min(task.total).saturating_mul(100).checked_div(task.total).unwrap_or(100);
    let rate = speed(task, done).unwrap_or_else(|| "-/s".into());
    let left = task.left(done).map_or_else(|| "-".into(), |left| format!("{:#}", HumanDuration(left)));
    let (percent, left) = (format!("{percent:>3}%"), format!(", {left:>3} left"));
    let rate = format!(", {rate:>12}");
    let total = format!(" of {}", amount(task.total, task.unit));
    let frame = task.name.len() + " [] ".len() + LEAST_BAR;
    let texts = [
        [&*percent, &total, &rate, &left].concat(),
        [&*percent, &rate, &left].concat(),
        [&*percent, &left].concat(),
        percent.clone(),
    ];
    let fits = |text: &String| frame + text.len() <= columns;
    match texts.into_iter().find(fits) {
        Some(text) => (BAR, text),
        None => (NO_BAR, format!("{} {percent}", task.name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use host::Unit;
    use std::time::Instant;

    #[test]
    fn the_templates_are_understood() {
        assert!([BAR, NO_BAR].into_iter().all(|template| ProgressStyle::with_template(template).is_ok()));
    }

    #[test]
    fn a_narrow_terminal_gets_less_text_and_still_a_bar() {
        let begun = Instant::now().checked_sub(Duration::from_secs(10)).unwrap();
        let task = Task { name: "verifying free space", total: 1023 << 30, unit: Unit::Bytes, begun };
        let done = Done { all: 1000 << 30, worked: 0 };
        let at = |columns| line(&task, done, columns);
        assert_eq!(at(120), (BAR, " 97% of 1023 GiB,          -/s,  0s left".into()));
        assert_eq!(at(70), (BAR, " 97%,          -/s,  0s left".into()));
        assert_eq!(at(46), (BAR, " 97%,  0s left".into()));
        assert_eq!(at(45), (BAR, " 97%".into()));
        assert_eq!(at(30), (NO_BAR, "verifying free space  97%".into()));
        assert_eq!(line(&Task { total: 0, ..task }, Done::default(), 40).1, "100%");
    }
}
