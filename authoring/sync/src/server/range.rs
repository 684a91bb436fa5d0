//! Ranges of bytes, as RFC 9110, section 14, has them.

use std::ops::Range;

/// How many ranges a request may name.
const MOST: usize = 16;

/// What a request wants of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// All of it: there is no `Range`, or it is none that we know.
    Whole,
    /// These parts, none of them empty, in the order in which they were asked for.
    Parts(Vec<Range<u64>>),
    /// None of the ranges has a byte in the object, or there are more of them than anybody needs.
    Unsatisfiable,
}

/// A range as it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spec {
    /// From a first to a last byte, the last one included; without one to the end.
    From(u64, Option<u64>),
    /// So many bytes at the end.
    Suffix(u64),
}

/// What `Range: text` wants of an object of `len` bytes.
pub(super) fn wanted(text: &str, len: u64) -> Wanted {
    match parse(text) {
        // Of nothing there is no part.
        None => Wanted::Whole,
        Some(_) if len == 0 => Wanted::Whole,
        Some(specs) if specs.len() > MOST => Wanted::Unsatisfiable,
        Some(specs) => {
            let parts: Vec<_> = specs.into_iter().filter_map(|spec| spec.within(len)).collect();
            let total = parts.iter().try_fold(0, |sum: u64, part| sum.checked_add(part.end - part.start));
            // More than there is: they overlap, and nobody needs that.
            let too_much = parts.len() > 1 && total.is_none_or(|total| total > len);
            if parts.is_empty() || too_much { Wanted::Unsatisfiable } else { Wanted::Parts(parts) }
        }
    }
}

impl Spec {
    /// The bytes of an object of `len` bytes that it has; `None` where there is none.
    fn within(self, len: u64) -> Option<Range<u64>> {
        let range = match self {
            Self::From(first, last) => first..last.map_or(len, |last| last.saturating_add(1)).min(len),
            Self::Suffix(count) => len.saturating_sub(count)..len,
        };
        (range.start < range.end).then_some(range)
    }
}

/// The ranges of a `Range`; `None` when it is not valid, or not of bytes.
fn parse(text: &str) -> Option<Vec<Spec>> {
    let (unit, set) = text.split_once('=')?;
    if !unit.eq_ignore_ascii_case("bytes") {
        return None;
    }
    // A list may have empty elements.
    let items = set.split(',').map(|item| item.trim_matches([' ', '\t'])).filter(|item| !item.is_empty());
    let specs = items.map(parse_one).collect::<Option<Vec<_>>>()?;
    (!specs.is_empty()).then_some(specs)
}

fn parse_one(item: &str) -> Option<Spec> {
    let (first, last) = item.split_once('-')?;
    match (first, last) {
        ("", count) => Some(Spec::Suffix(number(count)?)),
        (first, "") => Some(Spec::From(number(first)?, None)),
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            (first <= last).then_some(Spec::From(first, Some(last)))
        }
    }
}

/// Digits; what is larger than any object is as large as a number can be.
fn number(text: &str) -> Option<u64> {
    let is_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_digits.then(|| text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(parts: &[Range<u64>]) -> Wanted {
        Wanted::Parts(parts.to_vec())
    }

    fn part(part: Range<u64>) -> Wanted {
        parts(std::slice::from_ref(&part))
    }

    #[test]
    fn every_form_of_a_range_is_known() {
        let cases = [
            ("bytes=0-0", 0..1),
            ("bytes=0-9", 0..10),
            ("bytes=3-", 3..10),
            ("bytes=9-9", 9..10),
            ("bytes=5-99999999999999999999999", 5..10),
            ("bytes=5-18446744073709551615", 5..10),
            ("bytes=-1", 9..10),
            ("bytes=-10", 0..10),
            ("bytes=-99999999999999999999999", 0..10),
            ("BYTES=2-3", 2..4),
            ("bytes= ,\t2-3 , ,", 2..4),
        ];
        for (text, range) in cases {
            assert_eq!(wanted(text, 10), part(range), "{text}");
        }
        assert_eq!(wanted("bytes=0-0,-1, 4-5", 10), parts(&[0..1, 9..10, 4..6]));
        assert_eq!(wanted("bytes=90-99, 1-1", 10), part(1..2));
    }

    #[test]
    fn what_is_no_range_of_bytes_is_not_there() {
        let cases = [
            "",
            "bytes",
            "bytes=",
            "bytes=,",
            "bytes=-",
            "bytes=a-b",
            "bytes=1",
            "bytes=2-1",
            "bytes=0-1-2",
            "bytes=+1-2",
            "bytes=1 -2",
            "bytes=--1",
            "lines=0-1",
            "bytes =0-1",
            "bytes=0-1;",
            "bytes=0-1,x",
            "bytes=٣-4",
        ];
        for text in cases {
            assert_eq!(wanted(text, 10), Wanted::Whole, "{text}");
        }
        assert_eq!(wanted("bytes=0-", 0), Wanted::Whole);
    }

    #[test]
    fn what_lies_outside_or_is_too_much_is_refused() {
        for text in ["bytes=10-", "bytes=10-11", "bytes=-0", "bytes=99999999999999999999999-", "bytes=0-,0-"]
        {
            assert_eq!(wanted(text, 10), Wanted::Unsatisfiable, "{text}");
        }
        assert_eq!(wanted("bytes=0-6,4-7", 10), Wanted::Unsatisfiable);
        assert_eq!(wanted("bytes=0-5,4-7", 10), parts(&[0..6, 4..8]));
        let many = |count: usize| format!("bytes={}", vec!["0-0"; count].join(","));
        assert_eq!(wanted(&many(16), 100), parts(&vec![0..1; 16]));
        assert_eq!(wanted(&many(17), 100), Wanted::Unsatisfiable);
    }
}
