//! A Synchronizer of this machine, for demo and benchmarks: `seedpress serve` as a process of its own, over TLS.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Stdio};

use anyhow::{Context, Result, bail};

use crate::desk::Desk;
use crate::program;

/// The files of its key and its certificate, in the desk's folder.
const KEY: &str = "serve.key";
/// The certificate, which clients trust.
pub const CERTIFICATE: &str = "serve.pem";

/// A service that ends when it is dropped.
#[derive(Debug)]
pub struct Synchronizer {
    child: Child,
    address: SocketAddr,
}

impl Synchronizer {
    /// The command that serves the desk's store, as one would type it.
    pub const LINE: &'static str =
        "serve --listen 127.0.0.1:0 --tls-cert serve.pem --tls-key serve.key --log none";

    /// Starts one over the store of a desk, with a certificate that is made for it.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start(desk: &Desk) -> Result<Self> {
        certify(desk)?;
        let mut child =
            desk.seedpress(Self::LINE).stdout(Stdio::piped()).spawn().context("starting the service")?;
        let mut said = String::new();
        if let Some(stdout) = child.stdout.take() {
            BufReader::new(stdout).read_line(&mut said)?;
        }
        let address = said.split("https://").nth(1).and_then(|rest| rest.trim().parse().ok());
        match address {
            Some(address) => Ok(Self { child, address }),
            None => {
                // It may have ended by itself.
                let _ = child.kill();
                let _ = child.wait();
                bail!("the service said {said:?}, expected where it listens")
            }
        }
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Synchronizer {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Makes a key and a certificate for this machine.
fn certify(desk: &Desk) -> Result<()> {
    let make = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj /CN=localhost";
    let mut command = desk.other(make);
    command.args([
        "-addext",
        "subjectAltName=IP:127.0.0.1,DNS:localhost",
        // Without it openssl makes an authority's certificate, which no service may have.
        "-addext",
        "basicConstraints=critical,CA:FALSE",
        "-keyout",
        KEY,
        "-out",
        CERTIFICATE,
    ]);
    program::capture(&mut command).map(drop)
}
