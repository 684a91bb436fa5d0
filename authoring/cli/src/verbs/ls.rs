//! `ls`: the files of a medium.

use std::fmt;

use anyhow::Context as _;
use clap::Args;
use formats::files::{Files, Kind};
use formats::units::ByteLen;
use serde::Serialize;

use crate::code::Code;
use crate::error::{Refusal, one_line};
use crate::medium::MediumArg;
use crate::output::Answer;
use crate::place::Place;
use crate::shell::Shell;

/// List files of a medium, without mounting it.
#[derive(Args, Debug)]
pub struct Ls {
    #[command(flatten)]
    medium: MediumArg,
    #[command(flatten)]
    place: Place,
    /// A directory or file; without it the root
    #[arg(default_value = "", hide_default_value = true)]
    path: String,
    /// Show sizes, in bytes
    #[arg(short, long)]
    long: bool,
    /// Show everything below the path
    #[arg(short = 'R', long)]
    recursive: bool,
}

/// A volume with more entries than this is taken for one that goes in circles.
const MOST: usize = 1 << 22;
/// A volume whose paths are longer than this in all, in bytes, is, too.
const MOST_TEXT: usize = 256 << 20;
/// A volume with more directories in each other than this is, too.
const DEEPEST: usize = 1 << 10;

#[derive(Serialize)]
struct Listing {
    entries: Vec<Entry>,
    #[serde(skip)]
    long: bool,
}

#[derive(Serialize)]
struct Entry {
    path: String,
    kind: &'static str,
    len: ByteLen,
}

impl Ls {
    /// Lists a directory or a file.
    ///
    /// # Errors
    /// When it is not there, or the volume cannot be read.
    pub fn run(self, shell: &Shell) -> anyhow::Result<Code> {
        let medium = self.medium.open(shell)?;
        let files = self.place.on(&medium)?;
        let path = Place::path(&self.path);
        let entries =
            if is_file(files, path) { vec![file(files, path)?] } else { self.walk(files, path, shell)? };
        shell.answer(&Listing { entries, long: self.long })?;
        Ok(Code::Done)
    }

    /// The entries of a directory, and of those in it when asked for, in the order of paths.
    fn walk(&self, files: &dyn Files, path: &str, shell: &Shell) -> anyhow::Result<Vec<Entry>> {
        let mut files = files.finder();
        let mut entries: Vec<Entry> = Vec::new();
        let mut text = 0;
        let mut open = vec![path.to_owned()];
        while let Some(path) = open.pop() {
            shell.stop().check()?;
            if path.split('/').count() > DEEPEST {
                return Err(endless());
            }
            for found in files.list(&path).with_context(|| self.medium.about())? {
                let path = if path.is_empty() { found.name } else { format!("{path}/{}", found.name) };
                text += path.len();
                if entries.len() == MOST || text > MOST_TEXT {
                    return Err(endless());
                }
                if found.kind == Kind::Directory && self.recursive {
                    open.push(path.clone());
                }
                entries.push(Entry { path, kind: found.kind.name(), len: found.len });
            }
        }
        entries.sort_by(|one, other| one.path.cmp(&other.path));
        Ok(entries)
    }
}

fn endless() -> anyhow::Error {
    let what = format!(
        "there are more than {MOST} entries, {DEEPEST} levels or {MOST_TEXT} bytes of paths: the volume goes in circles"
    );
    Refusal::new(Code::Corrupt, what).into()
}

fn is_file(files: &dyn Files, path: &str) -> bool {
    !path.is_empty() && files.open(path).is_ok()
}

fn file(files: &dyn Files, path: &str) -> anyhow::Result<Entry> {
    let len = files.open(path)?.size();
    Ok(Entry { path: path.into(), kind: Kind::File.name(), len })
}

impl Answer for Listing {
    const SCHEMA: &'static str = "seedpress.ls/1";
}

impl fmt::Display for Listing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.entries.iter().map(|entry| entry.len.0.to_string().len()).max().unwrap_or_default();
        self.entries.iter().try_for_each(|entry| {
            let slash = if entry.kind == Kind::Directory.name() { "/" } else { "" };
            if self.long {
                write!(f, "{:>digits$}  ", entry.len.0)?;
            }
            writeln!(f, "{}{slash}", one_line(&entry.path))
        })
    }
}
