//! The lock of those who change a store behind a network: a numbered lease that its holder keeps alive.
//!
//! ```text
//! .lease/0000000000000007     who holds it, how often that was said, and how long one has to be silent to lose it
//! .lease/devices/...          the same for the devices, which are changed while a publish is under way
//! ```
//!
//! **The lease with the highest number is the lock.** It is made by conditional creation, so that of several who try one
//! gets it, and it is never removed but by the holder of a higher one. Its holder says every few seconds that it is
//! still there, by writing it anew; no one else writes it. Who waits and sees no change for as long as the lease says, of
//! its own clock, makes the next one. The holder notices, at the latest when it looks before it lets others see what
//! it did; and it gives up by itself when it was not able to speak for half of that time. So one who is cut off,
//! stopped, or slow can neither keep others out for ever nor undo what they did.

#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError, Weak, mpsc};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use formats::document;
use formats::io::read_vec;
use formats::units::ByteOffset;
use host::{Event, Observer, Stop};
use serde::{Deserialize, Serialize};
use store::{Depot, Guarded, Held, StoreError};

use crate::access::Access;
use crate::fault::Fault;

/// The folder of the leases.
const FOLDER: &str = ".lease";
/// The folder of the leases on the devices.
const DEVICES: &str = ".lease/devices";
/// How long somebody who gives the lock back tries to say so.
const PARTING: Duration = Duration::from_secs(5);
/// How often somebody who waits looks again.
const GLANCE: Duration = Duration::from_millis(500);
/// Somebody who says that it may be silent for longer than this is not believed.
const LONGEST: u64 = 3600;
/// The holder speaks so many times in the time after which it would lose the lock.
const BEATS: u32 = 12;
/// A lease is no longer than this, in bytes.
const MOST: u64 = 4096;

/// What stands in a lease.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LeaseDocument {
    /// Who holds it: no two leases have the same.
    holder: String,
    /// How often the holder has spoken.
    beat: u64,
    /// How long it may be silent, in seconds.
    seconds: u64,
    /// Whether it was given back.
    free: bool,
}

/// The leases that this run of the program takes on one store.
#[derive(Debug, Default)]
pub struct Leases {
    guarded: Guarded,
    /// Whether the store was seen to honour conditional creation.
    proven: AtomicBool,
    taken: Mutex<u64>,
    current: Mutex<Weak<Pulse>>,
}

/// What a holder and the thread that speaks for it share.
#[derive(Debug)]
struct Pulse {
    folder: &'static str,
    number: u64,
    lost: AtomicBool,
    /// When it was last sure to hold the lease.
    sure: Mutex<Instant>,
    term: Duration,
    ended: Mutex<bool>,
    wake: Condvar,
}

/// The lock, held.
struct Lease {
    depot: Arc<dyn Depot>,
    calm: Calm,
    document: LeaseDocument,
    pulse: Arc<Pulse>,
    speaker: Option<JoinHandle<()>>,
}

/// A store that goes on when somebody asks to stop, and what ends that.
pub type Calm = (Arc<dyn Depot>, Stop);

/// What somebody who waits has seen, and since when.
type Seen = Option<(u64, Vec<u8>, Instant)>;

impl Leases {
    /// Leases on what is guarded.
    pub fn on(guarded: Guarded) -> Self {
        Self { guarded, ..Self::default() }
    }

