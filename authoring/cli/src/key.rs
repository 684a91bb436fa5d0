//! Keys as arguments: minisign's files, and public keys as they are.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::Context as _;
use clap::Args;
use formats::minisign::{PublicKey, SecretKey, is_encrypted};
use host::{HostError, Operation};

use crate::secret::PasswordFile;

/// The longest key file that is read, in bytes.
const LONGEST: u64 = 64 << 10;

/// Whose signature is trusted.
#[derive(Args, Debug)]
pub struct Trusted {
    /// A key whose signature is trusted: minisign's public key or its file. May be given more than once
    #[arg(long = "pubkey", value_name = "KEY|FILE")]
    keys: Vec<String>,
}

impl Trusted {
    /// The keys.
    ///
    /// # Errors
    /// When one is neither a key nor the file of one.
    pub fn load(&self) -> anyhow::Result<Vec<PublicKey>> {
        self.keys.iter().map(|key| public(key)).collect()
    }
}

fn public(key: &str) -> anyhow::Result<PublicKey> {
    if let Ok(key) = PublicKey::parse(key) {
        return Ok(key);
    }
    let text = read(Path::new(key))?;
    PublicKey::parse(&text).with_context(|| format!("{key} is not a minisign public key"))
}

/// The secret key in a file, decrypted when need be.
///
/// # Errors
/// When the file holds none, or the password is missing or wrong.
pub fn secret(path: &Path, password: &PasswordFile) -> anyhow::Result<SecretKey> {
    let text = read(path)?;
    let about = || format!("cannot sign with {}", path.display());
    let encrypted = is_encrypted(&text).with_context(about)?;
    let password = if encrypted { Some(password.existing()?) } else { None };
    SecretKey::parse(&text, password.as_deref().map(str::as_bytes)).with_context(about)
}

fn read(path: &Path) -> anyhow::Result<String> {
    let mut text = Vec::new();
    let read = File::open(path).and_then(|file| file.take(LONGEST).read_to_end(&mut text));
    read.map_err(HostError::io(Operation::Read, path))?;
    // What is no text is no key either: the parser says so.
    Ok(String::from_utf8_lossy(&text).into_owned())
}
