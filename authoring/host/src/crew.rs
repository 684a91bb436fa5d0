//! The one pool of threads, and the two ways to put it to work.
//!
//! A job runs on one thread from reading to writing; jobs never wait for each other, so the pool cannot lock up.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};

use rayon::{Scope, ThreadPool, ThreadPoolBuilder};

/// Asks work to stop at the next job: what Ctrl-C sets.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicBool>);

/// The work was asked to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("interrupted")]
pub struct Interrupted;

/// Threads that do jobs.
#[derive(Debug)]
pub struct Crew {
    pool: ThreadPool,
    threads: usize,
    stop: Stop,
}

/// More threads than this only take memory.
const MOST_THREADS: usize = 256;
/// More results than this do not wait to be handed over in order.
const MOST_AHEAD: usize = 16;

impl Stop {
    /// Nothing has asked to stop yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks to stop.
    pub fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether somebody has asked.
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// An error when somebody has asked.
    ///
    /// # Errors
    /// [`Interrupted`].
    pub fn check(&self) -> Result<(), Interrupted> {
        if self.is_set() { Err(Interrupted) } else { Ok(()) }
    }
}

impl Crew {
    /// A crew of `threads` (1 to 256); `None` takes one more than there are cores, so that one may wait for a device.
    ///
    /// # Errors
    /// The operating system's, when it gives no threads.
    pub fn new(threads: Option<usize>, stop: Stop) -> std::io::Result<Self> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let threads = threads.unwrap_or(cores + 1).clamp(1, MOST_THREADS);
        let pool = ThreadPoolBuilder::new().num_threads(threads).build().map_err(std::io::Error::other)?;
        Ok(Self { pool, threads, stop })
    }

    /// How many threads there are.
    pub fn threads(&self) -> usize {
        self.threads
    }

    /// What asks this crew to stop.
    pub fn stop(&self) -> &Stop {
        &self.stop
    }

    /// Does all jobs, in any order; each thread has a state of its own, made by `begin`. Jobs are drawn as threads
    /// come free, so the iterator may be long. The first error ends the work.
    ///
    /// # Errors
    /// A job's error, or [`Interrupted`].
    pub fn each<J, S, E>(
        &self,
        jobs: impl Iterator<Item = J> + Send,
        begin: impl Fn() -> S + Sync,
        work: impl Fn(&mut S, J) -> Result<(), E> + Sync,
    ) -> Result<(), E>
    where
        J: Send,
        E: Send + From<Interrupted>,
    {
        let jobs = Mutex::new(jobs.fuse());
        let outcomes = self.pool.broadcast(|_| {
            let mut state = begin();
            while let Some(job) = self.draw(&jobs)? {
                work(&mut state, job).inspect_err(|_| exhaust(&jobs))?;
            }
            Ok(())
        });
        outcomes.into_iter().collect()
    }

    /// The next job, as long as nobody has asked to stop.
    fn draw<J>(&self, jobs: &Mutex<impl Iterator<Item = J>>) -> Result<Option<J>, Interrupted> {
        self.stop.check()?;
        Ok(jobs.lock().unwrap_or_else(PoisonError::into_inner).next())
    }

    /// Does all jobs on the crew and hands the results, in the order of the jobs, to `sink` on this thread, which also
    /// draws the jobs. At most twice as many jobs as threads, and not more than 16, are begun and not yet handed over:
    /// that bounds the memory, and no more can be of use where one thread takes them all.
    ///
    /// # Errors
    /// A job's or the sink's error, or [`Interrupted`].
    pub fn ordered<J, T, E>(
        &self,
        mut jobs: impl Iterator<Item = J>,
        work: impl Fn(J) -> Result<T, E> + Sync,
        mut sink: impl FnMut(T) -> Result<(), E>,
    ) -> Result<(), E>
    where
        J: Send,
        T: Send,
        E: Send + From<Interrupted>,
    {
        let work = &work;
        self.pool.in_place_scope(|scope| {
            let (done, results) = channel();
            let mut begun = 0;
            let mut begin_next = |begun: &mut usize| -> bool {
                let Some(job) = jobs.next() else { return false };
                spawn(scope, *begun, job, work, done.clone());
                *begun += 1;
                true
            };
            while begun < MOST_AHEAD.min(2 * self.threads) && begin_next(&mut begun) {}
            let mut waiting = BTreeMap::new();
            let mut handed = 0;
            while handed < begun {
                // The sender lives in this scope, so the channel cannot be closed.
                let Ok((number, result)) = results.recv() else { return Err(Interrupted.into()) };
                waiting.insert(number, result);
                while let Some(result) = waiting.remove(&handed) {
                    self.stop.check()?;
                    sink(result?)?;
                    handed += 1;
                    begin_next(&mut begun);
                }
            }
            Ok(())
        })
    }
}

fn spawn<'scope, J, T, E>(
    scope: &Scope<'scope>,
    number: usize,
    job: J,
    work: &'scope (impl Fn(J) -> Result<T, E> + Sync),
    done: Sender<(usize, Result<T, E>)>,
) where
    J: Send + 'scope,
    T: Send + 'scope,
    E: Send + 'scope,
{
    // Nobody listens after an error: the result is then of no use.
    scope.spawn(move |_| drop(done.send((number, work(job)))));
}

/// Lets the other threads find no more jobs.
fn exhaust<J>(jobs: &Mutex<impl Iterator<Item = J>>) {
    let mut jobs = jobs.lock().unwrap_or_else(PoisonError::into_inner);
    while jobs.next().is_some() {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicUsize;

    #[derive(Debug, PartialEq)]
    struct Failed;
    impl From<Interrupted> for Failed {
        fn from(_: Interrupted) -> Self {
            Self
        }
    }

    fn crew() -> Crew {
        Crew::new(Some(3), Stop::new()).unwrap()
    }

    #[test]
    fn every_job_is_done_once() {
        let sum = AtomicUsize::new(0);
        crew()
            .each(
                1..=1000,
                || (),
                |(), n| {
                    sum.fetch_add(n, Ordering::Relaxed);
                    Ok::<_, Failed>(())
                },
            )
            .unwrap();
        assert_eq!(sum.into_inner(), 500_500);
    }

    #[test]
    fn results_come_in_order_and_errors_end_the_work() {
        let mut seen = Vec::new();
        let keep = |n| {
            seen.push(n);
            Ok(())
        };
        crew().ordered(0..500, |n| Ok::<_, Failed>(n * 2), keep).unwrap();
        assert_eq!(seen, (0..500).map(|n| n * 2).collect::<Vec<_>>());
        let failing = |n| if n == 40 { Err(Failed) } else { Ok(n) };
        assert_eq!(crew().ordered(0..500, failing, |_| Ok(())), Err(Failed));
        assert_eq!(crew().each(0..500, || (), |(), n| failing(n).map(drop)), Err(Failed));
    }

    #[test]
    fn work_stops_when_asked() {
        let crew = crew();
        crew.stop().set();
        assert_eq!(crew.each(0..500, || (), |(), _| Ok(())), Err(Failed));
        assert_eq!(crew.ordered(0..500, Ok, |_| Ok(())), Err(Failed));
    }
}
