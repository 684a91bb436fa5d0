//! JSON documents as seedpress prints them, and documents that carry a checksum of themselves.
//!
//! A sealed document ends with a field `checksum`: the SHA-256 of all the text before it. A flipped bit in
//! `layer.json` is thereby found even where it makes another valid document.

use alloc::format;
use alloc::string::{String, ToString};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::digest::Sha256;

/// What stands between the last field of a document and the digits of its checksum.
const MARK: &str = ",\n  \"checksum\": \"sha256:";
/// What follows the digits.
const END: &str = "\"\n}\n";
/// How many digits a checksum has.
const DIGITS: usize = 64;

/// Text that is not the document which it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// Not JSON, or not the fields of this kind of document.
    #[error("not a document of the expected kind: {reason}")]
    Malformed {
        /// What the parser found, with line and column.
        reason: String,
    },
    /// The document has no checksum in the place where one belongs.
    #[error("the document has no checksum as its last field")]
    NotSealed,
    /// The document was changed after it was written.
    #[error("the document was changed: its checksum is {expected}, its text gives {found}")]
    Changed {
        /// The checksum inside.
        expected: String,
        /// The checksum of the text.
        found: Sha256,
    },
}

/// Prints a document: two spaces a level, a line feed at the end.
pub fn print(value: &impl Serialize) -> String {
    // Documents are plain structs with string keys: those always print.
    let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.push('\n');
    text
}

/// Parses a document.
///
/// # Errors
/// [`DocumentError::Malformed`].
pub fn parse<T: DeserializeOwned>(text: &str) -> Result<T, DocumentError> {
    serde_json::from_str(text).map_err(|e| DocumentError::Malformed { reason: e.to_string() })
}

/// Prints a document, which has at least one field, with its checksum as the last field.
pub fn print_sealed(value: &impl Serialize) -> String {
    // In place: a document may be long.
    let mut text = print(value);
    text.truncate(text.strip_suffix("\n}\n").unwrap_or(&text).len());
    let checksum = Sha256::of(text.as_bytes()).to_string();
    for part in [MARK, &checksum, END] {
        text.push_str(part);
    }
    text
}

/// Parses a document that [`print_sealed`] printed, after its checksum was compared.
///
/// # Errors
/// [`DocumentError`].
pub fn parse_sealed<T: DeserializeOwned>(text: &str) -> Result<T, DocumentError> {
    let (body, expected) = split(text).ok_or(DocumentError::NotSealed)?;
    let found = Sha256::of(body.as_bytes());
    if found.to_string() != expected {
        return Err(DocumentError::Changed { expected: expected.to_string(), found });
    }
    parse(&format!("{body}\n}}\n"))
}

/// The text before the checksum, and the checksum's digits.
fn split(text: &str) -> Option<(&str, &str)> {
    let rest = text.strip_suffix(END)?;
    let (before, digits) = rest.split_at_checked(rest.len().checked_sub(DIGITS)?)?;
    Some((before.strip_suffix(MARK)?, digits))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeMap;

    #[test]
    fn every_flipped_bit_of_a_sealed_document_is_noticed() {
        let value = BTreeMap::from([("a", "1"), ("b", "two")]);
        let text = print_sealed(&value);
        assert_eq!(parse_sealed::<BTreeMap<String, String>>(&text).unwrap()["b"], "two");
        for at in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= 1;
            if let Ok(text) = String::from_utf8(bytes) {
                assert!(parse_sealed::<BTreeMap<String, String>>(&text).is_err(), "byte {at}");
            }
        }
    }

    #[test]
    fn documents_without_a_seal_are_told_apart() {
        assert_eq!(parse_sealed::<BTreeMap<String, String>>("{}\n"), Err(DocumentError::NotSealed));
        assert_eq!(parse_sealed::<BTreeMap<String, String>>("é"), Err(DocumentError::NotSealed));
        assert!(parse::<BTreeMap<String, String>>("{").is_err());
    }
}
