//! The lock of those who change a store behind a network: a numbered lease that its holder keeps alive.
//!
//! ```text
//! .lease/0000000000000007     who holds it, how often that was said, and how long one has to be silent to lose it
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
use std::sync::{Arc, Condvar, Mutex, PoisonError, Weak};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use formats::document;
use formats::io::read_vec;
use formats::units::ByteOffset;
use host::{Event, Observer, Stop};
use serde::{Deserialize, Serialize};
use store::{Depot, Held, StoreError};

use crate::access::Access;
use crate::fault::Fault;

/// The folder of the leases.
const FOLDER: &str = ".lease";
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
    /// Whether the store was seen to honour conditional creation.
    proven: AtomicBool,
    taken: Mutex<u64>,
    current: Mutex<Weak<Pulse>>,
}

/// What a holder and the thread that speaks for it share.
#[derive(Debug)]
struct Pulse {
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
    calm: Arc<dyn Depot>,
    number: u64,
    document: LeaseDocument,
    pulse: Arc<Pulse>,
    speaker: Option<JoinHandle<()>>,
}

/// What somebody who waits has seen, and since when.
type Seen = Option<(u64, Vec<u8>, Instant)>;

impl Leases {
    /// Takes the lock of the store in `depot`, or waits for it and says so. `calm` is the same store, and goes on when
    /// somebody asks to stop: the lock is kept alive, and given back.
    ///
    /// # Errors
    /// [`StoreError`], also when the store does not honour conditional creation.
    pub fn take<'a>(
        &self,
        (depot, calm): (Arc<dyn Depot>, Arc<dyn Depot>),
        access: &Access,
        stop: &Stop,
        observer: &dyn Observer,
    ) -> Result<Box<dyn Held + 'a>, StoreError> {
        self.prove(&*depot, access)?;
        let document = self.document(access);
        let (mut seen, mut told) = (None, false);
        loop {
            stop.check()?;
            let highest = numbers(&*depot)?.into_iter().max();
            if highest.is_none_or(|number| is_to_be_had(&*depot, number, &mut seen, observer)) {
                let started = Instant::now();
                let number = highest.unwrap_or(0).checked_add(1);
                let number =
                    number.ok_or_else(|| told_of(&*depot, "there are no higher numbers of leases"))?;
                if make(&*depot, number, &document)? {
                    return Ok(Box::new(self.begin((depot, calm), document, number, started)?));
                }
                continue;
            }
            if !told {
                let place = depot.place("");
                let text = format!("waiting: another publish is changing the store {}", place.display());
                observer.event(Event::Notice(text));
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
        (depot, calm): (Arc<dyn Depot>, Arc<dyn Depot>),
        document: LeaseDocument,
        number: u64,
        started: Instant,
    ) -> Result<Lease, StoreError> {
        let term = Duration::from_secs(document.seconds);
        let (sure, lost) = (Mutex::new(started), AtomicBool::new(false));
        let pulse = Arc::new(Pulse { lost, sure, term, ended: Mutex::new(false), wake: Condvar::new() });
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(&pulse);
        for old in numbers(&*depot)?.into_iter().filter(|old| *old < number) {
            depot.remove(&key(old))?;
        }
        let (theirs, mut said, shared) = (calm.clone(), document.clone(), pulse.clone());
        let speaker = thread::spawn(move || {
            while !shared.sleep(term / BEATS) {
                said.beat += 1;
                shared.speak(&*theirs, number, &said);
            }
        });
        Ok(Lease { depot, calm, number, document, pulse, speaker: Some(speaker) })
    }
}

impl Pulse {
    /// Says that the holder is there, and looks whether somebody has taken over.
    fn speak(&self, depot: &dyn Depot, number: u64, document: &LeaseDocument) {
        let started = Instant::now();
        let said = depot.replace(&key(number), document::print(document).as_bytes());
        match said.and_then(|()| numbers(depot)) {
            Ok(numbers) if numbers.iter().all(|other| *other <= number) => self.is_sure(started),
            Ok(_) => self.lost.store(true, Ordering::Relaxed),
            // It is tried again; when that does not help, the holder gives up by itself.
            Err(_) => {}
        }
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
        let fault = |fault: Fault| fault.at("lock", self.depot.place(""));
        self.pulse.check().map_err(fault)?;
        let started = Instant::now();
        if numbers(&*self.depot)?.into_iter().max() == Some(self.number) {
            self.pulse.is_sure(started);
            return Ok(());
        }
        self.pulse.lost.store(true, Ordering::Relaxed);
        self.pulse.check().map_err(fault)
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.pulse.end();
        if let Some(speaker) = self.speaker.take() {
            // It cannot panic.
            let _ = speaker.join();
        }
        let document = LeaseDocument { free: true, ..self.document.clone() };
        // Where that cannot be said, others wait until they may take it over.
        let _ = self.calm.replace(&key(self.number), document::print(&document).as_bytes());
    }
}

fn key(number: u64) -> String {
    format!("{FOLDER}/{number:020}")
}

/// The numbers of the leases that are there.
fn numbers(depot: &dyn Depot) -> Result<Vec<u64>, StoreError> {
    let names = depot.list(FOLDER)?;
    Ok(names.iter().filter_map(|name| name.parse().ok()).collect())
}

/// Makes a lease; `false` when somebody else was quicker.
fn make(depot: &dyn Depot, number: u64, document: &LeaseDocument) -> Result<bool, StoreError> {
    if !depot.create(&key(number), document::print(document).as_bytes())? {
        return Ok(false);
    }
    if numbers(depot)?.into_iter().max() == Some(number) {
        return Ok(true);
    }
    // Others went on while we looked at a lease that they have removed since.
    depot.remove(&key(number))?;
    Ok(false)
}

/// Whether the lease was given back, or its holder not heard of for too long.
fn is_to_be_had(depot: &dyn Depot, number: u64, seen: &mut Seen, observer: &dyn Observer) -> bool {
    let Some(text) = read(depot, number) else { return false };
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
                let text = format!("took over the lock of a publish that was not heard of for {seconds} s");
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

/// The bytes of a lease, as far as they can be had.
fn read(depot: &dyn Depot, number: u64) -> Option<Vec<u8>> {
    let source = depot.open(&key(number)).ok()?;
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
