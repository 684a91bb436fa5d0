//! The disks of a client: what is made of the layers that are there, and what is removed when nothing needs it any more.
//!
//! | file | does |
//! |---|---|
//! | `chain` | a layer as a VHD file whose parent lies beside it |
//! | `flat` | a version as one disk: raw, or a dynamic VHD |
//! | `piece` | writes a file piece by piece, with holes for zeros, and digests it on the way |
//! | `record` | what a file was when it was written, so that it need not be made again |
//! | `busy` | which files somebody has open or locked |
//! | `policies` | `policies.json` |
//! | `needed` | what the target state needs, and removing the rest |
//!
//! A file gets its name when all of it is written, synced and right. One that somebody uses is neither replaced nor
//! removed, unless its image was taken away at once.

mod error;

use std::path::{Path, PathBuf};

use host::{Crew, Observer};
use remote::api::TargetState;
use serde::{Deserialize, Serialize};
use store::Store;

pub use error::DiskError;

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
    /// It was there, and is right.
    Kept,
    /// It was made.
    Made,
    /// It was there, was not what had been written, and was made again.
    Mended,
    /// It is not right, and somebody uses it: nothing was done.
    InUse,
    /// It could not be made.
    Failed(DiskError),
}

/// Makes the files of all versions whose layers are all there. What cannot be made keeps nothing else from being made.
///
/// # Errors
/// [`DiskError`]: somebody asked to stop, or there can be no folder for the disks.
pub fn materialize(order: &Order<'_>, crew: &Crew, observer: &dyn Observer) -> Result<Vec<Disk>, DiskError> {
    let _ = (order, crew, observer);
    Ok(Vec::new())
}

/// Writes `policies.json` for a target state, when it says something else; whether it did.
///
/// # Errors
/// [`DiskError`].
pub fn write_policies(client: &Path, target: &TargetState) -> Result<bool, DiskError> {
    let _ = (client, target);
    Ok(false)
}

/// Something that nothing needed any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removed {
    /// What was removed: a disk, a layer, a layer in the making, or the document of a version.
    pub path: PathBuf,
    /// How many bytes that gave back.
    pub bytes: u64,
}

/// Removes what the target state does not need: disks, documents of versions, layers and layers in the making. Nothing
/// is touched in the client's folder that has not a name of the client's own. Only call it with a target state that
/// came from the service.
///
/// # Errors
/// [`DiskError`].
pub fn clear(order: &Order<'_>, observer: &dyn Observer) -> Result<Vec<Removed>, DiskError> {
    let _ = (order, observer);
    Ok(Vec::new())
}
