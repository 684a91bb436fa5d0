//! Waiting for disks: drivers look for them in the background, and nobody says when they are through.
//!
//! A module is loaded when what its driver looks for at once was found: ATA, NVMe, and SCSI with `scan=sync`. What comes later
//! are sticks, and disks behind controllers that ask each of their ports.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use deploy::Medium;
use formats::files::read_file;
use formats::manifest::paths;
use station::{Disk, Machine};
use uuid::Uuid;

use crate::sysfs;

/// Where the kernel lists the devices of PCI, and disks.
const PCI: &str = "/sys/bus/pci/devices";
const BLOCK: &str = "/sys/block";
/// How often is looked.
const PERIOD: Duration = Duration::from_millis(50);
/// How long no disk must have come, once the medium is there.
const QUIET: Duration = Duration::from_millis(500);
/// The same where a controller has not shown a disk: most have none, some take that long.
const LONG_QUIET: Duration = Duration::from_secs(3);
/// How long a medium is waited for: slow card readers and drives that spin up take ten seconds.
const LONGEST: Duration = Duration::from_secs(20);
/// The largest manifest that is looked into.
const MANIFEST: usize = 256 << 20;

/// Waits until the medium is there and no more disks come, or nothing more is to be hoped for.
pub fn wait(machine: &mut dyn Machine, medium: Option<Uuid>) {
    let begun = Instant::now();
    let mut last_change = begun;
    let mut seen = BTreeSet::new();
    let mut is_there = medium.is_none();
    while begun.elapsed() < LONGEST {
        for disk in machine.disks() {
            if seen.insert(disk.about().name.clone()) {
                last_change = Instant::now();
                is_there |= medium.is_some_and(|medium| holds(disk, medium));
            }
        }
        let is_idle = || sysfs::has_idle_controller(Path::new(PCI), Path::new(BLOCK));
        if is_there && !seen.is_empty() && is_settled(last_change.elapsed(), is_idle) {
            return;
        }
        thread::sleep(PERIOD);
    }
}

/// Whether no more disks are to be expected, so long after the last one came.
fn is_settled(quiet: Duration, is_idle: impl Fn() -> bool) -> bool {
    quiet >= LONG_QUIET || (quiet >= QUIET && !is_idle())
}

/// Whether a disk names this medium in its manifest. Nothing is believed for it: the station opens the medium itself.
fn holds(disk: Arc<dyn Disk>, medium: Uuid) -> bool {
    let Ok(opened) = Medium::open(disk) else { return false };
    let Ok(manifest) = read_file(opened.seed(), paths::MANIFEST, MANIFEST) else { return false };
    let id = medium.to_string();
    manifest.windows(id.len()).any(|piece| piece == id.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn disks_are_waited_for_longer_while_a_controller_has_shown_none() {
        let [short, long] = [QUIET, LONG_QUIET];
        assert!(is_settled(short, || false) && !is_settled(short - PERIOD, || false));
        assert!(is_settled(long, || true) && !is_settled(long - PERIOD, || true));
    }
}
