//! `boot`: starts pressed media in QEMU, as discs and as sticks, under UEFI and under a BIOS, and judges what comes over
//! the serial line. The line's log and a picture of the screen of each stay in `target/boot`.

mod case;
mod machine;
mod payload;
mod qmp;

use std::fs;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};

use crate::desk::{self, Desk};
use crate::table::{self, Table};
use crate::{program, setup};

use case::{CASES, Case};

/// How many machines run at a time: each keeps one core busy.
const AT_A_TIME: usize = 2;
/// Bytes of payload. Firmware does not look at it.
const PAYLOAD: usize = 8 << 20;

/// The media that are started: the name, and how it is pressed.
const MEDIA: [(&str, &str); 3] =
    [("disc", "build disc"), ("udf-only", "build disc --udf-only"), ("usb", "build usb")];

/// Start pressed media in QEMU as discs and sticks, under UEFI and a BIOS
#[derive(clap::Args, Default)]
pub struct Args {}

impl Args {
    /// Presses the media, starts each in every way and judges what it says.
    ///
    /// # Errors
    /// When one does not start; the error has what it said.
    pub fn run(self) -> Result<()> {
        setup::ensure()?;
        let desk = Desk::empty("boot")?;
        press(&desk)?;
        let outcomes = start_all(&desk);
        let mut table = Table::new(&["medium", "as", "firmware", "time", "result"]);
        for (case, outcome) in CASES.iter().zip(&outcomes) {
            let time = outcome.as_ref().map_or("-".into(), |took| table::seconds(*took));
            let result = if outcome.is_ok() { "started" } else { "FAILED" };
            let [medium, drive, firmware] = case.words().map(str::to_owned);
            table.row([medium, drive, firmware, time, result.into()]);
        }
        println!("\n{table}\nserial logs and pictures of the screens: {}", desk.path("").display());
        let failed: Vec<String> =
            outcomes.into_iter().filter_map(Result::err).map(|e| format!("{e:#}")).collect();
        if failed.is_empty() { Ok(()) } else { bail!("{}", failed.join("\n")) }
    }
}

/// Makes what starts, and a medium of each kind with it.
fn press(desk: &Desk) -> Result<()> {
    payload::make(&desk.path("esp"))?;
    fs::write(desk.path("disk"), vec![0x5e; PAYLOAD]).context("writing the payload")?;
    desk.show(desk.seedpress("publish Disk@1 disk"))?;
    for (name, build) in MEDIA {
        desk.show(desk.seedpress(&format!("{build} -o {name}.img Disk@1 --esp-tree esp")))?;
    }
    Ok(())
}

/// Starts every medium in every way and gives how long each took, in the order of the cases.
fn start_all(desk: &Desk) -> Vec<Result<Duration>> {
    let open = Mutex::new(CASES.iter().enumerate());
    let work = || {
        let mut done = Vec::new();
        // The lock is given back before the machine starts.
        while let Some((index, case)) = { open.lock().ok().and_then(|mut open| open.next()) } {
            done.push((index, start(desk, case)));
        }
        done
    };
    let mut done: Vec<_> = thread::scope(|scope| {
        let workers: Vec<_> = (0..AT_A_TIME).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap_or_default()).collect()
    });
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, outcome)| outcome).collect()
}

/// Starts a medium and judges what it says.
fn start(desk: &Desk, case: &Case) -> Result<Duration> {
    let name = case.name();
    let image = desk.path(format!("{}.img", case.medium));
    let expected = case.expected(&manifest(desk, case.medium)?);
    let until = expected.last().context("a case that expects nothing")?;
    let machine = machine::Machine { image: &image, drive: case.drive, firmware: case.firmware };
    let heard = machine.start(until, &desk.path(&name)).with_context(|| name.clone())?;
    match missing(&expected, &heard.lines) {
        None => {
            println!("boot: {name} started after {}", table::seconds(heard.took));
            Ok(heard.took)
        }
        Some(line) => {
            Err(anyhow!("{name}: {line:?} is missing or out of order:\n{}", heard.lines.join("\n")))
        }
    }
}

/// The digest of a medium's manifest, which firmware's file systems have to find too.
fn manifest(desk: &Desk, medium: &str) -> Result<String> {
    let text = program::capture(&mut desk.seedpress(&format!("cat {medium}.img seed/manifest.json")))?;
    let file = tempfile::NamedTempFile::new()?;
    fs::write(file.path(), text)?;
    desk::sha256(file.path())
}

/// The first of the expected lines that was not said after those before it.
fn missing<'a>(expected: &'a [String], said: &[String]) -> Option<&'a String> {
    let mut said = said.iter();
    expected.iter().find(|line| !said.any(|heard| heard.contains(line.as_str())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn what_is_expected_must_be_said_in_order() {
        assert_eq!(missing(&lines("a c"), &lines("x a b c")), None);
        assert_eq!(missing(&lines("c a"), &lines("x a b c")), Some(&"a".to_owned()));
        assert_eq!(missing(&lines("a a"), &lines("a")), Some(&"a".to_owned()));
    }

    #[test]
    fn every_case_starts_a_medium_that_is_pressed_and_keeps_its_own_log() {
        let mut names: Vec<_> = CASES.iter().map(Case::name).collect();
        assert!(CASES.iter().all(|case| MEDIA.iter().any(|(medium, _)| *medium == case.medium)));
        names.sort();
        names.dedup();
        assert_eq!(names.len(), CASES.len());
    }
}
