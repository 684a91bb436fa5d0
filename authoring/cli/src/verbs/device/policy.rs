//! `device policy`.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;
use serde::Serialize;
use store::device::{DeviceDocument, Row};

use crate::code::Code;
use crate::error::Refusal;
use crate::name;
use crate::output::Answer;
use crate::shell::Shell;
use crate::text;

/// Show or change configuration and policies, as rows DAEMON:KEY:VALUE.
///
/// Without IMAGE they are of the device itself; with it they lie over the policies that the version was published with.
/// An empty VALUE takes away what lies below. Without options the rows are shown.
#[derive(Args, Debug)]
pub struct Policy {
    /// The device's name
    #[arg(value_name = "NAME", value_parser = name::check)]
    name: String,
    /// The image
    #[arg(value_name = "IMAGE", value_parser = name::check)]
    image: Option<String>,
    /// Set a row. May be given more than once
    #[arg(long, value_name = "DAEMON:KEY:VALUE")]
    set: Vec<Row>,
    /// Set the rows of a file, one a line; lines that start with # do not count
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Forget a row. May be given more than once
    #[arg(long, value_name = "DAEMON:KEY")]
    unset: Vec<Key>,
    /// Forget all other rows
    #[arg(long)]
    replace: bool,
}

/// What a row is of.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Key {
    daemon: String,
    key: String,
}

#[derive(Serialize)]
struct Rows {
    device: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<String>,
    rows: Vec<Row>,
}

impl FromStr for Key {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let row: Result<Row, _> = format!("{text}:").parse();
        match row {
            Ok(Row { daemon, key, value }) if value.is_empty() => Ok(Self { daemon, key }),
            _ => Err(format!("expected DAEMON:KEY, found {text:?}")),
        }
    }
}

impl Policy {
    /// Shows or changes the rows.
    ///
    /// # Errors
    /// When there is no such device or assignment, or a row is none.
    pub fn run(self, shell: &Shell) -> anyhow::Result<Code> {
        let rows = self.rows()?;
        let changes = self.replace || !(rows.is_empty() && self.unset.is_empty());
        let mut device = match changes {
            false => super::find(shell, &self.name)?,
            true => super::change(shell, &self.name, |device| {
                let there = self.rows_of(device)?;
                there.retain(|row| !(self.replace || self.unset.iter().any(|key| key.is_of(row))));
                rows.into_iter().for_each(|row| set(there, row));
                Ok(())
            })?,
        };
        let rows = self.rows_of(&mut device)?.clone();
        shell.answer(&Rows { device: self.name, image: self.image, rows })?;
        Ok(Code::Done)
    }

    /// The rows to be set: of the file first.
    fn rows(&self) -> anyhow::Result<Vec<Row>> {
        let text = self.file.as_deref().map(text::read_whole).transpose()?.unwrap_or_default();
        // Editors of Windows begin files so.
        let lines = text
            .trim_start_matches('\u{feff}')
            .lines()
            .enumerate()
            .map(|(number, line)| (number + 1, line.trim()));
        let lines = lines.filter(|(_, line)| !(line.is_empty() || line.starts_with('#')));
        let file = self.file.clone().unwrap_or_default();
        let rows = lines.map(|(number, line)| {
            let about = || format!("{}:{number} is no row", file.display());
            line.parse::<Row>().map_err(|error| Refusal::usage(about()).because(error).into())
        });
        let mut rows = rows.collect::<anyhow::Result<Vec<Row>>>()?;
        rows.extend(self.set.iter().cloned());
        Ok(rows)
    }

    /// The rows of the device, or of the image on it.
    fn rows_of<'a>(&self, device: &'a mut DeviceDocument) -> anyhow::Result<&'a mut Vec<Row>> {
        let Some(image) = &self.image else { return Ok(&mut device.rows) };
        let there = device.assignment(image).map(|assignment| &mut assignment.rows);
        Ok(there.ok_or_else(|| super::not_assigned(&self.name, image))?)
    }
}

impl Key {
    fn is_of(&self, row: &Row) -> bool {
        (&self.daemon, &self.key) == (&row.daemon, &row.key)
    }
}

/// Sets a row in place of the one of the same key. Empty values stay: they take away what lies below.
fn set(rows: &mut Vec<Row>, row: Row) {
    let key = Key { daemon: row.daemon.clone(), key: row.key.clone() };
    rows.retain(|there| !key.is_of(there));
    rows.push(row);
    rows.sort();
}

impl Answer for Rows {
    const SCHEMA: &'static str = "seedpress.device-policy/1";
}

impl fmt::Display for Rows {
    /// As `--file` reads it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.rows.iter().try_for_each(|row| writeln!(f, "{row}"))
    }
}
