//! `inspect`: what a medium starts, who signed it, and on which machines.

use std::path::PathBuf;

use anyhow::Context as _;
use boot::inspect::inspect;
use clap::Args;
use deploy::{Trust, load};
use formats::kind::with_causes;
use formats::pe::Certificate;
use host::Event;

use crate::code::Code;
use crate::error::Refusal;
use crate::inspected::Inspected;
use crate::medium::MediumArg;
use crate::shell::Shell;
use crate::text;

/// Show what a medium starts, who signed it, and on which machines it starts.
///
/// Every program for UEFI on the EFI system partition, and on discs in the seed volume, is found by what it is. Its
/// signatures are checked with the keys that they name, up to Microsoft's certificate authorities, whose keys
/// seedpress knows. The table says what firmware does with the medium; which programs a machine's dbx forbids, and
/// which keys its owner enrolled, is not known.
///
/// The code is 11 when a signature does not fit its program, as when the program was changed.
#[derive(Args, Debug)]
pub struct Inspect {
    #[command(flatten)]
    medium: MediumArg,
    /// A fleet's own certificate (PEM or DER): signatures are checked against it, and the table has a row for
    /// machines that trust nothing else. May be given more than once
    #[arg(long = "cert", value_name = "CERT")]
    certificates: Vec<PathBuf>,
}

impl Inspect {
    /// Shows what the medium starts.
    ///
    /// # Errors
    /// When there is no medium, or a certificate cannot be used.
    pub fn run(self, shell: &Shell) -> anyhow::Result<Code> {
        let own = self.certificates()?;
        let medium = self.medium.open(shell)?;
        let inspection = inspect(&medium, &own);
        for remark in &inspection.remarks {
            shell.observer().event(Event::Warning(format!("{}: {remark}", self.medium.medium.display())));
        }
        let manifest = load(&medium, &Trust::default());
        if let Err(error) = &manifest {
            let text = format!(
                "{}: what it was made from is not known: {}",
                self.medium.medium.display(),
                with_causes(error)
            );
            shell.observer().event(Event::Warning(text));
        }
        let components = manifest.map(|loaded| loaded.manifest.boot).unwrap_or_default();
        let inspected = Inspected::of(&inspection, components, &own);
        shell.answer(&inspected)?;
        Ok(if inspected.is_sound() { Code::Done } else { Code::Trust })
    }

    fn certificates(&self) -> anyhow::Result<Vec<Certificate>> {
        let certificate = |path: &PathBuf| {
            let bytes = text::read_bytes(path)?;
            let what = || Refusal::usage(format!("{} is no certificate that can be used", path.display()));
            Certificate::parse(&bytes)
                .map_err(|error| what().because(error))
                .context("cannot check signatures")
        };
        self.certificates.iter().map(certificate).collect()
    }
}
