//! QEMU's machine protocol, as much as is needed: a question is a line, an answer is a line (docs/interop/qmp-spec).

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};

/// How long QEMU may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);

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
        let questions = UnixStream::connect(socket).context("connecting to QEMU")?;
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
}
