//! minisign's public keys, secret keys and signatures (minisign 0.11, "Signature format", "Secret key format").
//!
//! | file | holds |
//! |---|---|
//! | `raw` | the structures inside the base64 of each file |
//! | `lines` | the lines of each file |
//! | `key` | key ids, public keys, secret keys in memory |
//! | `secret` | the secret key's file, with a password (scrypt) and without |
//! | `slot` | public keys inside a program |
//! | `signature` | signing, the signature's file, verifying |
//!
//! We sign prehashed (`ED`: Ed25519 over BLAKE2b-512) and also verify legacy signatures (`Ed`: Ed25519 over the file).
//! Nothing here draws chance: seeds, key ids and salts are given by the caller, and signing is deterministic.

mod key;
mod lines;
mod raw;
mod secret;
mod signature;
pub mod slot;

pub use key::{KeyId, PublicKey, SecretKey};
pub use lines::FileError;
pub use secret::{MAX_MEMORY, MAX_WORK, Protection, SecretKeyError, is_encrypted};
pub use signature::{Signature, VerifyError, sign};

#[cfg(test)]
mod tests;
