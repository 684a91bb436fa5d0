//! Keys as arguments: minisign's files, and public keys as they are.

use std::path::Path;

use anyhow::Context as _;
use clap::Args;
use formats::minisign::{PublicKey, SecretKey, is_encrypted};

use crate::secret::PasswordFile;
use crate::text;

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

    /// What may be files of keys.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.keys.iter().map(Path::new)
    }
}

/// A public key, or the one in a file.
///
/// # Errors
/// When it is neither a key nor the file of one.
pub fn public(key: &str) -> anyhow::Result<PublicKey> {
    if let Ok(key) = PublicKey::parse(key) {
        return Ok(key);
    }
    let text = text::read(Path::new(key))?;
    PublicKey::parse(&text).with_context(|| format!("{key} is not a minisign public key"))
}

/// Refuses a file that holds no secret key; its password is not asked for.
///
/// # Errors
/// When it cannot be read, or holds none.
pub fn check(path: &Path) -> anyhow::Result<()> {
    is_encrypted(&text::read(path)?).with_context(|| format!("cannot sign with {}", path.display()))?;
    Ok(())
}

/// The secret key in a file, decrypted when need be.
///
/// # Errors
/// When the file holds none, or the password is missing or wrong.
pub fn secret(path: &Path, password: &PasswordFile) -> anyhow::Result<SecretKey> {
    let text = text::read(path)?;
    let about = || format!("cannot sign with {}", path.display());
    let encrypted = is_encrypted(&text).with_context(about)?;
    let password = if encrypted { Some(password.existing()?) } else { None };
    SecretKey::parse(&text, password.as_deref().map(str::as_bytes)).with_context(about)
}
