//! A line between two programs of this machine: as narrow and as long as one likes, and it counts what goes through it.
//! For machines whose kernel has no netem, and for users who are not root.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

/// What a line is like.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// How many bits a second go through it, each way; `None` for as many as there are.
    pub bits: Option<u64>,
    /// How long bytes take from one end to the other.
    pub delay: Duration,
}

/// How many bytes are taken at a time at most.
const PIECE: usize = 16 << 10;
/// How many pieces a second a narrow line carries at least, so that they do not come in lumps.
const PIECES_A_SECOND: u64 = 100;

/// A line that is open until it is dropped.
#[derive(Debug)]
pub struct Line {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    kind: Kind,
    /// What went to the client, and what to the service.
    down: Way,
    up: Way,
    connections: AtomicU64,
    is_closed: AtomicBool,
}

/// One direction, which all connections share.
#[derive(Debug, Default)]
struct Way {
    bytes: AtomicU64,
    /// Until when the line is taken.
    taken: Mutex<Option<Instant>>,
}

impl Line {
    /// A line to `service`, as of one kind.
    ///
    /// # Errors
    /// When there is no port for it.
    pub fn to(service: SocketAddr, kind: Kind) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").context("opening a line")?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            kind,
            down: Way::default(),
            up: Way::default(),
            connections: AtomicU64::new(0),
            is_closed: AtomicBool::new(false),
        });
        let theirs = shared.clone();
        thread::spawn(move || accept(&listener, service, &theirs));
        Ok(Self { address, shared })
    }

    /// Where clients connect to.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many bytes went to the client, and how many to the service, since the last call.
    pub fn counted(&self) -> (u64, u64) {
        let take = |way: &Way| way.bytes.swap(0, Ordering::Relaxed);
        (take(&self.shared.down), take(&self.shared.up))
    }

    /// How many connections there were so far.
    pub fn connections(&self) -> u64 {
        self.shared.connections.load(Ordering::Relaxed)
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.shared.is_closed.store(true, Ordering::Relaxed);
        // Wakes the thread that accepts.
        drop(TcpStream::connect(self.address));
    }
}

fn accept(listener: &TcpListener, service: SocketAddr, shared: &Arc<Shared>) {
    for client in listener.incoming().flatten() {
        if shared.is_closed.load(Ordering::Relaxed) {
            return;
        }
        shared.connections.fetch_add(1, Ordering::Relaxed);
        let shared = shared.clone();
        thread::spawn(move || {
            // A connection is there after one way to the service and one back.
            thread::sleep(2 * shared.kind.delay);
            // A service that is not there is a connection that ends.
            if let Ok(service) = TcpStream::connect(service) {
                drop(join(client, service, &shared));
            }
        });
    }
}

/// Carries bytes both ways until both ends are done.
fn join(client: TcpStream, service: TcpStream, shared: &Arc<Shared>) -> io::Result<()> {
    client.set_nodelay(true)?;
    service.set_nodelay(true)?;
    let ends = [(service.try_clone()?, client.try_clone()?), (client, service)];
    for ((from, to), is_down) in ends.into_iter().zip([true, false]) {
        // What is under way fits: a narrow line has few pieces on it.
        let (send, pieces) = sync_channel(256);
        let shared = shared.clone();
        let delay = shared.kind.delay;
        thread::spawn(move || {
            drop(take(from, &send, if is_down { &shared.down } else { &shared.up }, shared.kind))
        });
        thread::spawn(move || drop(give(to, &pieces, delay)));
    }
    Ok(())
}

/// Takes bytes from one end, as fast as the line carries them.
fn take(mut from: TcpStream, line: &SyncSender<(Instant, Vec<u8>)>, way: &Way, kind: Kind) -> io::Result<()> {
    let piece = kind.bits.map_or(PIECE as u64, |bits| (bits / 8 / PIECES_A_SECOND).clamp(512, PIECE as u64));
    let mut buf = vec![0; piece as usize];
    loop {
        let len = from.read(&mut buf)?;
        let Some(bytes) = buf.get(..len).filter(|bytes| !bytes.is_empty()) else { return Ok(()) };
        let sent = way.carry(len as u64, kind);
        if line.send((sent + kind.delay, bytes.to_vec())).is_err() {
            return Ok(());
        }
    }
}

/// Gives bytes to the other end, each when it has come that far.
fn give(mut to: TcpStream, line: &Receiver<(Instant, Vec<u8>)>, delay: Duration) -> io::Result<()> {
    while let Ok((due, bytes)) = line.recv() {
        thread::sleep(due.saturating_duration_since(Instant::now()));
        to.write_all(&bytes)?;
    }
    // The end takes as long as the bytes before it.
    thread::sleep(delay);
    to.shutdown(Shutdown::Write)
}

impl Way {
    /// Waits until `len` bytes are on the line, behind those of all others, and says when that was.
    fn carry(&self, len: u64, kind: Kind) -> Instant {
        self.bytes.fetch_add(len, Ordering::Relaxed);
        let now = Instant::now();
        let Some(bits) = kind.bits else { return now };
        let time = Duration::from_secs_f64(len as f64 * 8.0 / bits.max(1) as f64);
        let due = {
            let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
            let due = taken.map_or(now, |taken| taken.max(now)) + time;
            *taken = Some(due);
            due
        };
        thread::sleep(due.saturating_duration_since(Instant::now()));
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A service that says again whatever it is told.
    fn echo() -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                thread::spawn(move || io::copy(&mut stream.try_clone().unwrap(), &mut stream));
            }
        });
        address
    }

    fn said_again(line: &Line, bytes: &[u8]) -> Vec<u8> {
        let mut stream = TcpStream::connect(line.address()).unwrap();
        stream.write_all(bytes).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let mut found = Vec::new();
        stream.read_to_end(&mut found).unwrap();
        found
    }

    #[test]
    fn bytes_come_as_they_are_and_are_counted_both_ways() {
        let line = Line::to(echo(), Kind { bits: None, delay: Duration::ZERO }).unwrap();
        let bytes: Vec<u8> = (0..300_000u32).map(|number| number as u8).collect();
        assert_eq!(said_again(&line, &bytes), bytes);
        assert_eq!(line.counted(), (300_000, 300_000));
        assert_eq!((line.counted(), line.connections()), ((0, 0), 1));
    }

    #[test]
    fn a_narrow_and_long_line_takes_its_time() {
        let kind = Kind { bits: Some(800_000), delay: Duration::from_millis(100) };
        let line = Line::to(echo(), kind).unwrap();
        let start = Instant::now();
        assert_eq!(said_again(&line, &[7; 20_000]).len(), 20_000);
        // Two ways to open it, one there, one back, and 20,000 bytes at 100,000 a second: no less is possible.
        assert!(start.elapsed() >= Duration::from_millis(600), "{:?}", start.elapsed());
    }
}
