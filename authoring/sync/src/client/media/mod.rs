//! Seed media: where they are on this machine, which of them may be used, and the frames on them.
//!
//! | file | does |
//! |---|---|
//! | `places` | where media may be: named ones, what is mounted, block devices, image files |
//! | `machine` | reads what the kernel tells of mounts and block devices |
//! | `judge` | opens a medium, and holds it against trust and switches |
//! | `reader` | [`MediumSource`]: the frames of a medium, or of those of a set |
//!
//! Nothing is mounted and nothing is written. A medium is believed as little as anybody: its manifest must be signed,
//! and of a layer it must say what the target state says.

mod judge;
mod machine;
mod places;
mod reader;

use std::collections::BTreeSet;
use std::path::PathBuf;

use formats::kind::with_causes;
use formats::minisign::PublicKey;
use formats::time::Timestamp;
use formats::units::ByteLen;
use uuid::Uuid;

use super::source::SourceKind;
use judge::Judged;

pub use judge::Unusable;
pub use reader::MediumSource;

/// What is looked for, and where.
#[derive(Clone, Debug)]
pub struct Search {
    /// Media that somebody named: image files, block devices, folders where one is mounted.
    pub named: Vec<PathBuf>,
    /// Folders whose files `*.img` and `*.iso` are looked at.
    pub folders: Vec<PathBuf>,
    /// The machine whose mounts and devices are looked at; `None` looks at nothing but what is named above.
    pub machine: Option<Machine>,
    /// The keys that are trusted.
    pub keys: Vec<PublicKey>,
    /// Whether media that nobody signed are used.
    pub allow_unsigned: bool,
    /// Whether USB media are used.
    pub use_usb: bool,
    /// Whether optical media are used.
    pub use_dvd: bool,
    /// What time it is, where somebody knows.
    pub now: Option<Timestamp>,
}

/// Where a machine tells what is plugged in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    /// The folder of sysfs.
    pub sysfs: PathBuf,
    /// The folder of the device files.
    pub devices: PathBuf,
    /// The table of mounts, as proc(5) has it in `mountinfo`.
    pub mounts: PathBuf,
}

/// A medium that was found, or those of a set that are here.
#[derive(Debug)]
pub struct Found {
    /// Where: paths, with commas between those of a set.
    pub name: String,
    /// What kind it is.
    pub kind: SourceKind,
    /// Its identity, as far as it says one; of a set that of the first one.
    pub medium: Option<Uuid>,
    /// The label of its seed volume, as far as it says one.
    pub label: String,
    /// How long it is, where that can be seen: folders have no length.
    pub size: Option<ByteLen>,
    /// Its frames, or why it is not used.
    pub source: Result<MediumSource, Unusable>,
}

impl Default for Machine {
    /// This one.
    fn default() -> Self {
        Self { sysfs: "/sys".into(), devices: "/dev".into(), mounts: "/proc/self/mountinfo".into() }
    }
}

impl Search {
    /// A search in `machine` alone, with no key that is trusted, so that nothing found is used.
    pub fn new(machine: Option<Machine>) -> Self {
        Self {
            named: Vec::new(),
            folders: Vec::new(),
            machine,
            keys: Vec::new(),
            allow_unsigned: false,
            use_usb: true,
            use_dvd: true,
            now: None,
        }
    }
}

impl Found {
    /// Why it is not used, in one line; `None` when it is.
    pub fn why_not(&self) -> Option<String> {
        self.source.as_ref().err().map(|reason| with_causes(reason))
    }

    /// Which media of its set are not here, in one line; `None` when none is missing, or it is not used.
    pub fn missing(&self) -> Option<String> {
        let missing = self.source.as_ref().ok()?.missing();
        let names = missing.iter().map(|(number, label, _)| format!("number {number} {label:?}"));
        let names = names.collect::<Vec<_>>().join(", ");
        (!names.is_empty()).then(|| format!("{}: of its set, {names} is not here", self.name))
    }

    /// Its identity, when it is used.
    fn used(&self) -> Option<Uuid> {
        self.medium.filter(|_| self.source.is_ok())
    }

    /// Takes in a medium of the same set; gives back any other.
    fn join(&mut self, other: Self) -> Option<Self> {
        match (&mut self.source, other.source) {
            (Ok(first), Ok(source)) if self.kind == other.kind && first.is_of_set_with(&source) => {
                first.join(source);
                self.name = format!("{}, {}", self.name, other.name);
                self.label = format!("{}, {}", self.label, other.label);
                self.size = self.size.zip(other.size).and_then(|(one, other)| one.checked_add(other));
                None
            }
            (_, source) => Some(Self { source, ..other }),
        }
    }
}

/// Looks for media. USB media come first, then optical ones; those that were named before those that were found. The
/// same medium seen twice is there once, and members of a set are one.
pub fn find(search: &Search) -> Vec<Found> {
    let mut judged: Vec<Judged> =
        places::all(search).into_iter().filter_map(|place| judge::judge(search, place)).collect();
    judged.sort_by_key(|medium| (medium.found.kind, medium.order));
    let mut seen = BTreeSet::new();
    judged.retain(|medium| medium.found.used().is_none_or(|id| seen.insert(id)));
    let disks: BTreeSet<String> =
        judged.iter().filter(|it| it.found.used().is_some()).filter_map(|it| it.disk.clone()).collect();
    // What is used from one place need not be told of another one.
    judged.retain(|medium| medium.found.used().is_some() || !medium.is_twin(&seen, &disks));
    judged.into_iter().fold(Vec::new(), add)
}

fn add(mut found: Vec<Found>, judged: Judged) -> Vec<Found> {
    let mut rest = Some(judged.found);
    for other in &mut found {
        rest = rest.and_then(|medium| other.join(medium));
    }
    found.extend(rest);
    found
}
