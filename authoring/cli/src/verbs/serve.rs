//! `serve`: the Synchronizer's service.

use std::fmt;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use formats::kind::with_causes;
use serde::Serialize;
use sync::server::{self, Ending, Limits, Log as _, Tls};

use crate::code::Code;
use crate::date;
use crate::error::Refusal;
use crate::interrupt;
use crate::logger::{Form, Logger};
use crate::output::Answer;
use crate::shell::Shell;
use crate::text;

/// Serve a store to its devices.
///
/// Devices fetch what is assigned to them, over HTTPS, and report. Several services may serve one store. SIGTERM ends
/// the service when the requests that were begun are finished, at most 30 seconds later; SIGHUP has it read the
/// certificate again. The API is documented in authoring/sync/API.md.
#[derive(Args, Debug)]
pub struct Serve {
    /// The address to listen on; port 0 takes one that is free
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8443")]
    listen: SocketAddr,
    /// The certificate and those between it and its root, in PEM
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The certificate's private key, in PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Serve without TLS on addresses that others can reach, behind a proxy
    ///
    /// All connections come from the proxy's address then: raise --connections-of-one to as many as --connections. Also
    /// /metrics is told by --metrics alone.
    #[arg(long, conflicts_with = "tls_cert")]
    plain_http: bool,
    /// Also tell metrics and health on this address, over plain HTTP
    #[arg(long, value_name = "ADDR")]
    metrics: Option<SocketAddr>,
    /// How the log is written to stderr
    #[arg(long, value_enum, value_name = "FORM", default_value_t)]
    log: Form,
    /// How long a client may take for what is its turn, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=3600))]
    patience: u16,
    /// How many connections there may be
    #[arg(long, value_name = "N", default_value_t = 2048)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    connections: u32,
    /// How many of them may come from one address; behind a proxy, all do
    #[arg(long, value_name = "N", default_value_t = 512)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    connections_of_one: u32,
}

/// Where the service listens.
#[derive(Serialize)]
struct Listening {
    url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    metrics: Option<String>,
}

/// The files of a certificate.
struct Certificate {
    certificates: PathBuf,
    key: PathBuf,
}

impl Serve {
    /// Serves until a signal asks to end.
    ///
    /// # Errors
    /// When the store, the certificate or the address cannot be used.
    pub fn run(self, shell: &Shell) -> anyhow::Result<Code> {
        let store = shell.store()?;
        let (tls, certificate) = self.tls()?;
        let listener = listen(self.listen)?;
        let metrics = self.metrics.map(listen).transpose()?;
        let scheme = if tls.is_some() { "https" } else { "http" };
        interrupt::allow_many_files();
        let logger = Arc::new(Logger::start(self.log));
        let ending = Ending::default();
        let on_signal = on_signal(ending.clone(), tls.clone().zip(certificate), logger.clone());
        interrupt::hear(on_signal).context("cannot hear signals")?;
        shell.answer(&Listening {
            url: url(scheme, &listener)?,
            metrics: metrics.as_ref().map(|listener| url("http", listener)).transpose()?,
        })?;
        let limits = self.limits();
        server::serve(server::Request {
            store,
            listener,
            tls,
            metrics,
            limits,
            tool: format!("seedpress {}", env!("CARGO_PKG_VERSION")),
            events: logger.clone(),
            clock: Arc::new(|| date::now().ok()),
            ending,
        })?;
        logger.finish();
        Ok(Code::Done)
    }

    /// The certificate, when the address may be served without one or there is one.
    fn tls(&self) -> anyhow::Result<(Option<Tls>, Option<Certificate>)> {
        let Some((certificates, key)) = self.tls_cert.clone().zip(self.tls_key.clone()) else {
            if self.plain_http || self.listen.ip().is_loopback() {
                return Ok((None, None));
            }
            let what = format!("{} can be reached by others, and there is no certificate", self.listen);
            let next = "give --tls-cert and --tls-key, or --plain-http where a proxy does TLS";
            return Err(Refusal::usage(what).next(next).into());
        };
        let certificate = Certificate { certificates, key };
        let [certificates, key] = certificate.read()?;
        let tls = Tls::new(&certificates, &key).with_context(|| certificate.about())?;
        Ok((Some(tls), Some(certificate)))
    }

    fn limits(&self) -> Limits {
        // A number that is too large for this machine is as good as none.
        let count = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        Limits {
            patience: Duration::from_secs(self.patience.into()),
            connections: count(self.connections),
            connections_of_one: count(self.connections_of_one),
            ..Limits::default()
        }
    }
}

impl Certificate {
    fn read(&self) -> anyhow::Result<[Vec<u8>; 2]> {
        Ok([text::read_bytes(&self.certificates)?, text::read_bytes(&self.key)?])
    }

    fn about(&self) -> String {
        format!("cannot use {} with {}", self.certificates.display(), self.key.display())
    }
}

/// What signals do: a hang-up has the certificate read again, the others end the service.
fn on_signal(
    ending: Ending,
    certificate: Option<(Tls, Certificate)>,
    logger: Arc<Logger>,
) -> impl Fn(bool) + Send + 'static {
    move |is_hang_up| {
        if !is_hang_up {
            return ending.begin();
        }
        let Some((tls, files)) = &certificate else { return };
        let renewed = files.read().and_then(|[certificates, key]| Ok(tls.renew(&certificates, &key)?));
        let refused = renewed.err().map(|error| with_causes(&*error));
        logger.event(server::Event::Certificate { refused });
    }
}

fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).map_err(|error| {
        let what = format!("cannot listen on {address}");
        Refusal::new(Code::Target, what).because(error).into()
    })
}

fn url(scheme: &str, listener: &TcpListener) -> anyhow::Result<String> {
    let address = listener.local_addr().context("cannot tell where it listens")?;
    Ok(format!("{scheme}://{address}"))
}

impl Answer for Listening {
    const SCHEMA: &'static str = "seedpress.serve/1";
}

impl fmt::Display for Listening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "listening on {}", self.url)?;
        self.metrics.iter().try_for_each(|url| writeln!(f, "metrics on {url}"))
    }
}
