//! Labels of volumes, cut to the fields that hold them.

use alloc::format;
use alloc::string::String;

/// A label as far as it fits. A number at its end, behind a `-`, stays, and what stands before it is cut: people tell
/// the media of a set apart by it.
pub fn cut(label: &str, fits: impl Fn(&str) -> bool) -> String {
    let (stem, number) = numbered(label);
    [(stem, number), (label, "")]
        .into_iter()
        .find_map(|(stem, end)| {
            let ends = stem.char_indices().map(|(at, c)| at + c.len_utf8());
            ends.rev().map(|at| format!("{}{end}", &stem[..at])).find(|label| fits(label))
        })
        .unwrap_or_default()
}

/// Divides a label into what stands before the number at its end, and that with its `-`.
fn numbered(label: &str) -> (&str, &str) {
    let place = label.rfind('-').filter(|at| {
        let number = &label[at + 1..];
        !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
    });
    label.split_at(place.unwrap_or(label.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_a_medium_stays() {
        let within = |most: usize| move |label: &str| label.encode_utf16().count() <= most;
        assert_eq!(cut("Kundenstick Berlin-2", within(16)), "Kundenstick Be-2");
        assert_eq!(cut("Kundenstick Berlin", within(16)), "Kundenstick Berl");
        assert_eq!(cut("SEED-12", within(7)), "SEED-12");
        assert_eq!(cut("\u{1F4BF}\u{1F4BF}-3", within(5)), "\u{1F4BF}-3");
        // What is no number behind a stem is cut like any label.
        assert_eq!(cut("a-b-", within(3)), "a-b");
        assert_eq!(cut("-2026", within(3)), "-20");
        assert_eq!((&*cut("", within(3)), &*cut("\u{1F4BF}", within(1))), ("", ""));
    }
}
