//! `cat`: the bytes of a file of a medium.

use std::fmt;
use std::io::IsTerminal;

use anyhow::Context as _;
use clap::Args;
use formats::digest::{Hasher, Sha256};
use formats::files::FilesError;
use formats::io::ReadAt;
use formats::units::{ByteLen, ByteOffset, MIB};
use host::{Event, Unit};
use serde::Serialize;

use crate::code::Code;
use crate::error::Refusal;
use crate::medium::MediumArg;
use crate::output::{self, Answer};
use crate::place::Place;
use crate::shell::Shell;

/// Print a file of a medium; --json gives its length and digest instead.
#[derive(Args, Debug)]
pub struct Cat {
    #[command(flatten)]
    medium: MediumArg,
    #[command(flatten)]
    place: Place,
    /// The file
    path: String,
}

#[derive(Serialize)]
struct File {
    path: String,
    len: ByteLen,
    sha256: Sha256,
}

impl Cat {
    /// Prints the file.
    ///
    /// # Errors
    /// When it is not there, or cannot be read.
    pub fn run(self, shell: &Shell) -> anyhow::Result<Code> {
        let medium = self.medium.open(shell)?;
        let path = Place::path(&self.path);
        let source = self.place.on(&medium)?.open(path).map_err(|error| self.unreadable(error))?;
        if shell.json() {
            let mut hasher = Hasher::new();
            read(&*source, path, shell, |piece| {
                hasher.update(piece);
                Ok(true)
            })?;
            shell.answer(&File { path: path.into(), len: source.size(), sha256: hasher.finish() })?;
        } else {
            read(&*source, path, shell, output::to_stdout)?;
        }
        Ok(Code::Done)
    }
}

impl Cat {
    /// What is said of a path that cannot be read.
    fn unreadable(&self, error: FilesError) -> anyhow::Error {
        match error {
            FilesError::WrongKind { .. } => {
                let what = format!("{:?} is a directory", self.path);
                Refusal::usage(what).next("ls lists what is in it").into()
            }
            _ => anyhow::Error::new(error).context(self.medium.about()),
        }
    }
}

/// Hands the bytes of a file to `sink`, piece by piece, as long as it wants more.
fn read(
    source: &dyn ReadAt,
    path: &str,
    shell: &Shell,
    mut sink: impl FnMut(&[u8]) -> anyhow::Result<bool>,
) -> anyhow::Result<()> {
    let len = source.size().0;
    // A bar between lines of text would spoil them.
    let shown = shell.json() || !std::io::stdout().is_terminal();
    let tell = |event| {
        if shown {
            shell.observer().event(event)
        }
    };
    tell(Event::Begin { task: "reading", total: len, unit: Unit::Bytes });
    let mut piece = vec![0; MIB.min(len) as usize];
    for start in (0..len).step_by(MIB as usize) {
        shell.stop().check()?;
        let piece = &mut piece[..MIB.min(len - start) as usize];
        source.read_at(ByteOffset(start), piece).with_context(|| format!("cannot read {path}"))?;
        if !sink(piece)? {
            break;
        }
        tell(Event::Advance(piece.len() as u64));
    }
    tell(Event::End);
    Ok(())
}

impl Answer for File {
    const SCHEMA: &'static str = "seedpress.cat/1";
}

impl fmt::Display for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}  {}", self.sha256, self.path)
    }
}
