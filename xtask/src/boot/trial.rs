//! One case: its machine runs, what it says is judged, and so are its disks.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use super::case::{Case, Ends, Left};
use super::disks::Image;
use super::grub;
use super::hardware::{Disk, Firmware, Machine};
use super::machine::{Run, Step, Then};
use super::media::{IMAGE, VERSION};
use super::serial::{behind, missing};
use crate::desk::{self, Desk};
use crate::fixtures::bootable::{Bootable, PROMPT};
use crate::program;

/// How long a machine may run that deploys, in seconds.
const DEPLOYING: u64 = 240;
/// How long a machine may take to start, in seconds.
const STARTING: u64 = 120;

/// What stands before how long it took until the menu could be used.
const MENU: &str = "seedpress: menu after ";
/// What a station says of a disk, before the disk's name.
const DISK: &str = "seedpress: disk ";
const REFUSED: &str = "seedpress: refused: ";
/// What firmware starts when no disk does.
const NOTHING_STARTS: &str = "UEFI Interactive Shell";

/// What came of a case that went as expected.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// How long the machine ran that was started from the medium.
    pub took: Duration,
    /// From the moment that firmware handed over to the menu, as the machine said it.
    pub menu: Option<String>,
    /// How long it took the deployed disk to ask who logs in.
    pub login: Option<Duration>,
}

/// A case, and what it needs.
pub struct Trial<'a> {
    /// The case.
    pub case: &'a Case,
    /// The medium's image.
    pub medium: &'a Path,
    /// What is deployed.
    pub golden: &'a Bootable,
    /// Where logs and pictures are kept.
    pub desk: &'a Desk,
}

impl Trial<'_> {
    /// Runs the case.
    ///
    /// # Errors
    /// When it does not go as expected; the error has what was said.
    pub fn run(&self) -> Result<Outcome> {
        let name = self.case.name();
        let images = self.images(&name)?;
        let outcome = self.judged(&name, &images)?;
        images.into_iter().try_for_each(Image::remove)?;
        Ok(outcome)
    }

    fn images(&self, name: &str) -> Result<Vec<Image>> {
        let image = |(index, disk): (usize, &Disk)| {
            Image::make(*disk, self.golden, self.desk.path(format!("{name}-{index}.raw")))
        };
        self.case.disks.iter().enumerate().map(image).collect()
    }

    fn judged(&self, name: &str, images: &[Image]) -> Result<Outcome> {
        let run = self.machine(images).run(&steps(self.case.ends), self.limit(), &self.desk.path(name))?;
        let mut outcome = Outcome { took: run.took, menu: menu(&run.lines), login: None };
        match self.case.ends {
            Ends::Deployed | Ends::ByHand => outcome.login = Some(self.deployed(name, &run, images)?),
            Ends::Refused(words, left) => self.refused(&run, words, (name, left, images))?,
            Ends::Reads(..) => self.read(&run)?,
            Ends::Says(_) => images.iter().try_for_each(Image::is_untouched)?,
        }
        Ok(outcome)
    }

    fn limit(&self) -> u64 {
        match self.case.ends {
            Ends::Says(_) | Ends::Reads(..) => STARTING,
            _ => DEPLOYING,
        }
    }

    fn machine<'i>(&'i self, images: &'i [Image]) -> Machine<'i> {
        let disks = images.iter().map(|image| (image.disk, image.path.as_path())).collect();
        let medium = Some((self.medium, self.case.drive));
        Machine { firmware: self.case.firmware, medium, disks, keeps: true }
    }

    /// The first disk holds the image, what was said of it is true, and it starts; the other disks are as they were.
    fn deployed(&self, name: &str, run: &Run, images: &[Image]) -> Result<Duration> {
        let golden = self.golden.raw(VERSION);
        let [target, others @ ..] = images else { bail!("a case that deploys to no disk") };
        let said = behind(&format!("seedpress: deployed {IMAGE} to "), &run.lines);
        let said = said.with_context(|| format!("nothing was deployed:\n{}", run.lines.join("\n")))?;
        let digest = desk::sha256(&golden)?;
        ensure!(said.ends_with(&format!(" sha256={digest}")), "deployed {said}, and not sha256={digest}");
        target.starts_with(&golden)?;
        others.iter().try_for_each(Image::is_untouched)?;
        self.starts(name, target)
    }

    /// Starts the deployed disk alone, and gives how long it takes to ask who logs in. Its programs carry the signatures of
    /// their distribution, which firmware with a key of one's own does not know.
    fn starts(&self, name: &str, target: &Image) -> Result<Duration> {
        let firmware = match self.case.firmware {
            Firmware::OwnKey => Firmware::Uefi,
            other => other,
        };
        let disks = vec![(target.disk, target.path.as_path())];
        let machine = Machine { firmware, medium: None, disks, keeps: false };
        let run = machine
            .run(
                &[Step { hears: PROMPT, then: Then::Off }],
                STARTING,
                &self.desk.path(format!("{name}-deployed")),
            )
            .context("the deployed disk does not start")?;
        let greeting = Bootable::greeting(VERSION);
        ensure!(
            run.lines.iter().any(|line| line.contains(&greeting)),
            "the deployed disk does not say {greeting:?}:\n{}",
            run.lines.join("\n")
        );
        Ok(run.took)
    }

    fn refused(&self, run: &Run, words: &[&str], (name, left, images): (&str, Left, &[Image])) -> Result<()> {
        let said = behind(REFUSED, &run.lines).unwrap_or_default();
        let lacking = words.iter().find(|word| !said.contains(**word));
        ensure!(lacking.is_none(), "{REFUSED}{said}: it lacks {:?}", lacking.unwrap_or(&""));
        for image in images {
            match left {
                Left::Untouched => image.is_untouched()?,
                Left::Unbootable => {
                    image.has_bare_ends()?;
                    self.does_not_start(name, image)?;
                }
            }
        }
        Ok(())
    }

    fn does_not_start(&self, name: &str, image: &Image) -> Result<()> {
        let disk = Disk { fails_at: None, ..image.disk };
        let disks = vec![(disk, image.path.as_path())];
        let machine = Machine { firmware: self.case.firmware, medium: None, disks, keeps: false };
        let off = [Step { hears: NOTHING_STARTS, then: Then::Off }];
        machine
            .run(&off, STARTING, &self.desk.path(format!("{name}-left")))
            .context("the disk that was left does something")
            .map(drop)
    }

    /// GRUB's own drivers find on the medium what is there.
    fn read(&self, run: &Run) -> Result<()> {
        let mut cat = self.desk.seedpress("cat");
        let text = program::capture(cat.arg(self.medium).arg(grub::MANIFEST))?;
        let file = tempfile::NamedTempFile::new()?;
        std::fs::write(file.path(), text)?;
        let expected = self.case.read(&desk::sha256(file.path())?);
        let missing = missing(&expected, &run.lines);
        ensure!(missing.is_none(), "{missing:?} is missing or out of order:\n{}", run.lines.join("\n"));
        Ok(())
    }
}

