//! The disks of a client: what is made of the layers that are there, and what is removed when nothing needs it any more.
//!
//! | file | does |
//! |---|---|
//! | `job` | a file that there is to be: kept, made or made again |
//! | `chain` | a layer as a VHD file whose parent lies beside it |
//! | `flat` | a version as one disk: raw, or a dynamic VHD |
//! | `piece` | writes a file piece by piece, with holes for zeros, and digests it on the way |
//! | `record` | what a file was when it was written, so that it need not be made again |
//! | `busy` | which files somebody has open or locked |
//! | `policies` | `policies.json` |
//! | `needed`, `clear` | what the target state needs, and removing the rest |
//!
//! A file gets its name when all of it is written, synced and right. One that somebody uses is neither replaced nor
//! removed, unless its image was taken away at once.

mod busy;
mod chain;
mod clear;
mod error;
mod flat;
mod job;
mod needed;
mod piece;
mod policies;
mod record;

use std::fs;
use std::path::{Path, PathBuf};

use formats::layer::ImageDocument;
use host::{Crew, HostError, Observer, Operation};
use remote::api::{TargetImage, TargetState};
use serde::{Deserialize, Serialize};
use store::{Layer, Located, Store};
use uuid::Uuid;

use busy::Busy;
use piece::Hands;

pub use clear::{Removed, clear};
pub use error::DiskError;
pub use policies::{FILE as POLICIES, Policies, PolicyImage, write_policies};

/// The folder of the disks, in the client's folder.
pub const FOLDER: &str = "disks";

/// How versions become files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// Each layer a VHD file, `UUID.vhd`, that finds its parent beside it.
    #[default]
    Chain,
    /// Each version the bytes of its disk, `NAME@VERSION.raw`, with holes for zeros.
    Raw,
    /// Each version a dynamic VHD, `NAME@VERSION.vhd`.
    Vhd,
}

/// Of what disks are made, and where.
#[derive(Clone, Copy, Debug)]
pub struct Order<'a> {
    /// The client's folder.
    pub client: &'a Path,
    /// The client's store.
    pub store: &'a Store,
    /// What the device is to have.
    pub target: &'a TargetState,
    /// How versions become files.
    pub form: Form,
    /// Whether files that are there are read and compared, and not only their lengths and times.
    pub rehash: bool,
}

/// A file that there is to be.
#[derive(Debug)]
pub struct Disk {
    /// The file.
    pub path: PathBuf,
    /// The versions that it belongs to: `Win7@2`.
    pub images: Vec<String>,
    /// What became of it.
    pub state: State,
}

/// What became of a file.
#[derive(Debug)]
pub enum State {
    /// It is to be made, and was only looked for.
    Missing,
    /// It was there, and is right.
    Kept,
    /// It was made.
    Made,
    /// It was there, was not what had been written, and was made again.
    Mended,
    /// It is not right, and somebody uses it: nothing was done.
    InUse,
    /// Somebody wrote into it: it is left as it is.
    Changed,
    /// It could not be made.
    Failed(DiskError),
}

/// Makes the files of all versions whose layers are all there. What cannot be made keeps nothing else from being made.
///
/// # Errors
/// [`DiskError`]: somebody asked to stop, or there can be no folder for the disks.
pub fn materialize(order: &Order<'_>, crew: &Crew, observer: &dyn Observer) -> Result<Vec<Disk>, DiskError> {
    make_folder(&order.folder())?;
    let hands = Hands { crew, observer };
    let busy = Busy::new();
    let (versions, mut disks) = order.versions();
    for job in job::all(&versions, order.form) {
        let path = order.folder().join(&job.name);
        let state = match job.run(&path, order.rehash, (hands, &busy)) {
            Err(error @ DiskError::Interrupted(_)) => return Err(error),
            done => done.unwrap_or_else(State::Failed),
        };
        disks.push(Disk { path, images: job.images, state });
    }
    Ok(disks)
}

/// The files that are not there, of all versions, those too whose layers are still to come. Nothing is made.
pub fn foresee(order: &Order<'_>) -> Vec<Disk> {
    let mut disks: Vec<Disk> = Vec::new();
    for TargetImage { document, .. } in order.wanted() {
        let paths = needed::disks_of(document, order.form).into_iter().map(|name| order.folder().join(name));
        for path in paths.filter(|path| !path.is_file()) {
            match disks.iter_mut().find(|disk| disk.path == path) {
                Some(known) => known.images.push(document.title()),
                None => disks.push(Disk { path, images: vec![document.title()], state: State::Missing }),
            }
        }
    }
    disks
}

/// The titles of the versions whose layers are all there, and whose files are not, in none of the forms.
pub fn without_disks(order: &Order<'_>) -> Vec<String> {
    let is_there = |version: &Version, form: Form| {
        let jobs = job::all(std::slice::from_ref(version), form);
        jobs.iter().all(|job| job.is_there(&order.folder().join(&job.name)))
    };
    let (versions, _) = order.versions();
    let short = versions.iter().filter(|version| !needed::FORMS.iter().any(|form| is_there(version, *form)));
    short.map(|version| version.located.document.title()).collect()
}

/// A version whose layers are all there.
struct Version {
    located: Located,
    /// Whether it is to be left as it is.
    locked: bool,
}

impl Order<'_> {
    /// The folder of the disks.
    fn folder(&self) -> PathBuf {
        self.client.join(FOLDER)
    }

    /// The name of the file that a version is run from: of a chain its leaf.
    fn disk_of(&self, document: &ImageDocument) -> String {
        match self.form {
            Form::Chain => document.chain.last().map(|leaf| chain::name(*leaf)).unwrap_or_default(),
            form => flat::name(&document.name, &document.version, form),
        }
    }

    /// The versions that are to be here.
    fn wanted(&self) -> impl Iterator<Item = &TargetImage> {
        self.target.images.iter().filter(|image| !self.target.removed && !image.removed)
    }

    /// The versions whose layers are all there, and those whose layers cannot be used.
    fn versions(&self) -> (Vec<Version>, Vec<Disk>) {
        let (mut versions, mut failed) = (Vec::new(), Vec::new());
        for TargetImage { document, locked, .. } in self.wanted() {
            let layers = document.chain.iter().map(|layer| self.layer(*layer));
            match layers.collect::<Result<Option<Vec<_>>, _>>() {
                Ok(None) => {}
                Ok(Some(layers)) => {
                    let located = Located { document: document.clone(), layers };
                    versions.push(Version { located, locked: *locked });
                }
                Err(error) => failed.push(Disk {
                    path: self.folder().join(self.disk_of(document)),
                    images: vec![document.title()],
                    state: State::Failed(error),
                }),
            }
        }
        (versions, failed)
    }

    /// A layer, where it is there.
    fn layer(&self, uuid: Uuid) -> Result<Option<Layer>, DiskError> {
        match self.store.layer(uuid) {
            Err(error) if error.is_missing() => Ok(None),
            Err(error) => Err(error.into()),
            Ok(layer) if self.target.layer(uuid) == Some(&layer.descriptor) => Ok(Some(layer)),
            Ok(_) => Err(DiskError::OtherLayer { layer: uuid }),
        }
    }
}

/// Makes a folder, and those that it lies in.
fn make_folder(path: &Path) -> Result<(), DiskError> {
    Ok(fs::create_dir_all(path).map_err(HostError::io(Operation::Create, path))?)
}
