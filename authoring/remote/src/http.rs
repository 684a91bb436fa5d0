//! Requests to the Synchronizer's service: over TLS, with the device's secret, retried and resumed.
//!
//! What answers is not believed: no redirect is followed, no body is read further than what was asked for, and a body
//! that ends early is asked for again from where it ended.

use std::ops::{ControlFlow, Range};
use std::time::Duration;

use formats::kind::ErrorKind;
use host::{Interrupted, Stop};

/// Who asks.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    /// The device's name.
    pub device: String,
    /// Its secret.
    pub secret: String,
}

/// How to reach a service.
#[derive(Clone)]
pub struct Request {
    /// Its URL: `https://host[:port]`, or `http://` for this machine alone.
    pub url: String,
    /// Who asks; `None` for what everybody may ask.
    pub login: Option<Login>,
    /// Certificates in PEM that are trusted instead of the machine's own.
    pub ca: Option<Vec<u8>>,
    /// How often a request is tried again, after what may pass.
    pub retries: u32,
    /// How long a connection may say nothing.
    pub patience: Duration,
    /// How many bytes a second are taken at most, of all connections together.
    pub limit: Option<u64>,
    /// What we call ourselves: `seedpress/0.1.0`.
    pub agent: String,
    /// What ends waiting.
    pub stop: Stop,
}

/// A service. Copies share connections and counters; calls block, and may be made from many threads at once.
#[derive(Clone)]
pub struct Service {
    _request: Request,
}

/// A small document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The one that the asker has already, by its entity tag.
    Same,
    /// Another one.
    Body {
        /// Its bytes.
        bytes: Vec<u8>,
        /// Its entity tag, with its quotation marks, where it has one.
        etag: Option<String>,
    },
}

/// What went over the network, in bytes of bodies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// What came.
    pub received: u64,
    /// What was sent.
    pub sent: u64,
}

/// Takes bytes with their offset in the object; it may break off.
pub type Sink<'a> = dyn FnMut(u64, &[u8]) -> ControlFlow<()> + 'a;

/// Why a request has no answer that can be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HttpError {
    /// Somebody asked to stop.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}

impl HttpError {
    /// What it means for whoever asked.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Interrupted(_) => ErrorKind::Interrupted,
        }
    }
}

impl Service {
    /// A service; nothing is sent yet.
    ///
    /// # Errors
    /// [`HttpError`] for a URL that is none, or certificates that are none.
    pub fn new(request: Request) -> Result<Self, HttpError> {
        Ok(Self { _request: request })
    }

    /// Fetches a small document of at most `most` bytes; `etag` is that of the one that the asker has.
    ///
    /// # Errors
    /// [`HttpError`].
    pub fn get(&self, _path: &str, _most: usize, _etag: Option<&str>) -> Result<Answer, HttpError> {
        Err(Interrupted.into())
    }

    /// Sends a small document.
    ///
    /// # Errors
    /// [`HttpError`].
    pub fn post(&self, _path: &str, _body: Vec<u8>) -> Result<(), HttpError> {
        Err(Interrupted.into())
    }

    /// Fetches a range of a large object, and hands it to `sink` in order, piece by piece with its offset, until that
    /// breaks off. When a connection breaks, the rest is asked for again; nothing is handed over twice. Not one byte more
    /// is taken than was asked for. Tries are counted anew whenever something came.
    ///
    /// # Errors
    /// [`HttpError`].
    pub fn read(&self, _path: &str, _range: Range<u64>, _sink: &mut Sink<'_>) -> Result<(), HttpError> {
        Err(Interrupted.into())
    }

    /// The last `len` bytes of an object.
    ///
    /// # Errors
    /// [`HttpError`].
    pub fn tail(&self, _path: &str, _len: usize) -> Result<Vec<u8>, HttpError> {
        Err(Interrupted.into())
    }

    /// What went over the network so far.
    pub fn traffic(&self) -> Traffic {
        Traffic::default()
    }
}
