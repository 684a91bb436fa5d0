//! What is told to whoever keeps a log. Nothing here holds a secret.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use serde::Serialize;

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Event {
    /// A request was answered, or its answer broke off.
    Request(Served),
    /// Somebody asked with a wrong name or secret.
    Login {
        /// Who.
        peer: IpAddr,
        /// Who it claims to be, where that can be a name.
        device: Option<String>,
        /// What was wrong.
        fault: LoginFault,
    },
    /// A connection was not taken, or was closed because it did not do what it must.
    Connection {
        /// Who.
        peer: SocketAddr,
        /// Why.
        reason: String,
    },
    /// No connection can be taken at the moment.
    Accept {
        /// The machine's own words.
        reason: String,
    },
    /// The store does not give what it should. Somebody should look after it.
    Store {
        /// The device that asked.
        device: Option<String>,
        /// What is wrong.
        error: String,
    },
    /// A device has reported.
    Report {
        /// The device.
        device: String,
        /// The number of its receipt.
        number: u64,
    },
    /// A report was refused.
    ReportRefused {
        /// The device.
        device: String,
        /// Why.
        reason: String,
    },
    /// The certificate was read again.
    Certificate {
        /// Why the old one stays, where it does.
        #[serde(skip_serializing_if = "Option::is_none")]
        refused: Option<String>,
    },
    /// The service was asked to end, with so many connections open.
    Ending {
        /// How many.
        open: usize,
    },
    /// The service ended; so many connections took longer than they may and were cut.
    Ended {
        /// How many.
        cut: usize,
    },
}

/// A request and its answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Served {
    /// Who asked.
    pub peer: SocketAddr,
    /// As which device, when it has shown that it is.
    pub device: Option<String>,
    /// The method.
    pub method: String,
    /// The path, without what follows a question mark.
    pub path: String,
    /// The status of the answer.
    pub status: u16,
    /// How many bytes of its body were sent.
    pub bytes: u64,
    /// Whether these are all.
    pub whole: bool,
    /// How long it took.
    pub milliseconds: u64,
}

/// What is wrong with a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LoginFault {
    /// There is no such device, or the secret is another one.
    Wrong,
    /// It is no login at all.
    Malformed,
    /// The same, after too many of them.
    TooMany,
}

/// Hears what happens. Called from many threads, often: it must be quick.
pub trait Log: Send + Sync {
    /// Takes notice of an event.
    fn event(&self, event: Event);
}

impl LoginFault {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Wrong => "wrong",
            Self::Malformed => "malformed",
            Self::TooMany => "too-many",
        }
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let who = |device: &Option<String>| device.clone().unwrap_or_else(|| "-".into());
        match self {
            Self::Request(served) => served.fmt(f),
            Self::Login { peer, device, fault } => {
                write!(f, "{peer} {} login refused: {}", who(device), fault.name())
            }
            Self::Connection { peer, reason } => write!(f, "{peer} connection closed: {reason}"),
            Self::Accept { reason } => write!(f, "no connection can be taken: {reason}"),
            Self::Store { device, error } => write!(f, "store, for {}: {error}", who(device)),
            Self::Report { device, number } => write!(f, "{device} reported receipt {number}"),
            Self::ReportRefused { device, reason } => write!(f, "report of {device} refused: {reason}"),
            Self::Certificate { refused: None } => f.write_str("certificate read again"),
            Self::Certificate { refused: Some(why) } => write!(f, "the old certificate stays: {why}"),
            Self::Ending { open } => write!(f, "ending, with {open} connections open"),
            Self::Ended { cut } => write!(f, "ended; {cut} connections were cut"),
        }
    }
}

impl fmt::Display for Served {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { peer, device, method, path, status, bytes, whole, milliseconds } = self;
        let device = device.as_deref().unwrap_or("-");
        let end = if *whole { "" } else { " broken off" };
        write!(f, "{peer} {device} {method} {path} {status} {bytes} bytes {milliseconds} ms{end}")
    }
}
