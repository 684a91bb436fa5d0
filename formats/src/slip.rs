//! What is wrong with a TOML file that people write: in one line, with the line of the file.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// The parser's message about `text`, with the number of the line where it has one.
pub fn reason(text: &str, error: &toml::de::Error) -> String {
    let before = error.span().and_then(|span| text.get(..span.start));
    let message = error.message().lines().collect::<Vec<_>>().join(", ");
    match before {
        Some(before) => format!("line {}: {message}", before.matches('\n').count() + 1),
        None => message,
    }
}
