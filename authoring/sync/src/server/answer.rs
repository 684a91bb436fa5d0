//! Documents and errors as answers.

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use formats::digest::Sha256;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, ETAG, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use super::precondition::{Outcome, judge};

/// The type of documents.
pub(super) const JSON: &str = "application/json";

/// What is refused, in the form in which everything is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    status: StatusCode,
    /// The word for programs.
    error: &'static str,
    /// The sentence for people.
    message: &'static str,
}

/// What is not there, and what is not for this device: not a byte tells the two apart.
pub(super) const NOT_FOUND: Refusal =
    refusal(StatusCode::NOT_FOUND, "not-found", "there is nothing of this name for this device");
/// Nobody, or somebody else.
pub(super) const UNAUTHORIZED: Refusal =
    refusal(StatusCode::UNAUTHORIZED, "unauthorized", "expected the name and the secret of a device");
/// Too many failed logins.
pub(super) const TOO_MANY: Refusal = refusal(
    StatusCode::TOO_MANY_REQUESTS,
    "too-many-logins",
    "too many logins went wrong: wait before the next one",
);
/// Another method.
pub(super) const METHOD: Refusal =
    refusal(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "this method is not for this path");
/// A path that is longer than any we have.
pub(super) const LONG_PATH: Refusal =
    refusal(StatusCode::URI_TOO_LONG, "uri-too-long", "no path here is as long as this one");
/// No host, or several.
pub(super) const NO_HOST: Refusal =
    refusal(StatusCode::BAD_REQUEST, "host", "expected one Host, as HTTP/1.1 has it");
/// A body that is too long.
pub(super) const TOO_LARGE: Refusal =
    refusal(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "a report has at most 262144 bytes");
/// A body that does not come.
pub(super) const TOO_SLOW: Refusal =
    refusal(StatusCode::REQUEST_TIMEOUT, "timeout", "the body did not come in time");
/// No range has a byte of the object.
pub(super) const RANGE: Refusal = refusal(
    StatusCode::RANGE_NOT_SATISFIABLE,
    "range",
    "none of the ranges lies in the object, or there are more of them than are answered",
);
/// The object is another one.
pub(super) const PRECONDITION: Refusal =
    refusal(StatusCode::PRECONDITION_FAILED, "precondition", "the object has another entity tag");
/// The store does not give what it should.
pub(super) const STORE: Refusal = refusal(
    StatusCode::SERVICE_UNAVAILABLE,
    "store",
    "the store does not give what it should: keep what you have and ask again later",
);

/// More at once than one may have.
pub(super) const BUSY: Refusal =
    refusal(StatusCode::SERVICE_UNAVAILABLE, "busy", "too many requests are under way: ask again later");

/// A refusal.
pub(super) const fn refusal(status: StatusCode, error: &'static str, message: &'static str) -> Refusal {
    Refusal { status, error, message }
}

impl Refusal {
    /// The answer.
    pub(super) fn answer(self) -> Response {
        let Self { status, error, message } = self;
        let text = format!("{{\"error\": \"{error}\", \"message\": \"{message}\"}}\n");
        let mut response = document(status, JSON, text.into());
        if status == StatusCode::UNAUTHORIZED {
            let how = HeaderValue::from_static("Basic realm=\"seedpress\", charset=\"UTF-8\"");
            response.headers_mut().insert(WWW_AUTHENTICATE, how);
        }
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(RETRY_AFTER, 10.into());
        }
        response
    }

    /// The answer, with one header more.
    pub(super) fn with(self, name: HeaderName, value: HeaderValue) -> Response {
        let mut response = self.answer();
        response.headers_mut().insert(name, value);
        response
    }
}

/// 405, with the methods that there are.
pub(super) fn only(methods: &'static str) -> Response {
    METHOD.with(ALLOW, HeaderValue::from_static(methods))
}

/// An answer of a few bytes that nobody keeps.
pub(super) fn document(status: StatusCode, kind: &'static str, bytes: Bytes) -> Response {
    let len = bytes.len();
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CONTENT_LENGTH, len.into());
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// A document with an entity tag, answered as the conditions of the request have it.
pub(super) fn tagged(text: String, conditions: &HeaderMap) -> Response {
    let etag = etag(Sha256::of(text.as_bytes()));
    let mut response = match judge(conditions, &etag) {
        Outcome::Other => return PRECONDITION.answer(),
        Outcome::Same => not_modified(),
        Outcome::Go => document(StatusCode::OK, JSON, text.into()),
    };
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    tag(headers, &etag);
    response
}

/// 304.
pub(super) fn not_modified() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    response
}

/// The entity tag of what has this digest, with its quotation marks.
pub(super) fn etag(digest: Sha256) -> String {
    format!("\"{digest}\"")
}

/// Says which entity tag an answer has.
pub(super) fn tag(headers: &mut HeaderMap, etag: &str) {
    // Hexadecimal digits in quotation marks always are a value.
    if let Ok(value) = HeaderValue::from_str(etag) {
        headers.insert(ETAG, value);
    }
}
