//! Completes a layout: takes the digests of the structures, writes the manifest and signs it. After that every byte
//! of the medium is known, and none has been written.

use formats::digest::{Hasher, Sha256};
use formats::manifest::{ManifestError, paths};
use formats::minisign::{self, FileError, SecretKey};
use formats::region::{Region, Regions};
use formats::units::{ByteLen, MIB};
use host::{Crew, ErrorKind, Interrupted};
use uuid::Uuid;

use crate::layout::{Layout, is_structure};
use crate::payload::Payload;

/// How much of a structure is made at a time, in bytes.
const PIECE: usize = MIB as usize;

/// Why a layout cannot be completed.
#[derive(Debug, thiserror::Error)]
pub enum CompleteError {
    /// A reader would refuse the manifest.
    #[error("the manifest cannot be written")]
    Manifest(#[source] ManifestError),
    /// The signature's comment cannot be written.
    #[error("the manifest cannot be signed")]
    Sign(#[source] FileError),
    /// The request says that the medium is signed and there is no key, or the other way round.
    #[error("the medium was planned {}, and {}", if *planned { "signed" } else { "unsigned" }, if *planned { "no secret key was given" } else { "a secret key was given" })]
    Key {
        /// Whether the request asks for a signature.
        planned: bool,
    },
    /// A fault of this program.
    #[error("{what} has {found}, was laid out for {expected} (please report this)")]
    Length {
        /// The document.
        what: &'static str,
        /// What was laid out.
        expected: ByteLen,
        /// What it has.
        found: ByteLen,
    },
    /// The user asked to stop.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}

impl CompleteError {
    /// What it means for whoever asked.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Key { .. } => ErrorKind::Usage,
            Self::Interrupted(_) => ErrorKind::Interrupted,
            Self::Manifest(_) | Self::Sign(_) | Self::Length { .. } => ErrorKind::Other,
        }
    }
}

/// What there is to say of a medium when it is pressed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Its identity.
    pub medium: Uuid,
    /// The digest of its manifest.
    pub manifest: Sha256,
    /// How long it is.
    pub size: ByteLen,
    /// How much room is left on its seed volume.
    pub free: ByteLen,
    /// How much of it is payload.
    pub payload: ByteLen,
    /// Whether it is signed.
    pub signed: bool,
}

/// A medium whose every byte is known.
#[must_use]
#[derive(Debug)]
pub struct Complete {
    pub(crate) regions: Regions,
    pub(crate) payloads: Vec<Payload>,
    pub(crate) summary: Summary,
}

impl Complete {
    /// How long the medium is: what its output is begun for.
    pub fn size(&self) -> ByteLen {
        self.regions.total()
    }
}

impl Layout {
    /// Writes the manifest and, with a key, signs it.
    ///
    /// # Errors
    /// [`CompleteError`].
    pub fn complete(mut self, key: Option<&SecretKey>, crew: &Crew) -> Result<Complete, CompleteError> {
        let planned = self.plan.request.signed;
        if planned != key.is_some() {
            return Err(CompleteError::Key { planned });
        }
        self.take_digests(crew)?;
        let manifest = self.plan.manifest.print().map_err(CompleteError::Manifest)?;
        let signature = key.map(|key| minisign::sign(key, manifest.as_bytes(), &self.plan.trusted_comment()));
        let signature = signature.transpose().map_err(CompleteError::Sign)?;
        let summary = self.summary(&manifest);
        let Self { mut plan, regions, manifest_len, .. } = self;
        let found = ByteLen(manifest.len() as u64);
        if found != manifest_len {
            return Err(CompleteError::Length { what: "the manifest", expected: manifest_len, found });
        }
        plan.payloads.push(Payload::of_bytes(paths::MANIFEST, manifest.into_bytes()));
        if let Some(signature) = signature {
            plan.payloads.push(Payload::of_bytes(paths::SIGNATURE, signature.print().into_bytes()));
        }
        Ok(Complete { regions, payloads: plan.payloads, summary })
    }

    fn summary(&self, manifest: &str) -> Summary {
        let payload = self.plan.manifest.files.iter().map(|file| file.len.0).sum();
        Summary {
            medium: self.plan.manifest.medium,
            manifest: Sha256::of(manifest.as_bytes()),
            size: self.regions.total(),
            free: self.free,
            payload: ByteLen(payload),
            signed: self.plan.request.signed,
        }
    }

    fn take_digests(&mut self, crew: &Crew) -> Result<(), Interrupted> {
        let structures = self.regions.iter().filter(|region| is_structure(region));
        let mut listed = self.plan.manifest.structures.iter_mut();
        let keep = |digest| {
            // As many as there are regions: the list was made from them.
            if let Some(structure) = listed.next() {
                structure.sha256 = digest;
            }
            Ok(())
        };
        crew.ordered(structures, |region| digest(region, crew), keep)
    }
}

fn digest(region: &Region, crew: &Crew) -> Result<Sha256, Interrupted> {
    let mut hasher = Hasher::new();
    let mut buf = vec![0; PIECE.min(region.len.0 as usize)];
    for start in (0..region.len.0).step_by(PIECE) {
        crew.stop().check()?;
        let piece = &mut buf[..PIECE.min((region.len.0 - start) as usize)];
        region.fill(start, piece);
        hasher.update(piece);
    }
    Ok(hasher.finish())
}