    /// Takes the lock of the store in `depot`, or waits for it and says so. `calm` is the same store, and goes on when
    /// somebody asks to stop: the lock is kept alive, and given back.
    ///
    /// # Errors
    /// [`StoreError`], also when the store does not honour conditional creation.
    pub fn take<'a>(
        &self,
        (depot, calm): (Arc<dyn Depot>, Calm),
        access: &Access,
        stop: &Stop,
        observer: &dyn Observer,
    ) -> Result<Box<dyn Held + 'a>, StoreError> {
        self.prove(&*depot, access)?;
        let document = self.document(access);
        let (mut seen, mut told) = (None, false);
        loop {
            stop.check()?;
            let highest = numbers(&*depot, self.folder())?.into_iter().max();
            if highest.is_none_or(|number| self.is_to_be_had(&*depot, number, &mut seen, observer)) {
                let started = Instant::now();
                let number = highest.unwrap_or(0).checked_add(1);
                let number =
                    number.ok_or_else(|| told_of(&*depot, "there are no higher numbers of leases"))?;
                if make(&*depot, (self.folder(), number), &document)? {
                    return Ok(Box::new(self.begin((depot, calm), document, number, started)?));
                }
                continue;
            }
            if !told {
                observer.event(Event::Notice(self.guarded.waiting(&depot.place(""))));
                told = true;
            }
            wait(stop)?;
        }
    }

    /// Sees that nobody who holds the lock has to give up by its own clock; nobody holds it, that is no error.
    ///
    /// # Errors
    /// What there is to say.
    pub fn guard(&self) -> Result<(), Fault> {
        let current = self.current.lock().unwrap_or_else(PoisonError::into_inner).upgrade();
        current.map_or(Ok(()), |pulse| pulse.check())
    }

    /// Sees that nobody else has taken over the lock, by what stands in the store; nobody holds it, that is no error. The
    /// clock of a machine that slept tells nothing.
    ///
    /// # Errors
    /// [`StoreError`] when somebody has.
    pub fn check(&self, depot: &dyn Depot) -> Result<(), StoreError> {
        let current = self.current.lock().unwrap_or_else(PoisonError::into_inner).upgrade();
        current.map_or(Ok(()), |pulse| pulse.look(depot))
    }

    fn folder(&self) -> &'static str {
        match self.guarded {
            Guarded::Catalogue => FOLDER,
            Guarded::Devices => DEVICES,
        }
    }

    /// Whether the lease was given back, or its holder not heard of for too long.
    fn is_to_be_had(&self, depot: &dyn Depot, number: u64, seen: &mut Seen, observer: &dyn Observer) -> bool {
        let Some(text) = read(depot, &key(self.folder(), number)) else { return false };
        let document =
            std::str::from_utf8(&text).ok().and_then(|text| document::parse::<LeaseDocument>(text).ok());
        if document.as_ref().is_some_and(|document| document.free) {
            return true;
        }
        let seconds = document.map_or(Access::TERM.as_secs(), |document| document.seconds.clamp(1, LONGEST));
        match seen {
            Some((before, same, since)) if *before == number && *same == text => {
                let over = since.elapsed() >= Duration::from_secs(seconds);
                if over {
                    let who = match self.guarded {
                        Guarded::Catalogue => "a publish that",
                        Guarded::Devices => "somebody who",
                    };
                    let text = format!("took over the lock of {who} was not heard of for {seconds} s");
                    observer.event(Event::Notice(text));
                }
                over
            }
            _ => {
                *seen = Some((number, text, Instant::now()));
                false
            }
        }
    }

    /// Makes the same object twice. Who lets that happen would let one publisher overwrite what another one did.
    fn prove(&self, depot: &dyn Depot, access: &Access) -> Result<(), StoreError> {
        if self.proven.load(Ordering::Relaxed) {
            return Ok(());
        }
        let key = format!("{FOLDER}/proof-{}", access.run);
        let made = [&b"first"[..], b"second"].map(|bytes| depot.create(&key, bytes));
        depot.remove(&key)?;
        let [first, second] = made;
        if first? && !second? {
            self.proven.store(true, Ordering::Relaxed);
            return Ok(());
        }
        let why =
            "it lets an object be made that is there already: publishers could overwrite each other's work";
        Err(told_of(depot, why))
    }

    fn document(&self, access: &Access) -> LeaseDocument {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        *taken += 1;
        let (holder, seconds) =
            (format!("{}/{}", access.run, taken), access.term.as_secs().clamp(1, LONGEST));
        LeaseDocument { holder, beat: 0, seconds, free: false }
    }

    fn begin(
        &self,
        (depot, calm): (Arc<dyn Depot>, Calm),
        document: LeaseDocument,
        number: u64,
        started: Instant,
    ) -> Result<Lease, StoreError> {
        let (folder, term) = (self.folder(), Duration::from_secs(document.seconds));
        let (sure, lost, ended) = (Mutex::new(started), AtomicBool::new(false), Mutex::new(false));
        let pulse = Arc::new(Pulse { folder, number, lost, sure, term, ended, wake: Condvar::new() });
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(&pulse);
        for old in numbers(&*depot, folder)?.into_iter().filter(|old| *old < number) {
            depot.remove(&key(folder, old))?;
        }
        let (theirs, mut said, shared) = (calm.0.clone(), document.clone(), pulse.clone());
        let speaker = thread::spawn(move || {
            while !shared.sleep(term / BEATS) {
                said.beat += 1;
                shared.speak(&*theirs, &said);
            }
        });
        Ok(Lease { depot, calm, document, pulse, speaker: Some(speaker) })
    }
}

