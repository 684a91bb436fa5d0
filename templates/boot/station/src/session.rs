//! One go at a machine: from finding the medium to a disk that was compared.

use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use deploy::{Set, Signed, Trust, Version};

use formats::answer::Answers;
use formats::digest::Sha256;
use formats::manifest::Image;

use crate::answers::{self, title};
use crate::desk::Desk;
use crate::error::Refusal;
use crate::machine::{Disk, EARLIEST_CLOCK, Hands, Start};
use crate::media::Media;
use crate::menu::{self, Choice};
use crate::page::{Badge, ImageRow, Page};
use crate::stock::{self, Entry, Need};
use crate::tables::{START, Tables};
use crate::text;
use crate::work::{self, Order};

/// How long people have to stop what the answers begin, in seconds.
const COUNTDOWN: u64 = 2;

/// How a go ended.
pub(crate) enum Outcome {
    /// A disk was deployed.
    Deployed {
        /// The image.
        title: String,
        /// The disk.
        disk: String,
        /// The digest of the disk as it was read back.
        sha256: Sha256,
    },
    /// Nothing was deployed, and somebody wants the machine to go on in this way.
    Left(formats::answer::Ending),
}

/// How a go at the disks that were there ended.
enum Step {
    /// So it ended for good.
    Ended(Outcome),
    /// Disks came or went: all is looked at again.
    Again(Again),
}

/// What is kept when all is looked at again.
struct Again {
    /// Which disks came or went.
    what: String,
    /// The image that was chosen.
    selected: usize,
}

/// What is there to choose from.
struct Choices<'a> {
    media: &'a Media,
    set: Set<'a>,
    /// The disks as they were looked at.
    disks: &'a [Arc<dyn Disk>],
    stock: Vec<Entry>,
    hands: Arc<dyn Hands>,
}

/// A version that was opened.
struct Opened<'a> {
    version: Version<'a>,
    row: ImageRow,
    need: Need,
}

/// Finds, asks or reads answers, and deploys.
///
/// # Errors
/// [`Refusal`].
pub(crate) fn run(desk: &mut Desk<'_>, start: &Start) -> Result<Outcome, Refusal> {
    let mut again = None;
    loop {
        match once(desk, start, again)? {
            Step::Ended(outcome) => return Ok(outcome),
            Step::Again(change) => {
                desk.say(&format!("the disks of this machine changed: {}", change.what));
                again = Some(change);
            }
        }
    }
}

/// A go with the disks that are there now. Answers count only in the first one.
fn once(desk: &mut Desk<'_>, start: &Start, again: Option<Again>) -> Result<Step, Refusal> {
    desk.show(&Page::Wait("Looking for the medium and the disks of this machine …".into()));
    let disks = desk.machine.disks();
    let hands = desk.machine.hands();
    let now = desk.machine.now().filter(|now| now.unix() >= EARLIEST_CLOCK);
    let trust = Trust { keys: start.keys.clone(), now };
    let media = Media::find(&disks, start.medium, &trust)?;
    introduce(desk, &media, &disks);
    let manifest = media.manifest();
    let unchecked = manifest.expires.filter(|_| now.is_none());
    let mut note = String::new();
    if let Some(expires) = unchecked {
        note = format!("expires {expires}, and this machine's clock is not set: not checked");
        desk.say(&note);
    }
    for image in &manifest.images {
        desk.say(&format!("image {}, {}", title(image), text::size(image.size.0)));
    }
    let answers = match again {
        None => answers::read(media.medium(), manifest, !start.keys.is_empty()),
        Some(_) => Ok(None),
    };
    let stock = stock::survey(&disks, &media);
    let choices = Choices { media: &media, set: media.set(), disks: &disks, stock, hands };
    choices.say_disks(desk, answers.as_ref().ok().and_then(Option::as_ref));
    if let Some(answers) = answers? {
        desk.endings = (answers.end, answers.refused);
        if let Some(expires) = unchecked {
            return Err(Refusal::NoClock { expires });
        }
        if let Some(outcome) = choices.follow(desk, &answers)? {
            return Ok(Step::Ended(outcome));
        }
        desk.say("a key was pressed: the answers are left aside");
        desk.endings = Default::default();
    }
    let mut selected = manifest.images.len().saturating_sub(1);
    if let Some(again) = again {
        selected = again.selected;
        note = format!("the disks of this machine changed: {}", again.what);
    }
    choices.ask(desk, selected, note)
}

/// Says what the medium is and who signed it.
fn introduce(desk: &mut Desk<'_>, media: &Media, disks: &[Arc<dyn Disk>]) {
    let manifest = media.manifest();
    let disk = disks.get(media.disk).map(|disk| text::name(&disk.about().name)).unwrap_or_default();
    desk.say(&format!("medium {} {} on {disk}", manifest.medium, text::quoted(&manifest.label)));
    let badge = match media.signed() {
        Signed::By { key, .. } => {
            desk.say(&format!("signed by key {key}"));
            Badge::Signed(format!("{key}"))
        }
        Signed::Unverified { .. } | Signed::Not => {
            desk.say("unsigned: no key was built in");
            Badge::Unsigned
        }
    };
    desk.head(&manifest.label, badge);
    for why in &media.left_out {
        desk.say(&format!("left aside: {why}"));
    }
    for (number, member) in media.set().missing() {
        let label = text::quoted(&member.label);
        desk.say(&format!("medium {number} {label} ({}) of the set is not attached", member.medium));
    }
}

