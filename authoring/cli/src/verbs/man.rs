//! `man`: the manual pages.

use std::fmt;
use std::fs;
use std::path::PathBuf;

use clap::{Args, Command, CommandFactory as _};
use host::{HostError, Operation};
use serde::Serialize;

use crate::code::{Code, TABLE};
use crate::options::{Options, VARIABLES};
use crate::output::Answer;
use crate::shell::Shell;

/// Print the manual page, or write the pages of all verbs.
#[derive(Args, Debug)]
pub struct Man {
    /// The folder to write all pages to; it is made if need be
    dir: Option<PathBuf>,
}

#[derive(Serialize)]
struct Page {
    name: String,
    text: String,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Pages {
    Shown {
        page: Page,
    },
    /// Paths, as they are shown.
    Written {
        written: Vec<String>,
    },
}

impl Man {
    /// Prints or writes the pages.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn run(self, shell: &Shell) -> anyhow::Result<Code> {
        let mut program = Options::command();
        program.build();
        let answer = match self.dir {
            None => Pages::Shown { page: page(&program)? },
            Some(dir) => Pages::Written { written: write_all(&program, &dir)? },
        };
        shell.answer(&answer)?;
        Ok(Code::Done)
    }
}

impl Answer for Pages {
    const SCHEMA: &'static str = "seedpress.man/1";
}

impl fmt::Display for Pages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shown { page } => f.write_str(&page.text),
            Self::Written { written } => written.iter().try_for_each(|path| writeln!(f, "{path}")),
        }
    }
}

fn write_all(program: &Command, dir: &std::path::Path) -> anyhow::Result<Vec<String>> {
    fs::create_dir_all(dir).map_err(HostError::io(Operation::Create, dir))?;
    let mut written = Vec::new();
    for command in family(program) {
        let page = page(command)?;
        let path = dir.join(&page.name);
        fs::write(&path, page.text).map_err(HostError::io(Operation::Write, &path))?;
        written.push(path.display().to_string());
    }
    Ok(written)
}

/// The command, its verbs, and theirs.
fn family(command: &Command) -> Vec<&Command> {
    let mut all = vec![command];
    let mut next = 0;
    while let Some(command) = all.get(next) {
        all.extend(command.get_subcommands());
        next += 1;
    }
    all
}

fn page(command: &Command) -> std::io::Result<Page> {
    // The notes at the end of the help have sections of their own here.
    let man = clap_mangen::Man::new(command.clone().after_help(None));
    let name = man.get_filename();
    let mut text = Vec::new();
    man.render(&mut text)?;
    let text = String::from_utf8_lossy(&text).into_owned() + &notes();
    Ok(Page { name, text })
}

/// The sections that all pages share, in the macros of man(7).
fn notes() -> String {
    let codes = TABLE.iter().map(|(code, _, meaning)| format!(".TP\n.B {}\n{meaning}\n", *code as u8));
    let variables = VARIABLES.iter().map(|(name, meaning)| format!(".TP\n.B {name}\n{meaning}\n"));
    let sections =
        [(".SH \"EXIT STATUS\"\n", codes.collect::<String>()), (".SH ENVIRONMENT\n", variables.collect())];
    sections.map(|(heading, rows)| format!("{heading}{}", rows.replace('-', "\\-"))).concat()
}
