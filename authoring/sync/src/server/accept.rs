//! Takes connections, as many as there may be, until the service is asked to end.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::connection::Desk;
use super::event::Event;
use super::request::{Request, ServeError};
use super::routes;
use super::seats::{Seats, network};
use super::service::Service;
use super::tls::Tls;

/// How long one waits when the machine gives no more connections.
const PAUSE: Duration = Duration::from_millis(100);

/// How many connections there may be for metrics.
const METRICS: usize = 16;

/// How many connections there may be.
#[derive(Clone, Copy, Debug)]
struct Room {
    all: usize,
    of_one: usize,
}

/// Serves until [`Ending::begin`](super::Ending::begin), and then finishes what was begun.
///
/// # Errors
/// [`ServeError`] when it cannot begin.
pub fn serve(request: Request) -> Result<(), ServeError> {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime.enable_all().max_blocking_threads(request.limits.readers.max(1));
    let runtime = runtime.build().map_err(ServeError::Threads)?;
    // A store behind a network has threads of its own, which must not be ended on one of ours.
    let _store = request.store.clone();
    let served = runtime.block_on(run(request));
    // A store behind a network may let a reader wait for long.
    runtime.shutdown_background();
    served
}

async fn run(request: Request) -> Result<(), ServeError> {
    let Request { store, listener, tls, metrics, limits, tool, events, clock, ending } = request;
    let service = Arc::new(Service::new(store, limits, tool, events, clock));
    let tls = tls.as_ref().map(Tls::config).map(TlsAcceptor::from);
    let desk = Desk::new(&service, routes::router(&service, tls.is_some()), tls, ending.watch());
    let room = Room { all: limits.connections, of_one: limits.connections_of_one };
    let listeners = [
        Some((listener, desk, room)),
        metrics.map(|listener| {
            let router = routes::metrics_router(&service);
            (
                listener,
                Desk::new(&service, router, None, ending.watch()),
                Room { all: METRICS, of_one: METRICS },
            )
        }),
    ];
    let mut running = JoinSet::new();
    for (listener, desk, room) in listeners.into_iter().flatten() {
        listener.set_nonblocking(true).map_err(ServeError::Listen)?;
        let listener = TcpListener::from_std(listener).map_err(ServeError::Listen)?;
        running.spawn(take(listener, desk, room));
    }
    let mut cut = 0;
    while let Some(ended) = running.join_next().await {
        cut += ended.unwrap_or_default();
    }
    service.events.event(Event::Ended { cut });
    Ok(())
}

/// Takes connections of one listener until the end; gives how many had to be cut then.
async fn take(listener: TcpListener, desk: Desk, room: Room) -> usize {
    let all = Arc::new(Semaphore::new(room.all));
    let peers = Arc::new(Seats::default());
    let mut ending = desk.ending.clone();
    let mut open = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &all) => accepted,
            () = ended(&mut ending) => break,
            // What is over is not kept.
            Some(_) = open.join_next() => continue,
        };
        let service = &desk.service;
        match accepted {
            Ok((stream, peer, permit)) => match peers.seat(network(peer.ip()), room.of_one) {
                Some(seat) => {
                    let desk = desk.clone();
                    open.spawn(async move {
                        let counted = Counted::new(desk.service.clone());
                        desk.serve(stream, peer).await;
                        drop((permit, seat, counted));
                    });
                }
                None => {
                    service.metrics.connection_refused();
                    let reason = "there are too many of this address".into();
                    service.events.event(Event::Connection { peer, reason });
                }
            },
            Err(error) => {
                service.events.event(Event::Accept { reason: error.to_string() });
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
    drop(listener);
    desk.service.events.event(Event::Ending { open: open.len() });
    let finished = async { while open.join_next().await.is_some() {} };
    // Who takes longer is cut when `open` is dropped.
    let _ = tokio::time::timeout(desk.service.limits.grace, finished).await;
    open.len()
}

/// A connection that counts until it is dropped.
struct Counted(Arc<Service>);

impl Counted {
    fn new(service: Arc<Service>) -> Self {
        service.metrics.opened();
        Self(service)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.metrics.closed();
    }
}

/// The next connection, when there may be one more.
async fn accept(
    listener: &TcpListener,
    all: &Arc<Semaphore>,
) -> io::Result<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let permit = all.clone().acquire_owned().await.map_err(io::Error::other)?;
    let (stream, peer) = listener.accept().await?;
    Ok((stream, peer, permit))
}

/// Waits until the service is asked to end, or nobody is left who could.
async fn ended(ending: &mut watch::Receiver<bool>) {
    let _ = ending.wait_for(|it| *it).await;
}
