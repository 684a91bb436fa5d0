//! The serial console: the firmware's serial ports, or the first one of a PC where the firmware has none.

use alloc::vec::Vec;
use core::fmt;

use uefi::boot;
use uefi::proto::console::serial::Serial as SerialIo;

use crate::raw::{self, Com1, Kept};

/// The first serial port of a PC, where the firmware has no driver for it.
const COM1: Com1 = Com1::new();
/// Received and sent bytes; the divisor's low byte.
const DATA: u8 = 0;
/// Which interrupts are sent; the divisor's high byte.
const INTERRUPTS: u8 = 1;
/// The buffers.
const FIFO: u8 = 2;
/// The shape of a byte, and whether the divisor is addressed.
const LINE: u8 = 3;
/// The lines to the other end.
const MODEM: u8 = 4;
/// What is ready.
const STATUS: u8 = 5;
/// A register without a function, by which a UART is known.
const SCRATCH: u8 = 7;
/// A byte was received.
const RECEIVED: u8 = 1;
/// A byte can be sent.
const EMPTY: u8 = 0x20;
/// How often it is looked whether a byte can be sent: some 50 ms, ten times what one takes.
const PATIENCE: u32 = 50_000;
/// After so many bytes that could not be sent, a port is not used any more.
const TRIES: u8 = 2;

/// The serial console.
pub struct Serial {
    ports: Vec<Port>,
    com1: bool,
}

/// A serial port of the firmware.
struct Port {
    handle: Kept,
    failed: u8,
}

impl Serial {
    /// Finds the ports.
    pub fn new() -> Self {
        let handles = boot::find_handles::<SerialIo>().unwrap_or_default();
        let ports: Vec<_> =
            handles.into_iter().map(|handle| Port { handle: Kept(handle), failed: 0 }).collect();
        let com1 = ports.is_empty() && com1_is_there();
        if com1 {
            com1_set_up();
        }
        Self { ports, com1 }
    }

    /// Sends a line and ends it.
    pub fn line(&mut self, line: &str) {
        self.part(line);
        self.part("\n");
    }

    /// Sends text, with returns as terminals need them.
    pub fn part(&mut self, text: &str) {
        for (index, line) in text.split('\n').enumerate() {
            if index > 0 {
                self.send(b"\r\n");
            }
            self.send(line.as_bytes());
        }
    }

    /// A byte that came to a port that the firmware does not listen to.
    pub fn byte(&self) -> Option<u8> {
        (self.com1 && COM1.read(STATUS) & RECEIVED != 0).then(|| COM1.read(DATA))
    }

    fn send(&mut self, bytes: &[u8]) {
        for port in self.ports.iter_mut().filter(|port| port.failed < TRIES) {
            port.send(bytes);
        }
        if self.com1 {
            self.com1 = bytes.iter().all(|byte| com1_send(*byte));
        }
    }
}

impl Port {
    fn send(&mut self, bytes: &[u8]) {
        let sent = raw::with(self.handle.0, |port: &mut SerialIo| port.write(bytes).is_ok()).unwrap_or(false);
        self.failed = if sent { 0 } else { self.failed + 1 };
    }
}

/// A PC's first serial port without a driver: for what cannot ask the firmware any more.
pub struct FirstPort;

impl fmt::Write for FirstPort {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        match com1_is_there() && text.bytes().all(com1_send) {
            true => Ok(()),
            false => Err(fmt::Error),
        }
    }
}

fn com1_is_there() -> bool {
    [0x5a, 0xa5].into_iter().all(|pattern| {
        COM1.write(SCRATCH, pattern);
        COM1.read(SCRATCH) == pattern
    })
}

/// 115,200 baud, bytes of eight bits, no parity, one stop bit; no interrupts.
fn com1_set_up() {
    let steps =
        [(INTERRUPTS, 0), (LINE, 0x80), (DATA, 1), (INTERRUPTS, 0), (LINE, 3), (FIFO, 0xc7), (MODEM, 3)];
    for (register, value) in steps {
        COM1.write(register, value);
    }
}

fn com1_send(byte: u8) -> bool {
    let ready = (0..PATIENCE).any(|_| COM1.read(STATUS) & EMPTY != 0);
    if ready {
        COM1.write(DATA, byte);
    }
    ready
}