/// Counts down; `false` when somebody pressed a key.
fn countdown(desk: &mut Desk<'_>, opened: &Opened<'_>, entry: &Entry) -> bool {
    let page = |seconds| Page::Countdown { image: opened.row.clone(), disk: entry.row(None), seconds };
    desk.show(&page(COUNTDOWN));
    desk.menu_is_up();
    let (image, disk) = (&opened.row.name, &entry.name);
    desk.say(&format!("the answers choose {image} for {disk}: begins in {COUNTDOWN} s, any key stops it"));
    for seconds in (0..COUNTDOWN).rev() {
        if desk.key_within(1000).is_some() {
            return false;
        }
        desk.show(&page(seconds));
    }
    true
}

impl<'a> Choices<'a> {
    /// Says every disk, and why it cannot be the target: of any image, or of these answers.
    fn say_disks(&self, desk: &mut Desk<'_>, answers: Option<&Answers>) {
        let unusual = |entry: &&Entry| entry.disk.about().sector_size != 512 && !entry.disk.about().read_only;
        // Only then it matters now: it takes time.
        let looks = self.stock.iter().any(|entry| unusual(&entry));
        let needs: Vec<_> =
            self.media.manifest().images.iter().map(|image| self.need(image, looks)).collect();
        for entry in &self.stock {
            let by_hand = || Some(entry.needs_a_hand(&answers?.target)?.into());
            let unfit = entry.unfit_for_all(&needs).or_else(by_hand);
            desk.say(&format!("disk {}", entry.line(unfit.as_deref())));
        }
    }

    /// Does what the answers say; `None` when somebody pressed a key.
    fn follow(&self, desk: &mut Desk<'_>, answers: &Answers) -> Result<Option<Outcome>, Refusal> {
        let image = answers::image(answers, self.media.manifest())?;
        let opened = self.open(image)?;
        let entry = answers::disk(answers, &self.stock, opened.need)?;
        if !countdown(desk, &opened, entry) {
            return Ok(None);
        }
        match self.changes(desk) {
            Some(what) => Err(Refusal::DisksChanged { what }),
            None => self.deploy(desk, &opened, entry).map(Some),
        }
    }

    /// What became of the disks since they were looked at.
    fn changes(&self, desk: &mut Desk<'_>) -> Option<String> {
        stock::changes(self.disks, &desk.machine.disks())
    }

    fn need(&self, image: &Image, looks: bool) -> Need {
        let opened = looks.then(|| self.open(image).ok()).flatten();
        opened.map_or(Need { size: image.size.0, tables: None }, |opened| opened.need)
    }

    /// Opens a version and looks at its start.
    fn open(&self, image: &Image) -> Result<Opened<'a>, Refusal> {
        let decoder = self.hands.decoder();
        let wanted = (image.name.as_str(), Some(image.version.as_str()));
        let version = Version::open(&self.set, wanted, decoder).map_err(Refusal::Deploy)?;
        let start = version.start(START, decoder).map_err(Refusal::Deploy)?;
        let need = Need { size: version.disk_size().0, tables: Some(Tables::of(&start)) };
        Ok(Opened { version, row: row(image), need })
    }

    /// Has people choose. The disks are listed again whenever an image was chosen or is to be, and before the first byte
    /// is written.
    fn ask(&self, desk: &mut Desk<'_>, mut selected: usize, mut note: String) -> Result<Step, Refusal> {
        let images = &self.media.manifest().images;
        let rows: Vec<_> = images.iter().map(row).collect();
        loop {
            selected = match menu::image(desk, &rows, selected, core::mem::take(&mut note)) {
                Choice::End(ending) => return Ok(Step::Ended(Outcome::Left(ending))),
                Choice::Image(number) => number,
            };
            let opened = match images.get(selected).map(|image| self.open(image)) {
                Some(Ok(opened)) => opened,
                Some(Err(refusal)) => {
                    note = text::line(&refusal.text());
                    desk.say(&note);
                    continue;
                }
                None => continue,
            };
            if let Some(what) = self.changes(desk) {
                return Ok(Step::Again(Again { what, selected }));
            }
            let chosen = self.choose_disk(desk, &opened);
            if let Some(what) = self.changes(desk) {
                return Ok(Step::Again(Again { what, selected }));
            }
            if let Some(entry) = chosen {
                return self.deploy(desk, &opened, entry).map(Step::Ended);
            }
        }
    }

    /// Has people choose and confirm a disk; `None` when they want another image.
    fn choose_disk(&self, desk: &mut Desk<'_>, opened: &Opened<'_>) -> Option<&Entry> {
        loop {
            let entry = menu::disk(desk, &opened.row, &self.stock, opened.need)?;
            if menu::confirm(desk, &opened.row, &entry.row(None)) {
                return Some(entry);
            }
        }
    }

    fn deploy(&self, desk: &mut Desk<'_>, opened: &Opened<'_>, entry: &Entry) -> Result<Outcome, Refusal> {
        let (title, disk) = (opened.row.name.clone(), entry.name.clone());
        let order = Order { version: &opened.version, title: &title, disk: &*entry.disk, name: &disk };
        let sha256 = work::deploy(desk, &*self.hands, order)?;
        Ok(Outcome::Deployed { title, disk, sha256 })
    }
}

fn row(image: &Image) -> ImageRow {
    let (size, note) = (text::size(image.size.0), text::line(&image.note));
    ImageRow { name: title(image), size, note }
}
