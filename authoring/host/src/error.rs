//! What the machine may refuse, with the path and what was being done.

use std::io;
use std::path::{Path, PathBuf};

use formats::kind::ErrorKind;
use formats::units::ByteLen;

/// What was being done when the machine refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Opening something that is to be read.
    Open,
    /// Reading.
    Read,
    /// Making something new.
    Create,
    /// Writing.
    Write,
    /// Giving something its final name.
    Rename,
    /// Taking a lock.
    Lock,
    /// Removing.
    Remove,
}

impl Operation {
    fn verb(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Read => "read",
            Self::Create => "create",
            Self::Write => "write",
            Self::Rename => "rename",
            Self::Lock => "lock",
            Self::Remove => "remove",
        }
    }
}

/// What the machine refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HostError {
    /// The operating system says why.
    #[error("cannot {} {}", operation.verb(), path.display())]
    Io {
        /// What was being done.
        operation: Operation,
        /// To what.
        path: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },
    /// An output is there already and was not to be overwritten.
    #[error("{} exists: choose another name, or overwrite it with --force", path.display())]
    Exists {
        /// The output.
        path: PathBuf,
    },
    /// Another process is at work on the same output.
    #[error("{} is being written by another process: wait for it, or choose another name", path.display())]
    Busy {
        /// The output.
        path: PathBuf,
    },
    /// A device is mounted or otherwise in use.
    #[error("{} is in use{}: unmount it first", path.display(), mounted.as_ref().map(|m| format!(", mounted at {}", m.display())).unwrap_or_default())]
    InUse {
        /// The device.
        path: PathBuf,
        /// Where it is mounted, when that is the reason.
        mounted: Option<PathBuf>,
    },
    /// A device has something on it and was not to be overwritten.
    #[error("{} is not empty, it holds {found}: choose another device, or overwrite it with --force", path.display())]
    Occupied {
        /// The device.
        path: PathBuf,
        /// What is on it.
        found: &'static str,
    },
    /// A device that cannot be written.
    #[error("{} is read-only", path.display())]
    ReadOnly {
        /// The device.
        path: PathBuf,
    },
    /// An output would change what is read for it.
    #[error("{} {relation} {}, which is read for it: choose another output", path.display(), input.display())]
    IsInput {
        /// The output.
        path: PathBuf,
        /// What is read.
        input: PathBuf,
        /// How the two lie.
        relation: &'static str,
    },
    /// An output is to lie in a folder that is not there.
    #[error("there is no folder {}", path.display())]
    NoFolder {
        /// The folder.
        path: PathBuf,
    },
    /// The file system of an output is full.
    #[error("cannot write {}{}", path.display(), wanted(*len))]
    Full {
        /// The output.
        path: PathBuf,
        /// How long all of it is.
        len: ByteLen,
        /// The operating system's reason.
        source: io::Error,
    },
    /// A device holds less than what is to be written.
    #[error("{} holds {}, and {} are needed", path.display(), available.exact(), needed.exact())]
    TooSmall {
        /// The device.
        path: PathBuf,
        /// How much is to be written.
        needed: ByteLen,
        /// How much it holds.
        available: ByteLen,
    },
    /// The path names neither a file nor a block device.
    #[error("{} is a {found}: expected a file or a block device", path.display())]
    WrongKind {
        /// The path.
        path: PathBuf,
        /// What is there.
        found: &'static str,
    },
}

impl HostError {
    /// Wraps the operating system's error.
    pub fn io(operation: Operation, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { operation, path: path.into(), source }
    }

    /// What the error means for whoever asked.
    pub fn kind(&self) -> ErrorKind {
        match self {
            _ if self.is_full() => ErrorKind::Fit,
            _ if self.is_source() => ErrorKind::Unreachable,
            _ => ErrorKind::Target,
        }
    }

    /// Whether the reason is that a file system is full.
    pub fn is_full(&self) -> bool {
        matches!(self, Self::TooSmall { .. } | Self::Full { .. })
            || matches!(self, Self::Io { source, .. } if is_full(source))
    }

    /// Whether something that was to be read could not be had, as opposed to something that was to be written.
    pub fn is_source(&self) -> bool {
        matches!(self, Self::Io { operation: Operation::Open | Operation::Read, .. } | Self::WrongKind { .. })
    }
}

/// How much an output takes, where that is known before it is written.
fn wanted(len: ByteLen) -> String {
    if len == ByteLen::ZERO { String::new() } else { format!(", which takes up to {}", len.exact()) }
}

/// Whether the operating system's reason is that there is no room.
pub(crate) fn is_full(reason: &io::Error) -> bool {
    [io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded, io::ErrorKind::FileTooLarge]
        .contains(&reason.kind())
}
