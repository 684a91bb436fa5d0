//! The secret key's file, with a password and without.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use blake2::digest::consts::U32;
use blake2::{Blake2b, Digest as _};
use ed25519_dalek::SigningKey;
use scrypt::Params;
use zerocopy::{FromBytes, IntoBytes};

use super::key::{KeyId, SecretKey};
use super::lines::{FileError, Lines, UNTRUSTED, base64, check_algorithm};
use super::raw::{BLAKE2B, ED25519, PLAIN, RawKeyPair, RawSecretKey, SCRYPT};
use crate::units::ByteLen;

/// How much memory a file may make scrypt take, in bytes: what minisign itself asks for (libsodium's
/// `MEMLIMIT_SENSITIVE`, 1 GiB).
pub const MAX_MEMORY: u64 = 1 << 30;
/// How much a file may make scrypt compute: what minisign itself asks for (libsodium's `OPSLIMIT_SENSITIVE`), some
/// seconds.
pub const MAX_WORK: u64 = 1 << 25;
/// The least work that libsodium counts with.
const MIN_WORK: u64 = 1 << 15;
/// scrypt's block size in libsodium.
const BLOCKS: u32 = 8;

/// What a line with a secret key is called in errors.
const SECRET_KEY: &str = "a minisign secret key in base64";

/// Why a secret key cannot be had from its file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretKeyError {
    /// It is no secret key's file.
    #[error("not a minisign secret key")]
    File(#[source] FileError),
    /// The key is encrypted and no password was given.
    #[error("the secret key is encrypted: it needs its password")]
    NoPassword,
    /// The password is wrong, or the file was changed: the two cannot be told apart.
    #[error("the password is wrong for this secret key")]
    WrongPassword,
    /// The key is not encrypted, and its halves do not belong together.
    #[error("the secret key is damaged: its public half does not follow from its secret half")]
    Damaged,
    /// scrypt would take more memory or time than minisign itself asks for, or more memory than there is.
    #[error(
        "the secret key asks for scrypt with {memory} and {work} operations, at most {} and {MAX_WORK} are allowed",
        ByteLen(MAX_MEMORY)
    )]
    TooCostly {
        /// The memory asked for.
        memory: ByteLen,
        /// The operations asked for, in libsodium's `opslimit`.
        work: u64,
    },
}

/// How a secret key's file is protected.
#[derive(Clone, Copy)]
pub enum Protection<'a> {
    /// Not at all: who has the file can sign.
    None,
    /// With a password.
    Password {
        /// The password.
        password: &'a [u8],
        /// What it is mixed with, drawn by the caller.
        salt: [u8; 32],
        /// The memory that scrypt takes, in bytes: [`MAX_MEMORY`] or less.
        memory: u64,
        /// What scrypt computes, in libsodium's `opslimit`: [`MAX_WORK`] or less.
        work: u64,
    },
}

/// Whether the key in a secret key's file is encrypted with a password.
///
/// # Errors
/// [`FileError`].
pub fn is_encrypted(text: &str) -> Result<bool, FileError> {
    Ok(parse(text)?.kdf == SCRYPT)
}

impl SecretKey {
    /// Parses a secret key's file. With a password, scrypt takes as much memory as the file asks for: 1 GiB for keys
    /// that minisign made.
    ///
    /// # Errors
    /// [`SecretKeyError`].
    pub fn parse(text: &str, password: Option<&[u8]>) -> Result<Self, SecretKeyError> {
        let raw = parse(text).map_err(SecretKeyError::File)?;
        let encrypted = raw.kdf == SCRYPT;
        let mut bytes = raw.sealed;
        if encrypted {
            let password = password.ok_or(SecretKeyError::NoPassword)?;
            mask(&mut bytes, password, &raw.salt, (raw.memory.get(), raw.work.get()))?;
        }
        let wrong = if encrypted { SecretKeyError::WrongPassword } else { SecretKeyError::Damaged };
        let pair = RawKeyPair::read_from_bytes(&bytes).map_err(|_| wrong.clone())?;
        let plain = !encrypted && pair.digest == [0; 32];
        let signing = SigningKey::from_bytes(&pair.seed);
        if (plain || pair.digest == digest(&pair)) && signing.verifying_key().to_bytes() == pair.public {
            Ok(Self { id: KeyId(pair.id), signing })
        } else {
            Err(wrong)
        }
    }

