//! The threads that wait for networks, behind calls that block.

use std::fmt;
use std::future::Future;
use std::io;
use std::time::Duration;

use host::{Interrupted, Stop};
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::JoinHandle;

/// How often somebody who waits looks whether to stop.
const GLANCE: Duration = Duration::from_millis(50);
/// How long somebody may take who cleans up at the end.
const PARTING: Duration = Duration::from_secs(5);
/// Threads that turn what networks bring into bytes.
const THREADS: usize = 2;

/// A runtime of its own, so that nobody above need know that there is one. Its calls are not for threads that drive
/// another runtime.
pub struct Reactor {
    handle: Handle,
    runtime: Option<Runtime>,
}

impl Reactor {
    /// Starts the threads.
    ///
    /// # Errors
    /// The operating system's, when it gives none.
    pub fn new() -> io::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(THREADS)
            .thread_name("network")
            .enable_all()
            .build()?;
        Ok(Self { handle: runtime.handle().clone(), runtime: Some(runtime) })
    }

    /// Waits for `work`, or until somebody asks to stop.
    ///
    /// # Errors
    /// [`Interrupted`].
    pub fn wait<T>(&self, stop: &Stop, work: impl Future<Output = T>) -> Result<T, Interrupted> {
        stop.check()?;
        self.handle.block_on(async {
            tokio::select! {
                biased;
                done = work => Ok(done),
                () = stopped(stop) => Err(Interrupted),
            }
        })
    }

    /// Begins work that nobody waits for yet. It ends with the reactor at the latest.
    pub fn spawn<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
        self.handle.spawn(work)
    }

    /// What asks to stop in a few seconds: for who cleans up at the end, with a network that may be gone.
    pub fn soon(&self) -> Stop {
        let stop = Stop::new();
        let late = stop.clone();
        self.spawn(async move {
            tokio::time::sleep(PARTING).await;
            late.set();
        });
        stop
    }

    /// Sleeps, but for as long as nobody asks to stop.
    ///
    /// # Errors
    /// [`Interrupted`].
    pub fn pause(&self, stop: &Stop, time: Duration) -> Result<(), Interrupted> {
        if time.is_zero() { stop.check() } else { self.wait(stop, async { tokio::time::sleep(time).await }) }
    }
}

impl Drop for Reactor {
    fn drop(&mut self) {
        // Waits for nobody: whoever drops it may be a thread that must not wait.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl fmt::Debug for Reactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reactor")
    }
}

async fn stopped(stop: &Stop) {
    while !stop.is_set() {
        tokio::time::sleep(GLANCE).await;
    }
}
