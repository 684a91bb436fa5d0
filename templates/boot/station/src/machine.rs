//! What a program that runs a station has to bring: the machine that it runs on.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use deploy::{DeployError, Job, TargetError};
use formats::io::ReadAt;
use formats::minisign::PublicKey;
use formats::time::Timestamp;
use formats::units::ByteOffset;
use uuid::Uuid;

/// What was known before anything was looked at.
#[derive(Clone, Debug, Default)]
pub struct Start {
    /// The program and its version, for people: `seedpress 0.1.0 loader`.
    pub program: String,
    /// The medium that it was started from; `None` where nobody could say, and one that is found is then taken when it
    /// is the only one.
    pub medium: Option<Uuid>,
    /// The keys that were built in when the medium was pressed; with none, media are taken unsigned, and the screen says so.
    pub keys: Vec<PublicKey>,
}

/// A machine.
pub trait Machine {
    /// The disks and drives that are there now, in an order that stays the same from call to call. One that is still what
    /// it was is the same [`Arc`]; for one that was put in its place, or into it, there is another.
    fn disks(&mut self) -> Vec<Arc<dyn Disk>>;

    /// Where things are shown and keys are heard.
    fn console(&mut self) -> &mut dyn Console;

    /// What decodes frames, as many at a time as suits the machine.
    fn hands(&self) -> Arc<dyn Hands>;

    /// Milliseconds since the program began; never fewer than before.
    fn millis(&self) -> u64;

    /// What time the machine's clock shows; `None` where it cannot be read. The station believes it from
    /// [`EARLIEST_CLOCK`] on.
    fn now(&self) -> Option<Timestamp>;

    /// Ends. It only returns where the machine cannot do that.
    fn end(&mut self, end: End);
}

/// 2026-01-01T00:00:00Z, in seconds since 1970: a clock that shows less was never set, for this program is younger.
pub const EARLIEST_CLOCK: i64 = 1_767_225_600;

/// How a machine goes on when all is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It starts anew.
    Reboot,
    /// It is switched off.
    PowerOff,
}

/// A disk or drive: read and written by position.
pub trait Disk: ReadAt {
    /// What it is.
    fn about(&self) -> &About;

    /// Writes `bytes`, whose offset and length are multiples of the sector size.
    ///
    /// # Errors
    /// [`TargetError`].
    fn write_at(&self, offset: ByteOffset, bytes: &[u8]) -> Result<(), TargetError>;

    /// Sees that what was written stays when the power goes, and that what is read from now on comes from the disk and from no cache of this
    /// machine.
    ///
    /// # Errors
    /// [`TargetError`].
    fn flush(&self) -> Result<(), TargetError>;
}

/// What a disk is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// What people type for it: `nvme0n1`, `sata0`. No two disks of a machine have the same.
    pub name: String,
    /// Its maker's name for it; empty where it cannot be had.
    pub model: String,
    /// Its serial number; empty where it cannot be had.
    pub serial: String,
    /// What it is connected by.
    pub bus: Bus,
    /// The size of its sectors, in bytes.
    pub sector_size: u32,
    /// Whether it takes no bytes: optical drives, write-protected sticks.
    pub read_only: bool,
    /// Whether the firmware says that this program was started from it. Where nobody knows, all are `false`.
    pub started_from: bool,
}

/// What a disk is connected by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bus {
    /// NVM Express.
    Nvme,
    /// Serial ATA, or ATA.
    Sata,
    /// SCSI or SAS.
    Scsi,
    /// USB.
    Usb,
    /// Virtio.
    Virtio,
    /// SD and MMC cards.
    Mmc,
    /// Another one.
    Other,
}

/// Where things are shown and keys are heard.
pub trait Console {
    /// Writes a line to the serial console, and ends it.
    fn serial(&mut self, line: &str);

    /// Writes to the serial console what is no whole line: a prompt, the echo of a key.
    fn serial_part(&mut self, text: &str);

    /// How many pixels the screen has, across and down; `None` where there is no screen of pixels, and
    /// [`Console::text`] is used.
    fn pixels(&self) -> Option<(u32, u32)>;

    /// Shows an area of a frame that has as many pixels as the screen.
    fn show(&mut self, frame: &Frame, area: Area);

    /// Writes a line to a screen that has no pixels.
    fn text(&mut self, line: &str);

    /// Waits for a key, from a keyboard or the serial console, for at most so many milliseconds; with 0 it gives one that
    /// was hit before.
    fn key(&mut self, millis: u32) -> Option<Key>;
}

/// A key that was hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// One that has a character, in whatever case.
    Char(char),
    /// Return, or the byte CR of a terminal.
    Enter,
    /// The byte LF of a terminal: the second half of a return where it follows [`Key::Enter`], and one itself where it
    /// does not. The station tells which.
    LineFeed,
    /// The one that takes back a character.
    Backspace,
    /// The one that leads out.
    Escape,
    /// Arrow up.
    Up,
    /// Arrow down.
    Down,
    /// Any other one, which nothing but a countdown heeds.
    Other,
}

/// The pixels of a screen, row by row from the top left: `0x00RRGGBB`.
#[derive(Clone, Debug, Default)]
pub struct Frame {
    /// Pixels in a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// `width` times `height` of them.
    pub pixels: Vec<u32>,
}

/// A rectangle of a frame, wholly inside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Area {
    /// Its left column.
    pub x: u32,
    /// Its upper row.
    pub y: u32,
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
}

/// Fetches a job's bytes, decoded: [`deploy`] checks them against their digest on the way.
pub type Fetch<'a> = dyn Fn(Job, &mut Vec<u8>) -> Result<(), DeployError> + Sync + 'a;

/// Takes a job's bytes, in the order of the jobs.
pub type Place<'a> = dyn FnMut(Job, &[u8]) -> Result<(), DeployError> + 'a;

/// What does the work: one thread after the other, or many ahead of the one that places.
pub trait Hands {
    /// Decodes frames for whoever has the hands.
    fn decoder(&self) -> &dyn deploy::Decoder;

    /// Fetches every job, in any order and at most a few ahead, and places each in the order of the list. It ends with
    /// the first error.
    ///
    /// # Errors
    /// Those of `fetch` and `place`.
    fn in_order(
        &self,
        jobs: &mut dyn Iterator<Item = Job>,
        fetch: &Fetch<'_>,
        place: &mut Place<'_>,
    ) -> Result<(), DeployError>;
}

/// Hands that do one job after the other, on the thread that asks.
pub struct OneByOne<D> {
    decoder: D,
}

impl<D: deploy::Decoder> OneByOne<D> {
    /// Hands with this decoder.
    pub fn new(decoder: D) -> Self {
        Self { decoder }
    }
}

impl<D: deploy::Decoder> Hands for OneByOne<D> {
    fn decoder(&self) -> &dyn deploy::Decoder {
        &self.decoder
    }

    fn in_order(
        &self,
        jobs: &mut dyn Iterator<Item = Job>,
        fetch: &Fetch<'_>,
        place: &mut Place<'_>,
    ) -> Result<(), DeployError> {
        let mut bytes = Vec::new();
        for job in jobs {
            fetch(job, &mut bytes)?;
            place(job, &bytes)?;
        }
        Ok(())
    }
}
