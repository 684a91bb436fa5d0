//! Which medium a program was started from: a file beside the program, [`paths::MARKER`](super::paths::MARKER).

use alloc::format;
use alloc::string::{String, ToString};
use core::fmt::Display;

use serde::Deserialize;
use uuid::Uuid;

use crate::document::DocumentError;

/// The version of the file that this crate reads and writes.
const FORMAT: u32 = 1;

/// What the file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Marker {
    format: u32,
    /// The medium's identity.
    pub medium: Uuid,
}

impl Marker {
    /// How long the file may be, in bytes.
    pub const MAX_TEXT: usize = 4096;

    /// The file for a medium.
    pub fn print(medium: impl Display) -> String {
        format!("{{\"format\":{FORMAT},\"medium\":\"{medium}\"}}\n")
    }

    /// Parses the file.
    ///
    /// # Errors
    /// [`DocumentError::Malformed`], also for a format that is not known.
    pub fn parse(text: &[u8]) -> Result<Self, DocumentError> {
        let malformed = |reason: String| DocumentError::Malformed { reason };
        if text.len() > Self::MAX_TEXT {
            return Err(malformed(format!("it has {} bytes, more than {}", text.len(), Self::MAX_TEXT)));
        }
        let marker: Self = serde_json::from_slice(text).map_err(|error| malformed(error.to_string()))?;
        if marker.format == FORMAT {
            Ok(marker)
        } else {
            Err(malformed(format!("format {}, expected {FORMAT}", marker.format)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_says_again_what_was_printed() {
        let medium = Uuid::from_u128(7);
        assert_eq!(Marker::parse(Marker::print(medium).as_bytes()).map(|it| it.medium), Ok(medium));
    }

    #[test]
    fn what_is_no_marker_is_refused() {
        let good = Marker::print(Uuid::nil());
        let other = good.replace(":1,", ":2,");
        let more = good.replace(":1,", ":1,\"more\":0,");
        let long = alloc::format!("{good}{}", " ".repeat(Marker::MAX_TEXT));
        for bad in [other.as_str(), &more, &long, "", "{}", "\u{0}"] {
            assert!(Marker::parse(bad.as_bytes()).is_err(), "{bad:.80}");
        }
    }
}
