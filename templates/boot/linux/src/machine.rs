//! This machine, as the station wants it.

use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use formats::time::Timestamp;
use rustix::system::{RebootCommand, reboot};
use station::{Console, Disk, End, Hands, Machine};

use crate::console::Terminal;
use crate::disks::Disks;
use crate::hands::Threads;

/// A machine that runs Linux.
pub struct Linux {
    begun: Instant,
    disks: Disks,
    console: Terminal,
    hands: Arc<Threads>,
}

impl Linux {
    /// The one that this program runs on, since `begun`.
    pub fn new(begun: Instant) -> Self {
        Self { begun, disks: Disks::default(), console: Terminal::open(), hands: Arc::new(Threads::new()) }
    }
}

impl Machine for Linux {
    fn disks(&mut self) -> Vec<Arc<dyn Disk>> {
        self.disks.now()
    }

    fn console(&mut self) -> &mut dyn Console {
        &mut self.console
    }

    fn hands(&self) -> Arc<dyn Hands> {
        self.hands.clone()
    }

    fn millis(&self) -> u64 {
        self.begun.elapsed().as_millis().try_into().unwrap_or(u64::MAX)
    }

    fn now(&self) -> Option<Timestamp> {
        let seconds = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs().try_into().ok()?;
        Timestamp::from_unix(seconds).ok()
    }

    fn end(&mut self, end: End) {
        rustix::fs::sync();
        let command = match end {
            End::Reboot => RebootCommand::Restart,
            End::PowerOff => RebootCommand::PowerOff,
        };
        if let Err(error) = reboot(command) {
            self.console.serial(&format!("seedpress: the kernel does not end: {error}"));
        }
    }
}