    /// The secret key's file.
    ///
    /// # Errors
    /// [`SecretKeyError::TooCostly`] for a protection that [`SecretKey::parse`] would refuse.
    pub fn print(&self, protection: Protection<'_>) -> Result<String, SecretKeyError> {
        let public = self.public();
        let mut pair = RawKeyPair {
            id: public.id.0,
            seed: self.signing.to_bytes(),
            public: public.key,
            digest: [0; 32],
        };
        let mut raw = RawSecretKey {
            algorithm: ED25519,
            kdf: PLAIN,
            checksum: BLAKE2B,
            salt: [0; 32],
            work: 0.into(),
            memory: 0.into(),
            sealed: [0; size_of::<RawKeyPair>()],
        };
        if let Protection::Password { password, salt, memory, work } = protection {
            pair.digest = digest(&pair);
            raw = RawSecretKey { kdf: SCRYPT, salt, work: work.into(), memory: memory.into(), ..raw };
            raw.sealed.copy_from_slice(pair.as_bytes());
            mask(&mut raw.sealed, password, &salt, (memory, work))?;
        } else {
            raw.sealed.copy_from_slice(pair.as_bytes());
        }
        Ok(format!("{UNTRUSTED}minisign encrypted secret key\n{}\n", base64(raw.as_bytes())))
    }
}

fn parse(text: &str) -> Result<RawSecretKey, FileError> {
    let mut lines = Lines::new(text);
    lines.comment(UNTRUSTED, "an untrusted comment")?;
    let raw: RawSecretKey = lines.structure(SECRET_KEY)?;
    check_algorithm(raw.algorithm, &[ED25519], lines.number(), "Ed")?;
    check_algorithm(raw.kdf, &[SCRYPT, PLAIN], lines.number(), "Sc or none")?;
    check_algorithm(raw.checksum, &[BLAKE2B], lines.number(), "B2")?;
    Ok(raw)
}

fn digest(pair: &RawKeyPair) -> [u8; 32] {
    let hasher = Blake2b::<U32>::new().chain_update(ED25519).chain_update(pair.id);
    hasher.chain_update(pair.seed).chain_update(pair.public).finalize().into()
}

/// Encrypts or decrypts: both are the exclusive or with what scrypt makes of the password.
fn mask(bytes: &mut [u8], password: &[u8], salt: &[u8], cost: (u64, u64)) -> Result<(), SecretKeyError> {
    let too_costly = || SecretKeyError::TooCostly { memory: ByteLen(cost.0), work: cost.1 };
    let params = params(cost).ok_or_else(too_costly)?;
    // scrypt ends the program when it gets no memory; asking first gives an error instead.
    let needed = 1usize.checked_shl(params.log_n().into()).and_then(|n| n.checked_mul(128 * BLOCKS as usize));
    let mut probe: Vec<u8> = Vec::new();
    probe.try_reserve_exact(needed.ok_or_else(too_costly)?).map_err(|_| too_costly())?;
    drop(probe);
    let mut stream = alloc::vec![0; bytes.len()];
    scrypt::scrypt(password, salt, &params, &mut stream).map_err(|_| too_costly())?;
    bytes.iter_mut().zip(stream).for_each(|(byte, mask)| *byte ^= mask);
    Ok(())
}

/// scrypt's parameters for libsodium's limits (`pickparams` in crypto_pwhash_scryptsalsa208sha256).
fn params((memory, work): (u64, u64)) -> Option<Params> {
    if memory > MAX_MEMORY || work > MAX_WORK {
        return None;
    }
    let work = work.max(MIN_WORK);
    let blocks = u64::from(BLOCKS);
    let (log_n, p) = if work < memory / 32 {
        (log_n(work / (blocks * 4)), 1)
    } else {
        let log_n = log_n(memory / (blocks * 128));
        let rounds = (work / 4) >> log_n;
        (log_n, rounds.min(0x3fff_ffff) / blocks)
    };
    Params::new(log_n, BLOCKS, u32::try_from(p).ok()?, Params::RECOMMENDED_LEN).ok()
}

/// The exponent of the largest power of two up to `max`, at least 1.
fn log_n(max: u64) -> u8 {
    (1..63).find(|n| 1u64 << n > max / 2).unwrap_or(63)
}
