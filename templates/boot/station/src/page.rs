//! What a page of the screen says, apart from how it looks.

use alloc::string::String;
use alloc::vec::Vec;

/// What stands at the top of every page.
#[derive(Clone, Debug)]
pub(crate) struct Header {
    /// The program.
    pub(crate) program: String,
    /// The medium's label.
    pub(crate) label: String,
    /// Who signed it.
    pub(crate) badge: Badge,
}

/// What is known of who made the medium.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Badge {
    /// Nothing yet.
    Unknown,
    /// A trusted key signed it.
    Signed(String),
    /// No key was built in.
    Unsigned,
}

/// An image in a list.
#[derive(Clone, Debug)]
pub(crate) struct ImageRow {
    /// `NAME@VERSION`.
    pub(crate) name: String,
    /// Its size.
    pub(crate) size: String,
    /// What its publisher said of it.
    pub(crate) note: String,
}

/// A disk in a list.
#[derive(Clone, Debug)]
pub(crate) struct DiskRow {
    /// Its name.
    pub(crate) name: String,
    /// Its size.
    pub(crate) size: String,
    /// Bus and size of sectors.
    pub(crate) bus: String,
    /// Its model.
    pub(crate) model: String,
    /// Its serial number.
    pub(crate) serial: String,
    /// What is on it.
    pub(crate) content: String,
    /// Why it cannot be the target.
    pub(crate) unfit: Option<String>,
}

/// A page.
#[derive(Clone, Debug)]
pub(crate) enum Page {
    /// Something is being looked for.
    Wait(String),
    /// Which image?
    Images {
        /// The images.
        rows: Vec<ImageRow>,
        /// The one that Enter takes.
        selected: usize,
        /// What was typed.
        typed: String,
        /// What is to be said of what was typed before.
        note: String,
    },
    /// Which disk?
    Disks {
        /// The image.
        image: ImageRow,
        /// The disks.
        rows: Vec<DiskRow>,
        /// What was typed.
        typed: String,
        /// What is to be said of what was typed before.
        note: String,
    },
    /// Really?
    Confirm {
        /// The image.
        image: ImageRow,
        /// The disk.
        disk: DiskRow,
    },
    /// It begins by itself.
    Countdown {
        /// The image.
        image: ImageRow,
        /// The disk.
        disk: DiskRow,
        /// In so many seconds.
        seconds: u64,
    },
    /// It is being done.
    Work(Work),
    /// It is done.
    Done {
        /// What was deployed where.
        what: String,
        /// The digest of the disk.
        sha256: String,
        /// How long it took.
        took: String,
    },
    /// It was refused.
    Refused {
        /// Why.
        why: String,
    },
}

/// How far a deployment is.
#[derive(Clone, Debug)]
pub(crate) struct Work {
    /// The image.
    pub(crate) image: String,
    /// The disk.
    pub(crate) disk: String,
    /// What is being done.
    pub(crate) phase: Phase,
    /// How many bytes of how many.
    pub(crate) done: u64,
    /// All of them.
    pub(crate) total: u64,
    /// MiB a second.
    pub(crate) rate: u64,
    /// Seconds.
    pub(crate) left: Option<u64>,
}

/// What is done with a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// It is written.
    Write,
    /// It is read back and compared.
    Compare,
}
