//! Secrets of devices: drawn, shown once, kept as a hash.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use host::HostError;
use store::device::SecretHash;

use crate::code::Code;
use crate::drafts::Draft;
use crate::error::Refusal;
use crate::shell::Shell;

/// Where a new secret goes.
#[derive(Args, Debug)]
pub struct SecretOutput {
    /// Write the secret to a new file that you alone can read, and do not print it
    #[arg(long = "secret-file", value_name = "FILE")]
    pub file: Option<PathBuf>,
}

/// A secret that nobody knows yet.
pub struct NewSecret {
    text: String,
    /// What it is known by.
    pub hash: SecretHash,
    draft: Option<(PathBuf, Draft)>,
}

/// What is told of a new secret.
pub enum Told {
    /// The secret itself.
    Text(String),
    /// The file that it was written to.
    File(PathBuf),
}

impl NewSecret {
    /// Draws a secret, and writes it beside its final place where it is to have one.
    ///
    /// # Errors
    /// When the machine gives no random numbers, or the file cannot be made.
    pub fn draw(output: SecretOutput, shell: &Shell) -> anyhow::Result<Self> {
        let text = hex(&random()?);
        let hash = SecretHash::new(random()?, &text);
        let draft = output.file.map(|path| {
            shell.check(&path, false, std::iter::empty()).map_err(|error| taken(&path, error))?;
            let draft = Draft::new(&path, &format!("{text}\n"), 0o600)?;
            anyhow::Ok((path, draft))
        });
        Ok(Self { text, hash, draft: draft.transpose()? })
    }

    /// Tells the secret, now that it counts.
    ///
    /// # Errors
    /// When its file cannot have its name.
    pub fn tell(self) -> anyhow::Result<Told> {
        Ok(match self.draft {
            Some((path, draft)) => {
                Draft::commit([draft])?;
                Told::File(path)
            }
            None => Told::Text(self.text),
        })
    }
}

/// The same error; a secret never takes another one's place.
fn taken(path: &Path, error: anyhow::Error) -> anyhow::Error {
    match error.downcast_ref() {
        Some(HostError::Exists { .. }) => {
            let what = format!("{} exists", path.display());
            Refusal::new(Code::Target, what).next("give the secret another name").into()
        }
        _ => error,
    }
}

fn random() -> anyhow::Result<[u8; 32]> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).context("this machine gives no random numbers")?;
    Ok(bytes)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing into a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
