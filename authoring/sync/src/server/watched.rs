//! Every request, counted and told when its answer is over.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use axum::body::Body as AnyBody;
use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use store::device::DeviceDocument;

use super::event::{Event, Served};
use super::pulse::Pulse;
use super::seats::Seat;
use super::service::Service;

/// The connection that a request came on.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub peer: SocketAddr,
    pub pulse: Arc<Pulse>,
}

/// The device that an answer is for, and the seat that it takes until it is over.
#[derive(Clone)]
pub(super) struct Answered {
    pub device: Arc<DeviceDocument>,
    pub _seat: Option<Arc<Seat<String>>>,
}

/// A request on its way. Dropped, it is told.
pub(super) struct Record {
    service: Arc<Service>,
    line: Line,
    began: Instant,
    route: &'static str,
    method: String,
    path: String,
    answered: Option<Answered>,
    status: u16,
    bytes: u64,
    whole: bool,
}

impl Record {
    /// A request that begins.
    pub(super) fn begin(
        service: &Arc<Service>,
        line: &Line,
        route: &'static str,
        request: &http::Request<AnyBody>,
    ) -> Self {
        line.pulse.begin();
        Self {
            service: service.clone(),
            line: line.clone(),
            began: Instant::now(),
            route,
            method: request.method().to_string(),
            path: request.uri().path().into(),
            answered: None,
            // What is told when the asker goes away before there is an answer.
            status: 499,
            bytes: 0,
            whole: false,
        }
    }

    /// The same, when its answer begins.
    pub(super) fn answered(mut self, status: u16, answered: Option<Answered>) -> Self {
        (self.status, self.answered) = (status, answered);
        self
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        let took = self.began.elapsed();
        self.line.pulse.end();
        self.service.metrics.request(self.route, self.status, self.bytes, took);
        self.service.events.event(Event::Request(Served {
            peer: self.line.peer,
            device: self.answered.take().map(|it| it.device.device.clone()),
            method: std::mem::take(&mut self.method),
            path: std::mem::take(&mut self.path),
            status: self.status,
            bytes: self.bytes,
            whole: self.whole,
            milliseconds: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        }));
    }
}

/// A body whose bytes are counted as they are taken.
pub(super) struct Watched {
    body: AnyBody,
    record: Record,
}

impl Watched {
    pub(super) fn new(body: AnyBody, mut record: Record) -> Self {
        record.whole = body.is_end_stream();
        Self { body, record }
    }
}

impl Body for Watched {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                let len = frame.data_ref().map_or(0, Bytes::len);
                self.record.bytes += len as u64;
                self.record.line.pulse.beat();
                self.record.whole = self.body.is_end_stream();
            }
            Poll::Ready(None) => self.record.whole = true,
            _ => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
