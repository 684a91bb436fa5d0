//! Sizes as people write them.

use alloc::format;
use alloc::string::String;

use crate::units::{ByteLen, GIB, KIB, MIB, TIB};

/// Every unit that is understood, in bytes.
const UNITS: [(&str, u64); 13] = [
    ("", 1),
    ("k", KIB),
    ("m", MIB),
    ("g", GIB),
    ("t", TIB),
    ("kib", KIB),
    ("mib", MIB),
    ("gib", GIB),
    ("tib", TIB),
    ("kb", 1_000),
    ("mb", 1_000_000),
    ("gb", 1_000_000_000),
    ("tb", 1_000_000_000_000),
];

/// Parses `64MiB`, `16G` (which is GiB), `15.5 GB`, `1048576`; parts of a byte are dropped.
///
/// # Errors
/// A sentence that says what is expected.
pub fn parse(text: &str) -> Result<ByteLen, String> {
    let expected = || format!("expected a size such as 512M, 16GiB or 15.5GB, found {text:?}");
    let number = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = text.get(number.len()..).unwrap_or_default().to_ascii_lowercase();
    // A space parts a number from its unit, and nothing else.
    let number = number.strip_suffix(' ').filter(|_| !unit.is_empty()).unwrap_or(number);
    let (_, factor) = UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(expected)?;
    let (whole, part) = number.split_once('.').unwrap_or((number, "0"));
    let bytes = scale(whole, *factor).zip(fraction(part, *factor));
    bytes.and_then(|(whole, part)| whole.checked_add(part)).map(ByteLen).ok_or_else(expected)
}

fn scale(digits: &str, factor: u64) -> Option<u64> {
    is_number(digits).then(|| digits.parse().ok())?.and_then(|n: u64| n.checked_mul(factor))
}

/// The bytes of what stands behind the point. Nine digits are exact and never too many.
fn fraction(digits: &str, factor: u64) -> Option<u64> {
    let exact = is_number(digits).then(|| digits.get(..digits.len().min(9)))??;
    let parts = u128::from(exact.parse::<u32>().ok()?) * u128::from(factor);
    u64::try_from(parts / 10u128.pow(exact.len() as u32)).ok()
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_people_write_them() {
        let sizes = [
            ("0", 0),
            ("4096", 4096),
            ("16G", 16 << 30),
            ("16gib", 16 << 30),
            ("16GB", 16_000_000_000),
            ("1.5GiB", 3 << 29),
            ("15.25gb", 15_250_000_000),
            ("100 GB", 100_000_000_000),
            ("0.1234567891K", 126),
            ("18446744073709551615", u64::MAX),
        ];
        for (text, bytes) in sizes {
            assert_eq!(parse(text), Ok(ByteLen(bytes)), "{text}");
        }
    }

    #[test]
    fn what_is_no_size_is_refused() {
        for text in
            ["", "G", "-1", "1  G", "1 ", "1.G", ".5G", "1e3", "16Gi", "16E", "99999999T", "١G", "1.2.3", "é"]
        {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
