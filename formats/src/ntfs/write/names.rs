//! Which names are legal, and which are their own short names.

use alloc::string::String;

use super::error::NameFault;

/// Most UTF-16 units of a name; its length is kept in a byte.
pub(super) const LONGEST_NAME: usize = 255;

/// Names of devices, which Windows takes for the device in every directory ("Naming Files, Paths, and
/// Namespaces"). `COM` and `LPT` stand for themselves with a digit.
const DEVICES: [&str; 6] = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"];
const NUMBERED_DEVICES: [&str; 2] = ["COM", "LPT"];
/// What counts as a digit after `COM` and `LPT`.
const DEVICE_DIGITS: &str = "123456789¹²³";

/// Finds out whether a file can have this name: NTFS takes nearly all, so this is what Windows lets programs use
/// ([MS-FSCC] 2.1.5.2).
///
/// # Errors
/// [`NameFault`], the first one.
pub(super) fn check(name: &str) -> Result<(), NameFault> {
    let last = name.chars().next_back().ok_or(NameFault::Empty)?;
    if let Some(found) = name.chars().find(|c| is_illegal(*c)) {
        return Err(NameFault::Character { found });
    }
    if matches!(last, '.' | ' ') {
        return Err(NameFault::End { found: last });
    }
    if let Some(device) = device(name) {
        return Err(NameFault::Device { device });
    }
    match name.encode_utf16().count() {
        0..=LONGEST_NAME => Ok(()),
        units => Err(NameFault::Long { units }),
    }
}

fn is_illegal(c: char) -> bool {
    c < ' ' || matches!(c, '"' | '*' | '/' | ':' | '<' | '>' | '?' | '\\' | '|')
}

/// The device that a name stands for: what is before the first dot decides, and spaces before the dot do not count.
fn device(name: &str) -> Option<String> {
    let stem = name.split('.').next().unwrap_or(name).trim_end_matches(' ').to_ascii_uppercase();
    let is_numbered = NUMBERED_DEVICES.iter().any(|device| {
        let mut rest = stem.strip_prefix(device).unwrap_or("").chars();
        rest.next().is_some_and(|digit| DEVICE_DIGITS.contains(digit)) && rest.next().is_none()
    });
    (is_numbered || DEVICES.contains(&stem.as_str())).then_some(stem)
}

/// Whether a name is its own short name: up to eight characters, then up to three after a dot, of those that DOS has
/// ([MS-FSCC] 2.1.5.2.1), and none that DOS would change to upper case.
pub(super) fn is_short(name: &str) -> bool {
    let (stem, extension) = name.split_once('.').unwrap_or((name, ""));
    let has_dot = name.contains('.');
    (1..=8).contains(&stem.len())
        && extension.len() <= 3
        && extension.is_empty() != has_dot
        && stem.chars().chain(extension.chars()).all(is_short_character)
}

fn is_short_character(c: char) -> bool {
    c.is_ascii_uppercase() || c.is_ascii_digit() || "!#$%&'()-@^_`{}~".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn legal_names_pass() {
        let longest = "\u{1F600}".repeat(127) + "x";
        for name in ["a", ".a", "a b", "é", "日本", "COM", "COM10", "CONSOLE", "xCON", "LPT0", "$x", &longest]
        {
            assert_eq!(check(name), Ok(()), "{name}");
        }
        for other in "!#$%&'()+,-;=@[]^_`{}~\u{7F}\u{E000}\u{FFFF}\u{10FFFF}".chars() {
            assert_eq!(check(&other.to_string()), Ok(()), "{other:?}");
        }
    }

    #[test]
    fn illegal_characters_are_named() {
        for found in (0..0x20u8).map(char::from).chain("\"*/:<>?\\|".chars()) {
            assert_eq!(check(&alloc::format!("a{found}b")), Err(NameFault::Character { found }));
        }
    }

    #[test]
    fn devices_are_refused_with_any_case_and_extension() {
        for name in ["CON", "con", "nul.txt", "Aux.tar.gz", "PRN .x", "com1", "LPT9.log", "COM²", "conin$"] {
            assert!(matches!(check(name), Err(NameFault::Device { .. })), "{name}");
        }
    }

    #[test]
    fn ends_and_lengths_are_refused() {
        assert_eq!(check("a."), Err(NameFault::End { found: '.' }));
        assert_eq!(check("a "), Err(NameFault::End { found: ' ' }));
        assert_eq!(check(""), Err(NameFault::Empty));
        assert_eq!(check(&"a".repeat(256)), Err(NameFault::Long { units: 256 }));
        assert_eq!(check(&"\u{1F600}".repeat(128)), Err(NameFault::Long { units: 256 }));
    }

    #[test]
    fn short_names_are_those_of_dos() {
        for name in ["A", "README.TXT", "12345678.123", "$MFT", "A.B"] {
            assert!(is_short(name), "{name}");
        }
        for name in ["a", "ReadMe", "123456789", "A.1234", "A.B.C", "A B", ".A", "A.", "É", "A+B", ""] {
            assert!(!is_short(name), "{name}");
        }
    }
}
