//! How many connections there are, and of whom.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

/// The addresses that connections come from.
#[derive(Debug, Default)]
pub(super) struct Peers(Mutex<HashMap<IpAddr, usize>>);

/// A connection that counts until it is dropped.
#[derive(Debug)]
pub(super) struct Seat {
    peers: Arc<Peers>,
    network: IpAddr,
}

/// The network that counts as one client: of IPv6 its first 64 bits, which a site gives out as it likes.
pub(super) fn network(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        address => address,
    }
}

impl Peers {
    /// Counts a connection; `None` when `most` of them are there already.
    pub(super) fn seat(self: &Arc<Self>, peer: IpAddr, most: usize) -> Option<Seat> {
        let network = network(peer);
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(network).or_default();
        if *count >= most {
            return None;
        }
        *count += 1;
        Some(Seat { peers: self.clone(), network })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut counts = self.peers.0.lock().unwrap_or_else(PoisonError::into_inner);
        match counts.get_mut(&self.network) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(counts.remove(&self.network)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_client_has_so_many_seats_and_gives_them_back() {
        let peers = Arc::new(Peers::default());
        let seat = |text: &str| peers.seat(text.parse().unwrap(), 2);
        let held = [seat("10.0.0.1"), seat("::ffff:10.0.0.1")];
        assert!(held.iter().all(Option::is_some) && seat("10.0.0.1").is_none());
        assert!(seat("10.0.0.2").is_some());
        let of_a_site = [seat("2001:db8::1"), seat("2001:db8::2")];
        assert!(of_a_site.iter().all(Option::is_some) && seat("2001:db8::3").is_none());
        assert!(seat("2001:db8:0:1::1").is_some());
        drop(held);
        assert!(seat("10.0.0.1").is_some());
        drop(of_a_site);
        assert!(peers.0.lock().unwrap().is_empty());
    }
}
