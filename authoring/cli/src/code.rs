//! Exit codes: what they mean, and which one an error gets.

use std::fmt::Write as _;

use boot::linux::LinuxError;
use boot::native::LoaderError;
use boot::sign::{EfiKeyError, SignError};
use deploy::{DeployError, MediumError, TrustError};
use formats::answer::AnswerError;
use formats::files::FilesError;
use formats::io::ReadError;
use formats::minisign::{FileError, SecretKeyError};
use host::{ErrorKind, HostError, Interrupted};
use press::SpanError;
use press::complete::CompleteError;
use press::fill::FillError;
use press::layout::LayoutError;
use press::plan::PlanError;
use press::sources::SourceError;
use press::template::TemplateError;
use remote::http::HttpError;
use store::{PublishError, StoreError};
use sync::client::ClientError;
use sync::client::disks::DiskError;
use sync::client::media::Unusable;
use sync::server::{ReportError, ServeError, TlsError};

use crate::error::Refusal;

/// How the program ends. The numbers are promised and are not used again for anything else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Code {
    /// What was asked for is done.
    Done = 0,
    /// Something that has no code of its own.
    Other = 1,
    /// The command line makes no sense.
    Usage = 2,
    /// Some of several targets could not be made.
    Partial = 3,
    /// Payload is not what it was.
    Corrupt = 10,
    /// A signature is wrong, missing, or by somebody else.
    Trust = 11,
    /// The medium has expired or was rolled back.
    Expired = 12,
    /// A chain is broken or incomplete.
    Chain = 13,
    /// The target cannot be written.
    Target = 14,
    /// The target is too small, or its file system full.
    Fit = 15,
    /// Something that is to be read cannot be had.
    Unreachable = 16,
    /// A medium is intact, but a host wrote to it.
    Touched = 17,
    /// Ctrl-C, or a signal that asks to end.
    Interrupted = 130,
}

/// Every code with its name for programs and its meaning for people.
pub const TABLE: [(Code, &str, &str); 13] = [
    (Code::Done, "done", "done"),
    (Code::Other, "other", "any other error"),
    (Code::Usage, "usage", "the command line makes no sense"),
    (Code::Partial, "partial", "some of several targets failed"),
    (Code::Corrupt, "corrupt", "payload corrupt"),
    (Code::Trust, "trust", "signature wrong, missing or by another key"),
    (Code::Expired, "expired", "expired or rolled back"),
    (Code::Chain, "chain", "chain broken or incomplete"),
    (Code::Target, "target", "target refused: it exists, is in use or cannot be written"),
    (Code::Fit, "fit", "does not fit"),
    (Code::Unreachable, "unreachable", "source cannot be found or read"),
    (Code::Touched, "touched", "intact, but a host wrote to it (verify --strict only)"),
    (Code::Interrupted, "interrupted", "interrupted"),
];

impl Code {
    /// The name that programs get to see.
    pub fn name(self) -> &'static str {
        TABLE.iter().find(|(code, ..)| *code == self).map_or("other", |(_, name, _)| name)
    }
}

impl From<Code> for std::process::ExitCode {
    fn from(code: Code) -> Self {
        Self::from(code as u8)
    }
}

/// All codes as a part of the help.
pub fn help() -> String {
    TABLE.iter().fold(String::from("Exit codes:\n"), |mut text, (code, _, meaning)| {
        // Writing into a string cannot fail.
        let _ = writeln!(text, "  {:>3}  {meaning}", *code as u8);
        text
    })
}

/// The code that an error gets: the first one of its causes that has one decides.
pub fn of(error: &anyhow::Error) -> Code {
    error.chain().find_map(of_cause).unwrap_or(Code::Other)
}

/// The code for everything that was found wrong. What is trusted matters more than what is whole, and that more than
/// the rest.
pub fn worst(codes: impl Iterator<Item = Code>) -> Code {
    let order = [Code::Trust, Code::Corrupt, Code::Chain, Code::Expired];
    let place = |code: &Code| order.iter().position(|other| other == code).unwrap_or(order.len());
    codes.filter(|code| *code != Code::Done).min_by_key(place).unwrap_or(Code::Done)
}

fn of_cause(cause: &(dyn std::error::Error + 'static)) -> Option<Code> {
    if cause.is::<Interrupted>() {
        return Some(Code::Interrupted);
    }
    if let Some(refusal) = cause.downcast_ref::<Refusal>() {
        return Some(refusal.code);
    }
    if cause.is::<SecretKeyError>() || cause.is::<FileError>() {
        return Some(Code::Trust);
    }
    kind_of(cause).map(Code::from)
}

/// The kind of an error of one of the libraries.
fn kind_of(cause: &(dyn std::error::Error + 'static)) -> Option<ErrorKind> {
    KINDS.iter().find_map(|kind| kind(cause))
}

/// Looks whether an error is of one type, and of which kind it is then.
type KindOf = fn(&(dyn std::error::Error + 'static)) -> Option<ErrorKind>;

/// Every type of error that knows its kind.
const KINDS: &[KindOf] = &[
    |e| e.downcast_ref().map(ClientError::kind),
    |e| e.downcast_ref().map(DiskError::kind),
    |e| e.downcast_ref().map(Unusable::kind),
    |e| e.downcast_ref().map(HostError::kind),
    |e| e.downcast_ref().map(StoreError::kind),
    |e| e.downcast_ref().map(HttpError::kind),
    |e| e.downcast_ref().map(PublishError::kind),
    |e| e.downcast_ref().map(DeployError::kind),
    |e| e.downcast_ref().map(TrustError::kind),
    |e| e.downcast_ref().map(SourceError::kind),
    |e| e.downcast_ref().map(PlanError::kind),
    |e| e.downcast_ref().map(LayoutError::kind),
    |e| e.downcast_ref().map(SpanError::kind),
    |e| e.downcast_ref().map(CompleteError::kind),
    |e| e.downcast_ref().map(FillError::kind),
    |e| e.downcast_ref().map(FilesError::kind),
    |e| e.downcast_ref().map(ReadError::kind),
    |e| e.is::<MediumError>().then_some(ErrorKind::Corrupt),
    |e| e.is::<TemplateError>().then_some(ErrorKind::Usage),
    |e| e.is::<AnswerError>().then_some(ErrorKind::Usage),
    |e| e.downcast_ref().map(LinuxError::kind),
    |e| e.downcast_ref().map(LoaderError::kind),
    |e| e.downcast_ref().map(SignError::kind),
    |e| e.downcast_ref().map(EfiKeyError::kind),
    |e| e.downcast_ref().map(ServeError::kind),
    |e| e.downcast_ref().map(TlsError::kind),
    |e| e.downcast_ref().map(ReportError::kind),
];

impl From<ErrorKind> for Code {
    fn from(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::Usage => Self::Usage,
            ErrorKind::Corrupt => Self::Corrupt,
            ErrorKind::Trust => Self::Trust,
            ErrorKind::Expired => Self::Expired,
            ErrorKind::Chain => Self::Chain,
            ErrorKind::Target => Self::Target,
            ErrorKind::Fit => Self::Fit,
            ErrorKind::Unreachable => Self::Unreachable,
            ErrorKind::Interrupted => Self::Interrupted,
            ErrorKind::Other => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_one_row_in_the_order_of_the_numbers() {
        assert!(TABLE.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert_eq!(help().lines().count(), TABLE.len() + 1);
        assert_eq!((Code::Trust as u8, Code::Trust.name()), (11, "trust"));
    }
}
