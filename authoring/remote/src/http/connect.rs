//! The connections to a service: to whom, over what, and how long they may be silent.

use std::net::IpAddr;
use std::time::Duration;

use reqwest::{Certificate, Client, ClientBuilder, Url, redirect};

use super::Request;
use super::error::{HttpError, first_cause};

/// How much of one answer may be under way, in bytes: a long line that is fast holds this much.
const STREAM: u64 = 8 << 20;
/// The same of all answers together.
const CONNECTION: u32 = 16 << 20;
/// The least that may be under way, where a rate is kept.
const LEAST: u64 = 64 << 10;
/// How long a connection is kept that nobody uses.
const IDLE: Duration = Duration::from_secs(60);
/// How often a connection is asked whether it is alive.
const ALIVE: Duration = Duration::from_secs(15);
/// How long somebody may take to accept a connection.
const CONNECT: Duration = Duration::from_secs(15);

/// The URL of a service, without a `/` at its end. `http://` is for this machine alone: nobody else may hear a secret.
///
/// # Errors
/// [`HttpError::Url`].
pub fn base(text: &str) -> Result<Url, HttpError> {
    let wrong = |reason: &str| HttpError::Url { url: shown(text), reason: reason.into() };
    let url = Url::parse(text).map_err(|e| wrong(&e.to_string()))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("names and secrets do not belong there"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("it has a ? or a # in it"));
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        "http" => Err(wrong("expected https://; http:// is for this machine alone")),
        _ => Err(wrong("expected https://HOST[:PORT]")),
    }
}

/// The text without what may be a secret.
fn shown(text: &str) -> String {
    match (text.split_once("://"), text.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => format!("{scheme}://...@{host}"),
        _ => text.into(),
    }
}

/// Whether a URL leads to this machine itself.
pub fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

/// What makes connections.
///
/// # Errors
/// [`HttpError`] when the certificates are none.
pub fn client(request: &Request, url: &Url) -> Result<Client, HttpError> {
    let stream = request.limit.unwrap_or(STREAM).clamp(LEAST, STREAM) as u32;
    let connection = if request.limit.is_some() { stream } else { CONNECTION };
    let mut builder = Client::builder()
        .user_agent(&request.agent)
        .redirect(redirect::Policy::none())
        .retry(reqwest::retry::never())
        .connect_timeout(request.patience.min(CONNECT))
        .pool_idle_timeout(IDLE)
        .tcp_nodelay(true)
        .tcp_keepalive(ALIVE)
        .http2_initial_stream_window_size(stream)
        .http2_initial_connection_window_size(connection)
        .http2_keep_alive_interval(ALIVE)
        .http2_keep_alive_timeout(request.patience)
        .https_only(url.scheme() == "https");
    if is_loopback(url) {
        builder = builder.no_proxy();
    }
    let unusable = |e: reqwest::Error| HttpError::Certificates { reason: first_cause(&e) };
    trust(builder, request.ca.as_deref())?.build().map_err(unusable)
}

/// Trusts the certificates that are named, and then nobody else.
fn trust(builder: ClientBuilder, ca: Option<&[u8]>) -> Result<ClientBuilder, HttpError> {
    let Some(pem) = ca else { return Ok(builder) };
    let unusable = |reason: String| HttpError::Certificates { reason };
    let roots = Certificate::from_pem_bundle(pem).map_err(|e| unusable(first_cause(&e)))?;
    if roots.is_empty() {
        return Err(unusable("there is none among them".into()));
    }
    Ok(builder.tls_certs_only(roots))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_go_only_where_nobody_else_hears_them() {
        for good in [
            "https://a.example",
            "https://a:8443/seed",
            "http://127.0.0.1:80",
            "http://[::1]:1",
            "http://localhost",
        ] {
            base(good).unwrap();
        }
        for bad in [
            "http://a.example",
            "http://10.0.0.1",
            "ftp://a",
            "a",
            "",
            "https://a?b",
            "https://a#b",
            "https://",
        ] {
            assert!(base(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_may_be_a_secret_is_not_repeated() {
        let told = base("https://me:hunter2@a.example").unwrap_err().to_string();
        assert!(told.contains("a.example") && !told.contains("hunter2"), "{told}");
    }
}
