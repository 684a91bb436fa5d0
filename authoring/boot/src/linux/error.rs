//! Why the Linux payload cannot be put together.

use std::io;
use std::path::{Path, PathBuf};

/// Why the Linux payload cannot be put together.
#[derive(Debug, thiserror::Error)]
pub enum LinuxError {
    /// Parts are not on this machine.
    #[error("the Linux payload needs what is not here: {}", list(.0))]
    Missing(Vec<Missing>),
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
