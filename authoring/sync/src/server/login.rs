//! Who asks: the name and the secret of a device, by HTTP Basic (RFC 7617).

use std::net::IpAddr;
use std::sync::{OnceLock, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use formats::layer::FORMAT;
use formats::names::check_name;
use formats::time::Timestamp;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use store::device::{DeviceDocument, SecretHash};
use store::{Store, StoreError};
use subtle::ConstantTimeEq as _;

use super::event::{Event, LoginFault};
use super::seats::network;
use super::service::Service;
use super::shelf::probe;

/// How long a secret may be, in bytes.
const MAX_SECRET: usize = 256;

/// A key that no object has: no device has this name.
const ABSENT: &str = "devices/~";

/// What somebody says of itself.
pub(super) struct Claim {
    pub device: String,
    secret: String,
}

/// What the headers of a request claim; `None` when they claim nothing at all.
pub(super) fn claim(headers: &HeaderMap) -> Option<Result<Claim, LoginFault>> {
    headers.get(AUTHORIZATION).map(|value| parse(value.as_bytes()).ok_or(LoginFault::Malformed))
}

fn parse(value: &[u8]) -> Option<Claim> {
    let (scheme, rest) = value.split_at_checked(6)?;
    if !scheme.eq_ignore_ascii_case(b"basic ") {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(rest.trim_ascii()).ok()?).ok()?;
    let (device, secret) = text.split_once(':')?;
    check_name(device).ok()?;
    (secret.len() <= MAX_SECRET).then(|| Claim { device: device.into(), secret: secret.into() })
}

impl Service {
    /// Takes note of a wrong login. How long the next one should wait, because too many were wrong before; `None` when
    /// it need not.
    pub(super) fn wrong(&self, peer: IpAddr, device: &str) -> Option<Duration> {
        let (network, now) = (network(peer), Instant::now());
        let wait = {
            let mut throttle = self.throttle();
            let wait = throttle.wait(network, device, now);
            if wait.is_none() {
                throttle.failed(network, device, now);
            }
            wait
        };
        self.refused(
            peer,
            Some(device),
            if wait.is_some() { LoginFault::TooMany } else { LoginFault::Wrong },
        );
        wait
    }

    /// The device, when a claim is right; `None` when it is wrong. Reads the store.
    ///
    /// # Errors
    /// [`StoreError`] when nobody can tell.
    pub(super) fn login(&self, claim: &Claim) -> Result<Option<DeviceDocument>, StoreError> {
        login(&self.shelf.store, claim)
    }

    /// Counts and tells a login that was refused.
    pub(super) fn refused(&self, peer: IpAddr, device: Option<&str>, fault: LoginFault) {
        self.metrics.login_failed(fault);
        self.events.event(Event::Login { peer, device: device.map(Into::into), fault });
    }

    fn throttle(&self) -> std::sync::MutexGuard<'_, super::throttle::Throttle> {
        self.throttle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The device of a right claim. A wrong one takes the same whether there is such a device or not: the store is asked for
/// one object that is there and one that is not, a document is parsed, and a secret compared.
fn login(store: &Store, claim: &Claim) -> Result<Option<DeviceDocument>, StoreError> {
    let Some(device) = store.device(&claim.device)? else {
        probe(store)?;
        let _ = is_right(&stand_in().secret, &claim.secret);
        return Ok(None);
    };
    if is_right(&device.secret, &claim.secret) {
        return Ok(Some(device));
    }
    match store.depot().open(ABSENT) {
        Err(error) if !error.is_missing() => Err(error),
        _ => Ok(None),
    }
}

/// A device that nobody is, after the work that one would have been.
fn stand_in() -> DeviceDocument {
    static NOBODY: OnceLock<(DeviceDocument, String)> = OnceLock::new();
    let (device, text) = NOBODY.get_or_init(|| {
        let device = nobody();
        let text = device.print();
        (device, text)
    });
    DeviceDocument::parse(text).unwrap_or_else(|_| device.clone())
}

fn nobody() -> DeviceDocument {
    DeviceDocument {
        format: FORMAT,
        device: "nobody".into(),
        note: String::new(),
        added: Timestamp::EARLIEST,
        secret: SecretHash::new([0; 32], ""),
        removed: false,
        rows: Vec::new(),
        assignments: Vec::new(),
    }
}

/// Compares in a time that says nothing of the secret.
fn is_right(known: &SecretHash, secret: &str) -> bool {
    let claimed = SecretHash::new(known.salt.0, secret);
    claimed.sha256.0.ct_eq(&known.sha256.0).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(value: &str) -> Option<(String, String)> {
        parse(value.as_bytes()).map(|claim| (claim.device, claim.secret))
    }

    fn basic(text: &str) -> String {
        format!("Basic {}", STANDARD.encode(text))
    }

    #[test]
    fn a_login_is_a_name_and_a_secret() {
        let expected = Some(("pc-17".into(), "a:b".into()));
        assert_eq!(parsed(&basic("pc-17:a:b")), expected);
        assert_eq!(parsed(&basic("pc-17:a:b").replace("Basic", "bAsIc")), expected);
        assert_eq!(parsed(&basic("pc-17:")), Some(("pc-17".into(), String::new())));
        let long = basic(&format!("pc:{}", "x".repeat(MAX_SECRET + 1)));
        for bad in ["", "Basic", "Basic ", "Basic !", "Bearer abc", &basic("pc"), &basic("../pc:x"), &long] {
            assert_eq!(parsed(bad), None, "{bad}");
        }
    }

    #[test]
    fn only_the_right_secret_is_right() {
        let known = SecretHash::new([3; 32], "secret");
        assert!(is_right(&known, "secret"));
        assert!(!is_right(&known, "Secret") && !is_right(&known, "") && !is_right(&known, "secret "));
    }
}
