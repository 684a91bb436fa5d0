//! Progress: JSON Lines for programs, bars on a terminal and nowhere else, and nothing when nothing is wanted.

use std::fs::File;
use std::io::Read;
use std::process::{Child, Stdio};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use seedpress_tests::desk::{BUILD, Desk};
use seedpress_tests::program;
use serde_json::Value;

#[test]
fn programs_read_progress_line_by_line() {
    let desk = Desk::stocked();
    let said = desk.does(&format!("{BUILD} -o m.img --digest --progress json -v"));
    let lines = String::from_utf8(said.stderr).unwrap();
    let events: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |kind: &str| events.iter().filter(|e| e["event"] == kind).cloned().collect::<Vec<_>>();
    let tasks: Vec<_> = of("begin").iter().map(|event| event["task"].clone()).collect();
    assert_eq!(tasks, of("end").iter().map(|event| event["task"].clone()).collect::<Vec<_>>());
    assert!(tasks.contains(&"pressing".into()) && tasks.contains(&"digesting".into()), "{tasks:?}");
    for (begin, end) in of("begin").iter().zip(of("end")) {
        assert_eq!((&begin["total"], begin["unit"].is_string()), (&end["done"], true), "{begin}");
    }
}

#[test]
fn plain_progress_is_a_line_for_each_task() {
    let desk = Desk::stocked();
    let said = desk.does("publish --store store A@1 1.img --progress plain");
    let lines = String::from_utf8(said.stderr).unwrap();
    assert!(lines.lines().any(|line| line.starts_with("surveying: 21 MiB in ")), "{lines}");
}

#[test]
fn without_a_terminal_there_is_no_progress() {
    let desk = Desk::stocked();
    let said = desk.does("publish --store store A@1 1.img");
    assert_eq!(String::from_utf8(said.stderr).unwrap(), "");
    let mut child = stuck(&desk, Stdio::piped());
    let mut stderr = child.stderr.take().unwrap();
    std::thread::sleep(std::time::Duration::from_secs(1));
    assert!(finish(&mut child) > 0);
    let mut said = String::new();
    stderr.read_to_string(&mut said).unwrap();
    assert_eq!(said, "");
}

/// A job that cannot go on until somebody reads its output.
fn stuck(desk: &Desk, stderr: Stdio) -> Child {
    desk.does(&format!("{BUILD} -o medium.img"));
    let all = desk.object(0, "ls medium.img -R");
    let entries = all["entries"].as_array().unwrap();
    let largest = entries.iter().max_by_key(|entry| entry["len"].as_u64()).unwrap();
    let mut command = program::command(["cat", "medium.img", largest["path"].as_str().unwrap()]);
    command
        .current_dir(desk.folder())
        .env("TERM", "xterm")
        .stdout(Stdio::piped())
        .stderr(stderr)
        .spawn()
        .unwrap()
}

/// Lets the job go on, and gives how many bytes it had to say.
fn finish(child: &mut Child) -> u64 {
    let bytes = std::io::copy(&mut child.stdout.take().unwrap(), &mut std::io::sink()).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    bytes
}

#[test]
fn on_a_terminal_there_is_a_bar_with_rate_and_time_left() {
    let desk = Desk::stocked();
    let mut terminal = File::from(openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap());
    grantpt(&terminal).unwrap();
    unlockpt(&terminal).unwrap();
    tcsetwinsize(&terminal, Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
    let inside = ptsname(&terminal, Vec::new()).unwrap();
    let inside = File::options().read(true).write(true).open(inside.to_str().unwrap()).unwrap();
    let mut child = stuck(&desk, inside.into());
    let mut seen = String::new();
    let mut piece = [0; 256];
    while !(seen.contains("reading [") && seen.contains(" left")) {
        let count = terminal.read(&mut piece).expect("the program draws a bar");
        seen.push_str(&String::from_utf8_lossy(&piece[..count]));
    }
    assert!(seen.contains("/s, ") && seen.contains("% of "), "{seen:?}");
    finish(&mut child);
}

#[test]
fn quiet_means_results_alone() {
    let desk = Desk::pressed();
    desk.write("~disk.partial", b"left over");
    let told = desk.does("deploy medium.img Win7@1 -o disk");
    assert!(
        told.all().contains("warning: ") && told.all().contains("note: removed ~disk.partial, 9 bytes"),
        "{told}"
    );
    let quiet = desk.does("deploy medium.img Win7@1 -o disk --force -q");
    assert_eq!((quiet.stderr.is_empty(), &told.stdout), (true, &quiet.stdout));
    let verbose = desk.does("deploy medium.img Win7@1 -o disk --force -v");
    assert!(verbose.all().contains("deploying: "), "{verbose}");
}
