//! `deploy`: a version, from a medium to a disk.

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use deploy::{DeployError, Flatten, Loaded, Medium, Set, Signed, Target, Tools, Trust, Version, VhdTarget};
use formats::identity::Identities;
use formats::manifest::Manifest;
use formats::units::ByteLen;
use formats::vhd::{self, Plan};
use host::{Crew, Event, Unit, is_device};
use serde::Serialize;

use crate::code::Code;
use crate::date;
use crate::decoder::Zstd;
use crate::error::Refusal;
use crate::key::Trusted;
use crate::medium::{MediaArg, MediumArg, SignedLines, Signer};
use crate::name::Wanted;
use crate::output::{self, Answer};
use crate::shell::{Shell, Threads};
use crate::target::Disk;

/// Write the disk of a version from a medium to a file or device.
///
/// Every frame is checked before it is decoded. Of a device, the first MiB is written last; a file has its name only
/// when it is whole. With --pubkey nothing is written unless one of the keys signed the medium. Of a set, all media
/// that hold something of the image are given at once, in any order.
#[derive(Args, Debug)]
pub struct Deploy {
    #[command(flatten)]
    media: MediaArg,
    /// The version; without @VERSION the newest one
    #[arg(value_name = "NAME[@VERSION]")]
    wanted: Wanted,
    /// The file to make, or the block device to write to
    #[arg(short, long, value_name = "TARGET")]
    output: PathBuf,
    /// How the disk is written
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    format: Format,
    /// Overwrite a file that is there, or a device that is not empty
    #[arg(short, long)]
    force: bool,
    #[command(flatten)]
    trusted: Trusted,
    #[command(flatten)]
    threads: Threads,
}

/// What space for a raw disk is set aside by, in bytes: the usual block of a VHD.
const BLOCK: u32 = 2 << 20;

/// Formats of disks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
enum Format {
    /// The bytes of the disk
    #[default]
    Raw,
    /// A dynamic VHD
    Vhd,
}

#[derive(Serialize)]
struct Deployed {
    #[serde(serialize_with = "output::lossy")]
    output: PathBuf,
    format: Format,
    image: String,
    disk_size: ByteLen,
    signed: Option<Signer>,
}

/// A version on its way to a target.
#[derive(Clone, Copy)]
struct Work<'a, 'm> {
    version: &'a Version<'m>,
    crew: &'a Crew,
    shell: &'a Shell,
}

impl Deploy {
    /// Deploys the version.
    ///
    /// # Errors
    /// When the medium is not trusted or damaged, or the target cannot be written.
    pub fn run(self, shell: &Shell) -> anyhow::Result<Code> {
        self.check_output(shell)?;
        let trust = Trust { keys: self.trusted.load()?, now: Some(date::now()?) };
        let args = self.media.each();
        let media = args.iter().map(|arg| arg.open(shell)).collect::<anyhow::Result<Vec<_>>>()?;
        let (set, signed) = gather(&args, &media, &trust)?;
        if matches!(signed, Signed::Unverified { .. }) {
            let text = "the signature was not checked: give --pubkey to have it checked";
            shell.observer().event(Event::Warning(text.into()));
        }
        let Wanted { name, version } = &self.wanted;
        let version = Version::open(&set, (name, version.as_deref()), &Zstd)?;
        let crew = self.threads.crew(shell)?;
        self.write(Work { version: &version, crew: &crew, shell }, set.manifest())
            .map_err(|error| on_its_medium(error, &set))?;
        let image = version.image();
        shell.answer(&Deployed {
            output: self.output,
            format: self.format,
            image: format!("{}@{}", image.name, image.version),
            disk_size: version.disk_size(),
            signed: Signer::of(&signed),
        })?;
        Ok(Code::Done)
    }

    /// Refuses a target that cannot be written, or from which something is read.
    fn check_output(&self, shell: &Shell) -> anyhow::Result<()> {
        if self.format == Format::Vhd && is_device(&self.output) {
            let what = format!("{} is a device, and a VHD is a file", self.output.display());
            return Err(Refusal::usage(what).next("leave --format out to write the disk itself").into());
        }
        let media = self.media.media.iter().map(PathBuf::as_path);
        shell.check(&self.output, self.force, media.chain(self.trusted.files()))
    }

