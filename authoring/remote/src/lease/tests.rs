//! Leases over a folder of this machine, with holders that end in every way.

use std::fs;
use std::path::Path;

use host::{Ignore, Recorder};
use store::{Folder, NewLayer};
use tempfile::TempDir;
use uuid::Uuid;

use super::*;

fn access(run: u128, seconds: u64) -> Access {
    let usual = Access::new(Uuid::from_u128(run), "seedpress/test".into(), Stop::new());
    Access { term: Duration::from_secs(seconds), ..usual }
}

fn take(root: &Path, access: &Access) -> (Leases, Box<dyn Held>) {
    let leases = Leases::default();
    let depot = || Arc::new(Folder::new(root)) as Arc<dyn Depot>;
    let held = leases.take((depot(), (depot(), Stop::new())), access, &Stop::new(), &Ignore).unwrap();
    (leases, held)
}

fn write(root: &TempDir, number: u64, document: &LeaseDocument) {
    fs::create_dir_all(root.path().join(FOLDER)).unwrap();
    fs::write(root.path().join(key(FOLDER, number)), document::print(document)).unwrap();
}

fn document(seconds: u64, free: bool) -> LeaseDocument {
    LeaseDocument { holder: "another".into(), beat: 3, seconds, free }
}

/// A store that makes what is there already, as servers do that know no conditions.
#[derive(Debug)]
struct Forgetful(Folder);

impl Depot for Forgetful {
    fn place(&self, key: &str) -> PathBuf {
        self.0.place(key)
    }
    fn list(&self, folder: &str) -> Result<Vec<String>, StoreError> {
        self.0.list(folder)
    }
    fn has(&self, key: &str) -> Result<bool, StoreError> {
        self.0.has(key)
    }
    fn open(&self, key: &str) -> Result<Arc<dyn formats::io::ReadAt>, StoreError> {
        self.0.open(key)
    }
    fn create(&self, key: &str, bytes: &[u8]) -> Result<bool, StoreError> {
        self.0.replace(key, bytes).map(|()| true)
    }
    fn replace(&self, key: &str, bytes: &[u8]) -> Result<(), StoreError> {
        self.0.replace(key, bytes)
    }
    fn remove(&self, key: &str) -> Result<(), StoreError> {
        self.0.remove(key)
    }
    fn begin_layer(&self, layer: Uuid) -> Result<Box<dyn NewLayer + '_>, StoreError> {
        self.0.begin_layer(layer)
    }
    fn lock(
        &self,
        guarded: Guarded,
        stop: &Stop,
        observer: &dyn Observer,
    ) -> Result<Box<dyn Held + '_>, StoreError> {
        self.0.lock(guarded, stop, observer)
    }
    fn clean(&self, observer: &dyn Observer) -> Result<(), StoreError> {
        self.0.clean(observer)
    }
}

#[test]
fn one_at_a_time_holds_the_lock() {
    let root = tempfile::tempdir().unwrap();
    let counter = root.path().join("counter");
    fs::write(&counter, "0").unwrap();
    thread::scope(|scope| {
        for run in 1..=4 {
            let (root, counter) = (root.path(), &counter);
            scope.spawn(move || {
                for _ in 0..3 {
                    let (_leases, held) = take(root, &access(run, 60));
                    let count: u32 = fs::read_to_string(counter).unwrap().parse().unwrap();
                    thread::yield_now();
                    held.check().unwrap();
                    fs::write(counter, (count + 1).to_string()).unwrap();
                }
            });
        }
    });
    assert_eq!(fs::read_to_string(&counter).unwrap(), "12");
    assert_eq!(fs::read_dir(root.path().join(FOLDER)).unwrap().count(), 1);
}

#[test]
fn whoever_was_taken_over_knows_and_says_so() {
    let root = tempfile::tempdir().unwrap();
    let (leases, held) = take(root.path(), &access(1, 60));
    held.check().unwrap();
    leases.guard().unwrap();
    write(&root, 2, &document(60, false));
    let told = held.check().unwrap_err();
    assert_eq!(told.kind(), formats::kind::ErrorKind::Target);
    assert!(leases.guard().unwrap_err().text.contains("taken over"));
    drop(held);
    leases.guard().unwrap();
}

#[test]
fn whoever_is_not_heard_of_loses_the_lock() {
    let root = tempfile::tempdir().unwrap();
    write(&root, 7, &document(1, false));
    let heard = Recorder::default();
    let depot = || Arc::new(Folder::new(root.path())) as Arc<dyn Depot>;
    let leases = Leases::default();
    let held = leases.take((depot(), (depot(), Stop::new())), &access(1, 60), &Stop::new(), &heard).unwrap();
    held.check().unwrap();
    let told = format!("{:?}", heard.events());
    assert!(told.contains("waiting: another publish") && told.contains("not heard of for 1 s"), "{told}");
    assert_eq!(numbers(&*depot(), FOLDER).unwrap(), [8]);
}

#[test]
fn whoever_cannot_speak_gives_up_by_itself() {
    let root = tempfile::tempdir().unwrap();
    let (leases, held) = take(root.path(), &access(1, 1));
    let folder = root.path().join(FOLDER);
    fs::remove_dir_all(&folder).unwrap();
    fs::write(&folder, "no folder any more").unwrap();
    while leases.guard().is_ok() {
        thread::yield_now();
    }
    assert!(held.check().is_err());
}

#[test]
fn waiting_ends_when_somebody_asks_to_stop() {
    let root = tempfile::tempdir().unwrap();
    write(&root, 1, &document(3600, false));
    let (stop, depot) = (Stop::new(), || Arc::new(Folder::new(root.path())) as Arc<dyn Depot>);
    stop.set();
    let taken = Leases::default().take((depot(), (depot(), Stop::new())), &access(1, 60), &stop, &Ignore);
    assert!(matches!(taken.err(), Some(StoreError::Interrupted(_))));
}

#[test]
fn a_store_that_overwrites_what_is_there_is_refused() {
    let root = tempfile::tempdir().unwrap();
    let depot = || Arc::new(Forgetful(Folder::new(root.path()))) as Arc<dyn Depot>;
    let taken =
        Leases::default().take((depot(), (depot(), Stop::new())), &access(1, 60), &Stop::new(), &Ignore);
    let told = formats::kind::with_causes(&taken.err().unwrap());
    assert!(told.contains("could overwrite each other's work"), "{told}");
    assert_eq!(numbers(&*depot(), FOLDER).unwrap(), [0; 0]);
}

#[test]
fn strange_names_are_no_leases() {
    let root = tempfile::tempdir().unwrap();
    write(&root, 3, &document(60, true));
    for name in ["x", "~1", "-5", "99999999999999999999999", "1.json"] {
        fs::write(root.path().join(FOLDER).join(name), "{}").unwrap();
    }
    let (_leases, held) = take(root.path(), &access(1, 60));
    held.check().unwrap();
    assert!(root.path().join(key(FOLDER, 4)).is_file());
    drop(held);
    write(&root, u64::MAX, &document(60, true));
    let depot = || Arc::new(Folder::new(root.path())) as Arc<dyn Depot>;
    assert!(
        Leases::default()
            .take((depot(), (depot(), Stop::new())), &access(1, 60), &Stop::new(), &Ignore)
            .is_err()
    );
}
