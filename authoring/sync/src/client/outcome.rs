//! What a sync did, as plain data.

use formats::kind::{ErrorKind, with_causes};
use formats::time::Timestamp;
use formats::units::ByteLen;
use remote::api::Taken;
use serde::Serialize;
use store::device::Reported;
use uuid::Uuid;

use super::disks::{Disk, Removed, State};
use super::error::ClientError;
use super::source::SourceKind;

/// The state of a version that is here with its disks.
pub(super) const COMPLETE: &str = "complete";

/// What a sync did, or would do.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    /// The device.
    pub device: String,
    /// The service.
    pub server: String,
    /// Whether the target state is the service's of now.
    pub target: Target,
    /// What each source gave.
    pub sources: Vec<SourceLine>,
    /// The layers that are to be here.
    pub layers: Vec<LayerLine>,
    /// The versions of the target state.
    pub images: Vec<ImageLine>,
    /// The disks that there are to be.
    pub disks: Vec<DiskLine>,
    /// What nothing needed any more.
    pub removed: Vec<Gone>,
    /// What went wrong.
    pub problems: Vec<Problem>,
    /// How many bytes of bodies came over the network.
    pub wire: ByteLen,
    /// The number of the receipt, where one was made.
    pub receipt: Option<u64>,
    /// Whether the service has got the receipt.
    pub reported: bool,
}

/// Where the target state is from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Target {
    /// When the service said so last.
    pub received: Timestamp,
    /// Whether that was during this sync.
    pub fresh: bool,
}

/// What a source gave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SourceLine {
    /// Its kind: `local`, `usb`, `dvd` or `network`.
    pub source: &'static str,
    /// What people call it.
    pub name: String,
    /// Which medium it is.
    pub medium: Option<Uuid>,
    /// Whether anything was taken from it.
    pub used: bool,
    /// How many frames were taken.
    pub frames: u64,
    /// How many bytes they are, as they are stored.
    pub bytes: ByteLen,
    /// How many frames it had that were not right, or could not be read.
    pub bad: u64,
    /// Why nothing was taken, or why not all.
    pub why: Option<String>,
}

/// A layer that is to be here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LayerLine {
    /// The layer.
    pub layer: Uuid,
    /// The versions that need it.
    pub needed_by: Vec<String>,
    /// How long it is as it is stored.
    pub size: ByteLen,
    /// How many frames it has.
    pub frames: u64,
    /// Whether it is whole now.
    pub whole: bool,
    /// What was here before, and what came from where.
    pub taken: Vec<Taken>,
    /// Why it is not whole.
    pub why: Option<String>,
}

/// A version of the target state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ImageLine {
    /// The image.
    pub image: String,
    /// The version.
    pub version: String,
    /// What it is for: `current` or `staged`.
    pub role: &'static str,
    /// Whether it is whole now.
    pub complete: bool,
    /// `complete`, or why it is not.
    pub state: String,
}

/// A disk that there is to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DiskLine {
    /// The file.
    pub path: String,
    /// The versions that it belongs to.
    pub images: Vec<String>,
    /// What became of it: `kept`, `made`, `mended`, `in use`, `changed` or `failed`; `missing` where it is only
    /// looked.
    pub state: &'static str,
}

/// Something that nothing needed any more, and that was removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Gone {
    /// What it was.
    pub path: String,
    /// How many bytes that gave back.
    pub bytes: ByteLen,
}

/// Something that went wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// What it means.
    #[serde(skip)]
    pub kind: ErrorKind,
    /// What it is, in one line.
    pub message: String,
}

impl Outcome {
    /// Why the first of these layers that is not whole is not, where somebody knows.
    pub(super) fn why_not(&self, chain: &[Uuid]) -> Option<String> {
        let mut short = self.layers.iter().filter(|line| !line.whole && chain.contains(&line.layer));
        short.find_map(|line| line.why.clone())
    }

    /// No version has a disk.
    pub(super) fn without_disks(&mut self, why: &str) {
        let complete = self.images.iter().filter(|line| line.complete && line.state == COMPLETE);
        let titles: Vec<String> = complete.map(|line| format!("{}@{}", line.image, line.version)).collect();
        self.without_disk(&titles, why);
    }

