//! Which of two versions is the newer one.

use std::cmp::Ordering;

/// The words that, behind a hyphen, make a version one before the version itself.
const BEFORE: [&str; 5] = ["alpha", "beta", "pre", "preview", "rc"];

/// Compares two versions: numbers by their value, everything else by its letters, and the longer of two that begin
/// alike is the newer, unless what it has more is `-alpha`, `-beta`, `-pre`, `-preview` or `-rc`: then it is the older.
/// `9 < 10`, `1.9 < 1.10`, `11-rc2 < 11-rc10 < 11 < 11.1`.
pub fn compare_versions(one: &str, other: &str) -> Ordering {
    let (mut left, mut right) = (one, other);
    while !(left.is_empty() && right.is_empty()) {
        let (a, b);
        (a, left) = next_part(left);
        (b, right) = next_part(right);
        let order = compare_parts(a, b);
        if order.is_ne() {
            return order;
        }
    }
    // Versions such as 1 and 01 still need an order.
    one.cmp(other)
}

/// The digits, or what is not digits, at the start, and the rest; nothing at the end.
fn next_part(text: &str) -> (&str, &str) {
    let digits = text.starts_with(|c: char| c.is_ascii_digit());
    let end = text.find(|c: char| c.is_ascii_digit() != digits).unwrap_or(text.len());
    text.split_at(end)
}

fn compare_parts(one: &str, other: &str) -> Ordering {
    let digits = |part: &str| part.starts_with(|c: char| c.is_ascii_digit());
    if digits(one) && digits(other) {
        let (one, other) = (one.trim_start_matches('0'), other.trim_start_matches('0'));
        one.len().cmp(&other.len()).then_with(|| one.cmp(other))
    } else {
        is_before(other).cmp(&is_before(one)).then_with(|| one.cmp(other))
    }
}

/// Whether a part says that the version comes before the one without it.
fn is_before(part: &str) -> bool {
    let word = part.strip_prefix('-').map(|rest| rest.split(|c: char| !c.is_ascii_alphabetic()).next());
    word.flatten().is_some_and(|word| BEFORE.iter().any(|before| before.eq_ignore_ascii_case(word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newer_versions_come_later() {
        let ordered =
            ["01", "1", "1.2", "1.9", "1.10", "1.10.1", "2", "10", "99999999999999999999999", "rc2", "rc10"];
        for pair in ordered.windows(2) {
            assert_eq!(compare_versions(pair[0], pair[1]), Ordering::Less, "{pair:?}");
            assert_eq!(compare_versions(pair[1], pair[0]), Ordering::Greater, "{pair:?}");
        }
        assert_eq!(compare_versions("1.0", "1.0"), Ordering::Equal);
    }

    #[test]
    fn what_comes_before_a_version_is_older() {
        let ordered =
            ["10", "11-RC1", "11-alpha", "11-beta2", "11-rc1", "11-rc10", "11", "11-1", "11-premium", "11.1"];
        for (at, one) in ordered.iter().enumerate() {
            for (other_at, other) in ordered.iter().enumerate() {
                assert_eq!(compare_versions(one, other), at.cmp(&other_at), "{one} {other}");
            }
        }
    }
}
