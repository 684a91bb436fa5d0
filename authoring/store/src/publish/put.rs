//! Putting a layer into the store: new, again, or in place of a damaged one.

use formats::digest::{Hasher, Sha256};
use formats::layer::{Digested, LayerDescriptor};
use host::{ErrorKind, Event, Interrupted, Unit};

use super::Publisher;
use super::candidate::Candidate;
use super::error::PublishError;
use super::frames;
use super::kit::Kits;
use crate::check::check_layer;
use crate::error::StoreError;
use crate::layer::{Layer, read_descriptor};

/// What became of a layer that was to be published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Put {
    /// What the store says of it.
    pub descriptor: LayerDescriptor,
    /// How it got there.
    pub how: How,
}

/// How a layer got into the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// It was stored now.
    Stored,
    /// It was there already, with the same content, and sound to the last frame.
    There,
    /// It was there, damaged, and was stored again.
    Repaired,
}

/// What the store has of a layer before it is published.
enum Before {
    Nothing,
    Sound(LayerDescriptor),
    /// Something damaged, with the layer's description where that is sound.
    Damaged(Option<LayerDescriptor>),
}

/// Puts a layer into the store.
pub fn put(publisher: &Publisher<'_>, candidate: &Candidate) -> Result<Put, PublishError> {
    let (known, how) = match before(publisher, candidate)? {
        Before::Nothing => (None, How::Stored),
        Before::Damaged(known) => {
            // A disk that is another one must not cost what there is.
            known.iter().try_for_each(|known| compare_content(publisher, candidate, known))?;
            (known, How::Repaired)
        }
        Before::Sound(descriptor) => {
            compare(publisher, candidate, &descriptor)?;
            return Ok(Put { descriptor, how: How::There });
        }
    };
    let new = publisher.store.depot().begin_layer(candidate.uuid)?;
    let descriptor = frames::write(publisher, candidate, &*new)?;
    if let Some(known) = known {
        check_same(candidate, &known, descriptor.vhd)?;
    }
    publisher.lock.check()?;
    new.commit()?;
    if how == How::Repaired {
        let repaired = format!("layer {} was damaged in the store and is stored again", candidate.uuid);
        publisher.observer.event(Event::Notice(repaired));
    }
    Ok(Put { descriptor, how })
}

fn before(publisher: &Publisher<'_>, candidate: &Candidate) -> Result<Before, PublishError> {
    if !publisher.store.has_layer(candidate.uuid)? {
        return Ok(Before::Nothing);
    }
    match publisher.store.layer(candidate.uuid) {
        Ok(layer) if is_whole(publisher, &layer)? => Ok(Before::Sound(layer.descriptor)),
        Ok(layer) => Ok(Before::Damaged(Some(layer.descriptor))),
        Err(error) if error.kind() == ErrorKind::Corrupt || error.is_missing() => {
            Ok(Before::Damaged(read_descriptor(publisher.store.depot(), candidate.uuid).ok()))
        }
        Err(error) => Err(error.into()),
    }
}

/// Whether every frame of a layer in the store is what was written. Who publishes it again may say so because it is
/// damaged, and has the disk at hand that mends it.
fn is_whole(publisher: &Publisher<'_>, layer: &Layer) -> Result<bool, Interrupted> {
    let total = layer.descriptor.stored.len.0;
    publisher.observer.event(Event::Begin { task: "checking", total, unit: Unit::Bytes });
    let problems = check_layer(layer, publisher.crew, publisher.observer)?;
    publisher.observer.event(Event::End);
    Ok(problems.is_empty())
}

/// Sees that a layer which is in the store is the one that is to be published.
fn compare(
    publisher: &Publisher<'_>,
    candidate: &Candidate,
    known: &LayerDescriptor,
) -> Result<(), PublishError> {
    if known.parent != candidate.parent {
        let (expected, found) = (candidate.parent, known.parent);
        let image = publisher.request.title();
        return Err(StoreError::Link { image, layer: candidate.uuid, expected, found }.into());
    }
    compare_content(publisher, candidate, known)
}

/// Sees that the file has the content that the store says the layer has.
fn compare_content(
    publisher: &Publisher<'_>,
    candidate: &Candidate,
    known: &LayerDescriptor,
) -> Result<(), PublishError> {
    let len = candidate.file.size();
    if candidate.is_derived {
        // The identity says the content.
        return Ok(());
    }
    if len != known.vhd.len {
        return Err(other_content(candidate));
    }
    check_same(candidate, known, Digested { len, sha256: hash(publisher, candidate)? })
}

fn check_same(candidate: &Candidate, known: &LayerDescriptor, found: Digested) -> Result<(), PublishError> {
    let same = candidate.is_derived || found == known.vhd;
    if same { Ok(()) } else { Err(other_content(candidate)) }
}

fn other_content(candidate: &Candidate) -> PublishError {
    PublishError::OtherContent { path: candidate.path.clone(), layer: candidate.uuid }
}

/// The digest of the file.
fn hash(publisher: &Publisher<'_>, candidate: &Candidate) -> Result<Sha256, PublishError> {
    let total = candidate.file.size().0;
    publisher.observer.event(Event::Begin { task: "comparing", total, unit: Unit::Bytes });
    let mut kit = Kits::new(publisher.request.level).take()?;
    let mut hasher = Hasher::new();
    for number in candidate.frames() {
        publisher.crew.stop().check()?;
        kit.read(&candidate.file, number, &mut hasher).map_err(PublishError::read(&candidate.path))?;
        publisher.observer.event(Event::Advance(kit.plain.len() as u64));
    }
    publisher.observer.event(Event::End);
    Ok(hasher.finish())
}
