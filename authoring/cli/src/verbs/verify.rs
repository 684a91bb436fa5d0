//! `verify`: whether a medium is as it was pressed, and whether a set is complete.

use anyhow::Context as _;
use clap::Args;
use deploy::{Medium, Set, Trust, TrustError, load};
use host::{Crew, Event};
use press::verify::{Check, Depth, Problem, Report, Verdict, verify};

use crate::code::{self, Code};
use crate::date;
use crate::error::Refusal;
use crate::judged::{Judged, JudgedOf, JudgedSet, Missing};
use crate::key::Trusted;
use crate::medium::{MediaArg, MediumArg};
use crate::shell::{Shell, Threads};

/// Check a medium: its signature, every file, every structure.
///
/// The verdict is "pristine" when every byte is as pressed, "payload intact" when a host wrote to a USB medium (as
/// Windows does as soon as it is plugged in) and no file that the manifest names changed, and "payload changed"
/// otherwise. No host writes to a disc: a changed structure of one is damage. With a damaged manifest or signature
/// nothing on the medium is to be trusted.
///
/// Of a set, one medium is checked alone; given several, in any order, those that are missing are named, and the code
/// is then 13.
#[derive(Args, Debug)]
pub struct Verify {
    #[command(flatten)]
    media: MediaArg,
    #[command(flatten)]
    trusted: Trusted,
    /// Check documents and structures, and of files only that they are there
    #[arg(long)]
    quick: bool,
    /// End with code 17 when a host wrote to the medium
    #[arg(long)]
    strict: bool,
    #[command(flatten)]
    threads: Threads,
}

/// How media are checked.
struct Checking<'a> {
    check: Check,
    crew: Crew,
    strict: bool,
    shell: &'a Shell,
}

impl Verify {
    /// Checks the media and tells what was found.
    ///
    /// # Errors
    /// When there is no medium, the media are not of one set, or the user asked to stop.
    pub fn run(self, shell: &Shell) -> anyhow::Result<Code> {
        let args = self.media.each();
        if self.strict && args.iter().any(MediumArg::is_folder) {
            let what = "--strict needs the image or the device: of a folder only files can be seen";
            return Err(Refusal::usage(what).into());
        }
        let trust = Trust { keys: self.trusted.load()?, now: Some(date::now()?) };
        let depth = if self.quick { Depth::Quick } else { Depth::Full };
        let (check, crew) = (Check { trust, depth }, self.threads.crew(shell)?);
        let checking = Checking { check, crew, strict: self.strict, shell };
        match &args[..] {
            [arg] => checking.one(arg),
            args => checking.several(args),
        }
    }
}

impl Checking<'_> {
    fn one(&self, arg: &MediumArg) -> anyhow::Result<Code> {
        let report = self.look(arg, &arg.open(self.shell)?)?;
        self.shell.answer(&Judged::of(&report, self.check.depth))?;
        Ok(self.code(&report))
    }

    /// Checks the media of a set. One that cannot be used does not keep the others from being checked.
    fn several(&self, args: &[MediumArg]) -> anyhow::Result<Code> {
        let opened: Vec<_> = args.iter().map(|arg| (arg, arg.open(self.shell))).collect();
        let missing = missing(&opened)?;
        let mut codes = Vec::new();
        let mut media = Vec::new();
        for (arg, medium) in opened {
            let (judged, error, code) = match medium.and_then(|medium| self.look(arg, &medium)) {
                Ok(report) => (Some(Judged::of(&report, self.check.depth)), None, self.code(&report)),
                Err(error) => match code::of(&error) {
                    Code::Interrupted => return Err(error),
                    code => (None, Some(format!("{error:#}")), code),
                },
            };
            media.push(JudgedOf { path: arg.medium.clone(), judged, error });
            codes.push(code);
        }
        let sound = codes.iter().all(|code| *code == Code::Done);
        codes.extend(missing.iter().flatten().next().map(|_| Code::Chain));
        self.shell.answer(&JudgedSet::new(media, missing, sound))?;
        Ok(code::worst(codes.into_iter()))
    }

    fn look(&self, arg: &MediumArg, medium: &Medium) -> anyhow::Result<Report> {
        let Self { check, crew, shell, .. } = self;
        if medium.table().is_none() {
            let text = "there is no partition table: only files of the seed volume are checked";
            shell.observer().event(Event::Warning(text.into()));
        }
        let report = verify(medium, check, crew, shell.observer())?;
        if let [Problem::Document(error @ TrustError::NoManifest)] = &report.problems[..] {
            return Err(error.clone()).with_context(|| arg.about());
        }
        Ok(report)
    }

    fn code(&self, report: &Report) -> Code {
        let kinds = report.problems.iter().map(Problem::kind).map(Code::from);
        match code::worst(kinds) {
            Code::Done if self.strict && report.verdict != Verdict::Pristine => Code::Touched,
            code => code,
        }
    }
}

/// The media that belong to the same set as those given and are not among them; `None` when they are of no set.
fn missing(opened: &[(&MediumArg, anyhow::Result<Medium>)]) -> anyhow::Result<Option<Vec<Missing>>> {
    // One whose manifest cannot be read belongs nowhere; verifying it tells.
    let mut loaded = opened.iter().filter_map(|(arg, medium)| {
        let medium = medium.as_ref().ok()?;
        Some((arg, medium, load(medium, &Trust::default()).ok()?.manifest))
    });
    let Some((_, medium, first)) = loaded.next() else { return Ok(None) };
    let mut set = Set::new(medium, first);
    for (arg, medium, other) in loaded {
        set.add(medium, other).map_err(|error| arg.not_of_set(error))?;
    }
    let missing = set.missing().into_iter().map(|(number, member)| Missing::of(number, member));
    Ok(set.manifest().set.is_some().then(|| missing.collect()))
}
