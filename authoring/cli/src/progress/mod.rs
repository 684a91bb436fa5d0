//! How far a job is, shown on stderr.
//!
//! Work tells its progress by raising a number ([`Meter::event`]); a thread of its own looks at the number now and
//! then and has a [`Screen`] draw it. So drawing never holds up work.

mod bars;
mod json;
mod plain;

use std::io::IsTerminal;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use host::{Event, Observer, Unit};

/// How progress is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Mode {
    /// Bars when stderr is a terminal, nothing otherwise
    #[default]
    Auto,
    /// A line now and then
    Plain,
    /// JSON Lines, for programs
    Json,
    /// Nothing
    None,
}

/// How important a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// What happened beside the job.
    Notice,
    /// What the user should look at.
    Warning,
}

/// A task that is going on.
pub struct Task {
    name: &'static str,
    total: u64,
    unit: Unit,
    begun: Instant,
}

/// How far a task is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Done {
    /// How much of the total needs no more work.
    all: u64,
    /// How much of that was work: the rest was left out.
    worked: u64,
}

/// Something that shows progress and messages.
trait Screen: Send {
    /// How often to show how far a task is; `None` for never.
    fn period(&self) -> Option<Duration>;
    /// A task begins.
    fn begin(&mut self, _: &Task) {}
    /// So much of the task is done.
    fn sample(&mut self, _: &Task, _: Done) {}
    /// The task is over.
    fn end(&mut self, _: &Task, _: Done) {}
    /// A message between the progress.
    fn message(&mut self, level: Level, text: &str);
}

/// Shows nothing but messages.
struct Messages;

/// Hears of progress and has it shown.
pub struct Meter {
    shared: Arc<Shared>,
    sampler: Option<JoinHandle<()>>,
}

struct Shared {
    worked: AtomicU64,
    skipped: AtomicU64,
    state: Mutex<State>,
    closed: Condvar,
}

struct State {
    task: Option<Task>,
    screen: Box<dyn Screen>,
    quiet: bool,
    open: bool,
}

impl Task {
    /// How much is worked on a second, as long as the task has run for long enough to tell.
    fn rate(&self, done: Done) -> Option<f64> {
        self.a_second(done.worked)
    }

    /// How long the rest will take if it is like what is done.
    fn left(&self, done: Done) -> Option<Duration> {
        let seconds = self.total.saturating_sub(done.all) as f64 / self.a_second(done.all)?;
        Duration::try_from_secs_f64(seconds).ok()
    }

    fn a_second(&self, count: u64) -> Option<f64> {
        let seconds = self.begun.elapsed().as_secs_f64();
        (seconds >= 0.1 && count > 0).then(|| count as f64 / seconds)
    }
}

impl Meter {
    /// A meter that shows progress as `mode` says; a quiet one shows no messages either, a verbose one says how long
    /// tasks took.
    pub fn new(mode: Mode, quiet: bool, verbose: bool) -> Self {
        let screen: Box<dyn Screen> = match mode {
            Mode::Json => Box::new(json::Json),
            Mode::Plain if !quiet => Box::new(plain::Plain::lines()),
            Mode::Auto if !quiet && std::io::stderr().is_terminal() => Box::new(bars::Bars::new(verbose)),
            _ if verbose => Box::new(plain::Plain::ends()),
            _ => Box::new(Messages),
        };
        let period = screen.period();
        let state = Mutex::new(State { task: None, screen, quiet, open: true });
        let shared = Arc::new(Shared { worked: 0.into(), skipped: 0.into(), state, closed: Condvar::new() });
        let sampled = Arc::clone(&shared);
        let sampler = period.map(|period| std::thread::spawn(move || sampled.sample(period)));
        Self { shared, sampler }
    }

    /// Ends whatever is shown, so that the terminal is free.
    pub fn close(&mut self) {
        let mut state = self.shared.lock();
        state.open = false;
        state.end(self.shared.done());
        drop(state);
        self.shared.closed.notify_all();
        if let Some(sampler) = self.sampler.take() {
            // A panic of the sampler was printed when it happened.
            let _ = sampler.join();
        }
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        self.close();
    }
}

impl Observer for Meter {
    fn event(&self, event: Event) {
        match event {
            Event::Advance(more) => drop(self.shared.worked.fetch_add(more, Ordering::Relaxed)),
            Event::Skip(more) => drop(self.shared.skipped.fetch_add(more, Ordering::Relaxed)),
            Event::Begin { task, total, unit } => self.shared.begin(task, total, unit),
            Event::End => self.shared.lock().end(self.shared.done()),
            Event::Notice(text) => self.shared.lock().message(Level::Notice, &text),
            Event::Warning(text) => self.shared.lock().message(Level::Warning, &text),
            _ => {}
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn done(&self) -> Done {
        let worked = self.worked.load(Ordering::Relaxed);
        Done { all: worked + self.skipped.load(Ordering::Relaxed), worked }
    }

    fn begin(&self, name: &'static str, total: u64, unit: Unit) {
        let mut state = self.lock();
        state.end(self.done());
        self.worked.store(0, Ordering::Relaxed);
        self.skipped.store(0, Ordering::Relaxed);
        let task = Task { name, total, unit, begun: Instant::now() };
        state.screen.begin(&task);
        state.task = Some(task);
    }

    /// What the sampler's thread does until the meter is closed.
    fn sample(&self, period: Duration) {
        let mut state = self.lock();
        while state.open {
            let waited = self.closed.wait_timeout(state, period);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
            let State { task, screen, .. } = &mut *state;
            if let Some(task) = task {
                screen.sample(task, self.done());
            }
        }
    }
}

impl State {
    fn end(&mut self, done: Done) {
        if let Some(task) = self.task.take() {
            self.screen.end(&task, done);
        }
    }

    fn message(&mut self, level: Level, text: &str) {
        if !self.quiet {
            self.screen.message(level, &crate::error::one_line(text));
        }
    }
}

impl Level {
    fn name(self) -> &'static str {
        match self {
            Self::Notice => "note",
            Self::Warning => "warning",
        }
    }
}

impl Screen for Messages {
    fn period(&self) -> Option<Duration> {
        None
    }

    fn message(&mut self, level: Level, text: &str) {
        crate::output::to_stderr(&format!("{}: {text}", level.name()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_is_reckoned_from_what_was_done() {
        let begun = Instant::now().checked_sub(Duration::from_secs(10)).unwrap();
        let task = Task { name: "pressing", total: 400, unit: Unit::Bytes, begun };
        let left = task.left(Done { all: 100, worked: 0 }).unwrap().as_secs_f64();
        assert!((29.0..32.0).contains(&left), "{left}");
        assert_eq!(task.left(Done::default()), None);
        assert_eq!(task.left(Done { all: 500, worked: 0 }), Some(Duration::ZERO));
    }

    #[test]
    fn what_is_left_out_is_not_part_of_the_rate() {
        let begun = Instant::now().checked_sub(Duration::from_secs(10)).unwrap();
        let task = Task { name: "surveying", total: 1 << 40, unit: Unit::Bytes, begun };
        let rate = task.rate(Done { all: 1 << 40, worked: 1000 }).unwrap();
        assert!((90.0..=100.0).contains(&rate), "{rate}");
        assert_eq!(task.rate(Done { all: 1 << 40, worked: 0 }), None);
        assert_eq!(Task { begun: Instant::now(), ..task }.rate(Done { all: 100, worked: 100 }), None);
    }
}
