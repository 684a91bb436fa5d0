//! The screen, the keyboard and the serial line.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::OFlags;
use rustix::termios::{ControlModes, OptionalActions, OutputModes, tcgetattr, tcsetattr};
use station::{Area, Console, Frame, Key};

use crate::keyboard::{Heard, Keyboard};
use crate::screen::Screen;

/// The virtual terminal that is shown.
const SCREEN: &str = "/dev/tty0";
const SERIAL: &str = "/dev/ttyS0";
const SPEED: u32 = 115_200;
/// How long the bytes of one key may be apart: a serial line of 9600 baud takes a millisecond for each.
const WITHIN_KEY: u32 = 50;
/// No cursor, no blanking, no powering down (console_codes(4)).
const STEADY: &[u8] = b"\x1b[?25l\x1b[9;0]\x1b[14;0]\x1b[2J\x1b[H";

/// Both terminals and the screen.
pub struct Terminal {
    terminals: Vec<Line>,
    serial: Option<File>,
    text: Option<File>,
    screen: Option<Screen>,
}

/// A terminal that keys come from.
struct Line {
    file: File,
    keyboard: Keyboard,
}

impl Terminal {
    /// Opens what the machine has.
    pub fn open() -> Self {
        let text = raw(SCREEN);
        let serial = raw(SERIAL);
        let lines = [&text, &serial].into_iter().flatten().filter_map(|file| file.try_clone().ok());
        let terminals = lines.map(|file| Line { file, keyboard: Keyboard::default() }).collect();
        let mut terminal = Self { terminals, serial, text, screen: Screen::open() };
        say(terminal.text.as_mut(), STEADY);
        // What firmware and GRUB wrote may not have ended its line.
        say(terminal.serial.as_mut(), b"\r\n");
        terminal
    }

    /// What the next byte makes, `None` when none comes in time.
    fn heard(&mut self, millis: u32) -> Option<Heard> {
        let mut waits: Vec<_> =
            self.terminals.iter().map(|line| PollFd::new(&line.file, PollFlags::IN)).collect();
        let limit =
            Timespec { tv_sec: (millis / 1000).into(), tv_nsec: i64::from(millis % 1000) * 1_000_000 };
        poll(&mut waits, Some(&limit)).ok()?;
        let states: Vec<_> = waits.iter().map(PollFd::revents).collect();
        let ready = states.iter().position(|state| state.contains(PollFlags::IN));
        if ready.is_none() && states.iter().any(|state| !state.is_empty()) {
            // A line that was cut would be ready for ever.
            thread::sleep(Duration::from_millis(millis.into()));
        }
        self.terminals.get_mut(ready?)?.hear()
    }

    fn is_within_key(&self) -> bool {
        self.terminals.iter().any(|line| line.keyboard.has_begun())
    }
}

impl Line {
    fn hear(&mut self) -> Option<Heard> {
        let mut byte = [0];
        let read = self.file.read(&mut byte).ok()?;
        byte.first().filter(|_| read == 1).map(|byte| self.keyboard.hear(*byte))
    }
}

impl Console for Terminal {
    fn serial(&mut self, line: &str) {
        say(self.serial.as_mut(), format!("{line}\r\n").as_bytes());
    }

    fn serial_part(&mut self, text: &str) {
        say(self.serial.as_mut(), text.as_bytes());
    }

    fn pixels(&self) -> Option<(u32, u32)> {
        self.screen.as_ref().map(Screen::size)
    }

    fn show(&mut self, frame: &Frame, area: Area) {
        if let Some(screen) = &self.screen {
            screen.show(frame, area);
        }
    }

    fn text(&mut self, line: &str) {
        say(self.text.as_mut(), format!("{line}\r\n").as_bytes());
    }

    fn key(&mut self, millis: u32) -> Option<Key> {
        let end = Instant::now() + Duration::from_millis(millis.into());
        loop {
            let left = end.saturating_duration_since(Instant::now()).as_millis().min(u32::MAX.into()) as u32;
            let within = self.is_within_key();
            match self.heard(if within { WITHIN_KEY } else { left }) {
                Some(Heard::Key(key)) => return Some(key),
                // Its other bytes are there, or a pause ends it.
                Some(Heard::Part) => continue,
                Some(Heard::Nothing) => {}
                None => {
                    let ended = self.terminals.iter_mut().find_map(|line| line.keyboard.pause());
                    if ended.is_some() {
                        return ended;
                    }
                }
            }
            if Instant::now() >= end {
                return None;
            }
        }
    }
}

/// Opens a terminal that gives every byte at once and shows none by itself; `None` where there is none: a serial port that is
/// not there has a name all the same.
fn raw(path: &str) -> Option<File> {
    let flags = i32::try_from((OFlags::NOCTTY | OFlags::NONBLOCK).bits()).unwrap_or_default();
    let file = OpenOptions::new().read(true).write(true).custom_flags(flags).open(path).ok()?;
    let mut modes = tcgetattr(&file).ok()?;
    modes.make_raw();
    modes.output_modes -= OutputModes::OPOST;
    // Nobody may be at the other end to say that we may go on.
    modes.control_modes |= ControlModes::CLOCAL | ControlModes::CREAD;
    modes.control_modes -= ControlModes::CRTSCTS;
    // A virtual terminal has no speed.
    let _ = modes.set_speed(SPEED);
    tcsetattr(&file, OptionalActions::Now, &modes).ok()?;
    Some(file)
}

/// Writes what a terminal takes: one that takes nothing for a second has nobody at the other end.
fn say(file: Option<&mut File>, mut bytes: &[u8]) {
    let Some(file) = file else { return };
    while !bytes.is_empty() {
        match file.write(bytes) {
            Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                let mut wait = [PollFd::new(file, PollFlags::OUT)];
                let second = Timespec { tv_sec: 1, tv_nsec: 0 };
                if !matches!(poll(&mut wait, Some(&second)), Ok(1)) {
                    return;
                }
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => return,
        }
    }
}
