//! What is to be pressed: the options that `plan` and `build` share, and the layout that follows from them.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use formats::manifest::{MAX_MEDIA, Volume};
use formats::minisign::SecretKey;
use formats::time::Timestamp;
use host::{Crew, Event, is_device};
use press::verify::Depth;
use press::{Layout, Request, Sources, Template};

use crate::booting::{Booting, Signing};
use crate::code::Code;
use crate::error::Refusal;
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
    /// Overwrite an image file that is there, or a device that is not empty
    #[arg(short, long)]
    pub force: bool,
    #[command(flatten)]
    look: L,
    /// Where the content does not fit on one medium, press a set of them: OUT-1,
    /// OUT-2 and so on
    #[arg(long)]
    span: bool,
    /// The label of the seed volume, at most 32 characters; without it the
    /// template's
    #[arg(long, value_name = "LABEL")]
    label: Option<String>,
    /// Sign the manifest with this minisign secret key
    #[arg(long, value_name = "KEY")]
    sign: Option<PathBuf>,
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
    // Last: its heading stands above all that follows.
    #[command(flatten)]
    booting: Booting,
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

    /// Who will sign, as far as that is known before a key is opened.
    pub fn signing(&self) -> Signing {
        if self.sign.is_some() { Signing::Somebody } else { Signing::Nobody }
    }

    /// Refuses a key to sign with that is none.
    ///
    /// # Errors
    /// When there is none.
    pub fn check_key(&self) -> anyhow::Result<()> {
        self.sign.as_deref().map_or(Ok(()), key::check)
    }

    /// The layout of the medium, or of each medium of a set. Folders are read for it, and nothing is written.
    ///
    /// # Errors
    /// When something is not there, or does not go together.
    pub fn lay_out(&self, shell: &Shell, crew: &Crew, signing: Signing) -> anyhow::Result<Vec<Layout>> {
        let layouts = self.lay_out_all(shell, crew, signing)?;
        for warning in layouts.iter().filter_map(Layout::names_lost_in_windows) {
            shell.observer().event(Event::Warning(warning));
        }
        Ok(layouts)
    }

    fn lay_out_all(&self, shell: &Shell, crew: &Crew, signing: Signing) -> anyhow::Result<Vec<Layout>> {
        let mut sources = self.versions(shell)?;
        let request = self.request(sources.newest())?;
        self.booting.warn_of_trees(request.template.boot.payload, shell);
        let boot = self.booting.boot(&request, signing, (sources.images(), shell))?;
        sources.add_boot(boot);
        let esp = self.booting.trees().map(|folder| (folder, Volume::Esp));
        for (folder, volume) in esp.chain(self.add.iter().map(|folder| (folder.as_path(), Volume::Seed))) {
            sources.add_folder(folder, volume, crew, shell.observer())?;
        }
        self.add_files(&request.template, &mut sources, (shell, crew))?;
        if self.span {
            return Ok(press::span(&request, &sources, crew, shell.observer())?);
        }
        let layout = press::plan(request, sources)?.lay_out();
        let layout = layout.map_err(|error| match error.excess() {
            Some(_) => {
                Refusal::new(Code::Fit, "the content does not fit").because(error).next(L::TOO_SMALL).into()
            }
            None => anyhow::Error::new(error),
        });
        Ok(vec![layout?])
    }

    /// Refuses an output that cannot be begun, before long work. The names of a set's media are not known yet.
    ///
    /// # Errors
    /// As for [`Pressing::check_target`].
    pub fn check_output(&self, shell: &Shell) -> anyhow::Result<()> {
        match &self.output {
            Some(output) if !self.span => self.check_target(output, shell),
            _ => Ok(()),
        }
    }

    /// Refuses a place for a medium that cannot be written, or from which something is read.
    ///
    /// # Errors
    /// When there is something already, nothing can be made, or it is an input.
    pub fn check_target(&self, target: &Path, shell: &Shell) -> anyhow::Result<()> {
        let folders = self.add.iter();
        let files = self
            .sign
            .as_deref()
            .into_iter()
            .chain(self.booting.inputs())
            .chain(self.password.path())
            .chain(self.look.file());
        let inputs = folders.map(PathBuf::as_path).chain(files).chain(shell.store_folder()?);
        shell.check(target, self.force, inputs)
    }

    /// Where each of `count` media goes.
    pub fn targets(&self, count: usize) -> Vec<PathBuf> {
        // clap sees to it that there is an output where one is needed.
        let output = self.output.clone().unwrap_or_default();
        let numbered = |number| numbered(&output, number, count);
        if count == 1 { vec![output] } else { (1..=count).map(numbered).collect() }
    }

    /// Warns of media of an earlier, longer set that lie beside those of this one, in `targets`.
    pub fn warn_of_strays(&self, targets: &[PathBuf], shell: &Shell) {
        if !self.span {
            return;
        }
        let output = self.output.as_deref().unwrap_or(Path::new(""));
        let strays = strays(output, targets);
        if !strays.is_empty() {
            let text = format!("of another set, and still there: {}", strays.join(", "));
            shell.observer().event(Event::Warning(text));
        }
    }

    /// The template's files that lie beside it.
    fn add_files(
        &self,
        template: &Template,
        sources: &mut Sources,
        (shell, crew): (&Shell, &Crew),
    ) -> anyhow::Result<()> {
        let folder = self.look.file().and_then(Path::parent).unwrap_or(Path::new(""));
        for file in &template.files {
            let Some(from) = &file.from else { continue };
            sources.add_file(&folder.join(from), (file.volume, &file.path), crew, shell.observer())?;
        }
        Ok(())
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
        if self.span && self.output.as_deref().is_some_and(is_device) {
            let what = "a set goes to files, one for each medium, and the output is a device";
            return Err(Refusal::usage(what).next("press it to files, and copy each to a device").into());
        }
        let template = self.booting.shape(self.look.template()?)?;
        let time = date::epoch()?.or(newest).unwrap_or(Timestamp::EARLIEST);
        let label = self.label.clone().unwrap_or_else(|| template.seed.label.clone());
        let request = Request::new(L::KIND, template, time);
        let request = Request { label, expires: self.expires, signed: self.sign.is_some(), ..request };
        let request = self.look.shape(request, self.output.as_deref())?;
        if self.span && request.size.is_none() {
            return Err(
                Refusal::usage(format!("--span needs the size of the media: give {}", L::SIZE)).into()
            );
        }
        Ok(request)
    }
}

