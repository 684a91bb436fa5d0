//! A server of S3 by other people (s3s-fs), which keeps objects as files.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use crate::elsewhere::Elsewhere;
use crate::workshop::Workshop;

/// Who may use it.
pub const KEY: &str = "AKSEEDPRESS";
/// Its secret.
pub const SECRET: &str = "not-a-secret";
/// The bucket that it has.
pub const BUCKET: &str = "bucket";

/// The server. Dropped, it is killed.
pub struct S3 {
    /// Where it listens.
    pub address: SocketAddr,
    root: PathBuf,
    child: Child,
}

impl S3 {
    /// Starts a server with one empty bucket in a folder, on a port that is free.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start(workshop: &Workshop) -> Self {
        let program = xtask::setup::servers::s3();
        assert!(program.is_file(), "{} is missing: run cargo xtask setup", program.display());
        let root = workshop.path("s3");
        std::fs::create_dir_all(root.join(BUCKET)).expect("a bucket");
        let mut server = Command::new(program);
        server.args(["--host", "127.0.0.1", "--port", "0", "--access-key", KEY, "--secret-key", SECRET]);
        server.arg(&root).env("RUST_LOG", "s3s_fs=info").env("NO_COLOR", "1");
        let mut child = server
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .stdin(Stdio::null())
            .spawn()
            .expect("the server");
        let mut log = BufReader::new(child.stdout.take().expect("its log"));
        let mut line = String::new();
        let address = loop {
            line.clear();
            assert!(
                log.read_line(&mut line).expect("a line of its log") > 0,
                "the server of S3 did not start"
            );
            if let Some((_, rest)) = line.split_once("running at http://") {
                let end = rest.find(|c: char| !c.is_ascii_digit() && !".:".contains(c)).unwrap_or(rest.len());
                break rest[..end].parse().expect("where it listens");
            }
        };
        // It never waits for a reader.
        std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        Self { address, root, child }
    }

    /// A store in the bucket, reached over `address`.
    pub fn store(&self, address: SocketAddr) -> Elsewhere {
        let settings = [
            ("AWS_ENDPOINT_URL", format!("http://{address}")),
            ("AWS_ACCESS_KEY_ID", KEY.into()),
            ("AWS_SECRET_ACCESS_KEY", SECRET.into()),
            ("AWS_REGION", "us-east-1".into()),
        ];
        let env = settings.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let url = format!("s3://{BUCKET}/some/prefix");
        Elsewhere { url, env, files: self.root.join(BUCKET).join("some/prefix") }
    }
}

impl Drop for S3 {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
