//! What comes over a machine's serial line, as lines.

use std::io::Read;

/// What was heard.
#[derive(Clone, Debug, Default)]
pub struct Heard {
    bytes: Vec<u8>,
}

impl Heard {
    /// Hears more; `false` when there is no more.
    pub fn more(&mut self, line: &mut impl Read) -> bool {
        let mut piece = [0; 4096];
        match line.read(&mut piece) {
            Ok(0) | Err(_) => false,
            Ok(read) => {
                self.bytes.extend_from_slice(&piece[..read]);
                true
            }
        }
    }

    /// All of it, as it came.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Its lines, without the sequences that steer a terminal (ECMA-48 5.4); the last one may be unfinished.
    pub fn lines(&self) -> Vec<String> {
        let text = String::from_utf8_lossy(&self.bytes);
        let mut plain = String::with_capacity(text.len());
        let mut rest = text.chars();
        while let Some(char) = rest.next() {
            match char {
                '\x1b' if rest.clone().next() == Some('[') => {
                    rest.next();
                    let _ = rest.find(|c| ('@'..='~').contains(c));
                }
                '\n' => plain.push(char),
                _ if char.is_control() => {}
                _ => plain.push(char),
            }
        }
        plain.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned).collect()
    }
}

/// The first of the expected lines that was not said after those before it.
pub fn missing<'a>(expected: &'a [String], said: &[String]) -> Option<&'a String> {
    let mut said = said.iter();
    expected.iter().find(|line| !said.any(|heard| heard.contains(line.as_str())))
}

/// What stands behind the first `start` in the lines.
pub fn behind<'a>(start: &str, said: &'a [String]) -> Option<&'a str> {
    said.iter().find_map(|line| line.split_once(start)).map(|(_, rest)| rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    fn heard(mut bytes: &[u8]) -> Vec<String> {
        let mut heard = Heard::default();
        while heard.more(&mut bytes) {}
        heard.lines()
    }

    #[test]
    fn what_steers_a_terminal_is_left_out() {
        let said = b"\x1b[2J\x1b[01;01Hone\x1b[0m two\r\n\r\n\x1b[?7lthree";
        assert_eq!(heard(said), ["one two", "three"]);
        assert_eq!(heard(b"cut \x1b[0"), ["cut "]);
    }

    #[test]
    fn what_is_expected_must_be_said_in_order() {
        assert_eq!(missing(&words("a c"), &words("x a b c")), None);
        assert_eq!(missing(&words("c a"), &words("x a b c")), Some(&"a".to_owned()));
        assert_eq!(missing(&words("a a"), &words("a")), Some(&"a".to_owned()));
    }

    #[test]
    fn what_a_line_says_is_found_behind_its_start() {
        let said = ["noise".to_owned(), "x menu after 12 ms".to_owned()];
        assert_eq!(behind("menu after ", &said), Some("12 ms"));
        assert_eq!(behind("deployed ", &said), None);
    }
}
