//! What devices report: a receipt, signed with a key that stays the same.

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use bytes::Bytes;
use formats::document::DocumentError;
use formats::kind::{ErrorKind, with_causes};
use formats::layer::FORMAT;
use formats::minisign::{FileError, KeyId, PublicKey, Signature, VerifyError};
use formats::time::Timestamp;
use http::header::CONTENT_LENGTH;
use http::{Method, StatusCode};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use remote::api::{self, MAX_REPORT, Receipt, Report};
use store::device::{RefusedKey, ReportDocument};
use store::{Store, StoreError};

use super::answer::{self, BUSY, Refusal, STORE, TOO_LARGE, TOO_SLOW, refusal};
use super::event::Event;
use super::routes::Asker;
use super::service::Service;

/// A report that was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Received {
    /// The number of its receipt.
    pub number: u64,
    /// Whether it is new: the last one may be sent twice.
    pub is_new: bool,
}

/// Why a report is not taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// The store does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It, or the receipt in it, is no such document.
    #[error("the {what} is not what it should be")]
    Document {
        /// `report` or `receipt`.
        what: &'static str,
        /// Why.
        source: DocumentError,
    },
    /// A newer program wrote it.
    #[error("the {what} has format {found}, this program reads format {}", api::VERSION)]
    Format {
        /// `report` or `receipt`.
        what: &'static str,
        /// Its format.
        found: u32,
    },
    /// Its key or signature is none of minisign's.
    #[error("the {what} is not one of minisign's")]
    File {
        /// `key` or `signature`.
        what: &'static str,
        /// Why.
        source: FileError,
    },
    /// The signature does not hold.
    #[error("the receipt's signature does not hold")]
    Signature(#[from] VerifyError),
    /// It is of another device.
    #[error("the receipt is of {found:?}, expected {expected}")]
    Device {
        /// Who reports.
        expected: String,
        /// Of whom the receipt is, at most its first 80 characters.
        found: String,
    },
    /// The device has always signed with another key.
    #[error("the receipt is signed with key {found}, the device has signed with key {expected} so far")]
    OtherKey {
        /// The key of its first report.
        expected: KeyId,
        /// The key of this one.
        found: KeyId,
    },
    /// Reports of this device come so quickly that none of them stays.
    #[error("other reports of the device keep replacing it")]
    Contended,
    /// It is older than the one that there is.
    #[error("the receipt has number {found}, the last one had {last}")]
    Older {
        /// The number of the last receipt.
        last: u64,
        /// The number of this one.
        found: u64,
    },
}

impl ReportError {
    /// What it means for whoever asked.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Store(error) => error.kind(),
            Self::Document { .. } => ErrorKind::Corrupt,
            Self::Format { .. } | Self::Contended => ErrorKind::Other,
            Self::Older { .. } => ErrorKind::Expired,
            Self::File { .. } | Self::Signature(_) | Self::Device { .. } | Self::OtherKey { .. } => {
                ErrorKind::Trust
            }
        }
    }

    /// What the device is told.
    fn refusal(&self) -> Refusal {
        const BAD: StatusCode = StatusCode::BAD_REQUEST;
        const CONFLICT: StatusCode = StatusCode::CONFLICT;
        match self {
            Self::Store(_) => STORE,
            Self::Contended => BUSY,
            Self::Document { .. } => refusal(BAD, "report-malformed", "this is no report"),
            Self::Format { .. } => refusal(BAD, "report-format", "this service reads reports of format 1"),
            Self::File { .. } => refusal(BAD, "report-malformed", "key or signature are not minisign's"),
            Self::Signature(_) => refusal(BAD, "report-signature", "the receipt's signature does not hold"),
            Self::Device { .. } => refusal(BAD, "report-device", "the receipt is of another device"),
            Self::OtherKey { .. } => {
                refusal(CONFLICT, "report-key", "this device has always signed with another key")
            }
            Self::Older { .. } => refusal(CONFLICT, "report-older", "a later receipt is there already"),
        }
    }
}

/// How often a report is written that another service replaces by an older one.
const TRIES: usize = 8;

/// Takes a report of `device`, after its signature and its number were checked. The first key that a device signs with
/// is the one that it must go on with; that another one was tried is kept beside the last report.
///
/// In one process, one report of a device at a time. Of first reports that come to several services at once one is kept;
/// an older report that another service puts in place of this one meanwhile is replaced again.
///
/// # Errors
/// [`ReportError`].
pub fn receive(
    store: &Store,
    device: &str,
    report: &Report,
    now: Timestamp,
) -> Result<Received, ReportError> {
    let (key, receipt) = check(device, report)?;
    let number = receipt.number;
    let kept = ReportDocument {
        format: FORMAT,
        device: device.into(),
        received: now,
        key: key.to_base64(),
        images: receipt.images,
        tool: receipt.tool,
        receipt: report.receipt.clone(),
        signature: report.signature.clone(),
        refused: None,
    };
    for _ in 0..TRIES {
        let Some(last) = store.report(device)? else {
            if store.add_report(&kept)? {
                return Ok(Received { number, is_new: true });
            }
            // Another one was the first.
            continue;
        };
        match judge(&last, &kept, number)? {
            Verdict::Same => return Ok(Received { number, is_new: false }),
            Verdict::OtherKey(error) => {
                let refused = Some(RefusedKey { key: kept.key, received: now });
                store.put_report(&ReportDocument { refused, ..last })?;
                return Err(error);
            }
            Verdict::Newer => store.put_report(&kept)?,
        }
        // Another service may have put an older one in its place.
        match store.report(device)? {
            Some(there) if last_number(&there)? < number => {}
            _ => return Ok(Received { number, is_new: true }),
        }
    }
    Err(ReportError::Contended)
}

