//! Names of images and of their versions, which also stand in paths.

use alloc::string::String;

/// How many characters a name may have.
pub const MAX_NAME: usize = 64;

/// Text that cannot name an image or a version.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{found:?} is no name: expected 1 to 64 of the letters A-Z and a-z, digits, `.`, `_` and `-`, no dot first"
)]
pub struct NoName {
    /// What was there, at most its first 80 characters.
    pub found: String,
}

/// Checks the name of an image or of a version.
///
/// # Errors
/// [`NoName`].
pub fn check_name(text: &str) -> Result<(), NoName> {
    let fits = (1..=MAX_NAME).contains(&text.len());
    let plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'));
    if fits && plain && !text.starts_with('.') {
        Ok(())
    } else {
        Err(NoName { found: text.chars().take(80).collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_plain_and_neither_directories_nor_hidden() {
        for good in ["Win7", "1.0-rc_2", "-", "a.b", &"x".repeat(64)] {
            assert_eq!(check_name(good), Ok(()), "{good}");
        }
        for bad in ["", ".", "..", ".a", "a/b", "a b", "é", "a@1", "a\\b", "a\n", &"x".repeat(65)] {
            assert!(check_name(bad).is_err(), "{bad}");
        }
    }
}
