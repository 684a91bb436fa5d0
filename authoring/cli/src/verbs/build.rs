//! `build`: a medium, from its plan to its name.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use deploy::{Loaded, Medium, Trust};
use formats::digest::{Hasher, Sha256};
use formats::io::ReadAt;
use formats::manifest::Image;
use formats::minisign::SecretKey;
use formats::units::{ByteLen, ByteOffset, MIB};
use host::{Crew, Event, FileSource, Output, Unit};
use press::verify::{Check, Depth, Report, Verdict, verify};
use press::{Layout, Sealed, Summary};
use serde::Serialize;
use uuid::Uuid;

use crate::booting::Signing;
use crate::code::Code;
use crate::error::{Refusal, one_line};
use crate::look::{DiscLook, Look, UsbLook};
use crate::medium::Signer;
use crate::output::{self, Answer};
use crate::pressing::Pressing;
use crate::shell::Shell;

/// Press a medium: an image file, or straight onto a device.
#[derive(Args, Debug)]
pub struct Build {
    #[command(subcommand)]
    kind: Kind,
}

/// Kinds of media.
#[derive(Debug, Subcommand)]
enum Kind {
    /// Press a disk image for a USB stick or disk.
    ///
    /// The same images, options and time give the same bytes. The time of the medium is SOURCE_DATE_EPOCH or, where
    /// that is not set, when the newest of its images was published. An image file has its name only when it is whole
    /// and checked; on a device the partition table is written last.
    #[command(mut_arg("output", |output| output.required(true)))]
    Usb(Pressing<UsbLook>),
    /// Press an optical image: UDF, bridged with ISO 9660, for discs and sticks.
    ///
    /// The same images, options and time give the same bytes. The time of the medium is SOURCE_DATE_EPOCH or, where
    /// that is not set, when the newest of its images was published. An image file has its name only when it is whole
    /// and checked.
    #[command(mut_arg("output", |output| output.required(true)))]
    Disc(Pressing<DiscLook>),
}

#[derive(Serialize)]
struct Built {
    #[serde(serialize_with = "output::lossy")]
    output: PathBuf,
    label: String,
    medium: Uuid,
    size: ByteLen,
    free: ByteLen,
    payload: ByteLen,
    images: Vec<String>,
    /// The id of the key that signed.
    signed: Option<String>,
    manifest_sha256: Sha256,
    sha256: Option<Sha256>,
}

/// The media of a set.
#[derive(Serialize)]
struct BuiltSet {
    set: Uuid,
    media: Vec<Built>,
}

/// What all media of a run are pressed with.
struct Press<'a> {
    shell: &'a Shell,
    crew: Crew,
    key: Option<SecretKey>,
    force: bool,
    depth: Option<Depth>,
    digest: bool,
}

impl Build {
    /// Presses the medium, or the media of a set, and says what it is.
    ///
    /// # Errors
    /// When one cannot be pressed. None has its name before it is whole, those of a set not before all of them are.
    pub fn run(self, shell: &Shell) -> anyhow::Result<Code> {
        match self.kind {
            Kind::Usb(pressing) => press(&pressing, shell),
            Kind::Disc(pressing) => press(&pressing, shell),
        }
    }
}

fn press<L: Args + Look>(pressing: &Pressing<L>, shell: &Shell) -> anyhow::Result<Code> {
    pressing.check_output(shell)?;
    let press = Press {
        shell,
        key: pressing.key()?,
        crew: pressing.threads.crew(shell)?,
        force: pressing.force,
        depth: pressing.verify.depth(),
        digest: pressing.digest,
    };
    let signing = press.key.as_ref().map_or(Signing::Nobody, |key| Signing::By(key.public()));
    let layouts = pressing.lay_out(shell, &press.crew, signing)?;
    let set = layouts.first().and_then(|layout| layout.set().map(|set| set.id));
    let targets = pressing.targets(layouts.len());
    targets.iter().try_for_each(|target| pressing.check_target(target, shell))?;
    let pressed = layouts.into_iter().zip(&targets).map(|(layout, target)| press.one(layout, target));
    let mut media = Vec::new();
    for (output, built) in pressed.collect::<anyhow::Result<Vec<_>>>()? {
        output.commit()?;
        media.push(built);
    }
    pressing.warn_of_strays(&targets, shell);
    match set {
        Some(set) => shell.answer(&BuiltSet { set, media })?,
        None => media.iter().try_for_each(|built| shell.answer(built))?,
    }
    Ok(Code::Done)
}

