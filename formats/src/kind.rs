//! What an error means for whoever asked, whichever library it comes from.

use alloc::format;
use alloc::string::{String, ToString};

/// The kinds of errors: the command line makes its exit code of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ErrorKind {
    /// What was asked for contradicts itself, or has no valid name.
    Usage,
    /// Bytes are not those that were written.
    Corrupt,
    /// A signature is missing, or is not the expected one.
    Trust,
    /// It was valid once, or something newer was seen.
    Expired,
    /// A chain of layers is broken or incomplete.
    Chain,
    /// The target is in use, is there already, or is of the wrong kind.
    Target,
    /// There is not enough room.
    Fit,
    /// What was to be read is not there or does not answer.
    Unreachable,
    /// Somebody asked to stop.
    Interrupted,
    /// Anything else.
    Other,
}

/// An error with all its causes, in one line.
pub fn with_causes(error: &dyn core::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
