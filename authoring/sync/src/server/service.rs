//! What all requests share.

use std::sync::{Arc, Mutex};

use formats::kind::with_causes;
use store::{Store, StoreError};

use super::answer::{Refusal, STORE};
use super::event::{Event, Log};
use super::metrics::Metrics;
use super::request::{Clock, Limits};
use super::shelf::Shelf;
use super::throttle::Throttle;

/// A running service.
pub(super) struct Service {
    pub shelf: Shelf,
    pub limits: Limits,
    pub metrics: Metrics,
    pub throttle: Mutex<Throttle>,
    pub log: Arc<dyn Log>,
    pub clock: Clock,
    pub tool: String,
}

impl Service {
    pub(super) fn new(store: Store, limits: Limits, tool: String, log: Arc<dyn Log>, clock: Clock) -> Self {
        let (metrics, throttle) = (Metrics::default(), Mutex::default());
        Self { shelf: Shelf::new(store), limits, metrics, throttle, log, clock, tool }
    }

    /// Does what reads the store on a thread that may wait; what goes wrong is told, and refused without a word of it.
    pub(super) async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        device: Option<&str>,
        work: impl FnOnce(&Self) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Refusal> {
        let service = self.clone();
        match tokio::task::spawn_blocking(move || work(&service)).await {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(error)) => Err(self.store_failed(device, with_causes(&error))),
            Err(_) => Err(self.store_failed(device, "the work on it was broken off".into())),
        }
    }

    /// Counts and tells that the store does not give what it should.
    pub(super) fn store_failed(&self, device: Option<&str>, error: String) -> Refusal {
        self.metrics.store_error();
        self.log.event(Event::Store { device: device.map(Into::into), error });
        STORE
    }
}
