//! How often logins may fail until it is said that there are too many, of one device from one address and of one address.
//! A right login is never kept out: behind one address there may be many devices, and somebody who means them ill.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// How often one may fail at once, and how long it takes until one more failure is forgiven.
#[derive(Clone, Copy, Debug)]
struct Allowance {
    burst: f64,
    each: Duration,
}

/// For one device from one address.
const DEVICE: Allowance = Allowance { burst: 10.0, each: Duration::from_secs(10) };
/// For one address, whatever the device.
const ADDRESS: Allowance = Allowance { burst: 100.0, each: Duration::from_secs(1) };

/// How many addresses and devices are remembered.
const MOST: usize = 16 << 10;

/// The failures that are not forgiven yet.
#[derive(Debug, Default)]
pub(super) struct Throttle {
    failures: HashMap<(IpAddr, Option<String>), Failures>,
}

#[derive(Clone, Copy, Debug)]
struct Failures {
    count: f64,
    at: Instant,
}

impl Allowance {
    fn of(device: Option<&String>) -> Self {
        if device.is_some() { DEVICE } else { ADDRESS }
    }
}

impl Failures {
    /// How many are left at a time.
    fn left(&self, allowance: Allowance, now: Instant) -> f64 {
        let forgiven = now.saturating_duration_since(self.at).as_secs_f64() / allowance.each.as_secs_f64();
        (self.count - forgiven).max(0.0)
    }
}

impl Throttle {
    /// How long a wrong login must wait; `None` when there were not too many before.
    pub(super) fn wait(&self, address: IpAddr, device: &str, now: Instant) -> Option<Duration> {
        [Some(device.to_owned()), None]
            .into_iter()
            .filter_map(|device| self.wait_of((address, device), now))
            .max()
    }

    /// Remembers a failure.
    pub(super) fn failed(&mut self, address: IpAddr, device: &str, now: Instant) {
        self.make_room(now);
        for key in [(address, Some(device.to_owned())), (address, None)] {
            let allowance = Allowance::of(key.1.as_ref());
            let entry = self.failures.entry(key).or_insert(Failures { count: 0.0, at: now });
            *entry = Failures { count: entry.left(allowance, now) + 1.0, at: now };
        }
    }

    fn wait_of(&self, key: (IpAddr, Option<String>), now: Instant) -> Option<Duration> {
        let allowance = Allowance::of(key.1.as_ref());
        let over = self.failures.get(&key)?.left(allowance, now) + 1.0 - allowance.burst;
        (over > 0.0).then(|| allowance.each.mul_f64(over))
    }

    /// Forgets what is forgiven, and of the rest the older half, when there is too much of it.
    fn make_room(&mut self, now: Instant) {
        if self.failures.len() + 2 <= MOST {
            return;
        }
        self.failures.retain(|key, failures| failures.left(Allowance::of(key.1.as_ref()), now) > 0.0);
        if self.failures.len() > MOST / 2 {
            let mut times: Vec<Instant> = self.failures.values().map(|failures| failures.at).collect();
            times.sort();
            let middle = times.get(times.len() / 2).copied().unwrap_or(now);
            self.failures.retain(|_, failures| failures.at > middle);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1));
    const THERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 2));

    #[test]
    fn a_device_that_fails_waits_and_others_do_not() {
        let (mut throttle, now) = (Throttle::default(), Instant::now());
        for _ in 0..10 {
            assert_eq!(throttle.wait(HERE, "pc", now), None);
            throttle.failed(HERE, "pc", now);
        }
        assert_eq!(throttle.wait(HERE, "pc", now), Some(DEVICE.each));
        assert_eq!(throttle.wait(HERE, "other", now), None);
        assert_eq!(throttle.wait(THERE, "pc", now), None);
        assert_eq!(throttle.wait(HERE, "pc", now + DEVICE.each), None);
    }

    #[test]
    fn an_address_that_tries_many_names_waits() {
        let (mut throttle, now) = (Throttle::default(), Instant::now());
        (0..100).for_each(|number| throttle.failed(HERE, &format!("pc-{number}"), now));
        assert_eq!(throttle.wait(HERE, "pc", now), Some(ADDRESS.each));
        assert_eq!(throttle.wait(THERE, "pc", now), None);
        assert_eq!(throttle.wait(HERE, "pc", now + ADDRESS.each), None);
    }

    #[test]
    fn not_more_is_remembered_than_memory_is_meant_for() {
        let (mut throttle, now) = (Throttle::default(), Instant::now());
        for number in 0..3 * MOST as u32 {
            let address = std::net::Ipv4Addr::from_bits(number).into();
            throttle.failed(address, "pc", now + Duration::from_millis(number.into()));
            assert!(throttle.failures.len() <= MOST);
        }
        let last = std::net::Ipv4Addr::from_bits(3 * MOST as u32 - 1).into();
        assert!(throttle.failures.contains_key(&(last, None)));
    }
}
