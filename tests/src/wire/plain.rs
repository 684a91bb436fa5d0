//! The true service behind one that lies: without TLS, for this machine alone.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStdout, Stdio};

use crate::program;

/// A running service. Dropped, it is killed.
pub struct Plain {
    /// Where it listens.
    pub address: SocketAddr,
    child: Child,
    // Must stay open.
    _stdout: BufReader<ChildStdout>,
}

impl Plain {
    /// Starts a service over a store.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start(store: &Path) -> Self {
        let mut command = program::command(["serve", "--listen", "127.0.0.1:0", "--log", "none"]);
        command.arg("--store").arg(store).stdout(Stdio::piped());
        let mut child = command.spawn().expect("the service can be started");
        let mut stdout = BufReader::new(child.stdout.take().expect("what the service says"));
        let mut line = String::new();
        stdout.read_line(&mut line).expect("a line of the service");
        let address = line.trim_end().split("http://").nth(1).and_then(|address| address.parse().ok());
        Self { address: address.expect("where the service listens"), child, _stdout: stdout }
    }
}

impl Drop for Plain {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
