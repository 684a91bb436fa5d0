//! Keys, from keyboards and from terminals on serial ports.

use core::time::Duration;

use station::Key;
use uefi::boot::{self, TimerTrigger};
use uefi::proto::console::text::{Input, Key as FirmwareKey, ScanCode};
use uefi::{Event, Handle, system};

use crate::clock::Clock;
use crate::raw::{self, Kept};
use crate::serial::Serial;

/// How long it is waited at a time: what the firmware does not wake us for is looked at so often.
const TICK: Duration = Duration::from_millis(20);

/// All keyboards.
pub struct Keys {
    timer: Option<Event>,
    /// Where a terminal on a serial port types, which the firmware may leave out of its console.
    terminals: alloc::vec::Vec<Kept>,
    /// The part of a terminal's sequence for a key that came so far (ECMA-48 5.4).
    escape: Escape,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Escape {
    No,
    Begun,
    Bracket,
}

impl Keys {
    /// Finds the keyboards.
    pub fn new() -> Self {
        let timer = raw::timer();
        if let Some(timer) = &timer {
            let _ = boot::set_timer(timer, TimerTrigger::Periodic(TICK));
        }
        let inputs = boot::find_handles::<Input>().unwrap_or_default();
        let terminals = inputs.into_iter().filter(|handle| is_terminal(*handle)).map(Kept).collect();
        Self { timer, terminals, escape: Escape::No }
    }

    /// Waits for a key, at most until `clock` shows `until`.
    pub fn wait(&mut self, clock: &Clock, until: u64, serial: &Serial) -> Option<Key> {
        loop {
            if let Some(key) = self.pressed(serial) {
                return Some(key);
            }
            if clock.millis() >= until {
                // An escape after which nothing came is the key itself.
                return core::mem::replace(&mut self.escape, Escape::No)
                    .ne(&Escape::No)
                    .then_some(Key::Escape);
            }
            self.rest();
        }
    }

    /// Lets the processor rest for a moment.
    pub fn rest(&mut self) {
        match self.timer.as_ref().map(core::slice::from_ref) {
            Some(timer) if boot::wait_for_event(timer).is_ok() => {}
            _ => boot::stall(TICK),
        }
    }

    /// A key that was hit already.
    fn pressed(&mut self, serial: &Serial) -> Option<Key> {
        let console = system::with_stdin(|input| input.read_key().ok().flatten());
        if let Some(key) = console.or_else(|| self.typed()) {
            return Some(key_of(key));
        }
        // What is part of a key only makes one with the bytes behind it.
        loop {
            let byte = serial.byte()?;
            if let Some(key) = self.byte(byte) {
                return Some(key);
            }
        }
    }

    fn typed(&self) -> Option<FirmwareKey> {
        self.terminals
            .iter()
            .find_map(|handle| raw::with(handle.0, |input: &mut Input| input.read_key().ok().flatten())?)
    }

    /// A byte of a terminal that the firmware does not listen to.
    fn byte(&mut self, byte: u8) -> Option<Key> {
        let escape = core::mem::replace(&mut self.escape, Escape::No);
        match (escape, byte) {
            (Escape::No, 0x1b) => self.escape = Escape::Begun,
            (Escape::Begun, b'[' | b'O') => self.escape = Escape::Bracket,
            (Escape::Bracket, b'A') => return Some(Key::Up),
            (Escape::Bracket, b'B') => return Some(Key::Down),
            (Escape::Bracket, b'0'..=b'9' | b';') => self.escape = Escape::Bracket,
            (Escape::Bracket, _) => return Some(Key::Other),
            // A line that nobody drives gives zeros.
            (_, 0) => {}
            (_, byte) => return Some(plain(char::from(byte))),
        }
        None
    }
}

fn key_of(key: FirmwareKey) -> Key {
    match key {
        FirmwareKey::Printable(char) => plain(char.into()),
        FirmwareKey::Special(ScanCode::UP) => Key::Up,
        FirmwareKey::Special(ScanCode::DOWN) => Key::Down,
        FirmwareKey::Special(ScanCode::ESCAPE) => Key::Escape,
        FirmwareKey::Special(ScanCode::DELETE) => Key::Backspace,
        FirmwareKey::Special(_) => Key::Other,
    }
}

fn plain(char: char) -> Key {
    match char {
        '\r' => Key::Enter,
        '\n' => Key::LineFeed,
        '\u{8}' | '\u{7f}' => Key::Backspace,
        char if char.is_control() => Key::Other,
        char => Key::Char(char),
    }
}

/// Whether an input is a terminal on a serial port: its path has a UART (UEFI 2.10, 10.3.4.14).
fn is_terminal(handle: Handle) -> bool {
    use uefi::proto::device_path::{DevicePath, DeviceSubType, DeviceType};
    let uart = (DeviceType::MESSAGING, DeviceSubType::MESSAGING_UART);
    let has_uart = |path: &mut DevicePath| path.node_iter().any(|node| node.full_type() == uart);
    raw::with(handle, has_uart).unwrap_or(false)
}
