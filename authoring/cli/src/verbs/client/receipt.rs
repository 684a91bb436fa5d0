//! `client receipt`: what came from where, signed.

use std::fmt;
use std::path::{Path, PathBuf};

use clap::Args;
use host::Output;
use serde::Serialize;
use sync::client::home::Home;
use sync::client::receipt::{self, Signed};

use crate::code::Code;
use crate::error::Refusal;
use crate::output::Answer;
use crate::shell::Shell;
use crate::text;

/// Print or write a receipt: what came from where, signed with this machine's key.
///
/// On a stick it goes back to whoever runs the service: device report reads it there.
#[derive(Args, Debug)]
pub struct ReceiptVerb {
    /// Which receipt; without it the last one
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    number: Option<u64>,
    /// Write it to a file, and its signature beside it as FILE.minisig
    #[arg(short, long, value_name = "FILE", conflicts_with = "to")]
    output: Option<PathBuf>,
    /// Write it into a folder, such as that of a mounted stick
    #[arg(long, value_name = "FOLDER")]
    to: Option<PathBuf>,
    /// Overwrite a file that is there
    #[arg(short, long)]
    force: bool,
}

#[derive(Serialize)]
struct Shown {
    device: String,
    number: u64,
    receipt: String,
    signature: String,
    public_key: String,
    written: Vec<String>,
}

impl ReceiptVerb {
    /// Prints or writes it.
    ///
    /// # Errors
    /// When there is none, or it cannot be written.
    pub fn run(self, home: &Home, shell: &Shell) -> anyhow::Result<Code> {
        let device = home.document().device.clone();
        let signed = receipt::load(home, self.number).map_err(|error| {
            let what = error.to_string();
            Refusal::new(Code::Unreachable, what).next("client sync makes one at its end")
        })?;
        let target = match (&self.output, &self.to) {
            (Some(file), _) => Some(file.clone()),
            (None, Some(folder)) => Some(folder.join(format!("receipt-{device}-{}.json", signed.number))),
            (None, None) => None,
        };
        let written = target.map_or(Ok(Vec::new()), |target| self.write(&target, &signed))?;
        let Signed { number, text: receipt, signature } = signed;
        let public_key = home.receipt_public()?.to_base64();
        shell.answer(&Shown { device, number, receipt, signature, public_key, written })?;
        Ok(Code::Done)
    }

    /// Writes both files. The same receipt written twice is no error.
    fn write(&self, target: &Path, signed: &Signed) -> anyhow::Result<Vec<String>> {
        let mut name = target.file_name().unwrap_or_default().to_os_string();
        name.push(".minisig");
        let files = [(target.to_path_buf(), &signed.text), (target.with_file_name(name), &signed.signature)];
        // What is no file is neither read nor waited for.
        let is_same = |(path, text): &(PathBuf, &String)| {
            path.is_file() && text::read_bytes(path).is_ok_and(|found| found == text.as_bytes())
        };
        let unwritten: Vec<_> = files.iter().filter(|file| !is_same(file)).collect();
        let mut outputs = Vec::new();
        for (path, text) in unwritten {
            let (output, _) = Output::begin(path, text.len() as u64, self.force)?;
            output.write_at(0, text.as_bytes())?;
            outputs.push(output);
        }
        outputs.into_iter().rev().try_for_each(Output::commit)?;
        Ok(files.iter().map(|(path, _)| path.display().to_string()).collect())
    }
}

impl Answer for Shown {
    const SCHEMA: &'static str = "seedpress.client-receipt/1";
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.written.as_slice() {
            [] => f.write_str(&self.receipt),
            files => {
                files.iter().try_for_each(|file| writeln!(f, "written  {file}"))?;
                writeln!(f, "verify with minisign -P {}", self.public_key)
            }
        }
    }
}
