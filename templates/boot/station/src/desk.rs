//! Where a station meets people: the serial console, the screen and the keys.

use alloc::format;
use alloc::string::{String, ToString};

use formats::answer::Ending;

use crate::machine::{End, Key, Machine, Start};
use crate::page::{Badge, Header, Page};
use crate::screen::Screen;
use crate::text;

/// How long one wait for a key is, in milliseconds; what waits for people waits again.
const WAIT: u32 = 60_000;
/// How many keys that were hit ahead are forgotten at most.
const MOST_AHEAD: usize = 4096;

/// A machine, with what is on its screen.
pub(crate) struct Desk<'a> {
    pub(crate) machine: &'a mut dyn Machine,
    screen: Option<Screen>,
    header: Header,
    /// Whether the last key was a return, of which a line feed may be the second half.
    after_enter: bool,
    /// How the machine goes on after a success, and after a refusal, when nobody is asked.
    pub(crate) endings: (Ending, Ending),
    menu_said: bool,
}

impl<'a> Desk<'a> {
    /// A desk, whose screen is empty.
    pub(crate) fn new(machine: &'a mut dyn Machine, start: &Start) -> Self {
        let screen = machine.console().pixels().and_then(|(width, height)| Screen::new(width, height));
        let header =
            Header { program: text::name(&start.program), label: String::new(), badge: Badge::Unknown };
        let endings = (Ending::Stay, Ending::Stay);
        Self { machine, screen, header, after_enter: false, endings, menu_said: false }
    }

    /// Says a line, on the serial console and on a screen that only has text.
    pub(crate) fn say(&mut self, line: &str) {
        let line = format!("seedpress: {}", text::line(line));
        let has_pixels = self.screen.is_some();
        let console = self.machine.console();
        console.serial(&line);
        if !has_pixels {
            console.text(&line);
        }
    }

    /// What stands at the top of every page from now on.
    pub(crate) fn head(&mut self, label: &str, badge: Badge) {
        self.header.label = text::name(label);
        self.header.badge = badge;
    }

    /// Shows a page.
    pub(crate) fn show(&mut self, page: &Page) {
        if let Some(screen) = &mut self.screen {
            screen.show(&self.header, page, self.machine.console());
        }
    }

    /// Says how long after the program began people can choose, the first time that they can.
    pub(crate) fn menu_is_up(&mut self) {
        if !core::mem::replace(&mut self.menu_said, true) {
            let millis = self.millis();
            self.say(&format!("menu after {millis} ms"));
        }
    }

    /// Milliseconds since the program began.
    pub(crate) fn millis(&self) -> u64 {
        self.machine.millis()
    }

    /// Begins a line on the serial console, in which people write.
    pub(crate) fn prompt(&mut self, text: &str) {
        let prompt = format!("seedpress: {}", text::line(text));
        let has_pixels = self.screen.is_some();
        let console = self.machine.console();
        console.serial_part(&prompt);
        if !has_pixels {
            console.text(&prompt);
        }
    }

    /// Shows on the serial console what was typed.
    pub(crate) fn echo(&mut self, key: Key) {
        match key {
            Key::Char(c) => self.machine.console().serial_part(&text::line(&c.to_string())),
            Key::Backspace => self.machine.console().serial_part("\u{8} \u{8}"),
            _ => {}
        }
    }

    /// Ends a line in which people wrote this. A screen that only has text shows it now: it could not before.
    pub(crate) fn end_line(&mut self, typed: &str) {
        let has_pixels = self.screen.is_some();
        let console = self.machine.console();
        console.serial("");
        if !has_pixels && !typed.is_empty() {
            console.text(&text::line(typed));
        }
    }

    /// Waits for a key, however long it takes.
    pub(crate) fn key(&mut self) -> Key {
        loop {
            if let Some(key) = self.key_within(WAIT) {
                return key;
            }
        }
    }

    /// Waits for a key for some time.
    pub(crate) fn key_within(&mut self, millis: u32) -> Option<Key> {
        let until = self.millis().saturating_add(millis.into());
        loop {
            let left = until.saturating_sub(self.millis());
            let key = self.machine.console().key(u32::try_from(left).unwrap_or(millis))?;
            if let Some(key) = self.whole(key) {
                return Some(key);
            }
        }
    }

    /// Forgets the keys that were hit already: they were meant for what was asked before.
    pub(crate) fn drain(&mut self) {
        // A key that is held down, or a line that never rests, does not keep it here.
        for _ in 0..MOST_AHEAD {
            match self.machine.console().key(0) {
                Some(key) => drop(self.whole(key)),
                None => break,
            }
        }
    }

    /// The key that is meant; none for the second half of a return that terminals send as CR and LF.
    fn whole(&mut self, key: Key) -> Option<Key> {
        let after_enter = core::mem::replace(&mut self.after_enter, key == Key::Enter);
        match key {
            Key::LineFeed => (!after_enter).then_some(Key::Enter),
            key => Some(key),
        }
    }

    /// Has the machine go on in its way.
    pub(crate) fn end(&mut self, ending: Ending) {
        match ending {
            Ending::Reboot => self.machine.end(End::Reboot),
            Ending::PowerOff => self.machine.end(End::PowerOff),
            Ending::Stay => match self.letter() {
                'r' => self.machine.end(End::Reboot),
                _ => self.machine.end(End::PowerOff),
            },
        }
    }

    /// Waits for one of the letters that end the last page.
    fn letter(&mut self) -> char {
        loop {
            if let Key::Char(c @ ('r' | 'R' | 'p' | 'P')) = self.key() {
                return c.to_ascii_lowercase();
            }
        }
    }
}
