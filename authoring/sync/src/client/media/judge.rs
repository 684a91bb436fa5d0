//! A medium, opened and held against trust and switches.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use deploy::{Loaded, Medium, MediumError, Signed, Trust, TrustError, VolumeError};
use formats::files::FilesError;
use formats::kind::ErrorKind;
use formats::manifest::{Kind, Manifest, paths};
use formats::minisign::KeyId;
use formats::units::ByteLen;
use host::{FileSource, Folder, HostError};
use uuid::Uuid;

use super::places::Place;
use super::reader::MediumSource;
use super::{Found, Search};
use crate::client::source::SourceKind;

/// Why a medium is not used.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// It cannot be opened.
    #[error(transparent)]
    Host(HostError),
    /// It is nothing that seedpress pressed.
    #[error("it is no seed medium")]
    NotSeed,
    /// It was a seed medium, and cannot be read any more.
    #[error("it is damaged")]
    Damaged(#[source] MediumError),
    /// It was a seed medium, and its manifest is gone.
    #[error("it is damaged: its manifest is gone")]
    NoManifest,
    /// Its manifest does not stand up to what is asked of it.
    #[error(transparent)]
    Trust(TrustError),
    /// No key is trusted, so that nobody's signature could be.
    #[error(
        "this client trusts no key yet: add the public key that media are signed with to its folder `trust`{}",
        signed_with(*.signed)
    )]
    NoKeys {
        /// The key that the medium says it was signed with.
        signed: Option<KeyId>,
    },
    /// Media of its kind are switched off.
    #[error("switched off by {switch}")]
    Switched {
        /// The switch.
        switch: &'static str,
    },
}

/// A place that was looked at.
pub struct Judged {
    /// What is told of it.
    pub found: Found,
    /// How soon it is asked among those of its kind.
    pub order: (bool, bool),
    named: bool,
    /// The disk that it is on.
    pub disk: Option<String>,
}

impl Unusable {
    /// What it means for whoever asked.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Host(error) => error.kind(),
            Self::NotSeed => ErrorKind::Unreachable,
            Self::Damaged(_) | Self::NoManifest => ErrorKind::Corrupt,
            Self::Trust(error) => error.kind(),
            Self::NoKeys { .. } => ErrorKind::Trust,
            Self::Switched { .. } => ErrorKind::Usage,
        }
    }
}

impl Judged {
    /// Whether another place gives what this one does not.
    pub fn is_twin(&self, media: &BTreeSet<Uuid>, disks: &BTreeSet<String>) -> bool {
        let on = |disk: &String| disks.contains(disk);
        !self.named
            && (self.found.medium.is_some_and(|id| media.contains(&id)) || self.disk.as_ref().is_some_and(on))
    }
}

fn signed_with(key: Option<KeyId>) -> String {
    key.map_or_else(String::new, |key| format!("; this one is signed with key {key}"))
}

/// Looks at a place; `None` where there is no medium and nobody said that there is one.
pub fn judge(search: &Search, place: Place) -> Option<Judged> {
    let opened = open(&place.path);
    let is_folder = opened.as_ref().is_ok_and(|medium| medium.disk().is_none());
    let mut found = Found {
        name: place.path.display().to_string(),
        kind: place.kind.unwrap_or_else(|| by_name(&place.path)),
        medium: None,
        label: String::new(),
        size: None,
        source: Err(Unusable::NotSeed),
    };
    found.source = opened.and_then(|medium| examine(search, &place, medium, &mut found));
    if !place.named && matches!(found.source, Err(Unusable::NotSeed)) {
        return None;
    }
    Some(Judged { found, order: (!place.named, is_folder), named: place.named, disk: place.disk })
}

fn open(path: &Path) -> Result<Medium, Unusable> {
    if path.is_dir() {
        return Ok(Medium::mounted(Box::new(Folder::new(path))));
    }
    let source = FileSource::open(path).map_err(Unusable::Host)?;
    Medium::open(Arc::new(source)).map_err(|error| match error {
        MediumError::NoSeed { marker: Some(_), .. } => Unusable::Damaged(error),
        MediumError::Volume(VolumeError::Unknown) | MediumError::NoSeed { .. } => Unusable::NotSeed,
        MediumError::Volume(_) | MediumError::Table(_) => Unusable::Damaged(error),
    })
}

/// Reads what the medium says of itself, and whether that may be believed.
fn examine(
    search: &Search,
    place: &Place,
    medium: Medium,
    found: &mut Found,
) -> Result<MediumSource, Unusable> {
    found.size = medium.disk().map(|disk| disk.size());
    // What it says is told even where it is not believed.
    if let Ok(Loaded { manifest, .. }) = deploy::load(&medium, &Trust::default()) {
        describe(&manifest, place, found);
    }
    let (is_on, switch) = match found.kind {
        SourceKind::Dvd => (search.use_dvd, "enable-dvd-cache"),
        _ => (search.use_usb, "enable-usb-cache"),
    };
    let manifest = trusted(search, &medium)?;
    if !is_on {
        return Err(Unusable::Switched { switch });
    }
    Ok(MediumSource::new(found.name.clone(), found.kind, medium, manifest))
}

fn describe(manifest: &Manifest, place: &Place, found: &mut Found) {
    found.medium = Some(manifest.medium);
    found.label = manifest.label.chars().filter(|c| !c.is_control()).collect();
    found.kind = place.kind.unwrap_or(match manifest.kind {
        Kind::Usb => SourceKind::Usb,
        Kind::Disc => SourceKind::Dvd,
    });
    found.size = found.size.map(|len| ByteLen(len.0.min(manifest.size.0)));
}

/// The manifest, when it may be believed.
fn trusted(search: &Search, medium: &Medium) -> Result<Manifest, Unusable> {
    let trust = Trust { keys: search.keys.clone(), now: search.now };
    let unsigned = Trust { keys: Vec::new(), now: search.now };
    if is_unsigned(medium) && search.allow_unsigned {
        return deploy::load(medium, &unsigned)
            .map(|loaded| loaded.manifest)
            .map_err(|error| refused(error, medium));
    }
    let Loaded { manifest, signed } = deploy::load(medium, &trust).map_err(|error| refused(error, medium))?;
    match signed {
        Signed::By { .. } => Ok(manifest),
        Signed::Unverified { key } => Err(Unusable::NoKeys { signed: Some(key) }),
        Signed::Not if is_unsigned(medium) => Err(Unusable::Trust(TrustError::NoSignature)),
        Signed::Not => Err(Unusable::NoKeys { signed: None }),
    }
}

/// Whether nobody signed it. What cannot be read may be a signature, and a bad one.
fn is_unsigned(medium: &Medium) -> bool {
    matches!(medium.seed().open(paths::SIGNATURE), Err(FilesError::NotFound { .. }))
}

fn refused(error: TrustError, medium: &Medium) -> Unusable {
    match error {
        TrustError::NoManifest if medium.marker().is_some() => Unusable::NoManifest,
        TrustError::NoManifest => Unusable::NotSeed,
        other => Unusable::Trust(other),
    }
}

/// What kind of medium something is likely to be of which nothing is known but its name.
fn by_name(path: &Path) -> SourceKind {
    let is_iso = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("iso"));
    if is_iso { SourceKind::Dvd } else { SourceKind::Usb }
}
