//! How many there are of each: connections of an address, answers for a device.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

/// How many seats each has taken.
#[derive(Debug)]
pub(super) struct Seats<K>(Mutex<HashMap<K, usize>>);

/// A seat that is taken until it is dropped.
#[derive(Debug)]
pub(super) struct Seat<K: Eq + Hash> {
    seats: Arc<Seats<K>>,
    whose: K,
}

/// The network that counts as one client: of IPv6 its first 64 bits, which a site gives out as it likes.
pub(super) fn network(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        address => address,
    }
}

impl<K> Default for Seats<K> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Eq + Hash + Clone> Seats<K> {
    /// Takes a seat; `None` when `most` are taken already.
    pub(super) fn seat(self: &Arc<Self>, whose: K, most: usize) -> Option<Seat<K>> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(whose.clone()).or_default();
        if *count >= most {
            return None;
        }
        *count += 1;
        Some(Seat { seats: self.clone(), whose })
    }
}

impl<K: Eq + Hash> Drop for Seat<K> {
    fn drop(&mut self) {
        let mut counts = self.seats.0.lock().unwrap_or_else(PoisonError::into_inner);
        match counts.get_mut(&self.whose) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(counts.remove(&self.whose)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_client_has_so_many_seats_and_gives_them_back() {
        let peers = Arc::new(Seats::default());
        let seat = |text: &str| peers.seat(network(text.parse().unwrap()), 2);
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
