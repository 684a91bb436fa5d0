//! Whatever ends a publish, a build or a deployment halfway: the store is sound, no output has its final name, and the
//! next run works and says what it cleaned up.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use seedpress_tests::desk::{BUILD, BUILD_DISC, Desk};
use seedpress_tests::disks::golden;
use seedpress_tests::judge::{Judge, Said};
use seedpress_tests::program;
use seedpress_tests::stores::snapshot;
use store::Store;

/// Starts `seedpress` and sends it a signal after a while, in which it may also have come to its end. Gives its exit
/// code, unless the signal ended it.
fn signal_after(desk: &Desk, millis: u64, signal: Signal, line: &str) -> Option<i32> {
    let mut command = program::command(line.split_whitespace());
    command.current_dir(desk.folder()).stdout(File::create(desk.path("said")).unwrap());
    let mut child = command.spawn().unwrap();
    std::thread::sleep(Duration::from_millis(millis));
    kill_process(Pid::from_child(&child), signal).unwrap();
    child.wait().unwrap().code()
}

/// How often something is tried that can only fail when this test is held up for longer than a job takes.
const TRIES: usize = 20;

/// Starts `seedpress` and sends it a signal as soon as it says that it begins a task.
fn signal_at(desk: &Desk, task: &str, signal: Signal, line: &str) -> Option<i32> {
    let mut command = program::command(line.split_whitespace());
    command.args(["--progress", "json"]).current_dir(desk.folder()).stderr(Stdio::piped());
    let mut child = command.stdout(Stdio::null()).spawn().unwrap();
    let begins = format!("{{\"event\":\"begin\",\"task\":\"{task}\"");
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.any(|line| line.starts_with(&begins)), "{line} does not begin {task}");
    kill_process(Pid::from_child(&child), signal).unwrap();
    lines.for_each(drop);
    child.wait().unwrap().code()
}

/// Times to kill at that look random and are the same each time, in milliseconds.
fn moments(count: u64, most: u64) -> impl Iterator<Item = u64> {
    (1..=count).map(move |number| number.wrapping_mul(0x9e37_79b9_7f4a_7c15) % most)
}

/// How long a command takes when nothing ends it, in milliseconds.
fn time(desk: &Desk, line: &str) -> u64 {
    let begun = std::time::Instant::now();
    desk.does(line);
    u64::try_from(begun.elapsed().as_millis()).unwrap().max(1)
}

/// Everything in the store's catalogue, as a program sees it.
fn titles(desk: &Desk) -> Vec<String> {
    let images = desk.object(0, "images --store store");
    let title =
        |image: &serde_json::Value| format!("{}@{}", image["name"], image["version"]).replace('"', "");
    images["images"].as_array().unwrap().iter().map(title).collect()
}

#[test]
fn a_publish_that_is_killed_leaves_a_sound_store_and_the_next_one_works() {
    let desk = Desk::stocked();
    let before = titles(&desk);
    desk.write("disk", &golden(1, 60));
    let whole = time(&desk, "publish --store other New@1 disk");
    let line = "publish --store store New@1 disk";
    let kill = |_| {
        let killed = signal_at(&desk, "publishing", Signal::KILL, line).is_none();
        let told = desk.does(line).all().contains("note: ");
        forget(&desk, "New");
        killed && told
    };
    assert!((0..TRIES).any(kill), "no publish was killed while it wrote");
    for millis in moments(12, whole) {
        signal_after(&desk, millis, Signal::KILL, line);
        let sound = desk.does("check --store store").text();
        assert!(sound.starts_with("the store is sound: "), "after {millis} ms: {sound}");
        let after = titles(&desk);
        assert!(after == before || after.contains(&"New@1".into()), "{after:?}");
        desk.does(line);
        assert!(titles(&desk).contains(&"New@1".into()));
        desk.does("check --store store New@1");
        forget(&desk, "New");
    }
}

#[test]
fn a_build_that_is_killed_leaves_no_medium_and_the_next_one_works() {
    build_killed(BUILD);
}

#[test]
fn a_disc_that_is_killed_leaves_no_medium_and_the_next_one_works() {
    build_killed(BUILD_DISC);
}

fn build_killed(build: &str) {
    let desk = Desk::stocked();
    let line = format!("{build} -o medium.img");
    let whole = time(&desk, &line);
    let medium = desk.read("medium.img");
    let kill = |_| {
        signal_at(&desk, "pressing", Signal::KILL, &format!("{line} --force"));
        desk.path("~medium.img.partial").exists() && desk.read("medium.img") == medium
    };
    assert!((0..TRIES).any(kill), "no build was killed while it wrote");
    for millis in moments(12, whole) {
        fs::remove_file(desk.path("medium.img")).unwrap();
        signal_after(&desk, millis, Signal::KILL, &line);
        assert!(!desk.path("medium.img").exists() || desk.read("medium.img") == medium, "after {millis} ms");
        let left = desk.path("~medium.img.partial").exists();
        let said = desk.does(&format!("{line} --force"));
        let told = String::from_utf8_lossy(&said.stderr).contains("note: removed ~medium.img.partial");
        assert_eq!(left, told, "after {millis} ms: {said}");
        assert!(desk.read("medium.img") == medium, "after {millis} ms");
    }
}

