//! One at a time who changes the catalogue, and one who changes devices.

use std::fs::File;
use std::path::Path;
use std::time::Duration;

use host::{Event, HostError, Observer, Operation, Stop};
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use super::make_folder_of;
use crate::depot::{Guarded, Held};
use crate::error::StoreError;
use crate::paths;

/// How often a publisher that waits looks again. Waiting in flock(2) could not be interrupted.
const PATIENCE: Duration = Duration::from_millis(100);

/// Held while somebody changes the store. The lock ends with the process, however that ends.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock of the store in `root`, or waits for it and says so.
    pub fn take(
        root: &Path,
        guarded: Guarded,
        stop: &Stop,
        observer: &dyn Observer,
    ) -> Result<Self, StoreError> {
        let path = match guarded {
            Guarded::Catalogue => root.join(paths::LOCK),
            Guarded::Devices => root.join(paths::DEVICES).join(paths::LOCK),
        };
        make_folder_of(&path)?;
        let open = File::options().write(true).create(true).truncate(false).open(&path);
        let file = open.map_err(HostError::io(Operation::Lock, &path))?;
        if !try_lock(&file, &path)? {
            observer.event(Event::Notice(guarded.waiting(root)));
            while !try_lock(&file, &path)? {
                stop.check()?;
                std::thread::sleep(PATIENCE);
            }
        }
        Ok(Self { _file: file })
    }
}

impl Held for Lock {
    fn check(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

fn try_lock(file: &File, path: &Path) -> Result<bool, StoreError> {
    match flock(file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(true),
        Err(Errno::WOULDBLOCK) => Ok(false),
        Err(e) => Err(HostError::io(Operation::Lock, path)(e.into()).into()),
    }
}