impl Pulse {
    /// Says that the holder is there, and looks whether somebody has taken over.
    fn speak(&self, depot: &dyn Depot, document: &LeaseDocument) {
        let started = Instant::now();
        let said = depot.replace(&self.key(), document::print(document).as_bytes());
        match said.and_then(|()| numbers(depot, self.folder)) {
            Ok(numbers) if numbers.iter().all(|other| *other <= self.number) => self.is_sure(started),
            Ok(_) => self.lost.store(true, Ordering::Relaxed),
            // It is tried again; when that does not help, the holder gives up by itself.
            Err(_) => {}
        }
    }

    /// The key of the lease.
    fn key(&self) -> String {
        key(self.folder, self.number)
    }

    /// Looks whether it is still the one with the highest number.
    fn look(&self, depot: &dyn Depot) -> Result<(), StoreError> {
        let fault = |fault: Fault| fault.at("lock", depot.place(""));
        self.check().map_err(fault)?;
        let started = Instant::now();
        if numbers(depot, self.folder)?.into_iter().max() == Some(self.number) {
            self.is_sure(started);
            return Ok(());
        }
        self.lost.store(true, Ordering::Relaxed);
        self.check().map_err(fault)
    }

    fn is_sure(&self, since: Instant) {
        *self.sure.lock().unwrap_or_else(PoisonError::into_inner) = since;
    }

    /// What the holder knows by itself.
    fn check(&self) -> Result<(), Fault> {
        if self.lost.load(Ordering::Relaxed) {
            return Err(Fault::refused("somebody else has taken over the lock meanwhile"));
        }
        let silent = self.sure.lock().unwrap_or_else(PoisonError::into_inner).elapsed();
        if silent > self.term / 2 {
            let seconds = silent.as_secs();
            return Err(Fault::refused(format!("the lock could not be kept alive for {seconds} s")));
        }
        Ok(())
    }

    /// Sleeps for a while; `true` when the lock is given back meanwhile.
    fn sleep(&self, time: Duration) -> bool {
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.wake.wait_timeout_while(ended, time, |ended| !*ended);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }

    fn end(&self) {
        *self.ended.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.wake.notify_all();
    }
}

impl Held for Lease {
    fn check(&self) -> Result<(), StoreError> {
        self.pulse.look(&*self.depot)
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let (calm, stop) = &self.calm;
        // Where nobody answers any more, that must not keep waiting whoever wants to end.
        let (said, waiting) = mpsc::channel::<()>();
        let late = stop.clone();
        let watch = thread::spawn(move || {
            if waiting.recv_timeout(PARTING) == Err(mpsc::RecvTimeoutError::Timeout) {
                late.set();
            }
        });
        self.pulse.end();
        if let Some(speaker) = self.speaker.take() {
            // It cannot panic.
            let _ = speaker.join();
        }
        let document = LeaseDocument { free: true, ..self.document.clone() };
        // Where that cannot be said, others wait until they may take it over.
        let _ = calm.replace(&self.pulse.key(), document::print(&document).as_bytes());
        drop(said);
        let _ = watch.join();
    }
}

fn key(folder: &str, number: u64) -> String {
    format!("{folder}/{number:020}")
}

/// The numbers of the leases that are there.
fn numbers(depot: &dyn Depot, folder: &str) -> Result<Vec<u64>, StoreError> {
    let names = depot.list(folder)?;
    Ok(names.iter().filter_map(|name| name.parse().ok()).collect())
}

/// Makes a lease; `false` when somebody else was quicker.
fn make(
    depot: &dyn Depot,
    (folder, number): (&str, u64),
    document: &LeaseDocument,
) -> Result<bool, StoreError> {
    let key = key(folder, number);
    if !depot.create(&key, document::print(document).as_bytes())? {
        return Ok(false);
    }
    if numbers(depot, folder)?.into_iter().max() == Some(number) {
        return Ok(true);
    }
    // Others went on while we looked at a lease that they have removed since.
    depot.remove(&key)?;
    Ok(false)
}

/// The bytes of a lease, as far as they can be had.
fn read(depot: &dyn Depot, key: &str) -> Option<Vec<u8>> {
    let source = depot.open(key).ok()?;
    let len = source.size().0.min(MOST);
    // Cannot cut: the length is small.
    read_vec(&source, ByteOffset::ZERO, len as usize).ok()
}

fn wait(stop: &Stop) -> Result<(), StoreError> {
    for _ in 0..10 {
        stop.check()?;
        thread::sleep(GLANCE / 10);
    }
    Ok(())
}

fn told_of(depot: &dyn Depot, why: &str) -> StoreError {
    let place: PathBuf = depot.place("");
    Fault::refused(why).at("lock", place)
}
