//! Requests to the Synchronizer's service: over TLS, with the device's secret, retried and resumed.
//!
//! What answers is not believed: no redirect is followed, no body is read further than what was asked for, and a body
//! that ends early is asked for again from where it ended.

mod connect;
mod error;
mod head;
mod limit;
#[cfg(test)]
mod tests;
mod transfer;

use std::fmt;
use std::ops::{ControlFlow, Range};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use host::{Interrupted, Stop};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};

use crate::pace::Pace;
use crate::reactor::Reactor;
use limit::Limit;
use transfer::{Head, Transfer, Want};

pub use error::HttpError;
pub(crate) use error::first_cause;

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

/// A service. Copies share connections and counters; calls block, and may be made from many threads at once, but not
/// from one that drives asynchronous work itself.
#[derive(Clone)]
pub struct Service(Arc<Inner>);

struct Inner {
    base: String,
    request: Request,
    client: Client,
    reactor: Reactor,
    limit: Limit,
    received: AtomicU64,
    sent: AtomicU64,
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
        /// Its entity tag, with its quotation marks, where it has one that says that bytes are the same.
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

impl Service {
    /// A service; nothing is sent yet.
    ///
    /// # Errors
    /// [`HttpError`] for a URL that is none, or certificates that are none.
    pub fn new(request: Request) -> Result<Self, HttpError> {
        let url = connect::base(&request.url)?;
        let client = connect::client(&request, &url)?;
        let reactor = Reactor::new().map_err(|e| HttpError::Machine { reason: e.to_string() })?;
        let (received, sent) = (AtomicU64::new(0), AtomicU64::new(0));
        let (base, limit) = (url.as_str().trim_end_matches('/').to_owned(), Limit::new(request.limit));
        Ok(Self(Arc::new(Inner { base, request, client, reactor, limit, received, sent })))
    }

    /// The URL of a path, as it is asked for and shown.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.0.base)
    }

    /// Fetches a small document of at most `most` bytes; `etag` is that of the one that the asker has. When a connection
    /// breaks, the rest is asked for again.
    ///
    /// # Errors
    /// [`HttpError`].
    pub fn get(&self, path: &str, most: usize, etag: Option<&str>) -> Result<Answer, HttpError> {
        let want = Want::All { most: most as u64, unless: etag };
        let mut transfer = Transfer::new(self.url(path), want);
        let mut bytes = Vec::new();
        let head = self.0.fetch(&mut transfer, &mut |at, piece| keep(&mut bytes, at, piece))?;
        Ok(match head {
            Head::Same => Answer::Same,
            Head::Body => {
                bytes.truncate(usize::try_from(transfer.at).unwrap_or(usize::MAX));
                Answer::Body { bytes, etag: transfer.tag }
            }
        })
    }

    /// Sends a small document.
    ///
    /// # Errors
    /// [`HttpError`].
    pub fn post(&self, path: &str, body: Vec<u8>) -> Result<(), HttpError> {
        let url = self.url(path);
        let body = Bytes::from(body);
        let mut pace = Pace::new(self.0.request.retries);
        loop {
            match self.0.post(&url, body.clone()) {
                Ok(()) => return Ok(()),
                Err(error) => self.0.pause(&mut pace, error)?,
            }
        }
    }

    /// Fetches a range of a large object, and hands it to `sink` in order, piece by piece with its offset, until that
    /// breaks off. When a connection breaks, the rest is asked for again; nothing is handed over twice. Not one byte more
    /// is taken than was asked for. Tries are counted anew whenever something came.
    ///
    /// # Errors
    /// [`HttpError`].
    pub fn read(&self, path: &str, range: Range<u64>, sink: &mut Sink<'_>) -> Result<(), HttpError> {
        if range.is_empty() {
            return Ok(());
        }
        let mut transfer = Transfer::new(self.url(path), Want::Range(range));
        self.0.fetch(&mut transfer, sink).map(drop)
    }

    /// The last `len` bytes of an object; all of it where it is shorter.
    ///
    /// # Errors
    /// [`HttpError`].
    pub fn tail(&self, path: &str, len: usize) -> Result<Vec<u8>, HttpError> {
        let mut bytes = Vec::new();
        if len == 0 {
            return Ok(bytes);
        }
        let mut transfer = Transfer::new(self.url(path), Want::Tail(len as u64));
        self.0.fetch(&mut transfer, &mut |_, piece| {
            bytes.extend_from_slice(piece);
            ControlFlow::Continue(())
        })?;
        Ok(bytes)
    }

    /// What went over the network so far.
    pub fn traffic(&self) -> Traffic {
        let [received, sent] = [&self.0.received, &self.0.sent].map(|count| count.load(Ordering::Relaxed));
        Traffic { received, sent }
    }
}

