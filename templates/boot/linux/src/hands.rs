//! Frames are read, checked and decoded ahead on many threads, and placed in order on one.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use deploy::{Decoder, DeployError, Job, Undecodable};
use station::Hands;
use station::machine::{Fetch, Place};

/// No disk becomes faster by more readers than this, and each takes memory.
const MOST_THREADS: usize = 8;

/// As many hands as the machine has processors.
pub struct Threads {
    decoder: Zstd,
    threads: usize,
}

/// The reference decoder.
struct Zstd;

/// A job's number in the order of the list, and what came of it.
type Done = (u64, Job, Result<Vec<u8>, DeployError>);
/// A job, its number, and memory for its bytes.
type Asked = (u64, Job, Vec<u8>);

impl Threads {
    /// One reader a processor, but two at least: one waits for the medium while the other decodes.
    pub fn new() -> Self {
        let processors = thread::available_parallelism().map_or(1, usize::from);
        Self { decoder: Zstd, threads: processors.clamp(2, MOST_THREADS) }
    }
}

impl Decoder for Zstd {
    fn decode(&self, compressed: &[u8], plain: &mut [u8]) -> Result<(), Undecodable> {
        let len = zstd::bulk::decompress_to_buffer(compressed, plain).map_err(Undecodable::new)?;
        if len == plain.len() {
            return Ok(());
        }
        Err(Undecodable::new(format!("{len} bytes where {} are expected", plain.len())))
    }
}

impl Hands for Threads {
    fn decoder(&self) -> &dyn Decoder {
        &self.decoder
    }

    fn in_order(
        &self,
        jobs: &mut dyn Iterator<Item = Job>,
        fetch: &Fetch<'_>,
        place: &mut Place<'_>,
    ) -> Result<(), DeployError> {
        thread::scope(|scope| {
            let (ask, asked) = channel::<Asked>();
            let (tell, told) = channel::<Done>();
            let asked = Arc::new(Mutex::new(asked));
            for _ in 0..self.threads {
                let (asked, tell) = (asked.clone(), tell.clone());
                scope.spawn(move || work(&asked, &tell, fetch));
            }
            drop(tell);
            // Twice as many as can be worked on: a slow frame does not stop the others.
            Line { ask, told, ahead: self.threads * 2 }.run(jobs, place)
        })
    }
}

/// Does jobs until no more can come, or nobody wants to hear of them.
fn work(asked: &Mutex<Receiver<Asked>>, tell: &Sender<Done>, fetch: &Fetch<'_>) {
    loop {
        let next = asked.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((number, job, mut bytes)) = next else { return };
        let done = fetch(job, &mut bytes).map(|()| bytes);
        if tell.send((number, job, done)).is_err() {
            return;
        }
    }
}

/// The one that asks and places.
struct Line {
    ask: Sender<Asked>,
    told: Receiver<Done>,
    ahead: usize,
}

impl Line {
    fn run(self, jobs: &mut dyn Iterator<Item = Job>, place: &mut Place<'_>) -> Result<(), DeployError> {
        let mut waiting: BTreeMap<u64, (Job, Result<Vec<u8>, DeployError>)> = BTreeMap::new();
        let mut free: Vec<Vec<u8>> = (0..self.ahead).map(|_| Vec::new()).collect();
        let (mut given, mut placed) = (0, 0);
        loop {
            while let Some(bytes) = free.pop() {
                let Some(job) = jobs.next() else { break };
                if self.ask.send((given, job, bytes)).is_ok() {
                    given += 1;
                }
            }
            if placed == given {
                return Ok(());
            }
            while !waiting.contains_key(&placed) {
                let Ok((number, job, done)) = self.told.recv() else { return Ok(()) };
                waiting.insert(number, (job, done));
            }
            while let Some((job, done)) = waiting.remove(&placed) {
                let bytes = done?;
                place(job, &bytes)?;
                placed += 1;
                free.push(bytes);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use formats::units::ByteLen;
    use std::time::Duration;

    fn jobs() -> Vec<Job> {
        (0..50).map(|frame| Job { frame, len: ByteLen(1), stored: ByteLen(1) }).collect()
    }

    fn error() -> DeployError {
        DeployError::NoLayer { layer: uuid::Uuid::nil() }
    }

    #[test]
    fn jobs_are_placed_in_order_whatever_order_they_are_done_in() {
        let fetch = |job: Job, bytes: &mut Vec<u8>| {
            thread::sleep(Duration::from_millis(job.frame as u64 * 7 % 5));
            bytes.clear();
            bytes.push(job.frame as u8);
            Ok(())
        };
        let mut placed = Vec::new();
        let mut place = |job: Job, bytes: &[u8]| {
            assert_eq!(bytes, [job.frame as u8]);
            placed.push(job.frame);
            Ok(())
        };
        Threads::new().in_order(&mut jobs().into_iter(), &fetch, &mut place).unwrap();
        assert_eq!(placed, (0..50).collect::<Vec<_>>());
    }

    #[test]
    fn the_first_error_ends_it_and_all_before_was_placed() {
        let fetch = |job: Job, _: &mut Vec<u8>| if job.frame >= 20 { Err(error()) } else { Ok(()) };
        let mut placed = 0;
        let mut place = |_: Job, _: &[u8]| {
            placed += 1;
            Ok(())
        };
        assert!(Threads::new().in_order(&mut jobs().into_iter(), &fetch, &mut place).is_err());
        assert_eq!(placed, 20);
    }

    #[test]
    fn an_error_in_placing_ends_it() {
        let fetch = |_: Job, _: &mut Vec<u8>| Ok(());
        let mut place = |job: Job, _: &[u8]| if job.frame == 3 { Err(error()) } else { Ok(()) };
        assert!(Threads::new().in_order(&mut jobs().into_iter(), &fetch, &mut place).is_err());
    }
}
