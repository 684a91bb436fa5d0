//! One sync at a time.

use std::fs::File;
use std::path::Path;
use std::time::Duration;

use host::{Event, HostError, Observer, Operation, Stop};
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use super::error::ClientError;

/// How often one that waits looks again. Waiting in flock(2) could not be interrupted.
const PATIENCE: Duration = Duration::from_millis(100);

/// Held while the client's folder is changed. It ends with the process, however that ends.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock, or waits for it and says so.
    pub fn take(path: &Path, stop: &Stop, observer: &dyn Observer) -> Result<Self, ClientError> {
        let open = File::options().write(true).create(true).truncate(false).open(path);
        let file = open.map_err(HostError::io(Operation::Lock, path))?;
        if !try_lock(&file, path)? {
            let folder = path.parent().unwrap_or(path).display();
            let text = format!("waiting: another process is changing the client's folder {folder}");
            observer.event(Event::Notice(text));
            while !try_lock(&file, path)? {
                stop.check()?;
                std::thread::sleep(PATIENCE);
            }
        }
        Ok(Self { _file: file })
    }
}

fn try_lock(file: &File, path: &Path) -> Result<bool, ClientError> {
    match flock(file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(true),
        Err(Errno::WOULDBLOCK) => Ok(false),
        Err(e) => Err(HostError::io(Operation::Lock, path)(e.into()).into()),
    }
}
