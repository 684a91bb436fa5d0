//! A sync that is cut off anywhere goes on from there, two at once do not get in each other's way, and a full disk is
//! named.

use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::{Child, Stdio};

use rustix::fs::{FlockOperation, flock};
use rustix::process::{Pid, Signal, kill_process};
use seedpress_tests::client::Site;
use seedpress_tests::judge::Judge;
use seedpress_tests::program;
use serde_json::Value;

/// How many bytes of layers lie under the client's folder, finished or not.
fn fetched(folder: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    let of = |entry: std::io::Result<std::fs::DirEntry>| {
        let path = entry.expect("an entry").path();
        // A layer may get its final name meanwhile.
        let found = path.symlink_metadata();
        found.map_or(0, |found| if found.is_dir() { fetched(&path) } else { found.blocks() * 512 })
    };
    entries.map(of).sum()
}

fn start(site: &Site, options: &str) -> Child {
    let line = Site::line(options);
    let command = &mut program::command(line.split_whitespace());
    command.current_dir(site.desk.folder()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Kills syncs early, wherever they are then; and each time that so many bytes more are here, until one comes to its end.
#[test]
fn a_sync_that_is_killed_again_and_again_goes_on_each_time() {
    let site = Site::enrolled();
    site.assign("Win7@3");
    let stored: u64 = site.layers("3").iter().map(|(_, len)| len).sum();
    let (partial, layers) = (site.desk.path("client/partial"), site.desk.path("client/store/layers"));
    let here = || fetched(&partial) + fetched(&layers);
    for early in 0..24 {
        let mut child = start(&site, "--limit-rate 1M");
        std::thread::sleep(std::time::Duration::from_millis(early * 7 % 45));
        child.kill().unwrap();
        assert_eq!(child.wait().unwrap().code(), None);
    }
    let mut kills = 0;
    loop {
        let before = here();
        let mut child = start(&site, "--limit-rate 24M");
        let ended = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break Some(status);
            }
            if here() > before + stored / 30 {
                break None;
            }
            std::thread::sleep(std::time::Duration::from_millis(2));
        };
        if let Some(status) = ended {
            assert_eq!(status.code(), Some(0));
            break;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        kills += 1;
        assert!(kills < 200, "it does not come to an end");
    }
    assert!(kills > 2, "{kills}");
    assert!(site.has("3"));
}

#[test]
fn what_was_fetched_before_a_cut_does_not_come_again() {
    let site = Site::enrolled();
    site.press("stick.img", "Win7@1");
    site.assign("Win7@3");
    // The stick gives the base; then it is pulled out, and the rest comes over the network.
    site.sync(16, "--medium stick.img --require-local");
    let synced = site.sync(0, "");
    let new: u64 = site.layers("3")[1..].iter().map(|(_, len)| len).sum();
    assert!(synced.wire() < new + (8 << 10), "{}", synced.0);
}

#[test]
fn ctrl_c_ends_with_130_and_the_next_sync_goes_on() {
    let site = Site::enrolled();
    let partial = site.desk.path("client/partial");
    let mut child = start(&site, "--limit-rate 2M");
    while fetched(&partial) < 64 << 10 {
        assert!(child.try_wait().unwrap().is_none(), "it was done before it could be interrupted");
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let went_on = site.sync(0, "");
    assert!(site.has("1"));
    // The receipt tells of both: every frame came over the network, whenever that was.
    let (frames, bytes) = went_on.from("network");
    let (here, _) = went_on.from("local");
    assert!(here > 0, "{}", went_on.0);
    let receipt: Value = serde_json::from_slice(&site.desk.read("client/receipts/1.json")).unwrap();
    let taken = receipt["layers"][0]["taken"].as_array().unwrap();
    assert_eq!(taken.len(), 1, "{receipt}");
    assert_eq!((&taken[0]["source"], &taken[0]["frames"]), (&"network".into(), &(frames + here).into()));
    assert!(receipt["wire"].as_u64().unwrap() > bytes + went_on.from("local").1, "{receipt}");
    assert!(!site.desk.path("client/untold.json").exists());
}

#[test]
fn a_second_sync_waits_for_the_first_and_says_so() {
    let site = Site::enrolled();
    let lock = std::fs::File::create(site.desk.path("client/.lock")).unwrap();
    flock(&lock, FlockOperation::LockExclusive).unwrap();
    let mut child = start(&site, "");
    let mut said = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    said.read_line(&mut line).unwrap();
    assert!(line.contains("waiting"), "{line}");
    drop(lock);
    let mut rest = String::new();
    said.read_to_string(&mut rest).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0), "{rest}");
}

#[test]
fn two_syncs_at_once_both_end_well_and_one_fetches() {
    let site = Site::enrolled();
    site.assign("Win7@3");
    let mut both = [start(&site, ""), start(&site, "")];
    for child in &mut both {
        let mut said = String::new();
        child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(0), "{said}");
    }
    assert!(site.has("3"));
    assert_eq!(site.status()["last_receipt"], 2);
}

#[test]
fn a_disk_that_does_not_fit_is_told_and_no_part_of_it_stays() {
    let site = Site::enrolled();
    site.sync(0, "");
    let program = program::path().to_str().unwrap();
    let script = "trap '' XFSZ; ulimit -f 64; exec \"$@\"";
    let line = Site::line("--materialize raw");
    let judge = Judge::new("bash").args(["-c", script, "sh", program]);
    let said = judge.args(line.split_whitespace()).folder(site.desk.folder()).run();
    assert_eq!(said.code, Some(15), "{said}");
    assert!(said.all().contains("Win7@1.raw cannot be made"), "{said}");
    let names = std::fs::read_dir(site.desk.path("client/disks")).unwrap();
    let names: Vec<_> = names.map(|entry| entry.unwrap().file_name()).collect();
    assert!(!names.iter().any(|name| name.to_string_lossy().contains(".raw")), "{names:?}");
    assert!(
        names.iter().any(|name| name.to_string_lossy().ends_with(".vhd")),
        "those of the other form stay"
    );
    assert_eq!(site.status()["last_receipt"], 2);
}

/// No file may have more than so many bytes: writing fails as it does when a disk is full.
#[test]
fn a_full_disk_is_named_and_what_is_there_stays() {
    let site = Site::enrolled();
    site.sync(0, "");
    site.assign("Win7@3");
    let program = program::path().to_str().unwrap();
    let script = "trap '' XFSZ; ulimit -f 64; exec \"$@\"";
    let line = Site::line("");
    let judge = Judge::new("bash").args(["-c", script, "sh", program]);
    let said = judge.args(line.split_whitespace()).folder(site.desk.folder()).run();
    assert_eq!(said.code, Some(15), "{said}");
    assert!(said.all().contains("File too large"), "{said}");
    assert!(site.has("1"));
    // What is here was told of, and who runs it knows what is assigned now.
    assert_eq!(site.status()["last_receipt"], 2);
    let policies = String::from_utf8(site.desk.read("client/disks/policies.json")).unwrap();
    assert!(policies.contains(r#""version": "3""#), "{policies}");
    let base = site.layers("1")[0].1;
    assert!(site.sync(0, "").from("local").1 >= base && site.has("3"));
}
