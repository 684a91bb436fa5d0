//! Why a station does nothing, or stops.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;

use deploy::{DeployError, MediumError, TargetError, TrustError};
use formats::answer::AnswerError;
use formats::files::FilesError;
use formats::io::ReadError;
use formats::kind::with_causes;
use formats::time::Timestamp;
use formats::units::ByteOffset;
use uuid::Uuid;

/// Why a station refuses to go on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    /// The medium that it was started from is not attached.
    #[error("{} is not among the disks of this machine: {seen}", medium(*.wanted))]
    NoMedium {
        /// The medium.
        wanted: Option<Uuid>,
        /// What is there.
        seen: String,
    },
    /// Nobody can say which medium it was started from.
    #[error(
        "several media are attached ({found}), and it is not known which one this was started from: leave one"
    )]
    ManyMedia {
        /// The media.
        found: String,
    },
    /// The disk that should be the medium cannot be used as one.
    #[error("the medium on {disk} cannot be used")]
    Medium {
        /// The disk.
        disk: String,
        /// What is wrong with it.
        source: Box<MediumError>,
    },
    /// The medium does not stand up to what was built in.
    #[error("the medium on {disk} is not trusted")]
    Untrusted {
        /// The disk.
        disk: String,
        /// What is wrong with it.
        source: Box<TrustError>,
    },
    /// The answer file cannot be read.
    #[error("the answer file cannot be read")]
    AnswersUnread(#[source] FilesError),
    /// The answer file is not the one that the medium was pressed with.
    #[error("the answer file {is} the medium's manifest: press the medium anew")]
    AnswersChanged {
        /// How it disagrees with it.
        is: &'static str,
    },
    /// The answer file says what it must not say.
    #[error(transparent)]
    Answers(AnswerError),
    /// The medium does not have the image.
    #[error("the answers want {wanted}; the medium has {available}")]
    NoImage {
        /// What is wanted.
        wanted: String,
        /// What is there.
        available: String,
    },
    /// The medium expires, and nobody knows what time it is.
    #[error(
        "the medium expires at {expires}, and this machine's clock is not set: set it, or choose by hand without answers"
    )]
    NoClock {
        /// When it expires.
        expires: Timestamp,
    },
    /// Disks came or went after they were looked at.
    #[error("the disks of this machine changed meanwhile ({what}), and nothing was written: start anew")]
    DisksChanged {
        /// Which.
        what: String,
    },
    /// No disk, or more than one, is what the answers ask for.
    #[error("the answers want one disk ({wishes}), and {count} of this machine could be it; {seen}")]
    NotOne {
        /// What they ask for.
        wishes: String,
        /// How many there are.
        count: String,
        /// The disks of the machine, with what speaks against each.
        seen: String,
    },
    /// The version cannot be had from the medium.
    #[error(transparent)]
    Deploy(DeployError),
    /// The version cannot be had any more, while it is written.
    #[error("{}; {disk}: {left}", deploy_text(.source))]
    Halfway {
        /// What is wrong with it.
        #[source]
        source: Box<DeployError>,
        /// The disk.
        disk: String,
        /// In which state it is left.
        left: &'static str,
    },
    /// The disk does not take bytes.
    #[error("{disk} cannot be written: {source}; {left}")]
    Write {
        /// The disk.
        disk: String,
        /// What it says.
        source: TargetError,
        /// In which state it is left.
        left: &'static str,
    },
    /// The disk does not give bytes back.
    #[error("{disk} cannot be read back: {source}; {left}")]
    Read {
        /// The disk.
        disk: String,
        /// What it says.
        source: ReadError,
        /// In which state it is left.
        left: &'static str,
    },
    /// The disk gives other bytes back than were written.
    #[error("{disk} does not hold what was written, in the MiB at {offset}; {left}")]
    Differs {
        /// The disk.
        disk: String,
        /// Where the MiB starts.
        offset: ByteOffset,
        /// In which state it is left.
        left: &'static str,
    },
    /// The layers do not make up a whole disk.
    #[error("the layers of {image} leave out a part at {offset} (please report this); {disk}: {left}")]
    Incomplete {
        /// The image.
        image: String,
        /// Where.
        offset: ByteOffset,
        /// The disk.
        disk: String,
        /// In which state it is left.
        left: &'static str,
    },
}

impl Refusal {
    /// Everything that is known of it, in one line.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Deploy(error) => format!("{}; nothing was written to any disk", deploy_text(error)),
            // These say their causes themselves, for more follows.
            Self::Halfway { .. } | Self::Write { .. } | Self::Read { .. } => format!("{self}"),
            Self::Differs { .. } | Self::Incomplete { .. } | Self::DisksChanged { .. } => with_causes(self),
            before => format!("{}; nothing was written to any disk", with_causes(before)),
        }
    }
}

/// An error of deploying with its causes; of a damaged frame its name, which is what people look for.
fn deploy_text(error: &DeployError) -> String {
    match error {
        DeployError::Frame(damage) => format!("{damage}"),
        other => with_causes(other),
    }
}

fn medium(wanted: Option<Uuid>) -> String {
    wanted.map_or_else(|| "a medium".into(), |id| format!("medium {id}"))
}
