//! The manifest of a medium, and whether somebody who is trusted signed it.

use alloc::string::String;
use alloc::vec::Vec;

use formats::files::{FilesError, read_file};
use formats::kind::ErrorKind;
use formats::manifest::{MAX_TEXT, Manifest, ManifestError, paths};
use formats::minisign::{FileError, KeyId, PublicKey, Signature, VerifyError};
use formats::time::Timestamp;

use crate::medium::Medium;

/// How long a signature's file may be, in bytes: four lines of minisign's longest.
const MAX_SIGNATURE: usize = 32 << 10;

/// What a medium has to stand up to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trust {
    /// The keys that are trusted. With none, signatures are not looked at, and only the manifest's own checksum
    /// guards it: against accidents.
    pub keys: Vec<PublicKey>,
    /// What time it is; `None` where nobody knows, and expiry is then not looked at.
    pub now: Option<Timestamp>,
}

/// A manifest that stood up to what was asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    /// The manifest.
    pub manifest: Manifest,
    /// Who signed it.
    pub signed: Signed,
}

/// Who signed a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signed {
    /// A key that is trusted.
    By {
        /// The key.
        key: KeyId,
        /// The signature's trusted comment.
        comment: String,
    },
    /// There is a signature that names this key; nobody asked for it to be verified.
    Unverified {
        /// The key that the signature names.
        key: KeyId,
    },
    /// Nobody, as far as can be seen; nobody asked for a signature.
    Not,
}

/// Why a manifest is not to be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TrustError {
    /// There is no manifest.
    #[error("this is no seed medium: it has no {}", paths::MANIFEST)]
    NoManifest,
    /// The manifest or its signature cannot be read.
    #[error("the manifest cannot be read")]
    Files(#[source] FilesError),
    /// The manifest is damaged, or made by a newer program.
    #[error("the manifest cannot be used")]
    Manifest(#[source] ManifestError),
    /// A signature was asked for and there is none.
    #[error("the medium is not signed: it has no {}", paths::SIGNATURE)]
    NoSignature,
    /// The signature's file is none of minisign's.
    #[error("the signature {} is damaged", paths::SIGNATURE)]
    Signature(#[source] FileError),
    /// A key signed that is not trusted.
    #[error("the medium is signed with key {found}, which is not trusted; trusted: {}", list(.trusted))]
    WrongKey {
        /// The key that signed.
        found: KeyId,
        /// Those that are trusted.
        trusted: Vec<KeyId>,
    },
    /// The manifest, or the comment that is signed with it, is not the one that was signed.
    #[error("the manifest {} was changed", paths::MANIFEST)]
    Changed(#[source] VerifyError),
    /// The medium's time is over.
    #[error("the medium expired at {expires}, it is {now}")]
    Expired {
        /// When it expired.
        expires: Timestamp,
        /// What time it is.
        now: Timestamp,
    },
}

impl TrustError {
    /// What this means for whoever asked.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::NoManifest => ErrorKind::Unreachable,
            Self::Files(error) => error.kind(),
            Self::Manifest(_) => ErrorKind::Corrupt,
            Self::NoSignature | Self::Signature(_) | Self::WrongKey { .. } | Self::Changed(_) => {
                ErrorKind::Trust
            }
            Self::Expired { .. } => ErrorKind::Expired,
        }
    }
}

/// Reads the manifest of a medium and holds it against `trust`.
///
/// # Errors
/// [`TrustError`].
pub fn load(medium: &Medium, trust: &Trust) -> Result<Loaded, TrustError> {
    let text = read_file(medium.seed(), paths::MANIFEST, MAX_TEXT).map_err(|error| match error {
        FilesError::NotFound { .. } => TrustError::NoManifest,
        other => TrustError::Files(other),
    })?;
    let signature = read_signature(medium);
    let signed = match trust.keys.as_slice() {
        [] => match signature {
            Ok(signature) => Signed::Unverified { key: signature.key },
            Err(_) => Signed::Not,
        },
        keys => verify(&signature?, &text, keys)?,
    };
    let manifest = Manifest::parse(&text).map_err(TrustError::Manifest)?;
    match (manifest.expires, trust.now) {
        (Some(expires), Some(now)) if now >= expires => Err(TrustError::Expired { expires, now }),
        _ => Ok(Loaded { manifest, signed }),
    }
}

fn read_signature(medium: &Medium) -> Result<Signature, TrustError> {
    let bytes = read_file(medium.seed(), paths::SIGNATURE, MAX_SIGNATURE).map_err(|error| match error {
        FilesError::NotFound { .. } => TrustError::NoSignature,
        other => TrustError::Files(other),
    })?;
    Signature::parse(&String::from_utf8_lossy(&bytes)).map_err(TrustError::Signature)
}

fn verify(signature: &Signature, text: &[u8], keys: &[PublicKey]) -> Result<Signed, TrustError> {
    let named: Vec<_> = keys.iter().filter(|key| key.id == signature.key).collect();
    let wrong =
        || TrustError::WrongKey { found: signature.key, trusted: keys.iter().map(|key| key.id).collect() };
    // Two keys may have the same id: it proves nothing.
    let mut error = None;
    for key in named {
        match signature.verify(key, text) {
            Ok(()) => return Ok(Signed::By { key: key.id, comment: signature.trusted_comment.clone() }),
            Err(cause) => error = Some(TrustError::Changed(cause)),
        }
    }
    Err(error.unwrap_or_else(wrong))
}

fn list(keys: &[KeyId]) -> String {
    let names: Vec<_> = keys.iter().map(|key| alloc::format!("{key}")).collect();
    names.join(", ")
}
