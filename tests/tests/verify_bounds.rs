//! What a hostile medium says costs who verifies it neither memory nor time without end.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use deploy::{Medium, Trust, TrustError};
use formats::digest::Sha256;
use formats::files::{Entry, Extent, Files, FilesError, Kind, read_file};
use formats::io::{ReadAt, ReadError};
use formats::manifest::{self, FORMAT, File, Manifest, Volume, paths};
use formats::time::Timestamp;
use formats::units::{ByteLen, ByteOffset};
use host::{FileSource, Ignore};
use press::template;
use press::verify::{Change, Check, Depth, Problem, Report, verify};
use seedpress_tests::press::{Order, crew, look, store};
use seedpress_tests::workshop::Workshop;
use uuid::Uuid;

/// Files of one byte, and directories that hold nothing but themselves under many names.
struct Shelf {
    manifest: Vec<u8>,
    open: Arc<Open>,
    names: Range<u32>,
}

/// How many files are open now, and were at most.
#[derive(Default)]
struct Open {
    now: AtomicUsize,
    most: AtomicUsize,
}

/// A file that counts.
struct Counted(Arc<Open>);

impl Counted {
    fn new(open: &Arc<Open>) -> Self {
        let now = open.now.fetch_add(1, Ordering::SeqCst) + 1;
        open.most.fetch_max(now, Ordering::SeqCst);
        Self(open.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.now.fetch_sub(1, Ordering::SeqCst);
    }
}

impl ReadAt for Counted {
    fn size(&self) -> ByteLen {
        ByteLen(1)
    }

    fn read_at(&self, offset: ByteOffset, buf: &mut [u8]) -> Result<(), ReadError> {
        [0].as_slice().read_at(offset, buf)
    }
}

impl Files for Shelf {
    fn list(&self, _: &str) -> Result<Vec<Entry>, FilesError> {
        let directory = |number| {
            let name = format!("{number:0200}");
            Entry { name, kind: Kind::Directory, len: ByteLen::ZERO }
        };
        Ok(self.names.clone().map(directory).collect())
    }

    fn open(&self, path: &str) -> Result<Box<dyn ReadAt + '_>, FilesError> {
        match path {
            paths::MANIFEST => Ok(Box::new(self.manifest.as_slice())),
            paths::SIGNATURE => Err(FilesError::NotFound { path: path.into() }),
            _ => Ok(Box::new(Counted::new(&self.open))),
        }
    }

    fn extents(&self, _: &str) -> Result<Option<Vec<Extent>>, FilesError> {
        Ok(None)
    }
}

/// A manifest of so many files of one zero.
fn manifest(files: u32) -> Manifest {
    let file = |number| File {
        volume: Volume::Seed,
        path: format!("{number}"),
        len: ByteLen(1),
        sha256: Sha256::of(&[0]),
        layer: None,
        offset: None,
    };
    Manifest {
        format: FORMAT,
        medium: Uuid::nil(),
        kind: manifest::Kind::Disc,
        label: "SEED".into(),
        created: Timestamp::EARLIEST,
        expires: None,
        tool: "test".into(),
        template: "disc".into(),
        size: ByteLen(1 << 30),
        sector_size: 2048,
        set: None,
        images: Vec::new(),
        boot: Vec::new(),
        layers: Vec::new(),
        files: (0..files).map(file).collect(),
        structures: Vec::new(),
    }
}

fn report(files: u32, names: Range<u32>) -> (Report, usize) {
    let open = Arc::new(Open::default());
    let manifest = manifest(files).print().unwrap().into_bytes();
    let medium = Medium::mounted(Box::new(Shelf { manifest, open: open.clone(), names }));
    let check = Check { trust: Trust::default(), depth: Depth::Full };
    let report = verify(&medium, &check, &crew(2), &Ignore).unwrap();
    (report, open.most.load(Ordering::SeqCst))
}

#[test]
fn files_are_open_only_while_they_are_checked() {
    let (report, most) = report(500, 0..0);
    assert_eq!((report.problems, report.changes), (vec![], vec![]));
    assert!((1..=4).contains(&most), "{most} files were open");
}

#[test]
fn directories_without_end_are_told_in_bounded_memory() {
    let (report, _) = report(1, 0..500);
    let told = |change: &Change| {
        let Change::Unreadable { reason, .. } = change else { return false };
        reason == "too many directories"
    };
    assert!(matches!(&report.changes[..], [change] if told(change)), "{} changes", report.changes.len());
}

#[test]
fn a_list_of_more_than_the_medium_holds_is_refused_before_a_file_is_looked_for() {
    let workshop = Workshop::new();
    store(&workshop.path("store"));
    workshop.write("added/more", &vec![7; 30_000_000]);
    let mut order = Order::new(&workshop.path("store"));
    order.shape(template::Kind::Disc);
    order.folders = vec![(workshop.path("added"), Volume::Seed)];
    order.signed = false;
    order.press(&workshop.path("disc"), 2).unwrap();
    let mut disc = std::fs::read(workshop.path("disc")).unwrap();
    let medium = Medium::open(Arc::new(FileSource::open(&workshop.path("disc")).unwrap())).unwrap();
    let text = read_file(medium.seed(), paths::MANIFEST, 1 << 20).unwrap();
    let mut listed = Manifest::parse(&text).unwrap();
    for file in listed.files.iter_mut().filter(|file| file.path == "more") {
        (file.path, file.len) = ("none".into(), ByteLen(99_999_999));
    }
    let changed = listed.print().unwrap();
    assert_eq!(changed.len(), text.len());
    let place = medium.seed().extents(paths::MANIFEST).unwrap().unwrap()[0].on_volume.unwrap().0 as usize;
    disc[place..place + text.len()].copy_from_slice(changed.as_bytes());
    let problems = look(Arc::new(disc), Depth::Quick).unwrap().problems;
    let [Problem::Document(TrustError::NoSignature), Problem::TooMuch { .. }, rest @ ..] = &problems[..]
    else {
        panic!("{problems:?}");
    };
    assert!(!rest.iter().any(|problem| matches!(problem, Problem::File { .. })), "{rest:?}");
}
