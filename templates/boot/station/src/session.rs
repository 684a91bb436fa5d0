//! One go at a machine: from finding the medium to a disk that was compared.

use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use deploy::{Set, Signed, Trust, Version};

use formats::digest::Sha256;
use formats::manifest::{Image, Manifest};

use crate::answers::{self, title};
use crate::desk::Desk;
use crate::error::Refusal;
use crate::machine::{Disk, Hands, Start};
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

/// What is there to choose from.
struct Choices<'a> {
    media: &'a Media,
    set: Set<'a>,
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
    desk.show(&Page::Wait("Looking for the medium and the disks of this machine …".into()));
    let disks = desk.machine.disks();
    let hands = desk.machine.hands();
    let trust = Trust { keys: start.keys.clone(), now: desk.machine.now() };
    let media = Media::find(&disks, start.medium, &trust)?;
    introduce(desk, &media, &disks);
    let manifest = media.manifest();
    for image in &manifest.images {
        desk.say(&format!("image {}, {}", title(image), text::size(image.size.0)));
    }
    let stock = stock::survey(&disks, &media);
    let choices = Choices { media: &media, set: media.set(), stock, hands };
    choices.say_disks(desk);
    let answers = answers::read(media.medium(), manifest, !start.keys.is_empty())?;
    if let Some(answers) = answers {
        desk.endings = (answers.end, answers.refused);
        let image = answers::image(&answers, manifest)?;
        let opened = choices.open(image)?;
        let entry = answers::disk(&answers, &choices.stock, opened.need)?;
        if countdown(desk, &opened, entry) {
            return choices.deploy(desk, &opened, entry);
        }
        desk.say("a key was pressed: the answers are left aside");
        desk.endings = Default::default();
    }
    choices.ask(desk, manifest)
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
    fn say_disks(&self, desk: &mut Desk<'_>) {
        let unusual = |entry: &&Entry| entry.disk.about().sector_size != 512 && !entry.disk.about().read_only;
        // Only then it matters now: it takes time.
        let looks = self.stock.iter().any(|entry| unusual(&entry));
        let needs: Vec<_> =
            self.media.manifest().images.iter().map(|image| self.need(image, looks)).collect();
        for entry in &self.stock {
            let unfit = entry.unfit_for_all(&needs);
            desk.say(&format!("disk {}", entry.line(unfit.as_deref())));
        }
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

    /// Has people choose.
    fn ask(&self, desk: &mut Desk<'_>, manifest: &Manifest) -> Result<Outcome, Refusal> {
        let rows: Vec<_> = manifest.images.iter().map(row).collect();
        let mut selected = rows.len().saturating_sub(1);
        loop {
            selected = match menu::image(desk, &rows, selected) {
                Choice::End(ending) => return Ok(Outcome::Left(ending)),
                Choice::Image(number) => number,
            };
            let Some(image) = manifest.images.get(selected) else { continue };
            let opened = self.open(image)?;
            while let Some(entry) = menu::disk(desk, &opened.row, &self.stock, opened.need) {
                if menu::confirm(desk, &opened.row, &entry.row(None)) {
                    return self.deploy(desk, &opened, entry);
                }
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