/// Keeps a piece where it belongs; what had come behind it is of an answer that was begun anew.
fn keep(bytes: &mut Vec<u8>, at: u64, piece: &[u8]) -> ControlFlow<()> {
    bytes.truncate(usize::try_from(at).unwrap_or(usize::MAX));
    bytes.extend_from_slice(piece);
    ControlFlow::Continue(())
}

impl Inner {
    /// Tries until all has come, or the sink has enough.
    fn fetch(&self, transfer: &mut Transfer<'_>, sink: &mut Sink<'_>) -> Result<Head, HttpError> {
        let mut pace = Pace::new(self.request.retries);
        let mut furthest = transfer.at;
        loop {
            match self.attempt(transfer, sink) {
                Ok(head) => return Ok(head),
                Err(error) => {
                    if transfer.at > furthest {
                        pace.reset();
                    }
                    furthest = furthest.max(transfer.at);
                    self.pause(&mut pace, error)?;
                }
            }
        }
    }

    /// Waits before the next try, where there is to be one.
    fn pause(&self, pace: &mut Pace, error: HttpError) -> Result<(), HttpError> {
        let time = if error.may_pass() { pace.next(error.after()) } else { None };
        let time = time.ok_or(error)?;
        Ok(self.reactor.pause(&self.request.stop, time)?)
    }

    /// One request, and as much of its answer as comes.
    fn attempt(&self, transfer: &mut Transfer<'_>, sink: &mut Sink<'_>) -> Result<Head, HttpError> {
        let mut request = self.ask(Method::GET, &transfer.url);
        for (name, value) in transfer.headers() {
            request = request.header(name, value);
        }
        let mut response = self.send(request, &transfer.url)?;
        if transfer.accept(&response)? == Head::Same {
            return Ok(Head::Same);
        }
        while transfer.end.is_none_or(|end| transfer.at < end) {
            let Some(piece) = self.piece(&mut response, &transfer.url)? else {
                transfer.ended()?;
                break;
            };
            let room = usize::try_from(transfer.room()).unwrap_or(usize::MAX);
            if piece.len() > room {
                transfer.overflow()?;
            }
            let piece = piece.slice(..piece.len().min(room));
            let taken = sink(transfer.at, &piece);
            transfer.at += piece.len() as u64;
            if taken.is_break() {
                break;
            }
        }
        Ok(Head::Body)
    }

    fn post(&self, url: &str, body: Bytes) -> Result<(), HttpError> {
        let len = body.len() as u64;
        let response = self.send(self.ask(Method::POST, url).body(body), url)?;
        self.sent.fetch_add(len, Ordering::Relaxed);
        match response.status() {
            StatusCode::OK | StatusCode::NO_CONTENT | StatusCode::ACCEPTED | StatusCode::CREATED => Ok(()),
            status => {
                head::judge(url, &response, "204")?;
                Err(HttpError::status(url, status, "204"))
            }
        }
    }

    fn ask(&self, method: Method, url: &str) -> RequestBuilder {
        let request = self.client.request(method, url);
        match &self.request.login {
            Some(Login { device, secret }) => request.basic_auth(device, Some(secret)),
            None => request,
        }
    }

    /// Sends a request, and waits for the head of its answer.
    fn send(&self, request: RequestBuilder, url: &str) -> Result<Response, HttpError> {
        self.patiently(url, request.send())?.map_err(|error| HttpError::broken(url, &error))
    }

    /// The next piece of a body; paid for, where a rate is kept.
    fn piece(&self, response: &mut Response, url: &str) -> Result<Option<Bytes>, HttpError> {
        let piece = self.patiently(url, response.chunk())?.map_err(|error| HttpError::broken(url, &error))?;
        let len = piece.as_ref().map_or(0, Bytes::len) as u64;
        self.received.fetch_add(len, Ordering::Relaxed);
        self.reactor.pause(&self.request.stop, self.limit.charge(len))?;
        Ok(piece)
    }

    /// Waits for something, but no longer than a connection may be silent.
    fn patiently<T>(&self, url: &str, work: impl Future<Output = T>) -> Result<T, HttpError> {
        let patience = self.request.patience;
        // A timer is made where the threads are that drive it.
        let work = async { tokio::time::timeout(patience, work).await };
        let done: Result<_, Interrupted> = self.reactor.wait(&self.request.stop, work);
        done?.map_err(|_| HttpError::Silent { url: url.into(), patience })
    }
}

/// Its URL and the device's name; a secret is never shown.
impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let device = self.0.request.login.as_ref().map(|login| &login.device);
        f.debug_struct("Service").field("url", &self.0.base).field("device", &device).finish_non_exhaustive()
    }
}

/// The device's name; a secret is never shown.
impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").field("device", &self.device).finish_non_exhaustive()
    }
}
