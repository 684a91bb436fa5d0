//! Signals that ask to end let work stop and clean up.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStderr, Command, Stdio};

use rustix::fs::{FlockOperation, flock};
use rustix::process::{Pid, Signal, kill_process};
use seedpress_tests::desk::Desk;
use seedpress_tests::program;

const PUBLISH: &str = "publish --store store A@1 1.img --progress json";

/// The store's lock, which keeps a publish waiting.
fn lock(desk: &Desk) -> File {
    let lock = File::options().write(true).open(desk.path("store/.lock")).unwrap();
    flock(&lock, FlockOperation::LockExclusive).unwrap();
    lock
}

/// The publish, once it waits.
fn waiting(mut command: Command, desk: &Desk) -> (Child, BufReader<ChildStderr>) {
    let mut child = command.current_dir(desk.folder()).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    said.read_line(&mut line).unwrap();
    assert!(line.contains("waiting"), "{line}");
    (child, said)
}

/// A publish that waits for another one is interrupted: it ends with 130, and at once.
#[test]
fn signals_that_ask_to_end_end_with_130() {
    let desk = Desk::stocked();
    let _lock = lock(&desk);
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        // Whoever runs the tests may have it that hang-ups are ignored.
        let mut command = Command::new("env");
        command.arg("--default-signal").arg(program::path()).args(PUBLISH.split(' '));
        let (mut child, mut said) = waiting(command, &desk);
        kill_process(Pid::from_child(&child), signal).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(130), "{signal:?}");
        let mut rest = String::new();
        said.read_to_string(&mut rest).unwrap();
        assert!(rest.contains("\"kind\":\"interrupted\""), "{signal:?}: {rest}");
    }
}

#[test]
fn a_hang_up_that_is_ignored_stays_so() {
    let desk = Desk::stocked();
    let lock = lock(&desk);
    let mut command = Command::new("sh");
    let line = format!("trap '' HUP; exec {} {PUBLISH}", program::path().display());
    command.args(["-c", &line]).env("SOURCE_DATE_EPOCH", program::EPOCH);
    let (mut child, mut said) = waiting(command, &desk);
    kill_process(Pid::from_child(&child), Signal::HUP).unwrap();
    drop(lock);
    let mut rest = String::new();
    said.read_to_string(&mut rest).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0), "{rest}");
}