impl Press<'_> {
    /// Presses a medium and reads it back. It does not have its name yet.
    fn one(&self, layout: Layout, target: &Path) -> anyhow::Result<(Output, Built)> {
        let Self { shell, crew, key, .. } = self;
        if let Some(set) = layout.set() {
            let text = format!("medium {} of {}: {}", set.number, set.media.len(), target.display());
            shell.observer().event(Event::Notice(text));
        }
        let output = shell.begin(target, layout.size().0, self.force)?;
        let filled = layout.complete(key.as_ref(), crew)?.fill(crew, shell.observer(), output)?;
        let Sealed { summary, mut output } = filled.seal()?;
        output.end_direct();
        let trust = Trust { keys: key.iter().map(SecretKey::public).collect(), now: None };
        let loaded = read_back(output.path(), trust, self.depth, (shell, crew))?;
        let sha256 = if self.digest { Some(digest(output.path(), shell)?) } else { None };
        shell.stop().check()?;
        Ok((output, Built::of(target, &summary, loaded, sha256)))
    }
}

/// What the medium says of itself, after it was checked as a customer would check it.
fn read_back(
    path: &Path,
    trust: Trust,
    depth: Option<Depth>,
    (shell, crew): (&Shell, &Crew),
) -> anyhow::Result<Loaded> {
    let medium = Medium::open(Arc::new(FileSource::open(path)?)).context(UNLIKE)?;
    let loaded = deploy::load(&medium, &trust).context(UNLIKE)?;
    let Some(depth) = depth else { return Ok(loaded) };
    let report = verify(&medium, &Check { trust, depth }, crew, shell.observer())?;
    match report.verdict {
        Verdict::Pristine if report.problems.is_empty() => Ok(loaded),
        _ => Err(findings(&report)).context(UNLIKE),
    }
}

/// What is said of a medium that does not read back as it was written.
const UNLIKE: &str = "the medium is not what was written to it: its device, or this program, is faulty";

fn findings(report: &Report) -> Refusal {
    let problems = report.problems.iter().map(ToString::to_string);
    let found: Vec<_> = problems.chain(report.changes.iter().map(ToString::to_string)).collect();
    Refusal::new(Code::Corrupt, found.join("; "))
}

/// The digest of the whole medium.
fn digest(path: &Path, shell: &Shell) -> anyhow::Result<Sha256> {
    let source = FileSource::open(path)?;
    let len = source.size().0;
    shell.observer().event(Event::Begin { task: "digesting", total: len, unit: Unit::Bytes });
    let mut hasher = Hasher::new();
    let mut piece = vec![0; MIB.min(len) as usize];
    for start in (0..len).step_by(MIB as usize) {
        shell.stop().check()?;
        let piece = &mut piece[..MIB.min(len - start) as usize];
        source.read_at(ByteOffset(start), piece)?;
        hasher.update(piece);
        shell.observer().event(Event::Advance(piece.len() as u64));
    }
    shell.observer().event(Event::End);
    Ok(hasher.finish())
}

impl Built {
    fn of(output: &Path, summary: &Summary, loaded: Loaded, sha256: Option<Sha256>) -> Self {
        let Loaded { manifest, signed } = loaded;
        let title = |image: &Image| format!("{}@{}", image.name, image.version);
        Self {
            output: output.into(),
            label: manifest.label,
            medium: summary.medium,
            size: summary.size,
            free: summary.free,
            payload: summary.payload,
            images: manifest.images.iter().map(title).collect(),
            signed: Signer::of(&signed).map(|signer| signer.key),
            manifest_sha256: summary.manifest,
            sha256,
        }
    }
}

impl Answer for Built {
    const SCHEMA: &'static str = "seedpress.build/1";
}

impl Answer for BuiltSet {
    const SCHEMA: &'static str = "seedpress.build-set/1";
}

impl fmt::Display for BuiltSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "set       {}, {} media", self.set, self.media.len())?;
        self.media.iter().try_for_each(|built| write!(f, "\n{built}"))
    }
}

impl fmt::Display for Built {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "output    {}", self.output.display())?;
        writeln!(f, "medium    {} \"{}\"", self.medium, one_line(&self.label))?;
        writeln!(f, "size      {}, free {}", self.size.exact(), self.free.human())?;
        writeln!(f, "images    {}", self.images.join(" "))?;
        match &self.signed {
            Some(key) => writeln!(f, "signed    by key {key}")?,
            None => writeln!(f, "signed    no")?,
        }
        writeln!(f, "manifest  {}", self.manifest_sha256)?;
        self.sha256.iter().try_for_each(|digest| writeln!(f, "digest    {digest}"))
    }
}
