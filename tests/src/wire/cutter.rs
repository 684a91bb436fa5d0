//! A line that is cut again and again, after as many bytes as chance says, the same every time.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

/// The line. It is there until the test ends.
pub struct Cutter {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    service: SocketAddr,
    /// How many bytes a connection carries at most.
    most: AtomicU64,
    /// How often it is still cut.
    left: AtomicU64,
    cuts: AtomicU64,
    chance: AtomicU64,
    down: AtomicU64,
}

impl Cutter {
    /// A line to `service` that is not cut before [`Cutter::arm`].
    ///
    /// # Panics
    /// When there is no port for it.
    pub fn to(service: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("its number");
        let shared = Arc::new(Shared {
            service,
            most: AtomicU64::new(u64::MAX),
            left: AtomicU64::new(0),
            cuts: AtomicU64::new(0),
            chance: AtomicU64::new(7),
            down: AtomicU64::new(0),
        });
        let theirs = shared.clone();
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let shared = theirs.clone();
                thread::spawn(move || shared.join(&client));
            }
        });
        Self { address, shared }
    }

    /// Cuts the next `cuts` connections, each after less than `most` bytes to the client, and then none any more.
    pub fn arm(&self, cuts: u64, most: u64) {
        self.shared.most.store(most, Ordering::Relaxed);
        self.shared.left.store(cuts, Ordering::Relaxed);
    }

    /// Where clients connect to.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How often it was cut.
    pub fn cuts(&self) -> u64 {
        self.shared.cuts.load(Ordering::Relaxed)
    }

    /// How many bytes went to the client.
    pub fn down(&self) -> u64 {
        self.shared.down.load(Ordering::Relaxed)
    }
}

impl Shared {
    fn join(&self, client: &TcpStream) {
        let Ok(service) = TcpStream::connect(self.service) else { return };
        let (Ok(up_from), Ok(up_to)) = (client.try_clone(), service.try_clone()) else { return };
        thread::spawn(move || carry(&up_from, &up_to, u64::MAX));
        let is_cut =
            self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok();
        let most = if is_cut { self.next() % self.most.load(Ordering::Relaxed) } else { u64::MAX };
        self.down.fetch_add(carry(&service, client, most), Ordering::Relaxed);
        if is_cut {
            self.cuts.fetch_add(1, Ordering::Relaxed);
        }
        // It may be closed already.
        let _ = client.shutdown(Shutdown::Both);
        let _ = service.shutdown(Shutdown::Both);
    }

    /// The next number: a linear congruence, whose upper bits are good enough here.
    fn next(&self) -> u64 {
        let step = |chance: u64| Some(chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1));
        let before = self.chance.fetch_update(Ordering::Relaxed, Ordering::Relaxed, step);
        before.unwrap_or_default() >> 33
    }
}

/// Carries at most `most` bytes, and says how many those were.
fn carry(mut from: &TcpStream, mut to: &TcpStream, most: u64) -> u64 {
    let mut buf = [0; 16 << 10];
    let mut done = 0;
    while done < most {
        let room = buf.len().min(usize::try_from(most - done).unwrap_or(usize::MAX));
        match from.read(&mut buf[..room]) {
            Ok(len) if len > 0 && to.write_all(&buf[..len]).is_ok() => done += len as u64,
            _ => break,
        }
    }
    // The other end learns that no more comes.
    let _ = to.shutdown(Shutdown::Write);
    done
}
