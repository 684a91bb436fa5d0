//! The lines of minisign's files: comments and base64.

use alloc::string::String;
use alloc::vec::Vec;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zerocopy::FromBytes;

/// What an untrusted comment starts with.
pub(super) const UNTRUSTED: &str = "untrusted comment: ";
/// What a trusted comment starts with.
pub(super) const TRUSTED: &str = "trusted comment: ";
/// The longest line: minisign's `TRUSTEDCOMMENTMAXBYTES`.
pub(super) const MAX_LINE: usize = 8192;

/// Text that is no file of minisign's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// A line is not what it should be.
    #[error("line {line}: expected {expected}")]
    Line {
        /// The line's number, from 1.
        line: usize,
        /// What should be there.
        expected: &'static str,
    },
    /// The key or signature is of a kind that minisign does not have.
    #[error("line {line}: the algorithm is {found:?}, expected {expected}")]
    Algorithm {
        /// The line's number, from 1.
        line: usize,
        /// The algorithm's two letters.
        found: String,
        /// Those that are known.
        expected: &'static str,
    },
    /// A comment has a line break or another control character, or is too long.
    #[error(
        "the comment {comment:?} has a control character, or more than {MAX_LINE} bytes with what precedes it"
    )]
    Comment {
        /// The comment, at most its first 80 characters.
        comment: String,
    },
}

/// The lines of a file, numbered from 1.
pub(super) struct Lines<'a> {
    lines: core::str::Lines<'a>,
    number: usize,
}

impl<'a> Lines<'a> {
    /// Those of `text`.
    pub(super) fn new(text: &'a str) -> Self {
        Self { lines: text.lines(), number: 0 }
    }

    /// The number of the line that was read last.
    pub(super) fn number(&self) -> usize {
        self.number
    }

    /// The error that the line which was read last is not what it should be.
    pub(super) fn error(&self, expected: &'static str) -> FileError {
        FileError::Line { line: self.number, expected }
    }

    /// The next line, which is there.
    pub(super) fn next(&mut self, expected: &'static str) -> Result<&'a str, FileError> {
        self.number += 1;
        self.lines.next().filter(|line| line.len() <= MAX_LINE).ok_or(self.error(expected))
    }

    /// The rest of the next line, which starts with `start`.
    pub(super) fn comment(&mut self, start: &str, expected: &'static str) -> Result<&'a str, FileError> {
        self.next(expected)?.strip_prefix(start).ok_or(self.error(expected))
    }

    /// The structure in the base64 of the next line.
    pub(super) fn structure<T: FromBytes>(&mut self, expected: &'static str) -> Result<T, FileError> {
        let line = self.next(expected)?;
        let bytes = STANDARD.decode(line).map_err(|_| self.error(expected))?;
        T::read_from_bytes(&bytes).map_err(|_| self.error(expected))
    }
}

/// The structure in base64 that stands alone.
pub(super) fn structure<T: FromBytes>(text: &str, expected: &'static str) -> Result<T, FileError> {
    Lines::new(text.trim()).structure(expected)
}

/// Base64 as minisign writes it.
pub(super) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Checks that a comment stays a line.
pub(super) fn check_comment(comment: &str) -> Result<(), FileError> {
    let fits = comment.len() <= MAX_LINE - UNTRUSTED.len();
    if fits && !comment.chars().any(char::is_control) {
        Ok(())
    } else {
        Err(FileError::Comment { comment: comment.chars().take(80).collect() })
    }
}

/// Checks an algorithm's two letters.
pub(super) fn check_algorithm(
    found: [u8; 2],
    known: &[[u8; 2]],
    line: usize,
    expected: &'static str,
) -> Result<(), FileError> {
    if known.contains(&found) {
        return Ok(());
    }
    let letters: Vec<u8> = found.into();
    Err(FileError::Algorithm { line, found: String::from_utf8_lossy(&letters).into_owned(), expected })
}
