//! Why a request has no answer that can be used.

use std::error::Error;
use std::io;
use std::time::Duration;

use formats::kind::ErrorKind;
use host::Interrupted;
use reqwest::StatusCode;

/// Why a request has no answer that can be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HttpError {
    /// Somebody asked to stop.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
    /// The service's URL cannot be one.
    #[error("{url} is no service's URL: {reason}")]
    Url {
        /// What was given.
        url: String,
        /// What speaks against it.
        reason: String,
    },
    /// The certificates that are to be trusted are none.
    #[error("the certificates to be trusted cannot be used: {reason}")]
    Certificates {
        /// What speaks against them.
        reason: String,
    },
    /// This machine gives no threads or no TLS.
    #[error("cannot begin to use the network: {reason}")]
    Machine {
        /// Its words.
        reason: String,
    },
    /// Nobody is there, or the connection broke.
    #[error("{url} cannot be reached: {reason}")]
    Connection {
        /// What was asked for.
        url: String,
        /// The first cause.
        reason: String,
    },
    /// Whoever is there does not prove to be the service.
    #[error("{url} does not prove who it is: {reason}")]
    Imposter {
        /// What was asked for.
        url: String,
        /// What is wrong with its certificate.
        reason: String,
    },
    /// The certificate may sign others, and not be a service's own: what plain `openssl req -x509` makes.
    #[error(
        "{url} shows a certificate that is an authority's (CA:TRUE), expected a service's own: make it with `openssl req \
         -x509 -addext basicConstraints=critical,CA:FALSE`, or let an authority of your own sign one"
    )]
    Authority {
        /// What was asked for.
        url: String,
    },
    /// Nothing came for too long.
    #[error("{url} says nothing for {} s", patience.as_secs_f32())]
    Silent {
        /// What was asked for.
        url: String,
        /// How long it had.
        patience: Duration,
    },
    /// The answer ended early.
    #[error("{url} ended at byte {at}, expected {expected}")]
    Short {
        /// What was asked for.
        url: String,
        /// Where the answer ended, in the object.
        at: u64,
        /// Where it should have ended, where that is known.
        expected: String,
    },
    /// The service does not let us.
    #[error("{url} is refused to us (HTTP {status})")]
    Denied {
        /// What was asked for.
        url: String,
        /// 401 or 403.
        status: u16,
    },
    /// There is no such object, or none for us.
    #[error("there is no {url}, or not for us")]
    Missing {
        /// What was asked for.
        url: String,
    },
    /// Somebody wants us to ask elsewhere.
    #[error("{url} sends us elsewhere (HTTP {status}), to {to}: that is not followed")]
    Redirect {
        /// What was asked for.
        url: String,
        /// The status.
        status: u16,
        /// Where to.
        to: String,
    },
    /// Any other status than was expected.
    #[error("{url} answers with HTTP {status}, expected {expected}")]
    Status {
        /// What was asked for.
        url: String,
        /// The status.
        status: u16,
        /// What was expected.
        expected: &'static str,
        /// How long the service wants us to wait.
        after: Option<Duration>,
    },
    /// It is another part of the object.
    #[error("{url} answers with {found}, expected {expected}")]
    Range {
        /// What was asked for.
        url: String,
        /// The bytes that were asked for.
        expected: String,
        /// The bytes that it says it has sent.
        found: String,
    },
    /// It is not the object any more of which the beginning came.
    #[error("{url} changed while it was read: its entity tag is {found}, expected {expected}")]
    Changed {
        /// What was asked for.
        url: String,
        /// The tag of the beginning.
        expected: String,
        /// The tag now.
        found: String,
    },
    /// It is more than can be.
    #[error("{url} is longer than {most} bytes")]
    Long {
        /// What was asked for.
        url: String,
        /// How long it may be.
        most: u64,
    },
}

impl HttpError {
    /// What it means for whoever asked.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Interrupted(_) => ErrorKind::Interrupted,
            Self::Url { .. } | Self::Certificates { .. } => ErrorKind::Usage,
            Self::Imposter { .. } | Self::Authority { .. } | Self::Denied { .. } => ErrorKind::Trust,
            Self::Machine { .. } => ErrorKind::Other,
            Self::Connection { .. }
            | Self::Silent { .. }
            | Self::Short { .. }
            | Self::Missing { .. }
            | Self::Redirect { .. }
            | Self::Status { .. } => ErrorKind::Unreachable,
            Self::Range { .. } | Self::Changed { .. } | Self::Long { .. } => ErrorKind::Corrupt,
        }
    }

    /// Whether the error is that there is no such object.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Missing { .. })
    }

    /// Whether the same request may have another answer soon.
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            Self::Connection { .. } | Self::Silent { .. } | Self::Short { .. } => true,
            Self::Status { status, .. } => [408, 429, 500, 502, 503, 504].contains(status),
            _ => false,
        }
    }

    /// How long the service wants us to wait.
    pub(crate) fn after(&self) -> Option<Duration> {
        match self {
            Self::Status { after, .. } => *after,
            _ => None,
        }
    }

    /// What a request, or the body of its answer, broke off with.
    pub(crate) fn broken(url: &str, error: &reqwest::Error) -> Self {
        let url = url.to_owned();
        match certificate_fault(error) {
            Some(reason) if reason.contains("CaUsedAsEndEntity") => Self::Authority { url },
            Some(reason) => Self::Imposter { url, reason },
            None => Self::Connection { url, reason: first_cause(error) },
        }
    }

    /// Any other status than was expected.
    pub(crate) fn status(url: &str, status: StatusCode, expected: &'static str) -> Self {
        Self::Status { url: url.into(), status: status.as_u16(), expected, after: None }
    }
}

/// The last of the causes: those before it only say who asked whom.
pub fn first_cause(error: &dyn Error) -> String {
    let mut last = error;
    while let Some(cause) = last.source() {
        last = cause;
    }
    last.to_string()
}

/// What is wrong with the certificate, where that is it.
fn certificate_fault(error: &reqwest::Error) -> Option<String> {
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(rustls::Error::InvalidCertificate(fault)) = tls_error(error) {
            return Some(fault.to_string());
        }
        cause = error.source();
    }
    None
}

/// An error of TLS, which the machine's own errors hide from the list of causes.
fn tls_error<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    match error.downcast_ref() {
        Some(found) => Some(found),
        None => tls_error(error.downcast_ref::<io::Error>()?.get_ref()?),
    }
}
