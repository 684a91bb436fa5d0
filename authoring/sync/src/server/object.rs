//! Files and frames of layers as answers: whole or in ranges, when the conditions of the request have it so.

use std::ops::Range;
use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use formats::digest::Sha256;
use formats::io::ReadAt;
use http::header::{ACCEPT_RANGES, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, RANGE};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use tokio::sync::Semaphore;

use super::answer::{self, PRECONDITION};
use super::body::{BodyError, Part, Parts};
use super::precondition::{self, Outcome};
use super::range::{Wanted, wanted};

/// Something of a layer that can be fetched.
#[derive(Clone)]
pub(super) struct Object {
    /// Where its bytes are.
    pub source: Arc<dyn ReadAt>,
    /// Which of them.
    pub range: Range<u64>,
    /// The digest of these bytes.
    pub digest: Sha256,
    /// Its media type.
    pub kind: &'static str,
    /// The large pieces that bodies may still read.
    pub large: Arc<Semaphore>,
}

impl Object {
    /// How long it is, in bytes.
    fn len(&self) -> u64 {
        self.range.end.saturating_sub(self.range.start)
    }

    /// Answers `GET` and `HEAD`; `failed` hears why the body broke off, when it does.
    pub(super) fn answer(
        &self,
        method: &Method,
        headers: &HeaderMap,
        failed: impl FnMut(&BodyError) + Send + 'static,
    ) -> Response {
        let etag = answer::etag(self.digest);
        let mut response = match precondition::judge(headers, &etag) {
            Outcome::Other => return PRECONDITION.answer(),
            Outcome::Same => answer::not_modified(),
            Outcome::Go => match self.wanted(method, headers, &etag) {
                Wanted::Unsatisfiable => return self.unsatisfiable(),
                Wanted::Whole => self.whole(failed),
                Wanted::Parts(parts) => match &*parts {
                    [part] => self.part(part, failed),
                    parts => self.parts(parts, failed),
                },
            },
        };
        let headers = response.headers_mut();
        answer::tag(headers, &etag);
        headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("private"));
        response
    }

    /// Ranges are of `GET` alone (RFC 9110, section 14.2).
    fn wanted(&self, method: &Method, headers: &HeaderMap, etag: &str) -> Wanted {
        let mut values = headers.get_all(RANGE).iter();
        match (values.next().and_then(|value| value.to_str().ok()), values.next()) {
            (Some(text), None) if method == Method::GET && precondition::range_counts(headers, etag) => {
                wanted(text, self.len())
            }
            _ => Wanted::Whole,
        }
    }

    fn unsatisfiable(&self) -> Response {
        answer::RANGE.with(CONTENT_RANGE, value(format!("bytes */{}", self.len())))
    }

    fn whole(&self, failed: impl FnMut(&BodyError) + Send + 'static) -> Response {
        let part = self.stored(&(0..self.len()));
        self.body(StatusCode::OK, HeaderValue::from_static(self.kind), [part], failed)
    }

    fn part(&self, part: &Range<u64>, failed: impl FnMut(&BodyError) + Send + 'static) -> Response {
        let kind = HeaderValue::from_static(self.kind);
        let mut response = self.body(StatusCode::PARTIAL_CONTENT, kind, [self.stored(part)], failed);
        response.headers_mut().insert(CONTENT_RANGE, value(self.content_range(part)));
        response
    }

    /// Several parts as multipart/byteranges (RFC 9110, section 14.6).
    fn parts(&self, parts: &[Range<u64>], failed: impl FnMut(&BodyError) + Send + 'static) -> Response {
        // Whoever could put this line into an object would have to know the digest of the object before.
        let boundary = Sha256::of(format!("{} {parts:?}", self.digest).as_bytes()).to_string();
        let boundary = boundary.get(..32).unwrap_or(&boundary);
        let mut body = Vec::new();
        for part in parts {
            let (kind, place) = (self.kind, self.content_range(part));
            let head = format!("\r\n--{boundary}\r\nContent-Type: {kind}\r\nContent-Range: {place}\r\n\r\n");
            body.push(Part::Text(Bytes::from(head)));
            body.push(self.stored(part));
        }
        body.push(Part::Text(Bytes::from(format!("\r\n--{boundary}--\r\n"))));
        let kind = value(format!("multipart/byteranges; boundary={boundary}"));
        self.body(StatusCode::PARTIAL_CONTENT, kind, body, failed)
    }

    fn stored(&self, part: &Range<u64>) -> Part {
        Part::Stored(self.range.start + part.start..self.range.start + part.end)
    }

    fn content_range(&self, part: &Range<u64>) -> String {
        // Parts are never empty.
        format!("bytes {}-{}/{}", part.start, part.end - 1, self.len())
    }

    fn body(
        &self,
        status: StatusCode,
        kind: HeaderValue,
        parts: impl IntoIterator<Item = Part>,
        failed: impl FnMut(&BodyError) + Send + 'static,
    ) -> Response {
        let body = Parts::new((self.source.clone(), self.large.clone()), parts, failed);
        let len = body.len();
        let mut response = Response::new(Body::new(body));
        *response.status_mut() = status;
        response.headers_mut().insert(CONTENT_TYPE, kind);
        response.headers_mut().insert(CONTENT_LENGTH, len.into());
        response
    }
}

/// Text of our own as a value, which it always can be.
fn value(text: String) -> HeaderValue {
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""))
}
