//! `completions`: what a shell needs to complete arguments.

use std::fmt;

use clap::{Args, CommandFactory as _};
use clap_complete::Shell as Dialect;
use serde::Serialize;

use crate::code::Code;
use crate::options::Options;
use crate::output::Answer;
use crate::shell::Shell;

/// Print a script that completes arguments in a shell.
///
/// For bash: seedpress completions bash > /etc/bash_completion.d/seedpress
#[derive(Args, Debug)]
pub struct Completions {
    /// The shell that will read the script
    #[arg(value_enum)]
    shell: Dialect,
}

#[derive(Serialize)]
struct Script {
    shell: String,
    script: String,
}

impl Completions {
    /// Prints the script.
    ///
    /// # Errors
    /// When stdout cannot be written.
    pub fn run(self, shell: &Shell) -> anyhow::Result<Code> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Options::command(), "seedpress", &mut script);
        let script = String::from_utf8_lossy(&script).into_owned();
        shell.answer(&Script { shell: self.shell.to_string(), script })?;
        Ok(Code::Done)
    }
}

impl Answer for Script {
    const SCHEMA: &'static str = "seedpress.completions/1";
}

impl fmt::Display for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.script)
    }
}
