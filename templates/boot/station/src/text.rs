//! Text for people: from disks and media, whose bytes are anybody's.

use alloc::format;
use alloc::string::String;

use formats::units::{ByteLen, MIB};

/// How many characters of a name or a label are shown.
const MOST: usize = 64;

/// A name in one line: what moves the cursor, or turns the direction of writing, is replaced, and too much is cut off.
pub(crate) fn name(text: &str) -> String {
    let text = line(text.trim());
    match text.char_indices().nth(MOST) {
        None => text,
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
    }
}

/// Any text in one line.
pub(crate) fn line(text: &str) -> String {
    text.chars().map(|c| if is_plain(c) { c } else { '?' }).collect()
}

/// A name between quotation marks, of which it has none itself.
pub(crate) fn quoted(text: &str) -> String {
    format!("\"{}\"", name(text).replace('"', "'"))
}

/// Whether a character stays in its place: not a control character, nor one of those that Unicode gives the category
/// `Cf`, nor a line separator.
fn is_plain(c: char) -> bool {
    let moves = matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}');
    !c.is_control() && !moves
}

/// A speed, from bytes and milliseconds.
pub(crate) fn rate(bytes: u64, millis: u64) -> u64 {
    let rate = u128::from(bytes) * 1000 / u128::from(millis.max(1)) / u128::from(MIB);
    u64::try_from(rate).unwrap_or(u64::MAX)
}

/// A time: `12 s`, `3 min 20 s`, `2 h 5 min`.
pub(crate) fn time(seconds: u64) -> String {
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}

/// A size as it is said everywhere here.
pub(crate) fn size(len: u64) -> String {
    ByteLen(len).human()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_names_stay_in_their_line() {
        assert_eq!(name("a\r\nseedpress: deployed\u{1b}[2J"), "a??seedpress: deployed?[2J");
        assert_eq!(name("\u{202e}txt.exe\u{200b}"), "?txt.exe?");
        assert_eq!(name(&"x".repeat(100)).chars().count(), MOST + 1);
        assert_eq!(quoted("a\"b"), "\"a'b\"");
    }

    #[test]
    fn times_and_rates_are_said_shortly() {
        assert_eq!([5, 200, 7500].map(time), ["5 s", "3 min 20 s", "2 h 5 min"]);
        assert_eq!(rate(200 << 20, 2000), 100);
        assert_eq!(rate(u64::MAX, 0), u64::MAX / MIB * 1000 + 999);
    }
}