    /// These versions have no disk: they are not complete, whatever is here of their layers.
    fn without_disk(&mut self, titles: &[String], why: &str) {
        let is_meant = |line: &ImageLine| titles.contains(&format!("{}@{}", line.image, line.version));
        for line in self.images.iter_mut().filter(|line| line.complete && is_meant(line)) {
            line.no_disk(why);
        }
    }

    /// Writes down what became of the disks.
    pub(super) fn enter_disks(&mut self, disks: Vec<Disk>) {
        for Disk { path, images, state } in disks {
            match &state {
                State::Failed(error) => self.without_disk(&images, &with_causes(error)),
                State::Missing => self.without_disk(&images, "it is still to be made"),
                // Something else has its name.
                _ if !path.is_file() => self.without_disk(&images, "something else is in its place"),
                _ => {}
            }
            let path = path.display().to_string();
            let problem = match &state {
                State::Failed(error) => {
                    // Nobody is asked over a network for a disk: this machine does not take it.
                    let kind = match error.kind() {
                        ErrorKind::Unreachable => ErrorKind::Target,
                        kind => kind,
                    };
                    Some((kind, format!("{path} cannot be made: {}", with_causes(error))))
                }
                State::InUse => {
                    Some((ErrorKind::Target, format!("{path} is used by somebody and left alone")))
                }
                State::Changed => Some((
                    ErrorKind::Target,
                    format!(
                        "{path} was changed and is left as it is: where it is moved away, it is made anew"
                    ),
                )),
                _ => None,
            };
            let problem = problem.map(|(kind, message)| Problem { kind, message });
            self.problems.extend(problem);
            self.disks.push(DiskLine { path, images, state: state_name(&state) });
        }
    }

    /// What the device has, as its receipt says.
    pub(super) fn reported(&self) -> Vec<Reported> {
        let reported = |ImageLine { image, version, state, .. }: &ImageLine| Reported {
            image: image.clone(),
            version: version.clone(),
            state: state.clone(),
        };
        self.images.iter().map(reported).collect()
    }

    /// Goes on behind a step for which the disk is too full, and says so.
    pub(super) fn unless_full(&mut self, done: Result<(), ClientError>) -> Result<(), ClientError> {
        match done {
            Err(error) if error.kind() == ErrorKind::Fit => {
                self.problems.push(Problem { kind: ErrorKind::Fit, message: with_causes(&error) });
                Ok(())
            }
            done => done,
        }
    }

    /// What all problems together mean; `None` where there are none. What is trusted matters most, then what is damaged;
    /// what could not be reached matters less where something was done.
    pub fn verdict(&self) -> Option<Verdict> {
        let order = [
            ErrorKind::Trust,
            ErrorKind::Corrupt,
            ErrorKind::Fit,
            ErrorKind::Chain,
            ErrorKind::Expired,
            ErrorKind::Target,
            ErrorKind::Other,
            ErrorKind::Unreachable,
        ];
        let place = |kind: &ErrorKind| order.iter().position(|it| it == kind).unwrap_or(order.len());
        let worst = self.problems.iter().map(|problem| problem.kind).min_by_key(place)?;
        let is_partial = worst == ErrorKind::Unreachable && self.images.iter().any(|image| image.complete);
        Some(if is_partial { Verdict::Partial } else { Verdict::Failed(worst) })
    }
}

impl ImageLine {
    /// Its layers are here, and its disk is not.
    pub(super) fn no_disk(&mut self, why: &str) {
        (self.complete, self.state) = (false, format!("no disk: {why}"));
    }
}

impl SourceLine {
    /// A source of which nothing is taken.
    pub(super) fn unused(kind: SourceKind, name: String, medium: Option<Uuid>, why: Option<String>) -> Self {
        let (source, bytes) = (kind.name(), ByteLen::ZERO);
        Self { source, name, medium, used: false, frames: 0, bytes, bad: 0, why }
    }
}

/// What all problems together mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Something is here, and something could not be reached.
    Partial,
    /// Nothing is here, or something is wrong.
    Failed(ErrorKind),
}

impl From<Removed> for Gone {
    fn from(Removed { path, bytes }: Removed) -> Self {
        Self { path: path.display().to_string(), bytes: ByteLen(bytes) }
    }
}

fn state_name(state: &State) -> &'static str {
    match state {
        State::Missing => "missing",
        State::Kept => "kept",
        State::Made => "made",
        State::Mended => "mended",
        State::InUse => "in use",
        State::Changed => "changed",
        State::Failed(_) => "failed",
    }
}
