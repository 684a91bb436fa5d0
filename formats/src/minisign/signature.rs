//! Signing, the signature's file, verifying.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use blake2::{Blake2b512, Digest as _};
use ed25519_dalek::{Signature as Ed25519, Signer as _, VerifyingKey};
use zerocopy::IntoBytes;

use super::key::{KeyId, PublicKey, SecretKey};
use super::lines::{FileError, Lines, TRUSTED, UNTRUSTED, base64, check_algorithm, check_comment};
use super::raw::{ED25519, PREHASHED, RawSignature};

/// What the untrusted comment of our signatures says.
const COMMENT: &str = "signature from seedpress secret key";

/// A signature with its trusted comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// The id of the key that signed, as the signature claims.
    pub key: KeyId,
    /// Whether it is over the file's BLAKE2b-512 (`ED`) or, as minisign did before 0.6, over the file (`Ed`).
    pub prehashed: bool,
    /// The comment that is signed too.
    pub trusted_comment: String,
    signature: [u8; 64],
    /// Over the signature and the trusted comment.
    global: [u8; 64],
}

/// Why a signature does not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// Another key signed.
    #[error("signed with key {found}, expected key {expected}")]
    WrongKey {
        /// The key that was given.
        expected: KeyId,
        /// The key that the signature names.
        found: KeyId,
    },
    /// The file is not the one that was signed.
    #[error("the file was changed after key {key} signed it, or another key with that id signed it")]
    Changed {
        /// The key.
        key: KeyId,
    },
    /// The file is the one that was signed, the trusted comment is not.
    #[error("the trusted comment was changed after key {key} signed it")]
    CommentChanged {
        /// The key.
        key: KeyId,
    },
}

/// Signs `message`, with a trusted comment that is signed too.
///
/// # Errors
/// [`FileError::Comment`].
pub fn sign(secret: &SecretKey, message: &[u8], trusted_comment: &str) -> Result<Signature, FileError> {
    check_comment(trusted_comment)?;
    let signature = secret.signing.sign(&Blake2b512::digest(message)).to_bytes();
    let global = secret.signing.sign(&global_message(&signature, trusted_comment)).to_bytes();
    let trusted_comment = trusted_comment.into();
    Ok(Signature { key: secret.id, prehashed: true, trusted_comment, signature, global })
}

impl Signature {
    /// Parses a signature's file.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn parse(text: &str) -> Result<Self, FileError> {
        let mut lines = Lines::new(text);
        lines.comment(UNTRUSTED, "an untrusted comment")?;
        let raw: RawSignature = lines.structure("a minisign signature in base64")?;
        check_algorithm(raw.algorithm, &[ED25519, PREHASHED], lines.number(), "Ed or ED")?;
        let trusted_comment = lines.comment(TRUSTED, "a trusted comment")?.into();
        let global = lines.structure("the trusted comment's signature in base64")?;
        let prehashed = raw.algorithm == PREHASHED;
        Ok(Self { key: KeyId(raw.id), prehashed, trusted_comment, signature: raw.signature, global })
    }

    /// The signature's file.
    pub fn print(&self) -> String {
        let algorithm = if self.prehashed { PREHASHED } else { ED25519 };
        let raw = RawSignature { algorithm, id: self.key.0, signature: self.signature };
        let (signature, global) = (base64(raw.as_bytes()), base64(&self.global));
        format!("{UNTRUSTED}{COMMENT}\n{signature}\n{TRUSTED}{}\n{global}\n", self.trusted_comment)
    }

    /// Verifies that `key` signed `message` and the trusted comment.
    ///
    /// # Errors
    /// [`VerifyError`].
    pub fn verify(&self, key: &PublicKey, message: &[u8]) -> Result<(), VerifyError> {
        if self.key != key.id {
            return Err(VerifyError::WrongKey { expected: key.id, found: self.key });
        }
        let changed = VerifyError::Changed { key: key.id };
        let verifying = key.verifying().ok_or(changed.clone())?;
        let holds = match self.prehashed {
            true => verifies(&verifying, &Blake2b512::digest(message), &self.signature),
            false => verifies(&verifying, message, &self.signature),
        };
        let global = global_message(&self.signature, &self.trusted_comment);
        match holds {
            false => Err(changed),
            true if verifies(&verifying, &global, &self.global) => Ok(()),
            true => Err(VerifyError::CommentChanged { key: key.id }),
        }
    }
}

/// Strict, as libsodium verifies: keys and nonces of small order are refused.
fn verifies(key: &VerifyingKey, message: &[u8], signature: &[u8; 64]) -> bool {
    key.verify_strict(message, &Ed25519::from_bytes(signature)).is_ok()
}

fn global_message(signature: &[u8; 64], trusted_comment: &str) -> Vec<u8> {
    [signature.as_slice(), trusted_comment.as_bytes()].concat()
}
