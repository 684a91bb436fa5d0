//! A site: a stocked store, a service over it, and a device that knows its secret.

use std::path::{Path, PathBuf};

use uuid::Uuid;

use crate::desk::Desk;
use crate::judge::Judge;
use crate::service::Service;

/// The device of a site. `Win7@2` is assigned to it.
pub const DEVICE: &str = "pc-17";

/// A store, a service and a device.
pub struct Site {
    /// The folder, with the store in `store`.
    pub desk: Desk,
    /// The service.
    pub service: Service,
    /// The secret of [`DEVICE`].
    pub secret: String,
}

/// An answer, as curl got it.
#[derive(Debug)]
pub struct Reply {
    /// Its status.
    pub status: u16,
    /// Its head, as it came.
    pub head: String,
    /// Its body.
    pub body: Vec<u8>,
}

/// A stocked desk with [`DEVICE`], and its secret.
///
/// # Panics
/// When it cannot be made.
pub fn enrolled() -> (Desk, String) {
    let desk = Desk::stocked();
    let secret = enroll(&desk, DEVICE);
    desk.does(&format!("device assign {DEVICE} Win7@2 --store store"));
    (desk, secret)
}

/// The same, with a version `Noise@1` of 48 MiB that do not compress: more than the buffers of a connection hold. Gives
/// its layer, too.
///
/// # Panics
/// When it cannot be made.
pub fn enrolled_with_noise() -> (Desk, String, Uuid) {
    let (desk, secret) = enrolled();
    let mut state = 1u64;
    let noise = std::iter::repeat_with(|| {
        // xorshift64 (Marsaglia).
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    });
    desk.write("noise.img", &noise.take(48 << 17).flatten().collect::<Vec<u8>>());
    desk.does("publish Noise@1 noise.img --store store --level 1");
    desk.does(&format!("device assign {DEVICE} Noise@1 --store store"));
    let located = desk.object(0, "locate Noise@1 --store store");
    let layer = located["layers"][0]["uuid"].as_str().expect("a UUID").parse().expect("a UUID");
    (desk, secret, layer)
}

/// What `Authorization` says for [`DEVICE`].
///
/// # Panics
/// When there is no base64.
pub fn authorization(secret: &str) -> String {
    let login = Judge::new("base64").arg("-w0").fed(format!("{DEVICE}:{secret}").as_bytes()).agrees();
    format!("Authorization: Basic {}", login.text())
}

/// Adds a device and gives its secret.
///
/// # Panics
/// When it cannot be added.
pub fn enroll(desk: &Desk, name: &str) -> String {
    let added = desk.object(0, &format!("device add {name} --store store"));
    added["secret"].as_str().expect("a secret").into()
}

impl Site {
    /// A site.
    ///
    /// # Panics
    /// When it cannot be made.
    pub fn open() -> Self {
        Self::open_with(&[])
    }

    /// A site whose service has more arguments.
    ///
    /// # Panics
    /// When it cannot be made.
    pub fn open_with(more: &[&str]) -> Self {
        let (desk, secret) = enrolled();
        let service = Service::start_with(&desk.path("store"), more);
        Self { desk, service, secret }
    }

    /// Does what `device` does with the words of `line`.
    ///
    /// # Panics
    /// When it does not.
    pub fn device(&self, line: &str) {
        self.desk.does(&format!("device {line} --store store"));
    }

    /// Asks as the device, with more arguments for curl.
    ///
    /// # Panics
    /// When there is no answer.
    pub fn get(&self, path: &str, more: &[&str]) -> Reply {
        let login = format!("{DEVICE}:{}", self.secret);
        self.ask(path, &[&["--user", &login], more].concat())
    }

    /// Asks as nobody, with more arguments for curl.
    ///
    /// # Panics
    /// When there is no answer.
    pub fn ask(&self, path: &str, more: &[&str]) -> Reply {
        ask(&self.service, path, more)
    }

    /// The layers of a version, base first.
    ///
    /// # Panics
    /// When it cannot be located.
    pub fn layers(&self, title: &str) -> Vec<Uuid> {
        let located = self.desk.object(0, &format!("locate {title} --store store"));
        let layers = located["layers"].as_array().expect("layers");
        layers.iter().map(|layer| layer["uuid"].as_str().expect("a UUID").parse().expect("a UUID")).collect()
    }

    /// The file of a layer in the store.
    pub fn stored(&self, layer: Uuid, file: &str) -> PathBuf {
        self.desk.path(&format!("store/layers/{layer}/{file}"))
    }
}

/// Asks a service as nobody, with more arguments for curl.
///
/// # Panics
/// When there is no answer.
pub fn ask(service: &Service, path: &str, more: &[&str]) -> Reply {
    let folder = tempfile::tempdir().expect("a folder for an answer");
    let [head, body] = ["head", "body"].map(|name| folder.path().join(name));
    let text = |path: &Path| path.to_str().expect("a path that is text").to_owned();
    let said = Judge::new("curl")
        .args(["--silent", "--show-error", "--path-as-is", "--cacert", &text(&service.ca)])
        .args(["--dump-header", &text(&head), "--output", &text(&body), "--write-out", "%{http_code}"])
        .args(more)
        .arg(format!("{}{path}", service.url))
        .agrees();
    let read = |path: &Path| std::fs::read(path).unwrap_or_default();
    Reply {
        status: said.text().parse().expect("a status"),
        head: String::from_utf8_lossy(&read(&head)).into_owned(),
        body: read(&body),
    }
}

impl Reply {
    /// The value of a header, with its name in small letters.
    pub fn header(&self, name: &str) -> Option<&str> {
        let fields = self.head.lines().filter_map(|line| line.split_once(": "));
        fields.into_iter().find_map(|(field, value)| field.eq_ignore_ascii_case(name).then_some(value.trim()))
    }

    /// The head without what changes by the clock, and the body.
    pub fn lasting(&self) -> (Vec<&str>, &[u8]) {
        (
            self.head.lines().filter(|line| !line.to_ascii_lowercase().starts_with("date:")).collect(),
            &self.body,
        )
    }

    /// The word for what was refused.
    ///
    /// # Panics
    /// When the body is no refusal.
    pub fn error(&self) -> String {
        let refused: serde_json::Value = serde_json::from_slice(&self.body)
            .unwrap_or_else(|e| panic!("{e}: {} {}", self.status, String::from_utf8_lossy(&self.body)));
        refused["error"].as_str().expect("the word of a refusal").into()
    }
}
