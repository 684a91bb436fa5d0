//! Passwords of secret keys: from a file, from the environment, or typed on a terminal.

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use host::Interrupted;

use crate::code::Code;
use crate::error::Refusal;
use crate::text;

/// The variable that holds the password.
pub const PASSWORD: &str = "SEEDPRESS_PASSWORD";

/// Where the password comes from.
#[derive(Args, Debug)]
pub struct PasswordFile {
    /// A file whose first line is the secret key's password
    #[arg(long, value_name = "FILE", long_help = LONG)]
    password_file: Option<PathBuf>,
}

const LONG: &str = "A file whose first line is the secret key's password. Without it the password \
    is taken from SEEDPRESS_PASSWORD, which other users of the machine may see, or asked for on the terminal";

impl PasswordFile {
    /// The file.
    pub fn path(&self) -> Option<&Path> {
        self.password_file.as_deref()
    }

    /// The password of a key that has one.
    ///
    /// # Errors
    /// When there is none to be had, or nobody to be asked.
    pub fn existing(&self) -> anyhow::Result<String> {
        self.given()?.map_or_else(|| ask("Password: "), Ok)
    }

    /// The password of a key that is being made: typed twice when it is typed.
    ///
    /// # Errors
    /// When there is none to be had, it is empty, or the two differ.
    pub fn new_one(&self) -> anyhow::Result<String> {
        let given = self.given()?;
        let is_typed = given.is_none();
        let password = given.map_or_else(|| ask("Password: "), Ok)?;
        if password.is_empty() {
            let next = "--no-password makes a key without one";
            return Err(Refusal::usage("the password is empty").next(next).into());
        }
        if is_typed && ask("The same again: ")? != password {
            return Err(Refusal::new(Code::Other, "the two passwords differ").into());
        }
        Ok(password)
    }

    fn given(&self) -> anyhow::Result<Option<String>> {
        match &self.password_file {
            Some(path) => Ok(Some(text::read(path)?.lines().next().unwrap_or_default().into())),
            None => Ok(std::env::var(PASSWORD).ok().filter(|password| !password.is_empty())),
        }
    }
}

fn ask(prompt: &str) -> anyhow::Result<String> {
    if !io::stdin().is_terminal() {
        let next = format!("give --password-file or set {PASSWORD}");
        return Err(Refusal::usage("a password is needed, and there is no terminal to ask on")
            .next(next)
            .into());
    }
    match rpassword::prompt_password(prompt) {
        Err(e) if e.kind() == io::ErrorKind::Interrupted => Err(Interrupted.into()),
        typed => typed.context("cannot read the password from the terminal"),
    }
}
