//! Bytes of a terminal made into keys (ECMA-48, as Linux consoles and serial terminals send it).

use station::Key;

const ESCAPE: u8 = 0x1b;

/// What comes of the bytes that came so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// A key.
    Key(Key),
    /// The beginning of one that has more bytes.
    Part,
    /// Nothing that anybody waits for.
    Nothing,
}

/// One terminal's bytes on their way to become keys.
#[derive(Debug, Default)]
pub struct Keyboard {
    begun: Vec<u8>,
}

impl Keyboard {
    /// Takes the next byte.
    pub fn hear(&mut self, byte: u8) -> Heard {
        if self.begun.is_empty() {
            return match byte {
                ESCAPE => self.keep(byte),
                _ => plain(byte),
            };
        }
        match (self.begun.len(), byte) {
            (1, b'[' | b'O') => self.keep(byte),
            // An escape, and the beginning of something else.
            (1, _) => {
                self.begun.clear();
                Heard::Key(Key::Escape)
            }
            (_, 0x40..=0x7e) => {
                self.begun.clear();
                match byte {
                    b'A' => Heard::Key(Key::Up),
                    b'B' => Heard::Key(Key::Down),
                    _ => Heard::Key(Key::Other),
                }
            }
            (len, _) if len < 16 => self.keep(byte),
            _ => {
                self.begun.clear();
                Heard::Key(Key::Other)
            }
        }
    }

    /// Nothing more came for a while: an escape alone is a key.
    pub fn pause(&mut self) -> Option<Key> {
        let is_alone = self.begun == [ESCAPE];
        self.begun.clear();
        is_alone.then_some(Key::Escape)
    }

    /// Whether a key has begun that may have more bytes.
    pub fn has_begun(&self) -> bool {
        !self.begun.is_empty()
    }

    fn keep(&mut self, byte: u8) -> Heard {
        self.begun.push(byte);
        Heard::Part
    }
}

fn plain(byte: u8) -> Heard {
    match byte {
        b'\r' => Heard::Key(Key::Enter),
        b'\n' => Heard::Key(Key::LineFeed),
        0x08 | 0x7f => Heard::Key(Key::Backspace),
        b' '..=b'~' => Heard::Key(Key::Char(byte.into())),
        // A line that nobody drives gives zeros.
        0 => Heard::Nothing,
        _ => Heard::Key(Key::Other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(bytes: &[u8]) -> Vec<Key> {
        let mut keyboard = Keyboard::default();
        let heard = bytes.iter().map(|byte| keyboard.hear(*byte));
        let mut keys: Vec<_> = heard
            .filter_map(|heard| match heard {
                Heard::Key(key) => Some(key),
                Heard::Part | Heard::Nothing => None,
            })
            .collect();
        keys.extend(keyboard.pause());
        keys
    }

    #[test]
    fn characters_and_keys_that_edit_are_heard() {
        let heard =
            [Key::Char('s'), Key::Char('D'), Key::Backspace, Key::Backspace, Key::Enter, Key::LineFeed];
        assert_eq!(keys(b"sD\x7f\x08\r\n"), heard);
        assert_eq!(keys(b"\n\n"), [Key::LineFeed, Key::LineFeed]);
    }

    #[test]
    fn arrows_are_heard_in_both_modes() {
        assert_eq!(keys(b"\x1b[A\x1b[B\x1bOA\x1bOB"), [Key::Up, Key::Down, Key::Up, Key::Down]);
        assert_eq!(keys(b"\x1b[1;5Bx"), [Key::Down, Key::Char('x')]);
    }

    #[test]
    fn an_escape_alone_is_a_key() {
        assert_eq!(keys(b"\x1b"), [Key::Escape]);
        assert_eq!(keys(b"\x1bx"), [Key::Escape]);
    }

    #[test]
    fn other_sequences_and_bytes_are_keys_without_a_meaning() {
        assert_eq!(keys(b"\x1b[3~\x1b[C\x00\xff\x03\t"), [Key::Other; 5]);
        assert_eq!(keys(b"\x1b[11111111111111111111111111").first(), Some(&Key::Other));
    }
}
