//! The log of the service: a line an event, written by a thread of its own. A reader that does not keep up has lines
//! left out, and is told how many; nobody waits for it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, channel, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use clap::ValueEnum;
use serde::Serialize;
use sync::server::{Event, Log};

use crate::date;
use crate::error::one_line;
use crate::output;

/// How many lines may wait.
const WAITING: usize = 8192;
/// How long whoever reads the log may take for its end.
const PATIENCE: Duration = Duration::from_secs(3);

/// Forms of logs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// An object of JSON a line
    #[default]
    Json,
    /// Text
    Text,
    /// No log
    None,
}

/// A log that is being written.
pub struct Logger {
    /// Where lines go, and what is closed when all are written.
    writing: Mutex<Option<(SyncSender<Line>, Receiver<()>)>>,
    left_out: AtomicU64,
}

/// An event with its time.
#[derive(Serialize)]
struct Line {
    time: String,
    #[serde(flatten)]
    event: Event,
    /// How many events before it were left out.
    #[serde(skip_serializing_if = "is_none")]
    left_out: u64,
}

fn is_none(count: &u64) -> bool {
    *count == 0
}

impl Logger {
    /// Begins a log on stderr.
    pub fn start(form: Form) -> Self {
        let writing = (form != Form::None).then(|| {
            let (sender, lines) = sync_channel(WAITING);
            let (written, end) = channel();
            std::thread::spawn(move || {
                write(form, &lines);
                drop(written);
            });
            (sender, end)
        });
        Self { writing: Mutex::new(writing), left_out: AtomicU64::new(0) }
    }

    /// Writes what waits, and no more after it. Nobody waits for long for a reader that does not read.
    pub fn finish(&self) {
        let writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some((sender, end)) = writing {
            drop(sender);
            // Nothing is ever sent: it is closed, or time is up.
            let _ = end.recv_timeout(PATIENCE);
        }
    }
}

impl Log for Logger {
    fn event(&self, event: Event) {
        let writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((sender, _)) = &*writing else { return };
        let time = date::now().map(|time| time.to_string()).unwrap_or_default();
        let left_out = self.left_out.swap(0, Ordering::Relaxed);
        if let Err(TrySendError::Full(_)) = sender.try_send(Line { time, event, left_out }) {
            self.left_out.fetch_add(left_out + 1, Ordering::Relaxed);
        }
    }
}

fn write(form: Form, lines: &Receiver<Line>) {
    for line in lines {
        output::to_stderr(&match form {
            Form::Text => line.text(),
            // Events are plain structs with string keys: those always print.
            _ => serde_json::to_string(&line).unwrap_or_default(),
        });
    }
}

impl Line {
    fn text(&self) -> String {
        let left_out = match self.left_out {
            0 => String::new(),
            count => format!(" ({count} lines left out before)"),
        };
        format!("{} {}{left_out}", self.time, one_line(&self.event.to_string()))
    }
}
