//! A layer's folder in the making, on a machine that is reached by SSH.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use formats::units::ByteLen;
use host::{Event, Observer};
use store::{Depot, NewLayer, RemoteCause, StoreError, Upload, paths};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::Sftp;
use super::files::{self, Handle};
use super::link::Link;
use crate::fault::Fault;

/// How many pieces are under way at a time.
const UNDER_WAY: usize = 4;

/// The folder. Dropped before it gets its name, it is removed again.
pub struct Unfinished<'a> {
    sftp: &'a Sftp,
    layer: Uuid,
    key: String,
    done: bool,
}

impl<'a> Unfinished<'a> {
    /// A new folder for a layer.
    pub fn begin(sftp: &'a Sftp, layer: Uuid) -> Result<Self, StoreError> {
        // Nobody else has this name: who lost the lock does not write into what its successor makes.
        let key = format!("{}/{}{layer}.{}", paths::LAYERS, paths::UNFINISHED, sftp.0.access.run);
        let path = sftp.path(&key);
        sftp.ask(("write", &key), async |link| files::make_folder(link, &path).await)?;
        Ok(Self { sftp, layer, key, done: false })
    }
}

impl NewLayer for Unfinished<'_> {
    fn begin(&self, file: &str, _: ByteLen) -> Result<Box<dyn Upload + '_>, StoreError> {
        let key = format!("{}/{file}", self.key);
        guard(self.sftp, &key)?;
        let path = self.sftp.path(&key);
        let nothing = Bytes::new();
        self.sftp.ask(("write", &key), async |link| files::put(link, &path, &nothing).await)?;
        let room = Arc::new(Semaphore::new(UNDER_WAY));
        let (open, under_way) = (Arc::new(Handle::default()), Mutex::default());
        Ok(Box::new(Growing { sftp: self.sftp, key, path, open, room, under_way }))
    }

    fn put(&self, file: &str, bytes: &[u8]) -> Result<(), StoreError> {
        let key = format!("{}/{file}", self.key);
        guard(self.sftp, &key)?;
        let (path, bytes) = (self.sftp.path(&key), Bytes::copy_from_slice(bytes));
        self.sftp.ask(("write", &key), async |link| files::put(link, &path, &bytes).await)
    }

    /// Gives the folder its name, in place of a damaged one.
    fn commit(mut self: Box<Self>) -> Result<(), StoreError> {
        let key = paths::layer(self.layer);
        let (from, to) = (self.sftp.path(&self.key), self.sftp.path(&key));
        let old = format!("{from}{}", paths::DAMAGED);
        self.sftp.0.leases.check(self.sftp)?;
        self.sftp.ask(("write", &key), async |link| {
            let mut fs = link.sftp.fs();
            // A connection that broke may have done it.
            if files::exists(link, &from).await? {
                if files::exists(link, &to).await? {
                    fs.rename(&to, &old).await?;
                }
                if let Err(error) = fs.rename(&from, &to).await {
                    // Best what there was. Where that does not work either, the next publisher does it.
                    let _ = fs.rename(&old, &to).await;
                    return Err(error);
                }
            }
            if files::exists(link, &old).await? { files::remove_folder(link, &old).await } else { Ok(()) }
        })?;
        self.done = true;
        Ok(())
    }
}

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        // Whoever lost the lock leaves alone what is another one's now. Where removing does not work, the next publisher
        // does it.
        if !self.done && self.sftp.0.leases.guard().is_ok() {
            let path = self.sftp.path(&self.key);
            let _ = self
                .sftp
                .parting()
                .ask(("remove", &self.key), async |link| files::remove_folder(link, &path).await);
        }
    }
}

/// Sees that the lock was not lost.
fn guard(sftp: &Sftp, key: &str) -> Result<(), StoreError> {
    sftp.0.leases.guard().map_err(|fault| fault.at("write", sftp.place(key)))
}

/// Gives damaged layers their names back, where a publisher was cut off before another one took their place.
pub fn restore(sftp: &Sftp, observer: &dyn Observer) -> Result<(), StoreError> {
    for name in sftp.list(paths::LAYERS)?.iter().filter(|name| name.ends_with(paths::DAMAGED)) {
        let Some(layer) = paths::unfinished_layer(name) else { continue };
        let key = paths::layer(layer);
        if sftp.has(&key)? {
            continue;
        }
        let (from, to) = (sftp.path(&format!("{}/{name}", paths::LAYERS)), sftp.path(&key));
        sftp.ask(("write", &key), async |link| {
            // A connection that broke may have done it.
            let is_there = files::exists(link, &to).await?;
            if is_there { Ok(()) } else { link.sftp.fs().rename(&from, &to).await }
        })?;
        let text = format!(
            "{} has its name again: a publish that was to mend it was cut off",
            sftp.place(&key).display()
        );
        observer.event(Event::Notice(text));
    }
    Ok(())
}

/// A file whose length is known when all of it is there.
struct Growing<'a> {
    sftp: &'a Sftp,
    key: String,
    path: String,
    open: Arc<Handle>,
    room: Arc<Semaphore>,
    under_way: Mutex<Vec<JoinHandle<Result<(), Fault>>>>,
}

impl Growing<'_> {
    fn fault(&self, fault: Fault) -> StoreError {
        fault.at("write", self.sftp.place(&self.key))
    }

    /// Looks at what was written, and waits for the rest where `all` is to be done.
    fn written(&self, all: bool) -> Result<(), StoreError> {
        let tasks = std::mem::take(&mut *self.under_way.lock().unwrap_or_else(PoisonError::into_inner));
        let (done, waiting): (Vec<_>, Vec<_>) = tasks.into_iter().partition(|task| all || task.is_finished());
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner).extend(waiting);
        for task in done {
            let written = self.sftp.0.reactor.wait(&self.sftp.1, task)?;
            let lost = |e: tokio::task::JoinError| Fault::new(RemoteCause::Unreachable, e.to_string());
            written.map_err(lost).flatten().map_err(|fault| self.fault(fault))?;
        }
        Ok(())
    }
}

impl Upload for Growing<'_> {
    fn reserve(&self, _: u64, _: u64) {}

    fn write_at(&self, at: u64, bytes: &[u8]) -> Result<(), StoreError> {
        guard(self.sftp, &self.key)?;
        self.written(false)?;
        let room = self.sftp.0.reactor.wait(&self.sftp.1, self.room.clone().acquire_owned())?;
        let room = room.map_err(|e| self.fault(Fault::refused(e.to_string())))?;
        let (line, path, open) = (self.sftp.2.clone(), self.path.clone(), self.open.clone());
        let bytes = Bytes::copy_from_slice(bytes);
        let task = self.sftp.0.reactor.spawn(async move {
            let _room = room;
            let work = |link: Arc<Link>| {
                let (path, open, bytes) = (path.clone(), open.clone(), bytes.clone());
                async move { files::write(&open.file(&link, &path, true).await?, at, &bytes).await }
            };
            line.send(work).await
        });
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner).push(task);
        Ok(())
    }

    fn finish(self: Box<Self>, len: u64) -> Result<(), StoreError> {
        self.written(true)?;
        let found = self.sftp.ask(("write", &self.key), async |link| {
            let mut file = self.open.file(link, &self.path, true).await?;
            files::sync(link, &mut file).await?;
            Ok(file.metadata().await?.len().unwrap_or_default())
        })?;
        if found == len { Ok(()) } else { Err(self.fault(files::short(found, len))) }
    }
}

impl Drop for Growing<'_> {
    fn drop(&mut self) {
        for task in self.under_way.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            task.abort();
        }
    }
}