#[test]
fn a_set_that_is_ended_halfway_has_no_name_and_the_next_one_works() {
    let desk = Desk::stocked();
    let before = desk.names();
    let line = format!("{BUILD_DISC} --size 24M --span -o set.iso");
    let whole = time(&desk, &line);
    let media: Vec<_> = desk.names().into_iter().filter(|name| name.starts_with("set-")).collect();
    assert!(media.len() > 1, "{media:?}");
    let bytes: Vec<_> = media.iter().map(|name| desk.read(name)).collect();
    let forget = || media.iter().for_each(|name| drop(fs::remove_file(desk.path(name))));
    forget();
    let kill = |_| {
        signal_at(&desk, "pressing", Signal::KILL, &line);
        // The first gets its name first.
        let killed = desk.path("~set-1.iso.partial").exists();
        assert!(!killed || media.iter().all(|name| !desk.path(name).exists()), "{:?}", desk.names());
        let said = desk.does(&format!("{line} --force"));
        let told = String::from_utf8_lossy(&said.stderr).contains("note: removed ~set-1.iso.partial");
        assert_eq!(killed, told, "{said}");
        assert!(media.iter().zip(&bytes).all(|(name, bytes)| desk.read(name) == *bytes));
        forget();
        assert_eq!(desk.names(), before);
        killed
    };
    assert!((0..TRIES).any(kill), "no set was killed while it was written");
    desk.write("said", b"");
    for millis in moments(5, whole) {
        let code = signal_after(&desk, millis, Signal::INT, &line);
        let left = desk.names().into_iter().any(|name| name.contains("set-"));
        assert!(!left || code == Some(0), "after {millis} ms: {code:?} {:?}", desk.names());
        forget();
    }
}

#[test]
fn what_is_interrupted_cleans_up_after_itself() {
    let desk = Desk::pressed();
    desk.write("disk", &golden(1, 40));
    desk.write("said", b"");
    let names = desk.names();
    let store = Store::open(&desk.path("store")).unwrap();
    let before = snapshot(&store);
    let lines = [
        ("publishing", "publish --store store New@1 disk"),
        ("pressing", "build usb --store store Win7@1 -o new"),
        ("pressing", "build disc --store store Win7@1 -o new"),
        ("deploying", "deploy medium.img Win7 -o new"),
    ];
    for (task, line) in lines {
        let whole = time(&desk, line);
        let check = |code| {
            // Before the program listens, the signal ends it as it ends every program.
            assert!(matches!(code, None | Some(0 | 130)), "{line}: {code:?}");
            let _ = (code == Some(0)).then(|| fs::remove_file(desk.path("new")));
            forget(&desk, "New");
            assert_eq!((desk.names(), snapshot(&store)), (names.clone(), before.clone()), "{line}");
            code == Some(130)
        };
        check(Some(0));
        for millis in moments(5, whole) {
            check(signal_after(&desk, millis, Signal::INT, line));
        }
        let interrupt = |_| check(signal_at(&desk, task, Signal::INT, line));
        assert!((0..TRIES).any(interrupt), "nothing was interrupted while it worked: {line}");
    }
}

/// Takes an image out of the store, with the layers that only it has.
fn forget(desk: &Desk, name: &str) {
    let Ok(()) = fs::remove_dir_all(desk.path(&format!("store/images/{name}"))) else { return };
    let layers =
        |title: String| desk.object(0, &format!("locate --store store {title}"))["layers"].to_string();
    let kept: Vec<_> = titles(desk).into_iter().map(layers).collect();
    for layer in fs::read_dir(desk.path("store/layers")).unwrap().map(Result::unwrap) {
        let uuid = layer.file_name().to_string_lossy().into_owned();
        if !kept.iter().any(|layers| layers.contains(&uuid)) {
            fs::remove_dir_all(layer.path()).unwrap();
        }
    }
}

/// Runs `seedpress` where files cannot become longer than `most` KiB, which is how a full disk looks to it.
fn run_cramped(desk: &Desk, most: u64, line: &str) -> Said {
    // Ignored, the signal does not end the program, and writing gives an error (setrlimit(2), RLIMIT_FSIZE).
    let script = format!("trap '' XFSZ; ulimit -f {}; exec \"$0\" {line}", most * 2);
    let judge = Judge::new("dash").arg("-c").arg(script).arg(program::path());
    judge.env("SOURCE_DATE_EPOCH", program::EPOCH).folder(desk.folder()).run()
}

