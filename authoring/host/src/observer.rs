//! Word of how far a job is. Who shows it, and how, is not decided here.

use std::sync::Mutex;
use std::sync::PoisonError;

/// What a task counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Bytes.
    Bytes,
    /// Things: files, documents, layers.
    Items,
}

/// What happens during a job.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A task begins. The one before it is over.
    Begin {
        /// What is done, in a word or two: `pressing`.
        task: &'static str,
        /// How much there is to do.
        total: u64,
        /// Of what.
        unit: Unit,
    },
    /// So much more is done. Comes from many threads.
    Advance(u64),
    /// So much more of the total needs no work: zeros that nobody reads. Comes from many threads.
    Skip(u64),
    /// The task is over.
    End,
    /// Something that the user should know and that stops nothing.
    Warning(String),
    /// Something that was done beside the job: what was cleaned up, for instance.
    Notice(String),
}

/// Hears what happens. Called from many threads, often: it must be quick.
pub trait Observer: Sync {
    /// Takes notice of an event.
    fn event(&self, event: Event);
}

/// Hears nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ignore;

/// Keeps everything that it hears, for tests.
#[derive(Debug, Default)]
pub struct Recorder(Mutex<Vec<Event>>);

impl Observer for Ignore {
    fn event(&self, _: Event) {}
}

impl Recorder {
    /// All events so far.
    pub fn events(&self) -> Vec<Event> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How much the events so far say was done, and how much was left out.
    pub fn advanced(&self) -> (u64, u64) {
        self.events().iter().fold((0, 0), |(done, skipped), event| match event {
            Event::Advance(more) => (done + more, skipped),
            Event::Skip(more) => (done, skipped + more),
            _ => (done, skipped),
        })
    }
}

impl Observer for Recorder {
    fn event(&self, event: Event) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(event);
    }
}
