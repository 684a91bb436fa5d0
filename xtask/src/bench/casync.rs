//! casync on the same versions: chunks behind a web server, as people have them.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::desk::Desk;
use crate::fixtures::Fixtures;
use crate::program;

/// How long the web server may take to start.
const PATIENCE: Duration = Duration::from_secs(10);

/// Both versions in casync's store, served until it is dropped.
#[derive(Debug)]
pub struct Casync {
    server: Child,
    address: SocketAddr,
    /// The disk of version 1, which its client has.
    seed: String,
}

impl Casync {
    /// Cuts both versions into chunks and serves them.
    ///
    /// # Errors
    /// When a program fails.
    pub fn new(desk: &Desk, fixtures: &Fixtures) -> Result<Self> {
        let folder = desk.path("casync");
        fs::create_dir_all(&folder)?;
        for version in [1, 2] {
            println!("bench: casync makes version {version}");
            let mut make = program::system("casync");
            make.arg("make").arg(format!("--store={}", folder.join("store.castr").display()));
            make.arg(folder.join(format!("{version}.caibx"))).arg(fixtures.raw(version));
            program::capture(&mut make)?;
        }
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let server = serve(&folder, address)?;
        let seed = fixtures.raw(1).display().to_string();
        let casync = Self { server, address, seed };
        casync.wait()?;
        Ok(casync)
    }

    /// Where it is served.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The script that fetches version 2 over a line, with version 1 at hand.
    pub fn next(&self, line: SocketAddr) -> String {
        format!("rm -f casync-2.raw; casync extract --seed={} {}", self.seed, of(line, 2))
    }

    /// The script that fetches version 1 from nothing.
    pub fn whole(&self, line: SocketAddr) -> String {
        format!("rm -f casync-1.raw; casync extract {}", of(line, 1))
    }

    fn wait(&self) -> Result<()> {
        let start = Instant::now();
        while TcpStream::connect(self.address).is_err() {
            ensure!(start.elapsed() < PATIENCE, "nginx does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }
}

impl Drop for Casync {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

fn of(line: SocketAddr, version: u32) -> String {
    format!("--store=http://{line}/store.castr http://{line}/{version}.caibx casync-{version}.raw")
}

/// nginx over a folder, with connections that are kept.
fn serve(folder: &Path, address: SocketAddr) -> Result<Child> {
    let at = folder.display();
    let user = if program::is_root() { "user root;" } else { "" };
    let settings = format!(
        "{user} daemon off; master_process off; worker_processes 1; pid {at}/nginx.pid; error_log {at}/nginx.log;\n\
         events {{ worker_connections 256; }}\n\
         http {{ access_log off; sendfile on; keepalive_requests 1000000; client_body_temp_path {at}/body;\n\
         proxy_temp_path {at}/proxy; fastcgi_temp_path {at}/fastcgi; uwsgi_temp_path {at}/uwsgi;\n\
         scgi_temp_path {at}/scgi; server {{ listen {address}; root {at}; }} }}\n"
    );
    let path = folder.join("nginx.conf");
    fs::write(&path, settings)?;
    let mut command: Command = program::system("nginx");
    command.arg("-p").arg(folder).arg("-c").arg(&path).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().context("starting nginx")
}
