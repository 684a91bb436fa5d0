//! A service that says what a test wants: over TLS, with the certificate that its clients trust, it asks the true service
//! and hands on another answer.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// How long a head may be.
const MAX_HEAD: usize = 64 << 10;

/// What a client asked for.
#[derive(Clone, Debug)]
pub struct Asked {
    /// `GET`, `HEAD`, `POST`.
    pub method: String,
    /// The path.
    pub path: String,
    /// All of the head.
    pub head: String,
    body: Vec<u8>,
}

/// An answer of the true service, or what is made of it.
#[derive(Clone, Debug)]
pub struct Said {
    /// The head, with its empty line.
    pub head: String,
    /// The body.
    pub body: Vec<u8>,
    /// How often the body is said: 1 for once, more for a body that does not end soon.
    pub times: u64,
}

/// The service. It is there until the test ends.
pub struct Liar {
    address: SocketAddr,
    lies: Arc<AtomicU64>,
}

impl Liar {
    /// A service with a certificate (chain and key in PEM) in front of a true one on plain HTTP. `lie` changes what is
    /// said and tells whether it did.
    ///
    /// # Panics
    /// When the certificate is none, or there is no port.
    pub fn before(
        service: SocketAddr,
        (chain, key): (&str, &str),
        lie: impl Fn(&Asked, &mut Said) -> bool + Send + Sync + 'static,
    ) -> Self {
        let config = config(chain, key);
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("its number");
        let lies = Arc::new(AtomicU64::new(0));
        let told = lies.clone();
        let lie = Arc::new(lie);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (config, lie, told) = (config.clone(), lie.clone(), told.clone());
                thread::spawn(move || {
                    let connection = ServerConnection::new(config).expect("a configuration that holds");
                    let mut stream = StreamOwned::new(connection, client);
                    while answer(&mut stream, service, &*lie, &told).is_some() {}
                    stream.conn.send_close_notify();
                    // The client may be gone.
                    let _ = stream.flush();
                });
            }
        });
        Self { address, lies }
    }

    /// Where clients connect to.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How often it lied.
    pub fn lies(&self) -> u64 {
        self.lies.load(Ordering::Relaxed)
    }
}

impl Said {
    /// Puts another value in the place of a field of the head, or adds the field.
    pub fn set(&mut self, name: &str, value: &str) {
        let is_it =
            |line: &&str| !line.to_ascii_lowercase().starts_with(&format!("{}:", name.to_ascii_lowercase()));
        let lines: Vec<_> = self.head.trim_end().lines().filter(is_it).collect();
        self.head = format!("{}\r\n{name}: {value}\r\n\r\n", lines.join("\r\n"));
    }

    /// Puts another status in the place of the one that there is.
    pub fn set_status(&mut self, status: &str) {
        let rest = self.head.split_once("\r\n").map_or("", |(_, rest)| rest);
        self.head = format!("HTTP/1.1 {status}\r\n{rest}");
    }
}

fn config(chain: &str, key: &str) -> Arc<ServerConfig> {
    let chain =
        CertificateDer::pem_slice_iter(chain.as_bytes()).collect::<Result<_, _>>().expect("certificates");
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).expect("a key");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.expect("protocol versions").with_no_client_auth();
    Arc::new(builder.with_single_cert(chain, key).expect("a certificate with its key"))
}

/// Answers one request; `None` when the connection is to end.
fn answer(
    stream: &mut (impl Read + Write),
    service: SocketAddr,
    lie: &dyn Fn(&Asked, &mut Said) -> bool,
    told: &AtomicU64,
) -> Option<()> {
    let asked = hear(stream)?;
    let mut said = ask(service, &asked)?;
    let true_len = said.body.len();
    if lie(&asked, &mut said) {
        told.fetch_add(1, Ordering::Relaxed);
    }
    stream.write_all(said.head.as_bytes()).ok()?;
    if asked.method != "HEAD" {
        for _ in 0..said.times {
            stream.write_all(&said.body).ok()?;
        }
    }
    stream.flush().ok()?;
    // What has another length than it says cannot be followed by another answer.
    (said.times == 1 && said.body.len() == true_len).then_some(())
}

/// Reads a request.
fn hear(stream: &mut impl Read) -> Option<Asked> {
    let head = read_head(stream)?;
    let mut body = vec![0; len_of(&head).unwrap_or(0)];
    stream.read_exact(&mut body).ok()?;
    let mut words = head.split(' ');
    let (method, path) = (words.next()?.into(), words.next()?.into());
    Some(Asked { method, path, head, body })
}

/// What the true service says.
fn ask(service: SocketAddr, asked: &Asked) -> Option<Said> {
    let mut stream = TcpStream::connect(service).ok()?;
    let (first, rest) = asked.head.split_once("\r\n")?;
    // A lie has a body: the true service does not hear what the client knows already.
    let ours = ["connection:", "if-none-match:"];
    let is_ours = |line: &str| ours.iter().any(|name| line.to_ascii_lowercase().starts_with(name));
    let kept: Vec<_> = rest.lines().filter(|line| !is_ours(line)).collect();
    let head = format!("{first}\r\nconnection: close\r\n{}\r\n\r\n", kept.join("\r\n").trim_end());
    stream.write_all(head.as_bytes()).ok()?;
    stream.write_all(&asked.body).ok()?;
    let head = read_head(&mut stream)?;
    let mut body = Vec::new();
    if asked.method != "HEAD" {
        stream.read_to_end(&mut body).ok()?;
    }
    let kept: Vec<_> = head
        .trim_end()
        .lines()
        .filter(|line| !line.to_ascii_lowercase().starts_with("connection:"))
        .collect();
    Some(Said { head: format!("{}\r\n\r\n", kept.join("\r\n")), body, times: 1 })
}

/// The lines up to the first empty one, which is the last.
fn read_head(stream: &mut impl Read) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
        if head.len() > MAX_HEAD {
            return None;
        }
    }
    String::from_utf8(head).ok()
}

fn len_of(head: &str) -> Option<usize> {
    let line = head.lines().find(|line| line.to_ascii_lowercase().starts_with("content-length:"))?;
    line.split_once(':')?.1.trim().parse().ok()
}
