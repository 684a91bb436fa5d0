//! A store in a folder of a machine that is reached by SSH.
//!
//! What is written gets its name when it is whole: a new document by a hard link, which fails where there is one already,
//! and a new version of a document by a rename in place of the old one. Names that begin with `~` are unfinished.

mod files;
mod layer;
mod link;
mod target;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use formats::io::ReadAt;
use host::{Event, Observer, Stop};
use openssh_sftp_client::Error;
use store::{Depot, Guarded, Held, NewLayer, StoreError, paths};
use uuid::Uuid;

use crate::access::Access;
use crate::ahead::Ahead;
use crate::fault::Fault;
use crate::lease::Leases;
use crate::reactor::Reactor;
use files::{Handle, Opened, Source};
use link::{Line, Link};
use target::Target;

/// A store in a folder of a machine that is reached by SSH. Copies share the connection and what was read.
#[derive(Clone, Debug)]
pub struct Sftp(Arc<Inner>, Stop, Arc<Line>);

#[derive(Debug)]
struct Inner {
    target: Target,
    /// For the lock: what it has to say does not wait behind what is written.
    calm: Arc<Line>,
    reactor: Arc<Reactor>,
    ahead: Arc<Ahead>,
    access: Access,
    /// The lock of the catalogue.
    leases: Leases,
    /// The lock of the devices.
    devices: Leases,
    temporary: AtomicU64,
}

impl Sftp {
    /// The store at `sftp://[user@]host[:port]/path`; nothing is asked yet.
    ///
    /// # Errors
    /// When the URL makes no sense.
    pub fn new(url: &str, access: Access) -> Result<Self, Fault> {
        let target = Target::parse(url)?;
        let reactor = Arc::new(Reactor::new().map_err(|e| Fault::refused(e.to_string()))?);
        let stop = access.stop.clone();
        let ahead = Ahead::new(reactor.clone(), stop.clone());
        let line = || Arc::new(Line::new(target.clone(), access.patience, access.retries));
        let (line, calm) = (line(), line());
        let (leases, devices) = (Leases::on(Guarded::Catalogue), Leases::on(Guarded::Devices));
        let temporary = AtomicU64::new(0);
        Ok(Self(
            Arc::new(Inner { target, calm, reactor, ahead, access, leases, devices, temporary }),
            stop,
            line,
        ))
    }

    /// The same over a connection of its own, which goes on when somebody asks to stop, until `ends` is set: for the lock,
    /// and for cleaning up.
    fn calm(&self, ends: Stop) -> Self {
        Self(self.0.clone(), ends, self.0.calm.clone())
    }

    /// The same, for cleaning up at the end: a few seconds, whoever asks to stop.
    fn parting(&self) -> Self {
        self.calm(self.0.reactor.soon())
    }

    fn path(&self, key: &str) -> String {
        self.0.target.path(key)
    }

    /// A path beside that of a key, which nobody else has.
    fn temporary(&self, key: &str) -> String {
        let number = self.0.temporary.fetch_add(1, Ordering::Relaxed);
        let name = format!("{}{}-{number}", paths::UNFINISHED, self.0.access.run);
        self.path(
            &key.rsplit_once('/').map_or_else(|| name.clone(), |(folder, _)| format!("{folder}/{name}")),
        )
    }

