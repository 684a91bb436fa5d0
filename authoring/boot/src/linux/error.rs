//! Why the Linux payload cannot be put together.

use std::io;
use std::path::{Path, PathBuf};

use formats::kind::ErrorKind;

/// Why the Linux payload cannot be put together.
#[derive(Debug, thiserror::Error)]
pub enum LinuxError {
    /// Parts are not on this machine.
    #[error("the Linux payload needs what is not here: {}", list(.0))]
    Missing(Vec<Missing>),
    /// A part that was named is not there.
    #[error("{option} names {path:?}, where nothing is: expected {what}")]
    Gone {
        /// The option that names it.
        option: &'static str,
        /// The path that was given.
        path: PathBuf,
        /// What should be there.
        what: &'static str,
    },
    /// Kernel and modules do not belong together.
    #[error(
        "{kernel:?} is Linux {release}, {module:?} is for Linux {found}: give both of one kernel, with --kernel and --modules"
    )]
    Mixed {
        /// The kernel.
        kernel: PathBuf,
        /// Its release.
        release: String,
        /// A module.
        module: PathBuf,
        /// The release that it is for.
        found: String,
    },
    /// A file cannot be read.
    #[error("cannot read {path:?}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file is not what it should be.
    #[error("{path:?} cannot be used: {reason}")]
    Unusable {
        /// The file, or the folder.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The kernel has no drivers for what media and disks are connected by.
    #[error(
        "the kernel of {folder:?} has no {}: {advice}", .modules.join(", "),
        advice = "kernels for clouds do not drive sticks and disks of real machines; take linux-image-amd64 or linux-generic"
    )]
    Drivers {
        /// The folder of its modules.
        folder: PathBuf,
        /// The modules that it lacks.
        modules: Vec<String>,
    },
    /// GRUB's own program did not make what a BIOS starts.
    #[error("grub-mkimage does not make the program for BIOS: {reason}")]
    Mkimage {
        /// Its own words.
        reason: String,
    },
    /// The initramfs cannot be compressed.
    #[error("cannot compress the initramfs")]
    Compress(#[source] io::Error),
}

impl LinuxError {
    /// What it means for whoever asked.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Missing(_) | Self::Gone { .. } | Self::Unreadable { .. } => ErrorKind::Unreachable,
            Self::Unusable { .. } | Self::Drivers { .. } | Self::Mixed { .. } => ErrorKind::Usage,
            Self::Mkimage { .. } | Self::Compress(_) => ErrorKind::Other,
        }
    }
}

/// A part that is not here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// What it is.
    pub what: &'static str,
    /// The package that has it.
    pub package: &'static str,
    /// The option that names it.
    pub option: &'static str,
}

fn list(missing: &[Missing]) -> String {
    let said = missing.iter().map(|Missing { what, package, option }| {
        let given = if option.is_empty() { String::new() } else { format!(", or give it with {option}") };
        format!("{what} (install {package}{given})")
    });
    said.collect::<Vec<_>>().join("; ")
}

pub(super) fn unreadable(path: &Path, source: io::Error) -> LinuxError {
    LinuxError::Unreadable { path: path.into(), source }
}

pub(super) fn unusable(path: &Path, reason: String) -> LinuxError {
    LinuxError::Unusable { path: path.into(), reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_of_the_kind_of_what_can_be_done_about_it() {
        let path = Path::new("vmlinuz");
        let io = || io::Error::from(io::ErrorKind::NotFound);
        let mixed = LinuxError::Mixed {
            kernel: path.into(),
            release: "6.1".into(),
            module: path.into(),
            found: "6.2".into(),
        };
        let table = [
            (LinuxError::Missing(Vec::new()), ErrorKind::Unreachable),
            (
                LinuxError::Gone { option: "--kernel", path: path.into(), what: "a kernel" },
                ErrorKind::Unreachable,
            ),
            (unreadable(path, io()), ErrorKind::Unreachable),
            (unusable(path, String::new()), ErrorKind::Usage),
            (LinuxError::Drivers { folder: path.into(), modules: Vec::new() }, ErrorKind::Usage),
            (mixed, ErrorKind::Usage),
            (LinuxError::Mkimage { reason: String::new() }, ErrorKind::Other),
            (LinuxError::Compress(io()), ErrorKind::Other),
        ];
        for (error, kind) in table {
            assert_eq!(error.kind(), kind, "{error}");
        }
    }
}
