//! What a medium starts, as it is told.

use std::fmt;

use boot::inspect::{By, Firmware, Found, Generation, Inspection, Place, Program, Signed, Start, Use};
use formats::digest::Sha256;
use formats::manifest::Component;
use formats::pe::Certificate;
use formats::units::ByteLen;
use serde::Serialize;

use crate::error::one_line;
use crate::output::Answer;
use crate::table::Table;

/// What was found on a medium.
#[derive(Serialize)]
pub struct Inspected {
    programs: Vec<ProgramOf>,
    starts: Vec<StartOf>,
    components: Vec<Component>,
}

/// A program.
#[derive(Serialize)]
struct ProgramOf {
    volume: &'static str,
    path: String,
    #[serde(flatten)]
    found: FoundOf,
}

#[derive(Serialize)]
#[serde(untagged)]
enum FoundOf {
    Program(Box<Facts>),
    Skipped { error: String },
}

#[derive(Serialize)]
struct Facts {
    architecture: String,
    about: Option<String>,
    len: ByteLen,
    sha256: Sha256,
    authenticode: Option<Sha256>,
    signatures: Vec<SignatureOf>,
}

/// A signature.
#[derive(Serialize)]
#[serde(untagged)]
enum SignatureOf {
    By(Box<ByOf>),
    Unusable { class: &'static str, error: String },
}

#[derive(Serialize)]
struct ByOf {
    class: &'static str,
    subject: String,
    issuer: String,
    /// Whom it leads to, key by key: an authority of Microsoft, or certificates that were given.
    verified: Vec<String>,
    expires: String,
    intact: bool,
}

/// What one kind of firmware does.
#[derive(Serialize)]
struct StartOf {
    firmware: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate: Option<String>,
    seen_as: &'static str,
    architecture: Option<String>,
    starts: bool,
    why: String,
}

impl Inspected {
    /// What there is to tell.
    pub fn of(inspection: &Inspection, components: Vec<Component>, own: &[Certificate]) -> Self {
        let names: Vec<_> = own.iter().map(Certificate::subject).collect();
        let programs = inspection.programs.iter().map(|(place, found)| ProgramOf::of(*place, found, &names));
        let starts = inspection.starts.iter().map(|start| StartOf::of(start, &names));
        Self { programs: programs.collect(), starts: starts.collect(), components }
    }

    /// Whether every signature fits its program.
    pub fn is_sound(&self) -> bool {
        let facts = self.programs.iter().filter_map(|program| match &program.found {
            FoundOf::Program(facts) => Some(facts),
            FoundOf::Skipped { .. } => None,
        });
        facts.flat_map(|facts| &facts.signatures).all(|signature| match signature {
            SignatureOf::By(by) => by.intact,
            SignatureOf::Unusable { .. } => false,
        })
    }
}

impl ProgramOf {
    fn of(place: Place, found: &Found, own: &[String]) -> Self {
        let what = match &found.program {
            Ok(program) => FoundOf::Program(Box::new(Facts::of(program, own))),
            Err(error) => FoundOf::Skipped { error: error.clone() },
        };
        Self { volume: place.name(), path: found.path.clone(), found: what }
    }
}

impl Facts {
    fn of(program: &Program, own: &[String]) -> Self {
        let Program { about, len, sha256, authenticode, signatures, .. } = program.clone();
        let signatures = signatures.iter().map(|signed| SignatureOf::of(signed, own)).collect();
        let architecture = program.machine.to_string();
        Self { architecture, about, len, sha256, authenticode, signatures }
    }
}

impl SignatureOf {
    fn of(signed: &Signed, own: &[String]) -> Self {
        match signed {
            Signed::By(by) => Self::By(Box::new(ByOf::of(by, own))),
            Signed::Unusable { reason } => Self::Unusable { class: "unusable", error: reason.clone() },
        }
    }
}

impl ByOf {
    fn of(by: &By, own: &[String]) -> Self {
        let signer = &by.signature.signer;
        let own = by.own.iter().filter_map(|number| own.get(*number).cloned());
        Self {
            class: by.class(),
            subject: signer.subject(),
            issuer: signer.issuer(),
            verified: by
                .authority
                .map(|authority| authority.name().to_owned())
                .into_iter()
                .chain(own)
                .collect(),
            expires: signer.expires(),
            intact: by.intact,
        }
    }
}

impl StartOf {
    fn of(start: &Start, own: &[String]) -> Self {
        let (firmware, certificate) = match start.firmware {
            Firmware::Uefi => ("uefi", None),
            Firmware::Microsoft(Generation::Of2011) => ("secure-boot-2011", None),
            Firmware::Microsoft(Generation::Of2023) => ("secure-boot-2023", None),
            Firmware::Own(number) => ("secure-boot-own", own.get(number).cloned()),
            Firmware::Bios => ("bios", None),
        };
        Self {
            firmware,
            certificate,
            seen_as: match start.seen {
                Use::Disk => "disk",
                Use::Disc => "disc",
            },
            architecture: start.machine.map(|machine| machine.to_string()),
            starts: start.starts,
            why: start.why.clone(),
        }
    }

