//! Progress as JSON Lines.
//!
//! | event | with |
//! |---|---|
//! | `begin` | `task`, `total`, `unit` (`bytes` or `items`) |
//! | `progress` | `task`, `done`, `total`, and as soon as they are known `rate` (what was read or written a second) and `left` (seconds) |
//! | `end` | `task`, `done`, `seconds` |
//! | `note`, `warning` | `message` |
//! | `error` | the fields of the error object on stdout; always the last line |

use std::time::Duration;

use host::Unit;
use serde_json::{Value, json};

use super::{Done, Level, Screen, Task};

/// Two lines a second.
const PERIOD: Duration = Duration::from_millis(500);

/// Writes JSON Lines.
pub(super) struct Json;

impl Screen for Json {
    fn period(&self) -> Option<Duration> {
        Some(PERIOD)
    }

    fn begin(&mut self, task: &Task) {
        let unit = match task.unit {
            Unit::Bytes => "bytes",
            Unit::Items => "items",
        };
        line(&json!({ "event": "begin", "task": task.name, "total": task.total, "unit": unit }));
    }

    fn sample(&mut self, task: &Task, done: Done) {
        let mut event =
            json!({ "event": "progress", "task": task.name, "done": done.all, "total": task.total });
        if let Some((rate, left)) = task.rate(done).zip(task.left(done)) {
            event["rate"] = json!(rate.round());
            event["left"] = json!(left.as_secs());
        }
        line(&event);
    }

    fn end(&mut self, task: &Task, done: Done) {
        let seconds = task.begun.elapsed().as_millis() as f64 / 1000.0;
        line(&json!({ "event": "end", "task": task.name, "done": done.all, "seconds": seconds }));
    }

    fn message(&mut self, level: Level, text: &str) {
        line(&json!({ "event": level.name(), "message": text }));
    }
}

fn line(event: &Value) {
    crate::output::to_stderr(&event.to_string());
}