#[test]
fn files_that_cannot_grow_end_the_work_with_15_and_leave_nothing() {
    let desk = Desk::pressed();
    let names = desk.names();
    let store = Store::open(&desk.path("store")).unwrap();
    let before = snapshot(&store);
    for line in [
        &*format!("{BUILD} -o other.img"),
        &*format!("{BUILD_DISC} -o other.img"),
        &*format!("{BUILD_DISC} --size 24M --span -o other.img"),
        "deploy medium.img Win7 -o disk",
        "deploy medium.img Win7 -o disk --format vhd",
        "publish --store store Other@1 medium.img",
    ] {
        let said = run_cramped(&desk, 4096, line);
        assert_eq!(said.code, Some(15), "{said}");
        assert_eq!((&desk.names(), &snapshot(&store)), (&names, &before), "{line}");
    }
    desk.does("check --store store");
}

#[test]
fn a_full_disk_ends_the_work_with_15_and_leaves_nothing() {
    let desk = Desk::pressed();
    fs::create_dir(desk.path("small")).unwrap();
    let lines = [
        "deploy medium.img Win7@1 -o small/disk",
        "build usb --store store Win7@1 -o small/m.img",
        "build disc --store store Win7@1 -o small/m.img",
        "build disc --store store Win7@1 Win7@3 --size 24M --span -o small/m.img",
        "publish --store small/store A@1 medium.img",
    ];
    for line in lines {
        // In a namespace of its own a mount needs no root, and is gone with the program.
        let script = format!(
            "mount -t tmpfs -o size=6m tmpfs small && \"$0\" {line}; code=$?; find small -type f -size +4k; exit $code"
        );
        let judge =
            Judge::new("unshare").args(["--mount", "--user", "--map-root-user", "sh", "-c"]).arg(script);
        let said =
            judge.arg(program::path()).env("SOURCE_DATE_EPOCH", program::EPOCH).folder(desk.folder()).run();
        assert_eq!((said.code, &*said.text()), (Some(15), ""), "{said}");
        assert!(said.all().contains("error: "), "{said}");
    }
}

#[test]
fn what_may_not_be_read_is_named_and_ends_the_work_with_16() {
    let desk = Desk::pressed();
    let chain = desk.object(0, "locate --store store Win7@1");
    let layer = chain["layers"][0]["path"].as_str().unwrap().to_owned();
    let cases = [
        ("1.img", "publish --store store Other@1 1.img"),
        (&*layer, "build usb --store store Win7@1 -o other.img"),
        (&*layer, "build disc --store store Win7@1 -o other.img"),
        ("medium.img", "verify medium.img"),
        ("medium.img", "deploy medium.img Win7 -o disk"),
        ("key", "build usb --store store Win7@1 -o other.img --sign key"),
    ];
    let names = desk.names();
    for (file, line) in cases {
        forbid(&desk.path(file), true);
        let said = run_without_privileges(&desk, line);
        forbid(&desk.path(file), false);
        assert_eq!(said.code, Some(16), "{said}");
        assert!(said.all().contains(file) && said.all().contains("Permission denied"), "{said}");
        assert_eq!(desk.names(), names, "{line}");
    }
}

fn forbid(path: &Path, forbidden: bool) {
    use std::os::unix::fs::PermissionsExt;
    let mode = if forbidden { 0o000 } else { 0o644 };
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// Runs `seedpress` so that permissions count, as they do not for root.
fn run_without_privileges(desk: &Desk, line: &str) -> Said {
    if !rustix::process::geteuid().is_root() {
        return desk.run(line);
    }
    let judge =
        Judge::new("setpriv").arg("--bounding-set=-dac_override,-dac_read_search").arg(program::path());
    judge.args(line.split_whitespace()).env("SOURCE_DATE_EPOCH", program::EPOCH).folder(desk.folder()).run()
}

#[test]
fn a_store_that_was_cut_short_is_noticed_before_anything_has_a_name() {
    let desk = Desk::stocked();
    let chain = desk.object(0, "locate --store store Win7@2");
    let names = desk.names();
    for layer in chain["layers"].as_array().unwrap() {
        let path = layer["path"].as_str().unwrap();
        let whole = desk.read(path);
        for keep in [whole.len() - 1, whole.len() / 2, 100, 0] {
            desk.write(path, &whole[..keep]);
            for kind in ["usb", "disc"] {
                let said = desk.refuses(10, &format!("build {kind} --store store Win7@2 -o medium.img"));
                assert!(said.contains(path), "{said}");
            }
            desk.object(10, "check --store store");
            assert_eq!(desk.names(), names);
        }
        desk.write(path, &whole);
    }
    desk.does("build usb --store store Win7@2 -o medium.img");
}
