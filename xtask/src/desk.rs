//! A folder in which `seedpress` is called as a person would call it: each command is shown, run and timed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::{fixtures, place, program};

/// A folder, and the program that is called in it.
#[derive(Clone, Debug)]
pub struct Desk {
    folder: PathBuf,
    program: PathBuf,
}

impl Desk {
    /// An empty folder `target/NAME`, and the program as customers get it.
    ///
    /// # Errors
    /// When the program does not build or the folder cannot be emptied.
    pub fn empty(name: &str) -> Result<Self> {
        let program = place::seedpress()?;
        Ok(Self { folder: place::empty_folder(name)?, program })
    }

    /// The same program in the folder `name` below this one.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn below(&self, name: &str) -> Result<Self> {
        let folder = self.path(name);
        fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
        Ok(Self { folder, program: self.program.clone() })
    }

    /// The path of `name` in the folder.
    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.join(name)
    }

    /// A command for `seedpress`, with the words of `line` as its arguments.
    pub fn seedpress(&self, line: &str) -> Command {
        let mut command = Command::new(&self.program);
        command.args(line.split_whitespace()).current_dir(&self.folder);
        command.env("SEEDPRESS_STORE", "store").env("SOURCE_DATE_EPOCH", fixtures::EPOCH.to_string());
        command
    }

    /// What `seedpress` prints when it is called with the words of `line`.
    ///
    /// # Errors
    /// When it ends with another exit code than 0.
    pub fn call(&self, line: &str) -> Result<String> {
        program::capture(&mut self.seedpress(line))
    }

    /// A line of shell that calls `seedpress` with these words, and says results and errors alone.
    pub fn shell(&self, line: &str) -> String {
        let command = self.seedpress(&format!("-q {line}"));
        format!("SEEDPRESS_STORE=store SOURCE_DATE_EPOCH={} {}", fixtures::EPOCH, program::line(&command))
    }

    /// A command for another program in this folder.
    pub fn other(&self, line: &str) -> Command {
        let mut words = line.split_whitespace();
        let mut command = program::system(words.next().unwrap_or_default());
        command.args(words).current_dir(&self.folder);
        command
    }

    /// Shows a command as one would type it, runs it with its output where ours goes, and says how long it took.
    ///
    /// # Errors
    /// When it cannot be started, or ends with another exit code than 0.
    pub fn show(&self, mut command: Command) -> Result<Duration> {
        println!("\n$ {}", typed(&command));
        let start = Instant::now();
        program::run(&mut command)?;
        Ok(start.elapsed())
    }

    /// Shows a command and, of what it prints, the lines that have one of `words` in them.
    ///
    /// # Errors
    /// When it cannot be started, or ends with another exit code than 0.
    pub fn show_telling(&self, mut command: Command, words: &[&str]) -> Result<()> {
        println!("\n$ {}", typed(&command));
        let said = program::output(&mut command)?;
        let all = [said.stdout, said.stderr].concat();
        let all = String::from_utf8_lossy(&all);
        ensure!(said.status.success(), "{} ended with {}:\n{all}", typed(&command), said.status);
        let telling = |line: &&str| words.iter().any(|word| line.contains(word));
        all.lines().filter(telling).for_each(|line| println!("{}", line.trim_end()));
        println!("({} lines are not shown)", all.lines().filter(|line| !telling(line)).count());
        Ok(())
    }
}

/// The command, with its program's name instead of its path.
fn typed(command: &Command) -> String {
    let line = program::line(command);
    let program = Path::new(command.get_program());
    match program.file_name() {
        Some(name) => line.replacen(&*program.to_string_lossy(), &name.to_string_lossy(), 1),
        None => line,
    }
}

/// Bytes in all files below a folder, or in one file.
///
/// # Errors
/// When they cannot be looked at.
pub fn size(path: &Path) -> Result<u64> {
    let mut open = vec![path.to_path_buf()];
    let mut bytes = 0;
    while let Some(path) = open.pop() {
        let seen = path.symlink_metadata().with_context(|| format!("looking at {}", path.display()))?;
        if seen.is_dir() {
            open.extend(fs::read_dir(&path)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?);
        } else {
            bytes += seen.len();
        }
    }
    Ok(bytes)
}

/// The SHA-256 of a file, by the program sha256sum.
///
/// # Errors
/// When it cannot be read.
pub fn sha256(path: &Path) -> Result<String> {
    let said = program::capture(Command::new("sha256sum").arg("--").arg(path))?;
    Ok(said.split_whitespace().next().unwrap_or_default().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_shown_with_the_name_of_its_program() {
        let desk = Desk { folder: "/desk".into(), program: "/far/away/seedpress".into() };
        assert_eq!(typed(&desk.seedpress("verify medium.img")), "seedpress verify medium.img");
    }

    #[test]
    fn a_size_is_that_of_all_files() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("a")).unwrap();
        fs::write(folder.path().join("a/b"), [0; 10]).unwrap();
        fs::write(folder.path().join("c"), [0; 5]).unwrap();
        assert_eq!(size(folder.path()).unwrap(), 15);
        assert_eq!(size(&folder.path().join("c")).unwrap(), 5);
    }
}
