//! What is to be pressed: the options that `plan` and `build` share, and the layout that follows from them.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use formats::manifest::Volume;
use formats::minisign::SecretKey;
use formats::time::Timestamp;
use host::Crew;
use press::verify::Depth;
use press::{Layout, Request, Sources};

use crate::look::Look;
use crate::name::Wanted;
use crate::secret::PasswordFile;
use crate::shell::{Shell, Threads};
use crate::{date, key};

/// What is to be pressed, and what a medium of its kind looks like.
#[derive(Args, Debug)]
pub struct Pressing<L: Args> {
    /// The versions to press; without @VERSION the newest one
    #[arg(value_name = "NAME[@VERSION]", required = true)]
    wanted: Vec<Wanted>,
    /// The image file to make, or the block device to write to
    #[arg(short, long, value_name = "OUT")]
    pub output: Option<PathBuf>,
    /// Overwrite an image file that is there
    #[arg(short, long)]
    pub force: bool,
    #[command(flatten)]
    look: L,
    /// The label of the seed volume; without it the template's
    #[arg(long, value_name = "LABEL")]
    label: Option<String>,
    /// Sign the manifest with this minisign secret key
    #[arg(long, value_name = "KEY")]
    sign: Option<PathBuf>,
    /// Put everything in this folder onto the EFI system partition
    #[arg(long, value_name = "DIR")]
    esp_tree: Option<PathBuf>,
    /// Also put everything in this folder onto the seed volume. May be given more than once
    #[arg(long, value_name = "DIR")]
    add: Vec<PathBuf>,
    /// From when on clients refuse the medium: 2027-01-31 or
    /// 2027-01-31T12:00:00Z
    #[arg(long, value_name = "DATE", value_parser = date::parse)]
    expires: Option<Timestamp>,
    #[command(flatten)]
    password: PasswordFile,
    /// How much of the medium is read back and checked
    #[arg(long, value_enum, value_name = "HOW", default_value_t)]
    pub verify: Depths,
    /// Also give the SHA-256 of the whole medium, which is read for it
    #[arg(long)]
    pub digest: bool,
    #[command(flatten)]
    pub threads: Threads,
}

/// How much of a medium is checked before it gets its name.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub enum Depths {
    /// Documents and structures, and that every file is there
    #[default]
    Quick,
    /// Every byte
    Full,
    /// Nothing
    None,
}

impl Depths {
    /// As `verify` takes it.
    pub fn depth(self) -> Option<Depth> {
        match self {
            Self::Quick => Some(Depth::Quick),
            Self::Full => Some(Depth::Full),
            Self::None => None,
        }
    }
}

impl<L: Args + Look> Pressing<L> {
    /// The key to sign with, where one is wanted.
    ///
    /// # Errors
    /// When it cannot be had.
    pub fn key(&self) -> anyhow::Result<Option<SecretKey>> {
        self.sign.as_deref().map(|path| key::secret(path, &self.password)).transpose()
    }

    /// The layout of the medium. Folders are read for it, and nothing is written.
    ///
    /// # Errors
    /// When something is not there, or does not go together.
    pub fn lay_out(&self, shell: &Shell, crew: &Crew) -> anyhow::Result<Layout> {
        let mut sources = self.versions(shell)?;
        let request = self.request(sources.newest())?;
        let esp = self.esp_tree.iter().map(|folder| (folder, Volume::Esp));
        for (folder, volume) in esp.chain(self.add.iter().map(|folder| (folder, Volume::Seed))) {
            sources.add_folder(folder, volume, crew, shell.observer())?;
        }
        Ok(press::plan(request, sources)?.lay_out()?)
    }

    /// The versions that were asked for, out of the store.
    fn versions(&self, shell: &Shell) -> anyhow::Result<Sources> {
        let store = shell.store()?;
        let mut sources = Sources::new();
        for wanted in &self.wanted {
            sources.add_version(store.locate(&wanted.name, wanted.version.as_deref())?);
        }
        Ok(sources)
    }

    /// The request. Its time is that of the environment or of the newest image, never the clock's, so that the same
    /// command gives the same medium.
    fn request(&self, newest: Option<Timestamp>) -> anyhow::Result<Request> {
        let template = self.look.template()?;
        let time = date::epoch()?.or(newest).unwrap_or(Timestamp::EARLIEST);
        let label = self.label.clone().unwrap_or_else(|| template.seed.label.clone());
        let request = Request::new(template, time);
        let request = Request { label, expires: self.expires, signed: self.sign.is_some(), ..request };
        self.look.shape(request, self.output.as_deref())
    }
}
