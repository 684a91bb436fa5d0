//! A publish that is cut off leaves the store as it was, and the next one cleans up and says what.

use std::fs::{self, File};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use host::{Crew, Event, Observer, Recorder, Stop};
use rustix::fs::{FlockOperation, flock};
use seedpress_tests::desk::Desk;
use seedpress_tests::disks::golden;
use seedpress_tests::paper::Noise;
use seedpress_tests::program;
use seedpress_tests::stores::{
    Stocked, crew, empty, flattened, problems, publish, publish_heard, request, snapshot, stocked,
};
use seedpress_tests::workshop::Workshop;
use store::{Depth, PublishError};

/// Asks to stop at an event.
struct StopAt {
    stop: Stop,
    event: usize,
    seen: AtomicUsize,
}

impl Observer for StopAt {
    fn event(&self, _: Event) {
        if self.seen.fetch_add(1, Ordering::Relaxed) == self.event {
            self.stop.set();
        }
    }
}

#[test]
fn a_publish_that_is_interrupted_anywhere_leaves_the_store_as_it_was() {
    let workshop = Workshop::new();
    let Stocked { store, .. } = stocked(&workshop);
    let path = workshop.write("new", &golden(9, 11));
    let before = snapshot(&store);
    let request = request("New@1", &[&path]);
    let mut interrupted = 0;
    for event in 0..20 {
        let stop = Stop::new();
        let observer = StopAt { stop: stop.clone(), event, seen: AtomicUsize::new(0) };
        let crew = Crew::new(Some(2), stop).unwrap();
        match store::publish(&store, &request, &crew, &observer) {
            Err(PublishError::Interrupted(_)) => assert_eq!(snapshot(&store), before, "event {event}"),
            Err(error) => panic!("{error}"),
            Ok(_) => break,
        }
        interrupted += 1;
    }
    assert!(interrupted > 5, "{interrupted}");
    publish(&store, &request).unwrap();
    assert!(flattened(&store, "New@1") == golden(9, 11));
}

#[test]
fn leftovers_are_removed_and_told() {
    let workshop = Workshop::new();
    let Stocked { store, .. } = stocked(&workshop);
    let before = snapshot(&store);
    let layer = store.root().join("layers/~00000000-0000-0000-0000-000000000001");
    fs::create_dir(&layer).unwrap();
    fs::write(layer.join("~disk.vhd.zst.partial"), [0; 1000]).unwrap();
    fs::write(store.root().join("images/Win7/~4.json.partial"), "{").unwrap();
    assert_eq!(problems(&store, Depth::Full), Vec::<String>::new());
    let (published, heard) = publish_heard(&store, &request("Win7@1", &[&workshop.path("1.img")]));
    published.unwrap();
    assert_eq!(snapshot(&store), before);
    let notices: Vec<String> = heard.events().into_iter().filter_map(notice).collect();
    assert_eq!(notices.len(), 2, "{notices:?}");
    assert!(notices[0].contains("~00000000-0000-0000-0000-000000000001 (1000 bytes)"), "{notices:?}");
    assert!(notices[1].contains("~4.json.partial (1 bytes)"), "{notices:?}");
}

fn notice(event: Event) -> Option<String> {
    if let Event::Notice(text) = event { Some(text) } else { None }
}

/// Lets go of a lock when somebody says that he waits for it.
struct Yielding {
    lock: Mutex<Option<File>>,
    heard: Recorder,
}

impl Observer for Yielding {
    fn event(&self, event: Event) {
        if matches!(&event, Event::Notice(text) if text.contains("waiting")) {
            self.lock.lock().unwrap().take();
        }
        self.heard.event(event);
    }
}

#[test]
fn a_second_publisher_waits_for_the_first_and_says_so() {
    let workshop = Workshop::new();
    let store = empty(&workshop);
    let path = workshop.write("disk", &golden(1, 1));
    let lock = File::create(store.root().join(".lock")).unwrap();
    flock(&lock, FlockOperation::LockExclusive).unwrap();
    let observer = Yielding { lock: Mutex::new(Some(lock)), heard: Recorder::default() };
    store::publish(&store, &request("Win7@1", &[&path]), &crew(), &observer).unwrap();
    let waited = observer.heard.events().into_iter().filter_map(notice).count();
    assert_eq!(waited, 1);
}

#[test]
fn publishers_that_come_at_once_all_succeed() {
    let workshop = Workshop::new();
    let store = empty(&workshop);
    let disks: Vec<_> = (0..4).map(|n| workshop.write(&format!("{n}"), &golden(n, 2))).collect();
    std::thread::scope(|scope| {
        for (number, path) in disks.iter().enumerate() {
            let (store, title) = (&store, format!("Win7@{number}"));
            scope.spawn(move || publish(store, &request(&title, &[path])).unwrap());
        }
    });
    assert_eq!(store.images().unwrap().versions.len(), 4);
    assert_eq!(problems(&store, Depth::Full), Vec::<String>::new());
}

/// The name of what is unfinished in a folder.
fn unfinished(folder: &Path) -> Option<String> {
    let names = fs::read_dir(folder).ok()?.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    names.into_iter().find(|name| name.starts_with('~'))
}

#[test]
fn a_publish_that_is_killed_leaves_the_store_sound_and_the_next_one_says_what_it_removed() {
    let desk = Desk::stocked();
    // At level 19 this takes long.
    let noise = Noise { seed: 1, len: formats::units::ByteLen(24 << 20) }.bytes();
    desk.write("new.img", &noise.iter().map(|byte| byte & 0x33).collect::<Vec<u8>>());
    let words = "publish --store store New@1 new.img --level 19".split_whitespace();
    let mut child = program::command(words).current_dir(desk.folder()).spawn().unwrap();
    let name = loop {
        if let Some(name) = unfinished(&desk.path("store/layers")) {
            break name;
        }
        assert!(child.try_wait().unwrap().is_none(), "it was done before it could be killed");
        std::thread::sleep(Duration::from_millis(5));
    };
    child.kill().unwrap();
    child.wait().unwrap();
    desk.does("check --store store");
    assert!(!desk.does("images --store store").text().contains("New"));
    let said = desk.does("publish --store store New@1 new.img --level 1").all();
    assert!(said.contains(&format!("{name} (")) && said.contains("cut off"), "{said}");
    assert_eq!(unfinished(&desk.path("store/layers")), None);
    desk.does("check --store store");
}

#[test]
fn a_full_disk_is_named_and_the_store_stays_as_it_was() {
    let desk = Desk::stocked();
    desk.write("new.img", &Noise { seed: 1, len: formats::units::ByteLen(24 << 20) }.bytes());
    let store = store::Store::open(&desk.path("store")).unwrap();
    let before = snapshot(&store);
    // No file may have more than 6 MiB: writing fails as it does when a disk is full.
    let script = "trap '' XFSZ; ulimit -f 6144; exec \"$@\"";
    let program = program::path().to_str().unwrap();
    let words = "publish --store store New@1 new.img".split_whitespace();
    let judge = seedpress_tests::judge::Judge::new("bash").args(["-c", script, "sh", program]);
    let said = judge.args(words).folder(desk.folder()).run();
    assert_eq!(said.code, Some(15), "{said}");
    assert!(said.all().contains("disk.vhd.zst") && said.all().contains("File too large"), "{said}");
    assert_eq!(snapshot(&store), before);
    desk.does("publish --store store New@1 new.img");
}
