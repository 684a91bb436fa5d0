//! The head of an answer, held against what was asked for.

use std::ops::Range;
use std::time::Duration;

use reqwest::header::{CONTENT_RANGE, ETAG, HeaderMap, HeaderName, LOCATION, RETRY_AFTER};
use reqwest::{Response, StatusCode};

use super::error::HttpError;

/// More of what a service says is not repeated to people.
const MOST_QUOTED: usize = 200;

/// `Content-Range`: which bytes of an object of which length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContentRange {
    /// The bytes.
    pub bytes: Range<u64>,
    /// How long the object is, where that is said.
    pub total: Option<u64>,
}

impl ContentRange {
    /// Parses `bytes 0-99/1000`.
    pub fn parse(text: &str) -> Option<Self> {
        let (range, total) = text.strip_prefix("bytes ")?.split_once('/')?;
        let (first, last) = range.split_once('-')?;
        let bytes = number(first)?..number(last)?.checked_add(1)?;
        let total = if total == "*" { None } else { Some(number(total)?) };
        let fits = bytes.start < bytes.end && total.is_none_or(|total| bytes.end <= total);
        fits.then_some(Self { bytes, total })
    }
}

/// A number of digits alone.
fn number(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// What the headers say of the range.
///
/// # Errors
/// [`HttpError::Range`] when they say nothing that makes sense.
pub fn content_range(url: &str, headers: &HeaderMap, expected: &str) -> Result<ContentRange, HttpError> {
    let said = quoted(headers, CONTENT_RANGE);
    let parsed = said.as_deref().and_then(ContentRange::parse);
    parsed.ok_or_else(|| HttpError::Range {
        url: url.into(),
        expected: expected.into(),
        found: said.unwrap_or_else(|| "a part, and does not say which".into()),
    })
}

/// The entity tag, where it is one of the strong kind: only those say that bytes are the same.
pub fn strong_tag(headers: &HeaderMap) -> Option<String> {
    let tag = headers.get(ETAG)?.to_str().ok()?;
    tag.starts_with('"').then(|| tag.to_owned())
}

/// Sees that an answer is one of those that a caller can use: 200, 206 or 304.
///
/// # Errors
/// [`HttpError`] for every other one.
pub fn judge(url: &str, response: &Response, expected: &'static str) -> Result<(), HttpError> {
    let (status, headers) = (response.status(), response.headers());
    let owned = || url.to_owned();
    Err(match status {
        StatusCode::OK | StatusCode::PARTIAL_CONTENT | StatusCode::NOT_MODIFIED => return Ok(()),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            HttpError::Denied { url: owned(), status: status.as_u16() }
        }
        StatusCode::NOT_FOUND | StatusCode::GONE => HttpError::Missing { url: owned() },
        StatusCode::RANGE_NOT_SATISFIABLE => {
            let found = quoted(headers, CONTENT_RANGE).unwrap_or_else(|| "no such bytes".into());
            HttpError::Range { url: owned(), expected: expected.into(), found }
        }
        _ if status.is_redirection() => {
            let to = quoted(headers, LOCATION).unwrap_or_else(|| "nowhere".into());
            HttpError::Redirect { url: owned(), status: status.as_u16(), to }
        }
        _ => {
            let after = retry_after(headers);
            HttpError::Status { url: owned(), status: status.as_u16(), expected, after }
        }
    })
}

/// How long the service wants us to wait, where it says so in seconds.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    number(headers.get(RETRY_AFTER)?.to_str().ok()?).map(Duration::from_secs)
}

/// A header as it may be shown to people.
fn quoted(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    let shown = headers.get(name)?.as_bytes().escape_ascii().take(MOST_QUOTED);
    Some(shown.map(char::from).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_to_the_letter() {
        let range = |bytes, total| Some(ContentRange { bytes, total });
        assert_eq!(ContentRange::parse("bytes 0-99/1000"), range(0..100, Some(1000)));
        assert_eq!(ContentRange::parse("bytes 5-5/*"), range(5..6, None));
        let most = u64::MAX;
        for bad in [
            "",
            "bytes",
            "bytes */1000",
            "bytes 9-8/100",
            "bytes 0-99/99",
            "bytes -5/10",
            "bytes 0-/10",
            "bytes +1-2/10",
            "octets 0-99/1000",
            "bytes 0-99",
            "bytes 1-2/3/4",
            "bytes 1-2-3/4",
            &format!("bytes 0-{most}/*"),
            "bytes 0-99999999999999999999/*",
        ] {
            assert_eq!(ContentRange::parse(bad), None, "{bad}");
        }
    }
}
