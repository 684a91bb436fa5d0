//! Publishing: disks become layers, and a chain of layers becomes a version of an image.
//!
//! | module | does |
//! |---|---|
//! | `request`, `error` | what is to be published, and what may keep it from being |
//! | `disk`, `container`, `family` | opens disks, refuses what is none, and finds their parents |
//! | `survey` | looks through a disk on all threads, and names its content |
//! | `candidate` | makes a VHD of what is to be stored: as it is, of a raw disk, of differences, under a new identity |
//! | `put`, `frames` | stores a VHD, whole or not at all |
//! | `kit`, `writer` | the way of a frame: read, compressed, hashed and written, each byte once |
//!
//! The version's document is written last, when all its layers are in the store and on the device.

mod candidate;
mod container;
mod disk;
mod error;
mod family;
mod frames;
mod kit;
mod put;
mod request;
mod survey;
mod writer;

use std::path::Path;

use formats::io::ReadAt;
use formats::layer::ImageDocument;
use formats::units::ByteLen;
use host::{Crew, ErrorKind, Event, Observer};
use uuid::Uuid;

use crate::depot::{Guarded, Held};
use crate::layer::Layer;
use crate::paths;
use crate::root::Store;
use candidate::{Base, Candidate};
use disk::Disk;
use family::Family;
use survey::Survey;

pub use error::PublishError;
pub use put::{How, Put};
pub use request::{Parent, Request};

/// What was published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// The version's document.
    pub document: ImageDocument,
    /// The layers that the disks became, base first. Those that only the store had are not among them.
    pub layers: Vec<Put>,
    /// Whether the version was not there before.
    pub is_new: bool,
}

/// Who publishes what where.
struct Publisher<'a> {
    store: &'a Store,
    request: &'a Request,
    crew: &'a Crew,
    observer: &'a dyn Observer,
    lock: &'a dyn Held,
}

/// What is listed under a version's name before it is published.
enum Before {
    Nothing,
    /// The same version.
    Same(ImageDocument),
    /// A document that cannot be read.
    Damaged,
}

/// A chain that is to be a version.
struct Draft {
    /// The layers that are in the store already, base first.
    below: Vec<Uuid>,
    /// Those that lie on them.
    candidates: Vec<Candidate>,
}

/// Publishes disks as a version of an image. One publisher at a time works on a store; another one waits.
///
/// # Errors
/// [`PublishError`]; the catalogue is then as it was.
pub fn publish(
    store: &Store,
    request: &Request,
    crew: &Crew,
    observer: &dyn Observer,
) -> Result<Published, PublishError> {
    request.check()?;
    let lock = store.depot().lock(Guarded::Catalogue, crew.stop(), observer)?;
    store.depot().clean(observer)?;
    let publisher = Publisher { store, request, crew, observer, lock: &*lock };
    let draft = publisher.draft()?;
    let document = request.document(draft.chain(), draft.size());
    let before = publisher.version_before(&document)?;
    let layers = draft.candidates.iter().map(|candidate| put::put(&publisher, candidate));
    let layers = layers.collect::<Result<_, _>>()?;
    if let Before::Same(document) = before {
        return Ok(Published { document, layers, is_new: false });
    }
    publisher.list(&document, before)?;
    Ok(Published { document, layers, is_new: true })
}

impl Publisher<'_> {
    /// Opens a disk.
    fn open(&self, path: &Path) -> Result<Disk, PublishError> {
        Disk::open(path, self.request.size_rule, self.observer)
    }

    /// Looks through sources in blocks of `block` bytes.
    fn survey<'a>(&'a self, sources: &'a [&'a dyn ReadAt], block: u32) -> Survey<'a> {
        Survey { sources, block, crew: self.crew, observer: self.observer }
    }

    /// Finds out which layers there will be.
    fn draft(&self) -> Result<Draft, PublishError> {
        let disks = self.request.disks.iter().map(|path| self.open(path)).collect::<Result<_, _>>()?;
        let family = Family::find(self, disks)?;
        match &self.request.parent {
            Some(parent) => self.draft_of_differences(family, parent),
            None => self.draft_of_family(family),
        }
    }

    fn draft_of_family(&self, family: Family) -> Result<Draft, PublishError> {
        let below: Vec<Uuid> = family.below.iter().map(Layer::uuid).collect();
        let mut candidates: Vec<Candidate> = Vec::new();
        let count = family.disks.len();
        for (index, disk) in family.disks.into_iter().enumerate() {
            let parent = candidates.last().map(|candidate| candidate.uuid).or(below.last().copied());
            let rename = self.request.new_uuid && index + 1 == count;
            let make = if rename { Candidate::renamed } else { Candidate::of };
            candidates.push(make(self, disk, parent)?);
        }
        Ok(Draft { below, candidates })
    }

    fn draft_of_differences(&self, family: Family, parent: &Parent) -> Result<Draft, PublishError> {
        let located = self.store.locate(&parent.name, parent.version.as_deref())?;
        let base = Base::of(&located)?;
        let (path, disk) = family.flatten()?;
        let candidate = Candidate::of_differences(self, (path, disk), base)?;
        Ok(Draft { below: located.document.chain, candidates: vec![candidate] })
    }

    /// What is published under the version's name already.
    fn version_before(&self, document: &ImageDocument) -> Result<Before, PublishError> {
        let ImageDocument { name, version, .. } = document;
        match self.store.document(name, version) {
            Ok(found) if (&found.chain, found.size) == (&document.chain, document.size) => {
                Ok(Before::Same(found))
            }
            Ok(_) => Err(PublishError::VersionTaken { title: document.title() }),
            Err(error) if error.is_missing() => Ok(Before::Nothing),
            Err(error) if error.kind() == ErrorKind::Corrupt => {
                let notice = format!("the document of {} was damaged and is written again", document.title());
                self.observer.event(Event::Notice(notice));
                Ok(Before::Damaged)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Lists the version in the catalogue. Whoever lost the lock may have been overtaken, and overwrites nothing.
    fn list(&self, document: &ImageDocument, before: Before) -> Result<(), PublishError> {
        self.lock.check()?;
        let key = paths::version(&document.name, &document.version);
        let text = document.print();
        let depot = self.store.depot();
        if let Before::Damaged = before {
            return Ok(depot.replace(&key, text.as_bytes())?);
        }
        match depot.create(&key, text.as_bytes())? {
            true => Ok(()),
            false => Err(PublishError::VersionTaken { title: document.title() }),
        }
    }
}

impl Draft {
    /// The layers of the version, base first.
    fn chain(&self) -> Vec<Uuid> {
        let above = self.candidates.iter().map(|candidate| candidate.uuid);
        self.below.iter().copied().chain(above).collect()
    }

    /// The size of its disk.
    fn size(&self) -> ByteLen {
        self.candidates.last().map_or(ByteLen::ZERO, |leaf| leaf.virtual_size)
    }
}
