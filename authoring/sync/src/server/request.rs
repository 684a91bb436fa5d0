//! What a service is started with.

use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use formats::kind::ErrorKind;
use formats::time::Timestamp;
use store::Store;
use tokio::sync::watch;

use super::event::Log;
use super::tls::Tls;

/// A service to be started.
pub struct Request {
    /// The store.
    pub store: Store,
    /// Where devices connect to.
    pub listener: TcpListener,
    /// The certificate; without one the service speaks plain HTTP.
    pub tls: Option<Tls>,
    /// Where metrics and health are told over plain HTTP, to whoever can reach it.
    pub metrics: Option<TcpListener>,
    /// What clients may take.
    pub limits: Limits,
    /// The program and its version: `seedpress 0.1.0`.
    pub tool: String,
    /// Who hears what happens.
    pub events: Arc<dyn Log>,
    /// What time it is.
    pub clock: Clock,
    /// What ends the service.
    pub ending: Ending,
}

/// Tells the time; `None` when the clock is not set.
pub type Clock = Arc<dyn Fn() -> Option<Timestamp> + Send + Sync>;

/// What clients may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How long a client may take for what is its turn: the handshake, the head of a request, its body, and the next
    /// request on a connection that is kept. For an answer that it does not read it has four times as long.
    pub patience: Duration,
    /// How long requests may go on that were begun before the service was asked to end.
    pub grace: Duration,
    /// How many connections there may be.
    pub connections: usize,
    /// How many of them may come from one address (of IPv6, from one network of 64 bits).
    pub connections_of_one: usize,
    /// How many threads read the store.
    pub readers: usize,
}

/// What ends a service. Copies are one and the same.
#[derive(Clone, Debug)]
pub struct Ending(watch::Sender<bool>);

/// Why a service does not run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The machine gives no threads.
    #[error("cannot start the service's threads")]
    Threads(#[source] io::Error),
    /// The machine does not let it listen.
    #[error("cannot listen")]
    Listen(#[source] io::Error),
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            patience: Duration::from_secs(30),
            grace: Duration::from_secs(30),
            connections: 2048,
            connections_of_one: 512,
            readers: 32,
        }
    }
}

impl Default for Ending {
    fn default() -> Self {
        Self(watch::Sender::new(false))
    }
}

impl Ending {
    /// Ends the service: no new connections are taken, and requests that were begun are finished.
    pub fn begin(&self) {
        self.0.send_replace(true);
    }

    pub(super) fn watch(&self) -> watch::Receiver<bool> {
        self.0.subscribe()
    }
}

impl ServeError {
    /// What it means for whoever asked.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Threads(_) => ErrorKind::Other,
            Self::Listen(_) => ErrorKind::Target,
        }
    }
}
