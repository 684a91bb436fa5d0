//! What a store must be that lies elsewhere, whoever keeps it: the same as one in a folder, and nobody's work is lost.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use formats::units::ByteLen;

use crate::desk::{BUILD, Desk};
use crate::judge::Said;
use crate::paper::Noise;
use crate::program;
use crate::wire::Cutter;

/// How long something may take that must come.
const LIMIT: Duration = Duration::from_secs(120);
/// A disk that takes a while to publish: noise, in bytes.
const LARGE: u64 = 96 << 20;

/// A store that lies elsewhere.
#[derive(Clone)]
pub struct Elsewhere {
    /// Its URL.
    pub url: String,
    /// What the program has to know to get there.
    pub env: Vec<(String, String)>,
    /// Where its server keeps its files.
    pub files: PathBuf,
}

impl Elsewhere {
    /// Runs the program in a desk, with `STORE` for the store, however it ends.
    ///
    /// # Panics
    /// When it panics.
    pub fn run(&self, desk: &Desk, line: &str) -> Said {
        let judge = desk.judge(&line.replace("STORE", &self.url));
        let said = self.env.iter().fold(judge, |judge, (name, value)| judge.env(name, value)).run();
        assert!(!said.all().contains("panicked"), "{said}");
        said
    }

    /// The same, and expects that it ends with `code`.
    ///
    /// # Panics
    /// When it does not.
    pub fn ends(&self, code: i32, desk: &Desk, line: &str) -> String {
        let said = self.run(desk, line);
        assert_eq!(said.code, Some(code), "{said}");
        said.all()
    }

    /// Starts the program in a desk.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn begin(&self, desk: &Desk, line: &str) -> Child {
        let mut command: Command = program::command(line.replace("STORE", &self.url).split_whitespace());
        command.envs(self.env.iter().cloned()).current_dir(desk.folder());
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program")
    }

    /// Its files with their bytes, but for leases.
    ///
    /// # Panics
    /// When they cannot be read.
    pub fn snapshot(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        snapshot(&self.files)
    }
}

/// The files below a folder with their bytes, but for locks.
fn snapshot(root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())) {
            let path = entry.expect("an entry").path();
            let name = path.strip_prefix(root).expect("a path below").to_path_buf();
            if path.is_dir() && !name.starts_with(".lease") {
                folders.push(path);
            } else if path.is_file() && name != Path::new(".lock") {
                found.insert(name, fs::read(&path).expect("a file"));
            }
        }
    }
    found
}

/// Fills a store elsewhere and one in a folder with the same; both, and what is pressed from them, are the same bytes.
///
/// # Panics
/// When they are not.
pub fn is_the_same_as_a_folder(there: &Elsewhere) {
    let desk = Desk::stocked();
    fs::remove_dir_all(desk.path("store")).expect("the old store");
    for line in [
        "publish Win7@1 1.img",
        "publish Win7@2 2.img --parent Win7@1",
        "publish Win7@3 3.img --parent Win7@2 --note third",
    ] {
        desk.does(&format!("{line} --store store"));
        there.ends(0, &desk, &format!("{line} --store STORE"));
    }
    assert!(there.snapshot() == snapshot(&desk.path("store")), "the files differ");
    let same = |line: &str| {
        let here = desk.does(&line.replace("STORE", "store")).text();
        let there = there.ends(0, &desk, line).replace(&there.url, "store");
        assert_eq!(there.replace("store/", ""), here.replace("store/", ""), "{line}");
    };
    same("images --store STORE");
    same("check --store STORE");
    same("check --store STORE Win7@2 --quick");
    same("locate --store STORE Win7@2");
    desk.does(&format!("{BUILD} -o here.img"));
    there.ends(0, &desk, &format!("{} -o there.img", BUILD.replace("--store store", "--store STORE")));
    assert!(desk.read("here.img") == desk.read("there.img"), "the media differ");
    let again = there.ends(0, &desk, "publish Win7@3 3.img --parent Win7@2 --note third --store STORE");
    assert!(again.contains("was published already"), "{again}");
    let taken = there.ends(14, &desk, "publish Win7@3 1.img --store STORE");
    assert!(taken.contains("Win7@3"), "{taken}");
}