    fn write(&self, work: Work<'_, '_>, manifest: &Manifest) -> anyhow::Result<()> {
        match self.format {
            Format::Raw => {
                let disk = self.begin(work.version.disk_size(), work.shell)?;
                runs_of(work.version).try_for_each(|run| disk.reserve(run))?;
                work.flatten(&disk)?;
                Ok(disk.finish()?)
            }
            Format::Vhd => {
                let about = about(work.version, manifest);
                let plan = Plan::new(&about, work.version.blocks(about.block_size))?;
                let disk = self.begin(plan.file_len(), work.shell)?;
                disk.reserve(0..plan.file_len().0)?;
                let target = VhdTarget::new(&disk, plan);
                work.flatten(&target)?;
                target.finish()?;
                drop(target);
                Ok(disk.finish()?)
            }
        }
    }

    fn begin(&self, len: ByteLen, shell: &Shell) -> anyhow::Result<Disk> {
        let output = shell.begin(&self.output, len.0, self.force)?;
        Ok(Disk::new(output, len)?)
    }
}

impl Work<'_, '_> {
    /// Writes all layers, leaf first, each with all threads.
    fn flatten(self, target: &(dyn Target + Sync)) -> anyhow::Result<()> {
        let Self { version, crew, shell } = self;
        let observer = shell.observer();
        let tools = Tools { decoder: &Zstd, target };
        observer.event(Event::Begin { task: "deploying", total: version.plain_len().0, unit: Unit::Bytes });
        let mut flatten = Flatten::new(version);
        while !flatten.is_done() {
            let learned = Mutex::new(Vec::new());
            crew.each(flatten.jobs(), Default::default, |scratch, job| {
                let more = flatten.run(job, tools, scratch)?;
                learned.lock().unwrap_or_else(PoisonError::into_inner).push(more);
                observer.event(Event::Advance(job.len.0));
                anyhow::Ok(())
            })?;
            flatten.settle(learned.into_inner().unwrap_or_else(PoisonError::into_inner), tools)?;
        }
        observer.event(Event::End);
        Ok(())
    }
}

/// The same error, with the medium that a damaged frame lies on where there are several.
fn on_its_medium(error: anyhow::Error, set: &Set<'_>) -> anyhow::Error {
    let damage = match error.downcast_ref() {
        Some(DeployError::Frame(damage)) => set.holding(damage.layer, damage.offset),
        _ => None,
    };
    match damage {
        Some((number, member)) => {
            let what =
                format!("medium {number} {:?} ({}) of the set is damaged", member.label, member.medium);
            Refusal::new(Code::Corrupt, what).because(error).next("take another copy of that medium").into()
        }
        None => error,
    }
}

/// The media as a set, when each stands up to `trust`, and who signed the first one.
fn gather<'m>(args: &[MediumArg], media: &'m [Medium], trust: &Trust) -> anyhow::Result<(Set<'m>, Signed)> {
    let mut loaded = args.iter().zip(media).map(|(arg, medium)| Ok((medium, arg.manifest(medium, trust)?)));
    // clap sees to it that there is one.
    let first: anyhow::Result<_> = loaded.next().context("no medium was named")?;
    let (medium, Loaded { manifest, signed }) = first?;
    let mut set = Set::new(medium, manifest);
    for (other, arg) in loaded.zip(args.iter().skip(1)) {
        let (medium, Loaded { manifest, .. }): (_, Loaded) = other?;
        set.add(medium, manifest).map_err(|error| arg.not_of_set(error))?;
    }
    Ok((set, signed))
}

/// The runs of bytes of the disk that layers have something for.
fn runs_of(version: &Version<'_>) -> impl Iterator<Item = Range<u64>> {
    let size = version.disk_size().0;
    let mut blocks = version.blocks(BLOCK).into_iter().peekable();
    std::iter::from_fn(move || {
        let first = blocks.next()?;
        let mut end = first + 1;
        while blocks.next_if_eq(&end).is_some() {
            end += 1;
        }
        let at = |number: u32| (u64::from(number) * u64::from(BLOCK)).min(size);
        Some(at(first)..at(end))
    })
}

/// The VHD that a version becomes; the same one each time.
fn about(version: &Version<'_>, manifest: &Manifest) -> vhd::Disk {
    let leaf = version.image().chain.last().map(|layer| *layer.as_bytes()).unwrap_or_default();
    let identity = Identities::of(&leaf).uuid("flattened");
    vhd::Disk::new(version.disk_size(), identity, manifest.created)
}

impl Answer for Deployed {
    const SCHEMA: &'static str = "seedpress.deploy/1";
}

impl fmt::Display for Deployed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "output    {}", self.output.display())?;
        writeln!(f, "image     {}, a disk of {}", self.image, self.disk_size.exact())?;
        SignedLines(self.signed.as_ref()).fmt(f)
    }
}