/// The path of medium `number` of `count`: `stick.img` becomes `stick-1.img`, of ten or more `stick-01.img`.
fn numbered(output: &Path, number: usize, count: usize) -> PathBuf {
    let digits = count.to_string().len();
    let mut name = output.file_stem().unwrap_or_default().to_owned();
    name.push(format!("-{number:0digits$}"));
    if let Some(extension) = output.extension() {
        name.push(".");
        name.push(extension);
    }
    output.with_file_name(name)
}

/// The files that have the name of a medium of some set of this output, and are none of `targets`.
fn strays(output: &Path, targets: &[PathBuf]) -> Vec<String> {
    // Sets of one, two and three digits.
    let counts = [9, 99, MAX_MEDIA];
    let names =
        counts.into_iter().flat_map(|count| (1..=count).map(move |number| numbered(output, number, count)));
    let strays = names.filter(|name| !targets.contains(name) && name.exists());
    strays.map(|name| name.display().to_string()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_of_a_set_are_numbered_before_the_extension() {
        let name = |output, number, count| numbered(Path::new(output), number, count);
        assert_eq!(name("a/stick.v2.img", 1, 3), Path::new("a/stick.v2-1.img"));
        assert_eq!(name("disc", 2, 12), Path::new("disc-02"));
    }
}
