//! The Synchronizer's service as a process of its own, over TLS with a certificate of its own authority.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustix::process::{Pid, Signal, kill_process};

use crate::elsewhere::Elsewhere;
use crate::program;

/// Certificate and key of a service for this machine, and the authority that vouches for it; all PEM.
pub struct Certificates {
    /// The authority, which clients trust.
    pub ca: String,
    /// The service's certificate.
    pub certificate: String,
    /// Its key.
    pub key: String,
}

/// A running service. Dropped, it is killed.
pub struct Service {
    /// Its URL: `https://localhost:PORT`, or `http://127.0.0.1:PORT` without TLS.
    pub url: String,
    /// Its port on 127.0.0.1.
    pub port: u16,
    /// The URL of metrics, where they were asked for.
    pub metrics: Option<String>,
    /// The authority that clients must trust, as PEM.
    pub ca_pem: String,
    /// The same as a file.
    pub ca: PathBuf,
    /// The files that the service has its certificate and key from.
    pub files: [PathBuf; 2],
    child: Child,
    log: Log,
    // The files of the certificate, as long as the service runs; and its other end, which must stay open.
    _folder: tempfile::TempDir,
    _stdout: BufReader<ChildStdout>,
}

/// How long one waits for a line of a log.
const LIMIT: Duration = Duration::from_secs(120);

/// What a service logs, read as it comes, so that the service never waits for a reader.
struct Log {
    text: Arc<(Mutex<String>, Condvar)>,
    reading: Option<JoinHandle<()>>,
}

impl Log {
    fn of(stderr: ChildStderr) -> Self {
        let text = Arc::new((Mutex::new(String::new()), Condvar::new()));
        let into = text.clone();
        let reading = std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                *into.0.lock().expect("the log") += &(line + "\n");
                into.1.notify_all();
            }
        });
        Self { text, reading: Some(reading) }
    }

    /// All of it, when the service has ended.
    fn finish(&mut self) -> String {
        if let Some(reading) = self.reading.take() {
            reading.join().expect("the log of the service");
        }
        self.text.0.lock().expect("the log").clone()
    }
}

/// A new authority and a certificate by it for `localhost` and `127.0.0.1`.
///
/// # Panics
/// When they cannot be made.
pub fn certificates() -> Certificates {
    let mut params = CertificateParams::default();
    // Another name than that of the certificate, which would look as if it vouched for itself.
    params.distinguished_name.push(DnType::CommonName, "an authority of tests");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca_key = KeyPair::generate().expect("a key");
    let ca = params.self_signed(&ca_key).expect("a certificate of an authority");
    let issuer = Issuer::new(params, ca_key);
    let names = ["localhost".into(), "127.0.0.1".into()];
    let key = KeyPair::generate().expect("a key");
    let params = CertificateParams::new(names.to_vec()).expect("names of a certificate");
    let certificate = params.signed_by(&key, &issuer).expect("a certificate");
    Certificates { ca: ca.pem(), certificate: certificate.pem(), key: key.serialize_pem() }
}

impl Service {
    /// Starts a service over a store, on a port that is free.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start(store: &Path) -> Self {
        Self::start_with(store, &[])
    }

    /// The same, with more arguments.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start_with(store: &Path, more: &[&str]) -> Self {
        Self::run(store, more, &[], true)
    }

    /// The same without TLS, for those who speak HTTP letter by letter.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start_plain(store: &Path, more: &[&str]) -> Self {
        Self::run(store, more, &[], false)
    }

    /// Starts a service over a store that lies elsewhere.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start_over(there: &Elsewhere) -> Self {
        Self::run(Path::new(&there.url), &[], &there.env, true)
    }

    fn run(store: &Path, more: &[&str], env: &[(String, String)], tls: bool) -> Self {
        let folder = tempfile::tempdir().expect("a folder for certificates");
        let made = certificates();
        let [ca, certificate, key] =
            ["ca.pem", "service.pem", "service.key"].map(|name| folder.path().join(name));
        for (path, text) in [(&ca, &made.ca), (&certificate, &made.certificate), (&key, &made.key)] {
            std::fs::write(path, text).expect("a file of a certificate");
        }
        let mut command = program::command(["serve", "--listen", "127.0.0.1:0"]);
        command.arg("--store").arg(store).args(more).envs(env.iter().cloned());
        if tls {
            command.arg("--tls-cert").arg(&certificate).arg("--tls-key").arg(&key);
        }
        let (child, mut stdout, mut log) = spawn(command);
        let mut line = |start: &str| {
            let mut line = String::new();
            stdout.read_line(&mut line).expect("a line of the service");
            line.trim_end().strip_prefix(start).map(str::to_owned)
        };
        let (scheme, host) = if tls { ("https", "localhost") } else { ("http", "127.0.0.1") };
        let address = line(&format!("listening on {scheme}://127.0.0.1:"));
        let address = address.unwrap_or_else(|| panic!("the service did not start: {}", log.finish()));
        let metrics = more.contains(&"--metrics").then(|| line("metrics on ").expect("where metrics are"));
        let port = address.parse().expect("the port of the service");
        let (url, files, ca_pem) = (format!("{scheme}://{host}:{port}"), [certificate, key], made.ca);
        Self { url, port, metrics, ca_pem, ca, files, child, log, _folder: folder, _stdout: stdout }
    }

    /// Waits until the log holds `text`.
    ///
    /// # Panics
    /// When that takes too long.
    pub fn wait_for_log(&self, text: &str) {
        let (log, changed) = &*self.log.text;
        let log = log.lock().expect("the log");
        let waited = changed.wait_timeout_while(log, LIMIT, |log| !log.contains(text)).expect("the log");
        assert!(waited.0.contains(text), "{text} is not in the log: {}", *waited.0);
    }

    /// The process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal.
    ///
    /// # Panics
    /// When that is not possible.
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("a signal to the service");
    }

    /// Waits until it ends by itself; gives its exit code, and all that it logged.
    ///
    /// # Panics
    /// When it cannot be waited for.
    pub fn wait(mut self) -> (Option<i32>, String) {
        let code = self.child.wait().expect("the end of the service").code();
        (code, self.log.finish())
    }

    /// Kills it, and gives all that it logged.
    ///
    /// # Panics
    /// When it cannot be killed.
    pub fn kill(mut self) -> String {
        self.child.kill().expect("the service can be killed");
        self.child.wait().expect("the end of the service");
        self.log.finish()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn(mut command: Command) -> (Child, BufReader<ChildStdout>, Log) {
    let piped = command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = piped.spawn().expect("the service can be started");
    let log = Log::of(child.stderr.take().expect("the log of the service"));
    let stdout = BufReader::new(child.stdout.take().expect("the answer of the service"));
    (child, stdout, log)
}
