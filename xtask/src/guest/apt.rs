//! Packages of a Debian suite that is not this machine's, unpacked into a folder and not installed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::archive::Archive;
use crate::program;

/// A suite with package lists of its own.
pub struct Suite {
    folder: PathBuf,
}

impl Suite {
    /// Fetches the package lists of the suite `name` into `folder`.
    ///
    /// # Errors
    /// When they cannot be had.
    pub fn open(name: &str, folder: &Path) -> Result<Self> {
        for part in ["lists/partial", "cache/archives/partial"] {
            fs::create_dir_all(folder.join(part)).with_context(|| format!("making {}", folder.display()))?;
        }
        fs::write(folder.join("status"), "")?;
        let keys = "/usr/share/keyrings/debian-archive-keyring.gpg";
        fs::write(
            folder.join("sources.list"),
            format!("deb [signed-by={keys}] {} {name} main\n", Archive::of_this_machine()?.mirror),
        )?;
        let suite = Self { folder: fs::canonicalize(folder)? };
        program::capture(suite.apt("apt-get").args(["-q", "update"]))?;
        Ok(suite)
    }

    /// Whether the suite has a package.
    pub fn has(&self, package: &str) -> bool {
        self.show(package).is_ok()
    }

    /// The first package that `package` needs and whose name starts with `prefix`.
    ///
    /// # Errors
    /// When there is none.
    pub fn needed(&self, package: &str, prefix: &str) -> Result<String> {
        let shown = self.show(package)?;
        let needs = shown.lines().find_map(|line| line.strip_prefix("Depends:")).unwrap_or_default();
        let names = needs.split(',').filter_map(|need| need.split_whitespace().next());
        let found = names.into_iter().find(|name| name.starts_with(prefix));
        found.map(str::to_owned).with_context(|| format!("{package} needs no package {prefix}*"))
    }

    /// Fetches packages and unpacks them into `tree`.
    ///
    /// # Errors
    /// When one cannot be had or unpacked.
    pub fn unpack(&self, packages: &[String], tree: &Path) -> Result<()> {
        let fetched = self.folder.join("fetched");
        fs::create_dir_all(&fetched)?;
        program::capture(self.apt("apt-get").args(["-q", "download"]).args(packages).current_dir(&fetched))?;
        for package in fs::read_dir(&fetched)? {
            program::capture(Command::new("dpkg-deb").arg("-x").arg(package?.path()).arg(tree))?;
        }
        fs::remove_dir_all(&fetched)?;
        Ok(())
    }

    fn show(&self, package: &str) -> Result<String> {
        program::capture(self.apt("apt-cache").args(["--no-all-versions", "show", package]))
    }

    /// apt with this suite's lists and settings only.
    fn apt(&self, program: &str) -> Command {
        let folder = self.folder.display();
        let mut command = Command::new(program);
        for option in [
            format!("Dir::Etc::SourceList={folder}/sources.list"),
            "Dir::Etc::SourceParts=/dev/null".into(),
            format!("Dir::State={folder}"),
            format!("Dir::State::status={folder}/status"),
            format!("Dir::Cache={folder}/cache"),
            "APT::Architecture=amd64".into(),
            "APT::Sandbox::User=root".into(),
            "Acquire::Languages=none".into(),
            "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false".into(),
        ] {
            command.arg("-o").arg(option);
        }
        command
    }
}
