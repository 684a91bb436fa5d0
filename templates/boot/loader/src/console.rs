//! What is shown and heard: screen, serial ports and keys.

use alloc::format;
use core::fmt::Write;

use station::{Area, Console, Frame, Key};
use uefi::system;

use crate::clock::Clock;
use crate::keys::Keys;
use crate::screen::Screen;
use crate::serial::Serial;

/// A machine's console.
pub struct FirmwareConsole {
    /// The clock by which keys are waited for.
    pub clock: Clock,
    screen: Option<Screen>,
    serial: Serial,
    keys: Keys,
}

impl FirmwareConsole {
    /// Finds what there is.
    pub fn new(clock: Clock) -> Self {
        let mut serial = Serial::new();
        // The firmware may have stopped in the middle of a line.
        serial.line("");
        Self { clock, screen: Screen::new(), serial, keys: Keys::new() }
    }

    /// Lets the processor rest for a moment.
    pub fn rest(&mut self) {
        self.keys.rest();
    }
}

impl Console for FirmwareConsole {
    fn serial(&mut self, line: &str) {
        self.serial.line(line);
    }

    fn serial_part(&mut self, text: &str) {
        self.serial.part(text);
    }

    fn pixels(&self) -> Option<(u32, u32)> {
        self.screen.as_ref().map(Screen::pixels)
    }

    fn show(&mut self, frame: &Frame, area: Area) {
        if let Some(screen) = &mut self.screen {
            screen.show(frame, area);
        }
    }

    fn text(&mut self, line: &str) {
        // With pixels, nothing is said here: the firmware may send it over the serial ports as well.
        if self.screen.is_none() {
            let _ = system::with_stdout(|output| output.write_str(&format!("{line}\r\n")));
        }
    }

    fn key(&mut self, millis: u32) -> Option<Key> {
        let until = self.clock.millis().saturating_add(millis.into());
        self.keys.wait(&self.clock, until, &self.serial)
    }
}
