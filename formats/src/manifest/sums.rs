//! `SHA256SUMS`: digests of files as `sha256sum -c` reads them (GNU coreutils, "cksum output modes").

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write as _;

use super::{PathError, paths};
use crate::digest::{NoDigest, Sha256};

/// Why a list of digests is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SumsError {
    /// A line is not a digest, two blanks (or a blank and `*`) and a path.
    #[error("line {line}: expected a digest, two blanks and a path")]
    Line {
        /// The line's number, from 1.
        line: usize,
    },
    /// A line does not start with a digest.
    #[error("line {line} does not start with a digest")]
    Digest {
        /// The line's number, from 1.
        line: usize,
        /// What stands there.
        source: NoDigest,
    },
    /// A path leads astray.
    #[error("line {line} names a file that a medium cannot have")]
    Path {
        /// The line's number, from 1.
        line: usize,
        /// The path, and what is wrong with it.
        source: PathError,
    },
}

/// Prints digests with their paths, a line each, in the order given.
///
/// # Errors
/// [`PathError`] for a path that the format would have to escape, or that leads astray.
pub fn print<'a>(sums: impl IntoIterator<Item = (&'a str, Sha256)>) -> Result<String, PathError> {
    let mut text = String::new();
    for (path, digest) in sums {
        paths::check(path)?;
        // Writing into a string cannot fail.
        let _ = writeln!(text, "{digest}  {path}");
    }
    Ok(text)
}

/// Parses digests with their paths.
///
/// # Errors
/// [`SumsError`].
pub fn parse(text: &str) -> Result<Vec<(&str, Sha256)>, SumsError> {
    text.lines().enumerate().map(|(index, line)| parse_line(line, index + 1)).collect()
}

fn parse_line(text: &str, line: usize) -> Result<(&str, Sha256), SumsError> {
    let (digest, rest) = text.split_once(' ').ok_or(SumsError::Line { line })?;
    let path = rest.strip_prefix([' ', '*']).ok_or(SumsError::Line { line })?;
    let digest = digest.parse().map_err(|source| SumsError::Digest { line, source })?;
    paths::check(path).map_err(|source| SumsError::Path { line, source })?;
    Ok((path, digest))
}
