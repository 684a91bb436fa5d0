//! What all requests share.

use std::sync::{Arc, Mutex};

use formats::kind::with_causes;
use store::{Store, StoreError};
use tokio::sync::Semaphore;

use super::answer::{Refusal, STORE};
use super::event::{Event, Log};
use super::metrics::Metrics;
use super::request::{Clock, Limits};
use super::seats::Seats;
use super::shelf::Shelf;
use super::throttle::Throttle;

/// For each thread that reads the store, how many requests may wait for it. When a store does not answer, the rest are
/// told so at once, and memory does not grow.
const WAITING: usize = 64;
/// How many reports may be in memory: 64 MiB.
const REPORTS: usize = 256;

/// A running service.
pub(super) struct Service {
    pub shelf: Shelf,
    pub limits: Limits,
    pub metrics: Metrics,
    pub throttle: Mutex<Throttle>,
    pub events: Arc<dyn Log>,
    pub clock: Clock,
    pub tool: String,
    /// The answers that are under way, by device.
    pub answers: Arc<Seats<String>>,
    /// The reports that are being taken, by device.
    pub reports: Arc<Seats<String>>,
    /// The reports that may be in memory.
    pub reporting: Arc<Semaphore>,
    /// The requests that may read the store, or wait until they can.
    reading: Arc<Semaphore>,
    /// One of those who ask for health looks at the store at a time.
    checking: Arc<Semaphore>,
}

impl Service {
    pub(super) fn new(
        store: Store,
        limits: Limits,
        tool: String,
        events: Arc<dyn Log>,
        clock: Clock,
    ) -> Self {
        let (metrics, throttle) = (Metrics::default(), Mutex::default());
        let reading = Arc::new(Semaphore::new(limits.readers.saturating_mul(WAITING)));
        let checking = Arc::new(Semaphore::new(1));
        let shelf = Shelf::new(store);
        let (answers, reports) = (Arc::default(), Arc::default());
        let reporting = Arc::new(Semaphore::new(REPORTS));
        Self {
            shelf,
            limits,
            metrics,
            throttle,
            events,
            clock,
            tool,
            answers,
            reports,
            reporting,
            reading,
            checking,
        }
    }

    /// Whether the store answers.
    pub(super) async fn check(self: &Arc<Self>) -> Result<(), Refusal> {
        // The work keeps it, also when nobody waits for its end any more.
        let turn = self.checking.clone().acquire_owned().await;
        self.read(None, move |service| {
            let checked = service.shelf.check();
            drop(turn);
            checked
        })
        .await
    }

    /// Does what reads the store on a thread that may wait; what goes wrong is told, and refused without a word of it.
    pub(super) async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        device: Option<&str>,
        work: impl FnOnce(&Self) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Refusal> {
        let Ok(turn) = self.reading.clone().try_acquire_owned() else {
            return Err(self.store_failed(device, "too many requests wait for it".into()));
        };
        let service = self.clone();
        let work = move || {
            let done = work(&service);
            drop(turn);
            done
        };
        match tokio::task::spawn_blocking(work).await {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(error)) => Err(self.store_failed(device, with_causes(&error))),
            Err(_) => Err(self.store_failed(device, "the work on it was broken off".into())),
        }
    }

    /// Counts and tells that the store does not give what it should.
    pub(super) fn store_failed(&self, device: Option<&str>, error: String) -> Refusal {
        self.metrics.store_error();
        self.events.event(Event::Store { device: device.map(Into::into), error });
        STORE
    }
}
