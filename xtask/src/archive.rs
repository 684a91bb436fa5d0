//! Where this machine takes its own Debian packages from.

use std::process::Command;

use anyhow::{Context, Result};

use crate::program;

/// An archive of Debian packages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Archive {
    /// The release that this machine runs, such as `bookworm`.
    pub release: String,
    /// The address of the mirror.
    pub mirror: String,
}

impl Archive {
    /// The archive of this machine's main release.
    ///
    /// # Errors
    /// When apt knows none: on other systems than Debian, or before the first `apt-get update`.
    pub fn of_this_machine() -> Result<Self> {
        let format = "$(ORIGIN) $(CODENAME) $(REPO_URI)";
        let targets = ["indextargets", "--format", format, "Created-By: Packages"];
        let found = program::capture(Command::new("apt-get").args(targets))?;
        Self::in_targets(&found).context("apt knows no archive of Debian's packages here; try apt-get update")
    }

    fn in_targets(found: &str) -> Option<Self> {
        let rows = found.lines().map(|line| line.split(' ').collect::<Vec<_>>());
        rows.filter_map(|words| match words[..] {
            // Names with a `-` are additions to a release: updates, security, backports.
            ["Debian", release, mirror, ..] if !release.contains('-') => {
                Some(Self { release: release.into(), mirror: mirror.into() })
            }
            _ => None,
        })
        .next()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_archive_is_that_of_the_release_and_not_of_its_additions() {
        let found = "Other tools http://other.example/\n\
                     Debian bookworm-security http://mirror.example/security/\n\
                     Debian bookworm http://mirror.example/debian/\n";
        let expected = Archive { release: "bookworm".into(), mirror: "http://mirror.example/debian/".into() };
        assert_eq!(Archive::in_targets(found), Some(expected));
        assert_eq!(Archive::in_targets("Other tools http://other.example/\n"), None);
    }
}
