//! A service, a device of it and its client, as separate processes over TLS.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use store::Store;

use crate::desk::Desk;
use crate::judge::Said;
use crate::service::Service;

/// A stocked desk with a service over its store, and the device `pc-17`.
///
/// `store` has the versions `Win7@1` to `Win7@3`, each on the one before; the device is assigned `Win7@1`. The client's
/// folder is `client`, the device's secret lies in `pc-17.secret`.
pub struct Site {
    /// The folder.
    pub desk: Desk,
    /// The service.
    pub service: Service,
}

/// What a sync answered.
pub struct Synced(pub Value);

impl Site {
    /// The service is up, the device is added and not enrolled.
    ///
    /// # Panics
    /// When that does not work.
    pub fn new() -> Self {
        let desk = Desk::stocked();
        desk.does("device add pc-17 --store store --secret-file pc-17.secret");
        desk.does("device assign pc-17 Win7@1 --store store");
        let service = Service::start(&desk.path("store"));
        Self { desk, service }
    }

    /// The device is enrolled.
    ///
    /// # Panics
    /// When that does not work.
    pub fn enrolled() -> Self {
        let site = Self::new();
        site.desk.does(&site.enroll());
        site
    }

    /// What enrolls the device.
    ///
    /// # Panics
    /// Never: the path of the authority is text.
    pub fn enroll(&self) -> String {
        self.enroll_at(&self.service.url)
    }

    /// What enrolls the device at a URL, behind which the service is.
    ///
    /// # Panics
    /// Never: the path of the authority is text.
    pub fn enroll_at(&self, url: &str) -> String {
        let ca = self.service.ca.display();
        format!(
            "client enroll --client client --server {url} --device pc-17 --secret-file pc-17.secret \
             --ca-cert {ca} --trust key.pub"
        )
    }

    /// Assigns a version to the device.
    ///
    /// # Panics
    /// When that does not work.
    pub fn assign(&self, title: &str) {
        self.desk.does(&format!("device assign pc-17 {title} --store store"));
    }

    /// Presses a signed stick with versions of the store.
    ///
    /// # Panics
    /// When that does not work.
    pub fn press(&self, name: &str, titles: &str) {
        self.desk.does(&format!("build usb --store store {titles} --boot none --sign key -o {name}"));
    }

    /// The words of a sync that looks at no media of this machine.
    pub fn line(options: &str) -> String {
        format!("client sync --client client --named-only {options}")
    }

    /// A sync, which ends with `code`.
    ///
    /// # Panics
    /// When it ends with another one.
    pub fn sync(&self, code: i32, options: &str) -> Synced {
        Synced(answer(self.desk.run(&format!("{} --json", Self::line(options))), code))
    }

    /// A sync that is refused with `code`; gives what it said.
    ///
    /// # Panics
    /// When it is not.
    pub fn refuses(&self, code: i32, options: &str) -> String {
        self.desk.refuses(code, &Self::line(options))
    }

    /// What `client status` answers.
    ///
    /// # Panics
    /// When it does not.
    pub fn status(&self) -> Value {
        answer(self.desk.run("client status --client client --json"), 0)
    }

    /// Whether the client has a version, byte for byte as the store has it.
    ///
    /// # Panics
    /// When one of the stores cannot be read.
    pub fn has(&self, version: &str) -> bool {
        let open = |name: &str| Store::open(&self.desk.path(name)).expect("a store");
        let (ours, theirs) = (open("store"), open("client/store"));
        let Ok(found) = theirs.locate("Win7", Some(version)) else { return false };
        let expected = ours.locate("Win7", Some(version)).expect("a version of the store");
        let file = |root: &Store, layer: &store::Layer, name: &str| {
            fs::read(root.root().join("layers").join(layer.uuid().to_string()).join(name))
                .unwrap_or_else(|e| panic!("{name}: {e}"))
        };
        found.document == expected.document
            && expected.layers.iter().all(|layer| {
                let files = ["layer.json", "frames.bin", "disk.vhd.zst"];
                files.iter().all(|name| file(&ours, layer, name) == file(&theirs, layer, name))
            })
    }

    /// The stored files of the layers of a version, base first, and how long they are.
    ///
    /// # Panics
    /// When the store has not got it.
    pub fn layers(&self, version: &str) -> Vec<(PathBuf, u64)> {
        let store = Store::open(&self.desk.path("store")).expect("a store");
        let located = store.locate("Win7", Some(version)).expect("a version");
        let file = |layer: &store::Layer| (layer.stored_path().into(), layer.descriptor.stored.len.0);
        located.layers.iter().map(file).collect()
    }
}

/// The answer of `client VERB --json` that ended with `code`.
fn answer(said: Said, code: i32) -> Value {
    assert_eq!(said.code, Some(code), "{said}");
    let answer: Value = serde_json::from_slice(&said.stdout).unwrap_or_else(|e| panic!("{e}: {said}"));
    let schema = answer["schema"].as_str().unwrap_or_default();
    assert!(schema.starts_with("seedpress.client-"), "{said}");
    answer
}

impl Synced {
    /// How many frames and bytes came from a kind of source.
    ///
    /// # Panics
    /// When the answer does not say it.
    pub fn from(&self, source: &str) -> (u64, u64) {
        let sources = self.0["sources"].as_array().expect("sources");
        let of_kind = sources.iter().filter(|line| line["source"] == source);
        of_kind.fold((0, 0), |sum, line| {
            let count = |name: &str| line[name].as_u64().expect("a number");
            (sum.0 + count("frames"), sum.1 + count("bytes"))
        })
    }

    /// What is said of a kind of source, where something is.
    pub fn why(&self, source: &str) -> String {
        let sources = self.0["sources"].as_array().into_iter().flatten();
        let lines = sources.filter(|line| line["source"] == source);
        lines.filter_map(|line| line["why"].as_str()).collect::<Vec<_>>().join("; ")
    }

    /// How many bytes came over the network, documents included.
    ///
    /// # Panics
    /// When the answer does not say it.
    pub fn wire(&self) -> u64 {
        self.0["wire"].as_u64().expect("a number of bytes")
    }

    /// Whether all versions are complete.
    pub fn is_complete(&self) -> bool {
        self.0["images"].as_array().is_some_and(|images| images.iter().all(|it| it["complete"] == true))
    }

    /// What went wrong.
    pub fn problems(&self) -> String {
        self.0["problems"].to_string()
    }
}

/// Changes bytes of a pressed medium: in a frame of a stored layer, whose bytes are looked for on the medium.
///
/// # Panics
/// When they are not there.
pub fn damage(medium: &Path, stored: &Path, at: usize) {
    use std::os::unix::fs::FileExt as _;
    let stored = fs::read(stored).expect("a stored layer");
    let needle = &stored[at..at + 64];
    let bytes = fs::read(medium).expect("a medium");
    let place = bytes.windows(needle.len()).position(|window| window == needle).expect("the frame");
    let file = fs::File::options().write(true).open(medium).expect("a medium that can be written");
    let wrong: Vec<u8> = needle.iter().map(|byte| !byte).collect();
    file.write_all_at(&wrong, place as u64).expect("a medium that can be written");
}

impl Default for Site {
    fn default() -> Self {
        Self::new()
    }
}