    /// The firmware, for people.
    fn title(&self) -> String {
        match (self.firmware, &self.certificate) {
            ("uefi", _) => "UEFI, Secure Boot off".into(),
            ("secure-boot-2011", _) => "UEFI, Secure Boot, Microsoft 2011".into(),
            ("secure-boot-2023", _) => "UEFI, Secure Boot, Microsoft 2023 only".into(),
            (_, Some(certificate)) => format!("UEFI, Secure Boot, {} only", one_line(certificate)),
            _ => "BIOS".into(),
        }
    }
}

impl Answer for Inspected {
    const SCHEMA: &'static str = "seedpress.inspect/1";
}

impl fmt::Display for Inspected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.programs.is_empty() {
            writeln!(f, "There is no program for UEFI.\n")?;
        }
        self.programs.iter().try_for_each(|program| writeln!(f, "{program}"))?;
        if !self.components.is_empty() {
            let mut table = Table::new(["MADE FROM", "NAME", "VERSION", "SHA256"]);
            for Component { role, name, version, sha256 } in &self.components {
                table.row([one_line(role), one_line(name), one_line(version), sha256.to_string()]);
            }
            writeln!(f, "{table}")?;
        }
        if self.starts.is_empty() {
            return writeln!(
                f,
                "Of a folder it cannot be seen where it starts: give the image or the device."
            );
        }
        let mut table = Table::new(["STARTS ON", "AS", "ARCH", "STARTS", "WHY"]);
        for start in &self.starts {
            let architecture = start.architecture.clone().unwrap_or_else(|| "-".into());
            let starts = if start.starts { "yes" } else { "no" };
            table.row([
                start.title(),
                start.seen_as.into(),
                architecture,
                starts.into(),
                one_line(&start.why),
            ]);
        }
        table.fmt(f)
    }
}

impl fmt::Display for ProgramOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {}", self.volume, one_line(&self.path))?;
        match &self.found {
            FoundOf::Skipped { error } => writeln!(f, "  skipped       {}", one_line(error)),
            FoundOf::Program(facts) => facts.fmt(f),
        }
    }
}

impl fmt::Display for Facts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let about = self.about.as_deref().unwrap_or("of unknown kind");
        writeln!(f, "  program       {}, {}, {}", one_line(about), self.architecture, self.len.human())?;
        writeln!(f, "  sha256        {}", self.sha256)?;
        match &self.authenticode {
            Some(digest) => writeln!(f, "  authenticode  {digest}")?,
            None => writeln!(f, "  authenticode  none: its sections overlap")?,
        }
        if self.signatures.is_empty() {
            writeln!(f, "  signed        no")?;
        }
        self.signatures.iter().try_for_each(|signature| signature.fmt(f))
    }
}

impl fmt::Display for SignatureOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unusable { error, .. } => writeln!(f, "  signed        wrongly: {}", one_line(error)),
            Self::By(by) => by.fmt(f),
        }
    }
}

impl fmt::Display for ByOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { subject, issuer, verified, expires, intact, .. } = self;
        let checked = match &verified[..] {
            [] => "not verified".into(),
            [authority] if authority == issuer => "verified".into(),
            authorities => format!("verified up to {}", authorities.join(" and ")),
        };
        writeln!(f, "  signed        by {}, certificate until {expires}", one_line(subject))?;
        writeln!(f, "                issued by {} ({})", one_line(issuer), one_line(&checked))?;
        if !intact {
            writeln!(f, "                NOT OF THIS FILE: the program was changed after it was signed")?;
        }
        Ok(())
    }
}
