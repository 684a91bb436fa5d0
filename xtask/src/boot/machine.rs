//! A machine that runs: it is listened to and spoken to over its serial line, and its screen is kept.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};

use super::hardware::{Machine, quoted};
use super::qmp::Qmp;
use super::serial::Heard;

/// How long the screen may take to show what the serial line has said.
const SETTLING: Duration = Duration::from_secs(1);

/// What is done once a line has some words in it.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// The words.
    pub hears: &'static str,
    /// What is done then.
    pub then: Then,
}

/// What is done.
#[derive(Clone, Copy, Debug)]
pub enum Then {
    /// The screen is kept under the case's name with this word behind it.
    Picture(&'static str),
    /// This is typed.
    Type(&'static str),
    /// What the lines so far make of it is typed.
    Answer(fn(&[String]) -> Option<String>),
    /// The screen is kept, and the machine is switched off.
    Off,
}

/// What came of a run.
#[derive(Clone, Debug)]
pub struct Run {
    /// What was heard.
    pub lines: Vec<String>,
    /// From the start to the last step, or to the end.
    pub took: Duration,
}

impl Machine<'_> {
    /// Runs the machine through the steps, then until it ends, unless the last step ends it. What came is kept in `kept.log`,
    /// the screen at the end in `kept.png`.
    ///
    /// # Errors
    /// When a step is not reached, or the machine has to be killed after so many seconds; the error has what was said.
    pub fn run(&self, steps: &[Step], seconds: u64, kept: &Path) -> Result<Run> {
        let scratch = tempfile::tempdir()?;
        let sockets = ["steps", "end"].map(|name| scratch.path().join(name));
        let mut qemu = self.command(seconds, scratch.path())?;
        for socket in &sockets {
            qemu.arg("-qmp").arg(format!("unix:{},server=on,wait=off", quoted(socket)?));
        }
        // Paused when it switches itself off, it still shows its last screen.
        qemu.args(["-serial", "stdio", "-action", "reboot=shutdown,shutdown=pause"]);
        let begun = Instant::now();
        let mut child = qemu.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        let picture = kept.with_extension("png");
        let watch = thread::spawn(move || watch(sockets[1].clone(), &picture));
        let mut heard = Heard::default();
        let done = Talk::new(&mut child, &scratch.path().join("steps"), kept)
            .and_then(|mut talk| talk.all(steps, &mut heard));
        let took = begun.elapsed();
        let ended = child.wait_with_output()?;
        let has_ended = watch.join().map_err(|_| anyhow!("the watch for the machine's end panicked"))?;
        fs::write(kept.with_extension("log"), heard.bytes()).context("writing the log")?;
        let lines = heard.lines();
        let is_off = steps.last().is_some_and(|step| matches!(step.then, Then::Off));
        let outcome = match done {
            Ok(()) if is_off || has_ended.is_ok() => Ok(()),
            Ok(()) => Err(anyhow!("it did not end by itself in {seconds} s")),
            Err(error) => Err(error),
        };
        outcome.map(|()| Run { took, lines: lines.clone() }).with_context(|| {
            let stderr = String::from_utf8_lossy(&ended.stderr);
            format!("said, before {}:\n{}\n{}", ended.status, lines.join("\n"), stderr.trim_end())
        })
    }
}

/// Waits until the machine ends, keeps its screen, and lets go of it.
fn watch(socket: PathBuf, picture: &Path) -> Result<()> {
    let mut machine = Qmp::connect(&socket)?;
    machine.wait_for_end()?;
    machine.keep_screen(picture)?;
    machine.ask(r#"{"execute":"quit"}"#)
}

/// A talk with a machine.
struct Talk {
    serial: std::process::ChildStdout,
    keyboard: ChildStdin,
    machine: Qmp,
    kept: PathBuf,
}

impl Talk {
    fn new(child: &mut Child, socket: &Path, kept: &Path) -> Result<Self> {
        let serial = child.stdout.take().context("a machine without a serial line")?;
        let keyboard = child.stdin.take().context("a machine that cannot be spoken to")?;
        let machine = Qmp::connect(socket)?;
        Ok(Self { serial, keyboard, machine, kept: kept.into() })
    }

    /// All steps, and what comes after them.
    fn all(&mut self, steps: &[Step], heard: &mut Heard) -> Result<()> {
        let mut from = 0;
        for step in steps {
            from = self.hear(step.hears, from, heard)?;
            self.act(step.then, heard)?;
        }
        while heard.more(&mut self.serial) {}
        Ok(())
    }

    /// Listens until a line from the one with number `from` on has `words` in it, and gives the number of that line.
    fn hear(&mut self, words: &str, from: usize, heard: &mut Heard) -> Result<usize> {
        loop {
            let lines = heard.lines();
            if let Some(at) = lines.iter().skip(from).position(|line| line.contains(words)) {
                return Ok(from + at);
            }
            if !heard.more(&mut self.serial) {
                return Err(anyhow!("{words:?} was not said"));
            }
        }
    }

    fn act(&mut self, then: Then, heard: &Heard) -> Result<()> {
        match then {
            Then::Picture(word) => {
                let name = self.kept.file_name().unwrap_or_default().to_string_lossy().into_owned();
                self.machine.keep_screen(&self.kept.with_file_name(format!("{name}-{word}.png")))
            }
            Then::Type(text) => {
                self.write(text);
                Ok(())
            }
            Then::Answer(answer) => {
                let text = answer(&heard.lines()).context("nothing to answer was said")?;
                self.write(&text);
                Ok(())
            }
            Then::Off => {
                thread::sleep(SETTLING);
                self.machine.keep_screen(&self.kept.with_extension("png"))?;
                self.machine.ask(r#"{"execute":"quit"}"#)
            }
        }
    }

    /// Types as people do: a serial port takes a few keys at a time. A machine that has ended takes none.
    fn write(&mut self, text: &str) {
        for byte in text.bytes() {
            let _ = self.keyboard.write_all(&[byte]).and_then(|()| self.keyboard.flush());
            thread::sleep(Duration::from_millis(100));
        }
    }
}
