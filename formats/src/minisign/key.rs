//! Key ids, public keys, and secret keys in memory.

use alloc::format;
use alloc::string::String;
use core::fmt;

use ed25519_dalek::{SigningKey, VerifyingKey};
use zerocopy::IntoBytes;

use super::lines::{self, FileError, Lines, UNTRUSTED, base64, check_algorithm};
use super::raw::{ED25519, RawPublicKey};

/// What a line with a public key is called in errors.
const PUBLIC_KEY: &str = "a minisign public key in base64";

/// The id of a key: eight bytes that tell keys apart and prove nothing.
///
/// It prints as the little-endian number that minisign prints, always with 16 digits; minisign itself leaves leading
/// zeros out.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub [u8; 8]);

/// A public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicKey {
    /// Its id.
    pub id: KeyId,
    /// The Ed25519 key.
    pub key: [u8; 32],
}

/// A secret key. Its memory is cleared when it is dropped.
pub struct SecretKey {
    pub(super) id: KeyId,
    pub(super) signing: SigningKey,
}

impl PublicKey {
    /// Parses a public key's file, or the base64 alone that `minisign -P` takes.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn parse(text: &str) -> Result<Self, FileError> {
        let (raw, line): (RawPublicKey, _) = if text.starts_with(UNTRUSTED) {
            let mut lines = Lines::new(text);
            lines.comment(UNTRUSTED, "an untrusted comment")?;
            (lines.structure(PUBLIC_KEY)?, lines.number())
        } else {
            (lines::structure(text, PUBLIC_KEY)?, 1)
        };
        check_algorithm(raw.algorithm, &[ED25519], line, "Ed")?;
        Ok(Self { id: KeyId(raw.id), key: raw.key })
    }

    /// The public key's file.
    pub fn print(&self) -> String {
        format!("{UNTRUSTED}minisign public key {}\n{}\n", self.id, self.to_base64())
    }

    /// The base64 alone, as `minisign -P` takes it.
    pub fn to_base64(&self) -> String {
        base64(RawPublicKey { algorithm: ED25519, id: self.id.0, key: self.key }.as_bytes())
    }

    /// The key for verifying; `None` when its bytes are no point of the curve.
    pub(super) fn verifying(&self) -> Option<VerifyingKey> {
        VerifyingKey::from_bytes(&self.key).ok()
    }
}

impl SecretKey {
    /// The key that follows from a seed; both seed and id are drawn by the caller.
    pub fn from_seed(seed: &[u8; 32], id: KeyId) -> Self {
        Self { id, signing: SigningKey::from_bytes(seed) }
    }

    /// The public key that belongs to it.
    pub fn public(&self) -> PublicKey {
        PublicKey { id: self.id, key: self.signing.verifying_key().to_bytes() }
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016X}", u64::from_le_bytes(self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

impl fmt::Debug for SecretKey {
    /// Names the key and shows nothing of it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey({})", self.id)
    }
}
