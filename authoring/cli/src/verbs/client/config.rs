//! `client config`: the switches, by their names.

use std::fmt;

use clap::{Args, Subcommand};
use serde::Serialize;
use sync::client::home::Home;
use sync::client::settings::{Switch, parse_value};

use crate::code::Code;
use crate::error::Refusal;
use crate::output::Answer;
use crate::shell::Shell;
use crate::table::Table;

/// Get and set the switches of this machine.
#[derive(Args, Debug)]
pub struct Config {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Show one switch, or all of them
    Get {
        /// The switch
        #[arg(value_name = "NAME")]
        name: Option<String>,
    },
    /// Turn a switch on or off
    Set {
        /// The switch
        #[arg(value_name = "NAME")]
        name: String,
        /// true or false; also yes, no, on, off, 1 and 0
        #[arg(value_name = "VALUE")]
        value: String,
    },
}

/// A switch as it is shown.
#[derive(Clone, Debug, Serialize)]
pub struct SettingsLine {
    /// Its name.
    pub name: &'static str,
    /// Whether it is on.
    pub value: bool,
    /// What it does.
    pub meaning: &'static str,
}

#[derive(Serialize)]
struct One {
    name: &'static str,
    value: bool,
}

#[derive(Serialize)]
struct All {
    settings: Vec<SettingsLine>,
}

impl Config {
    /// Shows or changes them.
    ///
    /// # Errors
    /// When there is no such switch, or the client's folder cannot be changed.
    pub fn run(self, home: &Home, shell: &Shell) -> anyhow::Result<Code> {
        match self.verb {
            Verb::Get { name } => get(home, shell, name.as_deref()),
            Verb::Set { name, value } => change(home, shell, &name, &value),
        }
    }
}

/// All switches.
///
/// # Errors
/// When the client's folder cannot be read.
pub fn list(home: &Home) -> anyhow::Result<Vec<SettingsLine>> {
    let settings = home.settings()?;
    let line = |switch: Switch| SettingsLine {
        name: switch.name(),
        value: settings.get(switch),
        meaning: switch.meaning(),
    };
    Ok(Switch::ALL.map(line).into())
}

/// Shows a switch, or all of them.
///
/// # Errors
/// When there is none of this name.
pub fn get(home: &Home, shell: &Shell, name: Option<&str>) -> anyhow::Result<Code> {
    match name {
        Some(name) => {
            let switch = named(name)?;
            shell.answer(&One { name: switch.name(), value: home.settings()?.get(switch) })?;
        }
        None => shell.answer(&All { settings: list(home)? })?,
    }
    Ok(Code::Done)
}

/// Changes a switch.
///
/// # Errors
/// When there is none of this name, or the value is none.
pub fn change(home: &Home, shell: &Shell, name: &str, value: &str) -> anyhow::Result<Code> {
    let switch = named(name)?;
    let value = parse_value(value).map_err(|error| Refusal::usage(error.to_string()))?;
    home.change_settings((shell.stop(), shell.observer()), |settings| settings.set(switch, value))?;
    shell.answer(&One { name: switch.name(), value })?;
    Ok(Code::Done)
}

fn named(name: &str) -> anyhow::Result<Switch> {
    Ok(Switch::named(name).map_err(|error| Refusal::usage(error.to_string()))?)
}

impl Answer for One {
    const SCHEMA: &'static str = "seedpress.client-switch/1";
}

impl fmt::Display for One {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.value)
    }
}

impl Answer for All {
    const SCHEMA: &'static str = "seedpress.client-config/1";
}

impl fmt::Display for All {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new(["SWITCH", "VALUE", "MEANING"]);
        for SettingsLine { name, value, meaning } in &self.settings {
            table.row([(*name).into(), value.to_string(), (*meaning).into()]);
        }
        table.fmt(f)
    }
}
