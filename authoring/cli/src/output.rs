//! The two streams. A reader of stdout that has seen enough (`| head`) is no error.

use std::fmt::Display;
use std::io::{self, Write};
use std::path::Path;

use anyhow::Context as _;
use host::ErrorKind;
use serde::{Serialize, Serializer};

use crate::code::Code;
use crate::error::Told;

/// What a verb found out or did, for programs and, through [`Display`], for people.
pub trait Answer: Serialize + Display {
    /// Names the shape of the object, with a number that rises when a field is taken away or changes its meaning.
    const SCHEMA: &'static str;
}

/// Something that is wrong, for programs.
#[derive(Serialize)]
pub struct Found {
    /// The name of the exit code that it alone would have.
    pub kind: &'static str,
    /// What it is.
    pub message: String,
}

impl Found {
    /// A problem of a kind.
    pub fn new(kind: ErrorKind, problem: &impl Display) -> Self {
        Self { kind: Code::from(kind).name(), message: problem.to_string() }
    }
}

/// An object that says which shape it has.
#[derive(Serialize)]
struct Document<'a, T> {
    schema: &'a str,
    #[serde(flatten)]
    content: &'a T,
}

/// A path as programs get to see it: what is no UTF-8 in it is replaced, as it is for people.
///
/// # Errors
/// Those of the serializer.
pub fn lossy<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&path.display())
}

/// Tells an error: to stderr as `text` or, where programs read that, as an event; and to stdout with --json.
pub fn tell(told: &Told, text: &str, events: bool, json: bool) {
    match events {
        true => to_stderr(&line("error", told)),
        false => to_stderr(text),
    }
    if json {
        // The program ends with this error, whether or not it can be written twice.
        let _ = to_stdout(document("seedpress.error/1", told).as_bytes());
    }
}

/// Writes an answer to stdout: one JSON object, or text.
///
/// # Errors
/// When stdout cannot be written.
pub fn answer<A: Answer>(answer: &A, json: bool) -> anyhow::Result<()> {
    let text = if json { document(A::SCHEMA, answer) } else { answer.to_string() };
    to_stdout(text.as_bytes()).map(drop)
}

/// One JSON object with its schema, as text that ends with a line feed.
pub fn document(schema: &str, content: &impl Serialize) -> String {
    formats::document::print(&Document { schema, content })
}

/// One event as a line of JSON.
pub fn line(event: &str, content: &impl Serialize) -> String {
    #[derive(Serialize)]
    struct Event<'a, T> {
        event: &'a str,
        #[serde(flatten)]
        content: &'a T,
    }
    // Events are plain structs with string keys: those always print.
    serde_json::to_string(&Event { event, content }).unwrap_or_default()
}

/// Writes bytes to stdout; `false` when nobody reads any more.
///
/// # Errors
/// When stdout cannot be written for another reason.
pub fn to_stdout(bytes: &[u8]) -> anyhow::Result<bool> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Ok(()) => Ok(true),
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(e) => Err(e).context("cannot write to the standard output"),
    }
}

/// Writes a line to stderr. There is nowhere left to complain when that does not work.
pub fn to_stderr(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}