/// Two publishers at once: different versions both get in, of the same version one does, and nothing is damaged.
///
/// # Panics
/// When it is otherwise.
pub fn keeps_the_work_of_two_publishers(there: &Elsewhere) {
    let desk = Desk::stocked();
    let ends = |lines: [&str; 2]| {
        let both = lines.map(|line| there.begin(&desk, line));
        both.map(|child| {
            let output = child.wait_with_output().expect("the end of a publish");
            (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
        })
    };
    for round in 1..=3 {
        let lines = [format!("publish A@{round} 1.img"), format!("publish B@{round} 2.img")];
        let lines = lines.each_ref().map(|line| format!("{line} --store STORE"));
        let ended = ends(lines.each_ref().map(String::as_str));
        assert!(ended.iter().all(|(code, _)| *code == Some(0)), "{ended:?}");
        let same = [
            format!("publish C@{round} 1.img --store STORE"),
            format!("publish C@{round} 3.img --store STORE"),
        ];
        let mut ended = ends(same.each_ref().map(String::as_str));
        ended.sort_unstable();
        assert_eq!(ended.each_ref().map(|(code, _)| *code), [Some(0), Some(14)], "{ended:?}");
    }
    let checked = there.ends(0, &desk, "check --store STORE");
    assert!(checked.contains("the store is sound: 9 versions, "), "{checked}");
}

/// A publisher that is killed in the middle leaves nothing that the next one does not clean up; and it is waited for no
/// longer than it said.
///
/// # Panics
/// When it is otherwise.
pub fn survives_a_publisher_that_is_killed(there: &Elsewhere) {
    let mut there = there.clone();
    there.env.push(("SEEDPRESS_LOCK_SECONDS".into(), "5".into()));
    let desk = Desk::stocked();
    desk.write("large", &Noise { seed: 7, len: ByteLen(LARGE) }.bytes());
    there.ends(0, &desk, "publish A@1 1.img --store STORE");
    let before = there.snapshot();
    let mut child = there.begin(&desk, "publish B@1 large --store STORE");
    wait_for(|| has_unfinished(&there.files.join("layers")));
    child.kill().expect("a publish that runs");
    child.wait().expect("its end");
    let told = there.ends(0, &desk, "publish C@1 2.img --store STORE");
    assert!(told.contains("waiting: another publish"), "{told}");
    assert!(told.contains("took over the lock of a publish that was not heard of for 5 s"), "{told}");
    assert!(told.contains("left over from a publish that was cut off"), "{told}");
    there.ends(0, &desk, "publish B@1 large --store STORE");
    let checked = there.ends(0, &desk, "check --store STORE");
    assert!(checked.contains("the store is sound: 3 versions, 3 layers"), "{checked}");
    let after = there.snapshot();
    assert!(before.iter().all(|(name, bytes)| after.get(name) == Some(bytes)), "what was there has changed");
    assert!(after.keys().all(|name| !name.to_string_lossy().contains('~')), "{:?}", after.keys());
}

/// A line that is cut again and again: what is published and read is whole all the same.
///
/// # Panics
/// When it is not.
pub fn survives_cuts(service: SocketAddr, store: impl Fn(SocketAddr) -> Elsewhere) {
    let desk = Desk::stocked();
    let cutter = Cutter::to(service);
    let there = store(cutter.address());
    for (cuts, most, line) in [
        (4, 5_000, "publish Win7@1 1.img --store STORE"),
        (4, 1_000_000, "check --store STORE"),
        (4, 100_000, "publish Win7@2 2.img --parent Win7@1 --store STORE"),
        (4, 1_000_000, "build usb --store STORE Win7@2 --boot none -o there.img"),
    ] {
        cutter.arm(cuts, most);
        there.ends(0, &desk, line);
    }
    cutter.arm(0, 1);
    assert!(cutter.cuts() >= 4, "{} cuts", cutter.cuts());
    desk.does("publish Win7@1 1.img --store fresh");
    desk.does("publish Win7@2 2.img --parent Win7@1 --store fresh");
    desk.does("build usb --store fresh Win7@2 --boot none -o here.img");
    assert!(desk.read("here.img") == desk.read("there.img"), "the media differ");
    let checked = there.ends(0, &desk, "check --store STORE");
    assert!(checked.contains("the store is sound: 2 versions, 2 layers"), "{checked}");
}

fn has_unfinished(folder: &Path) -> bool {
    let names = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.file_name());
    names.into_iter().any(|name| name.to_string_lossy().starts_with('~'))
}

/// Waits until something is so.
///
/// # Panics
/// When that takes too long.
pub fn wait_for(is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < LIMIT, "it does not come");
        thread::sleep(Duration::from_millis(5));
    }
}
