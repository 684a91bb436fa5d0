//! QEMU's machine protocol, as much as is needed: a question is a line, an answer is a line (docs/interop/qmp-spec).

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

/// How long QEMU may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long it is waited for QEMU to open its socket, and how often it is tried in that time.
const OPENING: Duration = Duration::from_secs(10);
const TRIES: u32 = 100;

/// A machine that can be asked.
pub struct Qmp {
    questions: UnixStream,
    answers: BufReader<UnixStream>,
}

impl Qmp {
    /// Speaks to the machine behind a socket.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn connect(socket: &Path) -> Result<Self> {
        let questions = connected(socket).context("connecting to QEMU")?;
        questions.set_read_timeout(Some(PATIENCE))?;
        let answers = BufReader::new(questions.try_clone()?);
        let mut qmp = Self { questions, answers };
        qmp.ask(r#"{"execute":"qmp_capabilities"}"#)?;
        Ok(qmp)
    }

    /// Has a command carried out.
    ///
    /// # Errors
    /// When QEMU refuses, or does not answer.
    pub fn ask(&mut self, command: &str) -> Result<()> {
        writeln!(self.questions, "{command}").context("asking QEMU")?;
        // Greetings and events stand between answers.
        loop {
            let mut answer = String::new();
            if self.answers.read_line(&mut answer).context("listening to QEMU")? == 0 {
                bail!("QEMU ended without an answer to {command}");
            }
            if answer.starts_with(r#"{"return""#) {
                return Ok(());
            }
            if answer.starts_with(r#"{"error""#) {
                bail!("QEMU refused {command}: {}", answer.trim_end());
            }
        }
    }

    /// Keeps the screen, as PNG.
    ///
    /// # Errors
    /// When QEMU refuses, or does not answer.
    pub fn keep_screen(&mut self, picture: &Path) -> Result<()> {
        let file = picture.to_str().context("a path that is no UTF-8")?;
        ensure!(!file.contains(['"', '\\']), "QEMU is not asked to write to {file}");
        self.ask(&format!(r#"{{"execute":"screendump","arguments":{{"filename":"{file}","format":"png"}}}}"#))
    }

    /// Waits until the guest switches the machine off or starts it anew, however long it takes.
    ///
    /// # Errors
    /// When QEMU ends for another reason.
    pub fn wait_for_end(&mut self) -> Result<()> {
        self.questions.set_read_timeout(None)?;
        loop {
            let mut line = String::new();
            if self.answers.read_line(&mut line).context("listening to QEMU")? == 0 {
                bail!("QEMU ended, and not because the guest wanted it");
            }
            if line.contains(r#""event": "SHUTDOWN""#) && line.contains(r#""guest": true"#) {
                return Ok(self.questions.set_read_timeout(Some(PATIENCE))?);
            }
        }
    }
}

fn connected(socket: &Path) -> std::io::Result<UnixStream> {
    for _ in 1..TRIES {
        if let Ok(stream) = UnixStream::connect(socket) {
            return Ok(stream);
        }
        std::thread::sleep(OPENING / TRIES);
    }
    UnixStream::connect(socket)
}