/// What is done while a case's machine runs.
fn steps(ends: Ends) -> Vec<Step> {
    let step = |hears, then| Step { hears, then };
    match ends {
        Ends::Deployed => vec![step("seedpress: written ", Then::Picture("work"))],
        Ends::ByHand => vec![
            step("seedpress: image number: ", Then::Picture("images")),
            step("seedpress: image number: ", Then::Type("2\r")),
            step("seedpress: name of the disk to overwrite: ", Then::Picture("disks")),
            step("seedpress: name of the disk to overwrite: ", Then::Answer(first_disk)),
            step(" will be lost: Enter to begin", Then::Picture("confirm")),
            step(" will be lost: Enter to begin", Then::Type("\r")),
            step("seedpress: deployed ", Then::Type("p")),
        ],
        Ends::Refused(..) => vec![step(REFUSED, Then::Type("p"))],
        Ends::Says(words) => vec![step(words, Then::Off)],
        Ends::Reads(..) => vec![step(grub::END, Then::Off)],
    }
}

/// The name of the first disk that could be overwritten, typed.
fn first_disk(said: &[String]) -> Option<String> {
    let fit = said.iter().filter(|line| !line.contains("not a target"));
    let (name, _) = fit.filter_map(|line| line.split_once(DISK)).next()?.1.split_once(',')?;
    Some(format!("{name}\r"))
}

fn menu(said: &[String]) -> Option<String> {
    behind(MENU, said).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_disk_that_is_typed_is_one_that_can_be_the_target() {
        let said = [
            "seedpress: disk usb0, 64 MiB, USB, not a target: this was started from it",
            "seedpress: disk nvme0, 64 MiB, NVMe",
            "seedpress: disk nvme1, 64 MiB, NVMe",
        ];
        let said: Vec<_> = said.map(str::to_owned).into();
        assert_eq!(first_disk(&said).as_deref(), Some("nvme0\r"));
        assert_eq!(first_disk(&said[..1]), None);
    }
}
