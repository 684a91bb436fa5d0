//! The machine that a station runs on: what the firmware has of it.

use alloc::sync::Arc;
use alloc::vec::Vec;

use formats::time::Timestamp;
use station::machine::OneByOne;
use station::{Console, Disk, End, Hands, Machine};
use uefi::Status;
use uefi::runtime::{self, ResetType};

use crate::clock::{self, Clock};
use crate::console::FirmwareConsole;
use crate::decoder::Ruzstd;
use crate::disks::Disks;

/// The machine.
pub struct Firmware {
    console: FirmwareConsole,
    disks: Disks,
    hands: Arc<OneByOne<Ruzstd>>,
}

impl Firmware {
    /// Finds what there is.
    pub fn new() -> Self {
        let clock = Clock::new();
        let disks = Disks::new();
        let hands = Arc::new(OneByOne::new(Ruzstd::new()));
        Self { console: FirmwareConsole::new(clock), disks, hands }
    }

    /// Lets the processor rest for a moment.
    pub fn rest(&mut self) {
        self.console.rest();
    }
}

impl Machine for Firmware {
    fn disks(&mut self) -> Vec<Arc<dyn Disk>> {
        self.disks.all()
    }

    fn console(&mut self) -> &mut dyn Console {
        &mut self.console
    }

    fn hands(&self) -> Arc<dyn Hands> {
        self.hands.clone()
    }

    fn millis(&self) -> u64 {
        self.console.clock.millis()
    }

    fn now(&self) -> Option<Timestamp> {
        clock::now()
    }

    fn end(&mut self, end: End) {
        let kind = match end {
            End::Reboot => ResetType::COLD,
            End::PowerOff => ResetType::SHUTDOWN,
        };
        runtime::reset(kind, Status::SUCCESS, None);
    }
}
