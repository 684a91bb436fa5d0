//! Waiting for disks: drivers look for them in the background, and nobody says when they are through.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use deploy::Medium;
use formats::files::read_file;
use formats::io::ReadAt;
use formats::manifest::paths;
use station::{Disk, Machine};
use uuid::Uuid;

/// How often is looked.
const PERIOD: Duration = Duration::from_millis(50);
/// How long no disk must have come, once the medium is there.
const QUIET: Duration = Duration::from_millis(500);
/// How long a medium is waited for: slow card readers and drives that spin up take ten seconds.
const LONGEST: Duration = Duration::from_secs(20);
/// The largest manifest that is looked into.
const MANIFEST: usize = 256 << 20;

/// A disk that may have to be passed on to a closure that keeps it.
struct Whole(Arc<dyn Disk>);

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
        if is_there && last_change.elapsed() >= QUIET && !seen.is_empty() {
            return;
        }
        thread::sleep(PERIOD);
    }
}

/// Whether a disk names this medium in its manifest. Nothing is believed for it: the station opens the medium itself.
fn holds(disk: Arc<dyn Disk>, medium: Uuid) -> bool {
    let Ok(opened) = Medium::open(Arc::new(Whole(disk))) else { return false };
    let Ok(manifest) = read_file(opened.seed(), paths::MANIFEST, MANIFEST) else { return false };
    let id = medium.to_string();
    manifest.windows(id.len()).any(|piece| piece == id.as_bytes())
}

impl ReadAt for Whole {
    fn size(&self) -> formats::units::ByteLen {
        self.0.size()
    }

    fn read_at(
        &self,
        offset: formats::units::ByteOffset,
        buf: &mut [u8],
    ) -> Result<(), formats::io::ReadError> {
        self.0.read_at(offset, buf)
    }
}
