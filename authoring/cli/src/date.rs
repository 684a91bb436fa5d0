//! Points in time: as arguments, from the environment, and from the one clock of the program.

use std::time::{SystemTime, UNIX_EPOCH};

use formats::time::Timestamp;

use crate::error::Refusal;

/// The variable that fixes the time of what is made (reproducible-builds.org, "SOURCE_DATE_EPOCH").
pub const EPOCH: &str = "SOURCE_DATE_EPOCH";

/// Parses `2026-11-22` (its first second, UTC) or `2026-11-22T08:00:00Z`.
///
/// # Errors
/// A sentence that says what is expected.
pub fn parse(text: &str) -> Result<Timestamp, String> {
    let found = text.parse().or_else(|_| format!("{text}T00:00:00Z").parse());
    found.map_err(|_| {
        format!(
            "expected a date such as 2026-11-22 or 2026-11-22T08:00:00Z, from 1980 to 2099, found {text:?}"
        )
    })
}

/// The time that `SOURCE_DATE_EPOCH` asks for.
///
/// # Errors
/// [`Refusal`] when the variable holds no time.
pub fn epoch() -> Result<Option<Timestamp>, Refusal> {
    let Some(text) = std::env::var_os(EPOCH).filter(|text| !text.is_empty()) else { return Ok(None) };
    let seconds = text.to_str().and_then(|text| text.parse().ok());
    let time = seconds.and_then(|seconds| Timestamp::from_unix(seconds).ok());
    let refusal = || {
        let text = text.to_string_lossy();
        Refusal::usage(format!("{EPOCH} is {text:?}: expected seconds since 1970, from 1980 to 2099"))
    };
    time.map(Some).ok_or_else(refusal)
}

/// The time of what is published: `SOURCE_DATE_EPOCH`, or now.
///
/// # Errors
/// [`Refusal`] when neither is a time.
pub fn epoch_or_now() -> Result<Timestamp, Refusal> {
    epoch()?.map_or_else(now, Ok)
}

/// What the clock says.
///
/// # Errors
/// [`Refusal`] when the clock is set before 1980 or after 2099.
pub fn now() -> Result<Timestamp, Refusal> {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs());
    let time = i64::try_from(seconds).ok().and_then(|seconds| Timestamp::from_unix(seconds).ok());
    time.ok_or_else(|| {
        Refusal::new(crate::code::Code::Other, format!("the clock says {seconds} seconds since 1970"))
            .next("set the clock of this machine")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_its_first_second() {
        let day = parse("2026-11-22").unwrap();
        assert_eq!(day, parse("2026-11-22T00:00:00Z").unwrap());
        assert_eq!(day, parse("2026-11-22T02:00:00+02:00").unwrap());
        for text in ["", "now", "2026-13-01", "1970-01-01", "2026-11-22T", "22.11.2026"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
