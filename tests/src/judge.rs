//! Other people's programs as judges. One that is missing fails the test and names the Debian package that has it.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// `timeout` ends so when the time was up.
const TIME_WAS_UP: i32 = 124;

/// A program that is to be run, with its arguments.
pub struct Judge {
    program: String,
    command: Command,
}

/// What a program said, and how it ended.
#[derive(Clone, Debug)]
pub struct Said {
    /// Its exit code, or `None` when a signal ended it.
    pub code: Option<i32>,
    /// What it wrote to its standard output.
    pub stdout: Vec<u8>,
    /// What it wrote to its standard error.
    pub stderr: Vec<u8>,
    /// The program with its arguments, for messages.
    pub command: String,
}

impl Judge {
    /// The program `program`, which gets a minute.
    ///
    /// # Panics
    /// When the program is not installed.
    pub fn new(program: &str) -> Self {
        Self::within(Duration::from_secs(60), program)
    }

    /// The program `program`, which gets as long as `limit`.
    ///
    /// # Panics
    /// When the program is not installed.
    pub fn within(limit: Duration, program: &str) -> Self {
        let path = xtask::program::find(program)
            .unwrap_or_else(|| panic!("{program} is missing: {}", advice(program)));
        let mut command = Command::new("timeout");
        command.arg("--kill-after=5").arg(format!("{}", limit.as_secs_f64())).arg(path);
        command.stdin(Stdio::null()).env("LC_ALL", "C.UTF-8");
        Self { program: program.into(), command }
    }

    /// With one more argument.
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.command.arg(arg);
        self
    }

    /// With more arguments.
    pub fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.command.args(args);
        self
    }

    /// With an environment variable.
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Without an environment variable.
    pub fn without(mut self, name: &str) -> Self {
        self.command.env_remove(name);
        self
    }

    /// Started in a folder.
    pub fn folder(mut self, folder: &Path) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// With `bytes` on its standard input.
    ///
    /// # Panics
    /// When no scratch file can be made.
    pub fn fed(mut self, bytes: &[u8]) -> Self {
        let mut file: File = tempfile::tempfile().expect("a scratch file for the standard input");
        file.write_all(bytes).and_then(|()| file.seek(SeekFrom::Start(0))).expect("the standard input");
        self.command.stdin(file);
        self
    }

    /// Runs it, however it ends.
    ///
    /// # Panics
    /// When it cannot be started or its time is up.
    pub fn run(mut self) -> Said {
        let output = self.command.output().unwrap_or_else(|e| panic!("timeout {}: {e}", self.program));
        let args: Vec<_> = self.command.get_args().skip(3).map(OsStr::to_string_lossy).collect();
        let command = format!("{} {}", self.program, args.join(" "));
        let said = Said { code: output.status.code(), stdout: output.stdout, stderr: output.stderr, command };
        assert_ne!(said.code, Some(TIME_WAS_UP), "{said} (its time was up)");
        said
    }

    /// Runs it and expects that it finds nothing wrong: exit code 0.
    ///
    /// # Panics
    /// When it ends otherwise; the message has all that it said.
    pub fn agrees(self) -> Said {
        let said = self.run();
        assert_eq!(said.code, Some(0), "{said}");
        said
    }
}

impl Said {
    /// Its standard output as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// All that it wrote, the standard output first.
    pub fn all(&self) -> String {
        self.text() + &String::from_utf8_lossy(&self.stderr)
    }
}

impl std::fmt::Display for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "`{}` ended with {:?} and said:\n{}", self.command, self.code, self.all())
    }
}

fn advice(program: &str) -> String {
    match xtask::setup::package_of(program) {
        Some(package) => format!("apt-get install {package}"),
        None => "no package is known to have it".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_judge_is_heard() {
        let said = Judge::new("sh").args(["-c", "cat; echo no >&2; exit 3"]).fed(b"yes\n").run();
        assert_eq!((said.code, &*said.all()), (Some(3), "yes\nno\n"));
    }

    #[test]
    fn a_judge_that_is_missing_or_late_fails_the_test() {
        let refused = |judging: fn()| std::panic::catch_unwind(judging).is_err();
        assert!(refused(|| drop(Judge::new("there-is-no-such-program"))));
        assert!(refused(|| drop(Judge::within(Duration::from_millis(50), "sleep").arg("20").run())));
        assert!(refused(|| drop(Judge::new("false").agrees())));
    }
}
