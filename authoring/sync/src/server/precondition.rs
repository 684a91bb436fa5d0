//! Conditions of requests, as RFC 9110, section 13, has them. Nothing here has a time of its last change, so that
//! conditions with times are never looked at (13.1.3, 13.1.4), and `If-Range` with a time never holds (13.1.5).

use http::header::{HeaderMap, HeaderName, IF_MATCH, IF_NONE_MATCH, IF_RANGE};

/// What follows from the conditions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The request is to be answered.
    Go,
    /// 304: the asker has it.
    Same,
    /// 412: it is not the one that the asker thinks of.
    Other,
}

/// Judges `If-Match` and `If-None-Match` for an object with a strong entity tag.
pub(super) fn judge(headers: &HeaderMap, etag: &str) -> Outcome {
    if headers.contains_key(IF_MATCH) && !matches(headers, IF_MATCH, |tag| tag == etag) {
        return Outcome::Other;
    }
    if matches(headers, IF_NONE_MATCH, |tag| tag.strip_prefix("W/").unwrap_or(tag) == etag) {
        return Outcome::Same;
    }
    Outcome::Go
}

/// Whether a `Range` counts: there is no `If-Range`, or it has the same strong entity tag.
pub(super) fn range_counts(headers: &HeaderMap, etag: &str) -> bool {
    let mut values = headers.get_all(IF_RANGE).iter();
    match (values.next(), values.next()) {
        (None, _) => true,
        (Some(value), None) => value.as_bytes() == etag.as_bytes(),
        _ => false,
    }
}

/// Whether a list of entity tags is `*` or has one that is right.
fn matches(headers: &HeaderMap, name: HeaderName, is_right: impl Fn(&str) -> bool) -> bool {
    let lines = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    // A comma in somebody else's tag tears that apart; no part of it looks like one of ours.
    let mut tags = lines.flat_map(|line| line.split(',')).map(|tag| tag.trim_matches([' ', '\t']));
    tags.any(|tag| tag == "*" || is_right(tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(HeaderName, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect()
    }

    #[test]
    fn conditions_hold_as_the_specification_says() {
        let cases = [
            (IF_NONE_MATCH, r#""a""#, Outcome::Same),
            (IF_NONE_MATCH, r#"W/"a""#, Outcome::Same),
            (IF_NONE_MATCH, r#""b", "a""#, Outcome::Same),
            (IF_NONE_MATCH, "*", Outcome::Same),
            (IF_NONE_MATCH, r#""b""#, Outcome::Go),
            (IF_NONE_MATCH, "a", Outcome::Go),
            (IF_MATCH, r#""a""#, Outcome::Go),
            (IF_MATCH, "*", Outcome::Go),
            (IF_MATCH, r#""b" ,"a""#, Outcome::Go),
            (IF_MATCH, r#"W/"a""#, Outcome::Other),
            (IF_MATCH, r#""b""#, Outcome::Other),
            (IF_MATCH, "", Outcome::Other),
        ];
        for (name, value, outcome) in cases {
            assert_eq!(judge(&headers(&[(name.clone(), value)]), r#""a""#), outcome, "{name}: {value}");
        }
        let both = headers(&[(IF_MATCH, r#""b""#), (IF_NONE_MATCH, r#""a""#)]);
        assert_eq!(judge(&both, r#""a""#), Outcome::Other);
        assert_eq!(judge(&HeaderMap::new(), r#""a""#), Outcome::Go);
    }

    #[test]
    fn a_range_counts_for_the_same_strong_tag_only() {
        let counts = |value: &str| range_counts(&headers(&[(IF_RANGE, value)]), r#""a""#);
        assert!(range_counts(&HeaderMap::new(), r#""a""#) && counts(r#""a""#));
        for value in [r#"W/"a""#, r#""b""#, "a", "*", "Sun, 22 Nov 2026 08:00:00 GMT"] {
            assert!(!counts(value), "{value}");
        }
    }
}
