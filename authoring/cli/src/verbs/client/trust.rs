//! `client trust`: the keys whose signature on media is trusted.

use std::fmt;

use clap::{Args, Subcommand};
use serde::Serialize;
use sync::client::home::Home;

use crate::code::Code;
use crate::error::Refusal;
use crate::key;
use crate::output::Answer;
use crate::shell::Shell;

/// Say whose signature on media is trusted.
#[derive(Args, Debug)]
pub struct TrustVerb {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Trust one more key
    Add {
        /// minisign's public key, or its file
        #[arg(value_name = "KEY|FILE")]
        key: String,
    },
    /// List the keys that are trusted
    List,
    /// Trust a key no more
    Remove {
        /// The key's id, minisign's public key, or its file
        #[arg(value_name = "ID|KEY|FILE")]
        key: String,
    },
}

#[derive(Serialize)]
struct Keys {
    keys: Vec<Key>,
}

#[derive(Serialize)]
struct Key {
    id: String,
    public_key: String,
}

impl TrustVerb {
    /// Changes or lists them.
    ///
    /// # Errors
    /// When a key is none, or the client's folder cannot be changed.
    pub fn run(self, home: &Home, shell: &Shell) -> anyhow::Result<Code> {
        match self.verb {
            Verb::Add { key } => home.add_trust(&key::public(&key)?)?,
            Verb::List => {}
            Verb::Remove { key } => remove(home, &key)?,
        }
        let key =
            |key: &formats::minisign::PublicKey| Key { id: key.id.to_string(), public_key: key.to_base64() };
        shell.answer(&Keys { keys: home.trust()?.iter().map(key).collect() })?;
        Ok(Code::Done)
    }
}

fn remove(home: &Home, named: &str) -> anyhow::Result<()> {
    let trusted = home.trust()?;
    let by_id = trusted.iter().find(|key| key.id.to_string().eq_ignore_ascii_case(named)).copied();
    let is_id = named.len() == 16 && named.bytes().all(|b| b.is_ascii_hexdigit());
    let id = match by_id {
        Some(key) => Some(key.id),
        None if is_id => None,
        None => Some(key::public(named)?.id),
    };
    if id.map_or(Ok(false), |id| home.remove_trust(id))? {
        return Ok(());
    }
    let what = format!("key {named} is not trusted");
    Err(Refusal::new(Code::Unreachable, what).next("client trust list lists the keys").into())
}

impl Answer for Keys {
    const SCHEMA: &'static str = "seedpress.client-trust/1";
}

impl fmt::Display for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.keys.is_empty() {
            return writeln!(f, "no key is trusted: no medium is used");
        }
        self.keys.iter().try_for_each(|key| writeln!(f, "{}  {}", key.id, key.public_key))
    }
}
