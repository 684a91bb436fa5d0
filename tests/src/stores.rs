//! Stores with something in them, made quickly.

use std::path::{Path, PathBuf};

use formats::digest::Sha256;
use formats::io::{ReadAt, read_vec};
use formats::time::Timestamp;
use formats::units::ByteOffset;
use host::{Crew, Ignore, Recorder, Stop};
use store::publish::Parent;
use store::{Depth, PublishError, Published, Request, Scope, Store};

use crate::disks::{golden, next_version, write_sparse};
use crate::workshop::Workshop;

/// A store with three versions of one image: a raw disk and twice the differences to the version before.
pub struct Stocked {
    /// The store.
    pub store: Store,
    /// The disks of the versions `Win7@1`, `Win7@2` and `Win7@3`.
    pub disks: [Vec<u8>; 3],
}

/// How large the disks of a stocked store are, in MiB: several frames.
pub const MIB: usize = 21;

/// A crew of three.
pub fn crew() -> Crew {
    Crew::new(Some(3), Stop::new()).expect("three threads")
}

/// When everything in a test happens.
pub fn time() -> Timestamp {
    "2026-11-22T08:00:00Z".parse().expect("a time")
}

/// A request for `title`, which is like `Win7@1`.
pub fn request(title: &str, disks: &[&Path]) -> Request {
    let (name, version) = title.split_once('@').expect("NAME@VERSION");
    Request::new(name, version, disks.iter().map(PathBuf::from).collect(), time())
}

/// A request for the differences of a disk to `parent`, which is like `Win7@1`.
pub fn differences(title: &str, disk: &Path, parent: &str) -> Request {
    let (name, version) = parent.split_once('@').expect("NAME@VERSION");
    let parent = Parent { name: name.into(), version: Some(version.into()) };
    Request { parent: Some(parent), ..request(title, &[disk]) }
}

/// A new, empty store.
///
/// # Panics
/// When it cannot be made.
pub fn empty(workshop: &Workshop) -> Store {
    Store::open_or_create(&workshop.path("store")).expect("a new store")
}

/// A store with a chain of three layers. The disks lie beside it as `1.img`, `2.img` and `3.img`.
///
/// # Panics
/// When it cannot be made.
pub fn stocked(workshop: &Workshop) -> Stocked {
    let one = golden(1, MIB);
    let two = next_version(&one, 2, 40);
    let three = next_version(&two, 3, 10);
    stocked_with(workshop, [one, two, three])
}

/// The same, with other disks.
///
/// # Panics
/// When it cannot be made.
pub fn stocked_with(workshop: &Workshop, disks: [Vec<u8>; 3]) -> Stocked {
    let store = empty(workshop);
    for (number, disk) in (1..).zip(&disks) {
        let path = workshop.path(&format!("{number}.img"));
        write_sparse(&path, disk);
        let title = format!("Win7@{number}");
        let request = match number {
            1 => request(&title, &[&path]),
            _ => differences(&title, &path, &format!("Win7@{}", number - 1)),
        };
        publish(&store, &request).unwrap_or_else(|e| panic!("{title}: {e}"));
    }
    Stocked { store, disks }
}

/// Publishes.
///
/// # Errors
/// The store's.
pub fn publish(store: &Store, request: &Request) -> Result<Published, PublishError> {
    store::publish(store, request, &crew(), &Ignore)
}

/// Publishes, and keeps what is said meanwhile.
///
/// # Errors
/// The store's.
pub fn publish_heard(store: &Store, request: &Request) -> (Result<Published, PublishError>, Recorder) {
    let recorder = Recorder::default();
    (store::publish(store, request, &crew(), &recorder), recorder)
}

/// The flattened disk of a version, which is like `Win7@1`.
///
/// # Panics
/// When it cannot be read.
pub fn flattened(store: &Store, title: &str) -> Vec<u8> {
    let (name, version) = title.split_once('@').expect("NAME@VERSION");
    let located = store.locate(name, Some(version)).unwrap_or_else(|e| panic!("{title}: {e}"));
    let disk = located.disk().unwrap_or_else(|e| panic!("{title}: {e}"));
    read_vec(&disk, ByteOffset::ZERO, disk.size().0 as usize).unwrap_or_else(|e| panic!("{title}: {e}"))
}

/// What a full or a quick check of the whole store finds, a line each.
///
/// # Panics
/// When the store cannot be checked.
pub fn problems(store: &Store, depth: Depth) -> Vec<String> {
    let found = store::check(store, Scope::All, depth, &crew(), &Ignore).expect("a check of the store");
    found.problems.iter().map(ToString::to_string).collect()
}

/// All files of a store with their digests, but for the lock: what must not change when nothing is published.
///
/// # Panics
/// When they cannot be read.
pub fn snapshot(store: &Store) -> Vec<(PathBuf, Sha256)> {
    let mut found = Vec::new();
    let mut folders = vec![store.root().to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder of the store") {
            let path = entry.expect("an entry of the store").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.file_name().is_some_and(|name| name != ".lock") {
                let digest = Sha256::of(&std::fs::read(&path).expect("a file of the store"));
                found.push((path, digest));
            }
        }
    }
    found.sort();
    found
}