    /// Does something over the connection.
    fn ask<T>(
        &self,
        (operation, key): (&'static str, &str),
        work: impl AsyncFn(&Arc<Link>) -> Result<T, Error>,
    ) -> Result<T, StoreError> {
        let done = self.0.reactor.wait(&self.1, self.2.run(work))?;
        done.map_err(|fault| fault.at(operation, self.place(key)))
    }

    /// The names of what is unfinished in a folder.
    fn unfinished(&self, folder: &str) -> Result<Vec<String>, StoreError> {
        let names = self.list(folder)?.into_iter().filter(|name| name.starts_with(paths::UNFINISHED));
        Ok(names.map(|name| if folder.is_empty() { name } else { format!("{folder}/{name}") }).collect())
    }
}

impl Depot for Sftp {
    fn place(&self, key: &str) -> PathBuf {
        let url = &self.0.target.url;
        if key.is_empty() { url.into() } else { format!("{url}/{key}").into() }
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, StoreError> {
        let path = self.path(folder);
        self.ask(("list", folder), async |link| files::list(link, &path).await)
    }

    fn has(&self, key: &str) -> Result<bool, StoreError> {
        let path = self.path(key);
        self.ask(("read", key), async |link| files::exists(link, &path).await)
    }

    fn open(&self, key: &str) -> Result<Arc<dyn ReadAt>, StoreError> {
        let path = self.path(key);
        Ok(match self.ask(("read", key), async |link| files::open(link, &path).await)? {
            Opened::Small(bytes) => Arc::new(bytes),
            Opened::Large(len) => {
                let source = Source { line: self.2.clone(), path, open: Arc::new(Handle::default()) };
                Arc::new(self.0.ahead.object(len, Arc::new(source)))
            }
        })
    }

    fn create(&self, key: &str, bytes: &[u8]) -> Result<bool, StoreError> {
        let (path, temporary) = (self.path(key), self.temporary(key));
        let bytes = Bytes::copy_from_slice(bytes);
        self.ask(("write", key), async |link| {
            let linked = files::put_as(link, (&temporary, &path), &bytes, false).await;
            files::remove(link, &temporary).await?;
            match linked {
                Ok(()) => Ok(true),
                // It may be ours, made before a connection broke.
                Err(Error::SftpError(..)) if files::exists(link, &path).await? => {
                    Ok(files::read(link, &path).await? == bytes)
                }
                Err(error) => Err(error),
            }
        })
    }

    fn replace(&self, key: &str, bytes: &[u8]) -> Result<(), StoreError> {
        let (path, temporary) = (self.path(key), self.temporary(key));
        let bytes = Bytes::copy_from_slice(bytes);
        self.ask(("write", key), async |link| {
            if !link.sftp.support_posix_rename() {
                return Err(Error::UnsupportedExtension(&"posix-rename@openssh.com"));
            }
            files::put_as(link, (&temporary, &path), &bytes, true).await
        })
    }

    fn remove(&self, key: &str) -> Result<(), StoreError> {
        let path = self.path(key);
        self.ask(("remove", key), async |link| files::remove(link, &path).await)
    }

    fn begin_layer(&self, layer: Uuid) -> Result<Box<dyn NewLayer + '_>, StoreError> {
        Ok(Box::new(layer::Unfinished::begin(self, layer)?))
    }

    fn lock(
        &self,
        guarded: Guarded,
        stop: &Stop,
        observer: &dyn Observer,
    ) -> Result<Box<dyn Held + '_>, StoreError> {
        let calm = self.calm(Stop::new());
        let ends = calm.1.clone();
        let leases = match guarded {
            Guarded::Catalogue => &self.0.leases,
            Guarded::Devices => &self.0.devices,
        };
        leases.take((Arc::new(self.clone()), (Arc::new(calm), ends)), &self.0.access, stop, observer)
    }

    fn clean(&self, observer: &dyn Observer) -> Result<(), StoreError> {
        layer::restore(self, observer)?;
        let mut folders = vec![String::new(), paths::LAYERS.into()];
        folders.extend(self.list(paths::IMAGES)?.iter().map(|name| paths::image(name)));
        for folder in folders {
            for key in self.unfinished(&folder)? {
                let path = self.path(&key);
                self.ask(("remove", &key), async |link| files::remove_any(link, &path).await)?;
                let shown = self.place(&key);
                let text = format!("removed {}, left over from a publish that was cut off", shown.display());
                observer.event(Event::Notice(text));
            }
        }
        Ok(())
    }
}
