//! One connection, from its handshake to its end.

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::{Extension, Router};
use formats::kind::with_causes;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use super::event::Event;
use super::pulse::Pulse;
use super::request::Limits;
use super::service::Service;
use super::watched::Line;

/// How many requests may be under way on a connection of HTTP/2.
const STREAMS: u32 = 32;
/// How much of an answer HTTP/2 may take before its reader has room for it, in bytes.
const MAX_UNSENT: usize = 128 << 10;
/// How long the head of a request may be, in bytes.
const MAX_HEAD: usize = 16 << 10;
/// How many headers a request may have.
const MAX_HEADERS: usize = 64;
/// A write that is shorter may be a word of the protocol, and says nothing of whether the reader reads. In bytes.
const WORD: usize = 64;

/// What is said of a client that closes a connection without a word.
const GONE: [io::ErrorKind; 4] = [
    io::ErrorKind::UnexpectedEof,
    io::ErrorKind::ConnectionReset,
    io::ErrorKind::BrokenPipe,
    io::ErrorKind::NotConnected,
];

/// What connections of one listener share.
#[derive(Clone)]
pub(super) struct Desk {
    pub service: Arc<Service>,
    pub router: Router,
    pub tls: Option<TlsAcceptor>,
    pub ending: watch::Receiver<bool>,
    http1: Arc<auto::Builder<TokioExecutor>>,
    http2: Arc<auto::Builder<TokioExecutor>>,
}

impl Desk {
    pub(super) fn new(
        service: &Arc<Service>,
        router: Router,
        tls: Option<TlsAcceptor>,
        ending: watch::Receiver<bool>,
    ) -> Self {
        let http = builder(&service.limits);
        let (http1, http2) = (Arc::new(http.clone().http1_only()), Arc::new(http.http2_only()));
        Self { service: service.clone(), router, tls, ending, http1, http2 }
    }

    /// Serves a connection until it ends, or does not do what it must.
    pub(super) async fn serve(self, stream: TcpStream, peer: SocketAddr) {
        // Answers are written whole; a machine that refuses this is only slower.
        let _ = stream.set_nodelay(true);
        let ended = match self.tls.clone() {
            None => self.talk(stream, peer, false).await,
            Some(tls) => match tokio::time::timeout(self.service.limits.patience, tls.accept(stream)).await {
                Ok(Ok(stream)) => {
                    let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
                    self.talk(stream, peer, is_http2).await
                }
                Ok(Err(error)) => Err(format!("no TLS: {error}")),
                Err(_) => Err("the handshake took too long".into()),
            },
        };
        if let Err(reason) = ended {
            self.service.metrics.connection_refused();
            self.service.events.event(Event::Connection { peer, reason });
        }
    }

    /// Answers requests.
    async fn talk<S>(&self, stream: S, peer: SocketAddr, is_http2: bool) -> Result<(), String>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let pulse = Arc::new(Pulse::new());
        let line = Line { peer, pulse: pulse.clone() };
        let service = TowerToHyperService::new(self.router.clone().layer(Extension(line)));
        let stream = TokioIo::new(Felt { stream, pulse: pulse.clone() });
        let http = if is_http2 { &self.http2 } else { &self.http1 };
        let mut connection = pin!(http.serve_connection(stream, service));
        let mut ending = self.ending.clone();
        let mut is_ending = false;
        loop {
            let deadline = pulse.deadline(&self.service.limits);
            tokio::select! {
                ended = connection.as_mut() => return ended.or_else(|error| fault(&*error, &pulse)),
                _ = ending.wait_for(|it| *it), if !is_ending => {
                    is_ending = true;
                    connection.as_mut().graceful_shutdown();
                }
                () = tokio::time::sleep_until(deadline.into()) => {
                    let is_over = deadline >= pulse.deadline(&self.service.limits);
                    match pulse.is_idle() {
                        true if is_over => return Ok(()),
                        false if is_over => return Err("nothing moved on it for too long".into()),
                        _ => {}
                    }
                }
            }
        }
    }
}

/// What there is to tell of a connection that broke: nothing, when its client only went away, or asked nothing more.
fn fault(error: &(dyn Error + Send + Sync + 'static), pulse: &Pulse) -> Result<(), String> {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = cause {
        let went_away = error.downcast_ref().is_some_and(|it: &io::Error| GONE.contains(&it.kind()));
        let timed_out = error.downcast_ref().is_some_and(hyper::Error::is_timeout);
        if went_away || timed_out && pulse.is_idle() {
            return Ok(());
        }
        cause = error.source();
    }
    Err(with_causes(error))
}

fn builder(limits: &Limits) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.patience)
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_HEAD);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .max_send_buf_size(MAX_UNSENT)
        .max_header_list_size(MAX_HEAD as u32)
        .keep_alive_interval(limits.patience)
        .keep_alive_timeout(limits.patience);
    builder
}

/// A stream whose writes are felt in the pulse of its connection.
struct Felt<S> {
    stream: S,
    pulse: Arc<Pulse>,
}

impl<S: AsyncRead + Unpin> AsyncRead for Felt<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buf)
    }
}

impl<S: AsyncWrite + Unpin> Felt<S> {
    fn felt(&self, written: io::Result<usize>) -> Poll<io::Result<usize>> {
        if written.as_ref().is_ok_and(|len| *len >= WORD) {
            self.pulse.beat();
        }
        Poll::Ready(written)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Felt<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.stream).poll_write(context, bytes));
        self.felt(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.stream).poll_write_vectored(context, bytes));
        self.felt(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
