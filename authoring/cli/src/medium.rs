//! Media as arguments: an image, a device, or a folder where one is mounted.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use clap::Args;
use deploy::{Loaded, Medium, MediumError, NotOfSet, Signed, Trust, VolumeError};
use formats::gpt;
use formats::io::ReadAt;
use formats::kind::with_causes;
use formats::manifest::Set;
use host::{Event, FileSource, Folder};
use serde::Serialize;
use uuid::Uuid;

use crate::code::Code;
use crate::error::{Refusal, one_line};
use crate::shell::Shell;

/// Which medium.
#[derive(Args, Debug)]
pub struct MediumArg {
    /// An image file, a block device, or a folder where a medium is mounted
    #[arg(value_name = "MEDIUM")]
    pub medium: PathBuf,
}

/// One medium, or those of a set.
#[derive(Args, Debug)]
pub struct MediaArg {
    /// An image file, a block device, or a folder where a medium is mounted; of a
    /// set, its media in any order
    #[arg(value_name = "MEDIUM", required = true, num_args = 1..)]
    pub media: Vec<PathBuf>,
}

impl MediaArg {
    /// Each of them.
    pub fn each(&self) -> Vec<MediumArg> {
        self.media.iter().map(|medium| MediumArg { medium: medium.clone() }).collect()
    }
}

impl MediumArg {
    /// Opens the medium, and tells what is wrong with it and does not keep it from being used.
    ///
    /// # Errors
    /// When there is none.
    pub fn open(&self, shell: &Shell) -> anyhow::Result<Medium> {
        let medium = self.open_quietly()?;
        if let Some(text) = medium.disk().and_then(|disk| cut_short(&self.medium.display(), disk)) {
            shell.observer().event(Event::Warning(text));
        }
        for remark in medium.remarks() {
            let text = format!("{}: {}", self.medium.display(), with_causes(remark));
            shell.observer().event(Event::Warning(text));
        }
        Ok(medium)
    }

    fn open_quietly(&self) -> anyhow::Result<Medium> {
        if self.is_folder() {
            return Ok(Medium::mounted(Box::new(Folder::new(&self.medium))));
        }
        let source = Arc::new(FileSource::open(&self.medium)?);
        Medium::open(source.clone()).map_err(|error| self.unusable(error, &source))
    }

    /// What is said of a medium that cannot be opened.
    fn unusable(&self, error: MediumError, source: &FileSource) -> anyhow::Error {
        let path = self.medium.display();
        if let Some(text) = cut_short(&path, source) {
            return Refusal::new(Code::Corrupt, text).because(error).into();
        }
        match error {
            MediumError::Volume(VolumeError::Unknown) => {
                let what = format!("{path} is no seed medium: it has {}", source.size().human());
                Refusal::new(Code::Unreachable, what).because(error).into()
            }
            _ => anyhow::Error::new(error).context(self.about()),
        }
    }

    /// The manifest of the medium, held against `trust`.
    ///
    /// # Errors
    /// When there is none, or it does not stand up to that.
    pub fn manifest(&self, medium: &Medium, trust: &Trust) -> anyhow::Result<Loaded> {
        deploy::load(medium, trust).with_context(|| self.about())
    }

    /// That this medium does not belong to those before it.
    pub fn not_of_set(&self, error: NotOfSet) -> Refusal {
        let what = format!("{} does not belong to the media before it", self.medium.display());
        Refusal::new(Code::Chain, what).because(error).next("give media of one set, all with the same set id")
    }

    /// What is said above an error of this medium.
    pub fn about(&self) -> String {
        format!("cannot use {}", self.medium.display())
    }

    /// Whether it is a folder, of which only files can be seen.
    pub fn is_folder(&self) -> bool {
        self.medium.is_dir()
    }
}

/// That a medium is shorter than its partition table says, when it is.
fn cut_short(path: &impl fmt::Display, disk: &dyn ReadAt) -> Option<String> {
    let (found, expected) = (disk.size(), gpt::read::written_size(disk)?);
    let text = || format!("{path} has {found}, its partition table says {expected}: copy it again");
    (found < expected).then(text)
}

/// Which medium of which set one is.
#[derive(Serialize)]
pub struct Membership {
    /// The set.
    id: Uuid,
    /// The medium's number, from 1.
    number: u32,
    /// How many media the set has.
    count: usize,
}

impl Membership {
    /// That of a medium, where it is of a set.
    pub fn of(set: Option<&Set>) -> Option<Self> {
        set.map(|set| Self { id: set.id, number: set.number, count: set.media.len() })
    }
}

impl fmt::Display for Membership {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "set       medium {} of {} of {}", self.number, self.count, self.id)
    }
}

/// Who signed a medium, as it is told.
#[derive(Serialize)]
pub struct Signer {
    /// The key's id.
    pub key: String,
    /// Whether the signature was verified with a trusted key.
    verified: bool,
    /// What was signed with the manifest.
    #[serde(skip_serializing_if = "Option::is_none")]
    comment: Option<String>,
}

impl Signer {
    /// Who signed, if anybody did.
    pub fn of(signed: &Signed) -> Option<Self> {
        match signed {
            Signed::By { key, comment } => {
                Some(Self { key: key.to_string(), verified: true, comment: Some(comment.clone()) })
            }
            Signed::Unverified { key } => Some(Self { key: key.to_string(), verified: false, comment: None }),
            Signed::Not => None,
        }
    }
}

/// Who signed, in lines of text.
pub struct SignedLines<'a>(pub Option<&'a Signer>);

impl fmt::Display for SignedLines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(Signer { key, comment, .. }) = self.0 else { return writeln!(f, "signed    no") };
        match comment {
            Some(comment) => writeln!(f, "signed    by key {key}\ncomment   {}", one_line(comment)),
            None => writeln!(f, "signed    by key {key}, not checked: seedpress verify --pubkey does that"),
        }
    }
}