/// What a report is to the last one.
enum Verdict {
    /// It is the last one.
    Same,
    /// It is signed with another key.
    OtherKey(ReportError),
    /// It comes after it.
    Newer,
}

fn judge(last: &ReportDocument, new: &ReportDocument, number: u64) -> Result<Verdict, ReportError> {
    let malformed = |source| ReportError::File { what: "key", source };
    let [expected, found] =
        [PublicKey::parse(&last.key).map_err(malformed)?, PublicKey::parse(&new.key).map_err(malformed)?];
    if expected != found {
        return Ok(Verdict::OtherKey(ReportError::OtherKey { expected: expected.id, found: found.id }));
    }
    let last_number = last_number(last)?;
    match () {
        () if last.receipt == new.receipt => Ok(Verdict::Same),
        () if number <= last_number => Err(ReportError::Older { last: last_number, found: number }),
        () => Ok(Verdict::Newer),
    }
}

fn last_number(last: &ReportDocument) -> Result<u64, ReportError> {
    let malformed = |source| ReportError::Document { what: "receipt", source };
    Ok(Receipt::parse(&last.receipt).map_err(malformed)?.number)
}

/// The key of a report, and its receipt, which that key has signed.
fn check(device: &str, report: &Report) -> Result<(PublicKey, Receipt), ReportError> {
    if report.format != api::VERSION {
        return Err(ReportError::Format { what: "report", found: report.format });
    }
    let key = PublicKey::parse(&report.key).map_err(|source| ReportError::File { what: "key", source })?;
    let signature = Signature::parse(&report.signature);
    let signature = signature.map_err(|source| ReportError::File { what: "signature", source })?;
    signature.verify(&key, report.receipt.as_bytes())?;
    let receipt = Receipt::parse(&report.receipt);
    let receipt = receipt.map_err(|source| ReportError::Document { what: "receipt", source })?;
    if receipt.format != api::VERSION {
        return Err(ReportError::Format { what: "receipt", found: receipt.format });
    }
    if receipt.device != device {
        let found = receipt.device.chars().take(80).collect();
        return Err(ReportError::Device { expected: device.into(), found });
    }
    Ok((key, receipt))
}

/// `POST /v1/report`.
pub(super) async fn post(
    State(service): State<Arc<Service>>,
    Extension(device): Asker,
    request: Request,
) -> Response {
    if request.method() != Method::POST {
        return answer::only("POST");
    }
    let name = device.device.clone();
    let seats = service.reports.seat(name.clone(), 1).zip(service.reporting.clone().try_acquire_owned().ok());
    let Some(seats) = seats else { return BUSY.answer() };
    let bytes = match take_body(&service, request).await {
        Ok(bytes) => bytes,
        Err(refusal) => return refusal.answer(),
    };
    let reporter = name.clone();
    let received = service.read(Some(&name), move |service| {
        let taken = service.report(&reporter, &bytes);
        // Until then, also when nobody waits for the end any more.
        drop(seats);
        Ok(taken)
    });
    match received.await {
        Ok(Ok(())) => {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::NO_CONTENT;
            response
        }
        Ok(Err(refusal)) | Err(refusal) => refusal.answer(),
    }
}

/// The body of a request, when it is short enough and comes in time.
async fn take_body(service: &Service, request: Request) -> Result<Bytes, Refusal> {
    let says = request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    if says.is_some_and(|len: u64| len > MAX_REPORT as u64) {
        return Err(TOO_LARGE);
    }
    let body = Limited::new(request.into_body(), MAX_REPORT).collect();
    match tokio::time::timeout(service.limits.patience, body).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(TOO_LARGE),
        _ => Err(TOO_SLOW),
    }
}

impl Service {
    /// Takes a report and tells what came of it.
    fn report(&self, device: &str, bytes: &[u8]) -> Result<(), Refusal> {
        let Some(now) = (self.clock)() else {
            return Err(self.store_failed(Some(device), "the clock of the service is not set".into()));
        };
        let text = String::from_utf8_lossy(bytes);
        let malformed = |source| ReportError::Document { what: "report", source };
        let report = Report::parse(&text).map_err(malformed);
        match report.and_then(|report| receive(&self.shelf.store, device, &report, now)) {
            Ok(Received { number, .. }) => {
                self.metrics.reported();
                self.events.event(Event::Report { device: device.into(), number });
                Ok(())
            }
            Err(ReportError::Store(error)) => Err(self.store_failed(Some(device), with_causes(&error))),
            Err(error) => {
                let reason = with_causes(&error);
                self.events.event(Event::ReportRefused { device: device.into(), reason });
                Err(error.refusal())
            }
        }
    }
}
