//! `disks/policies.json`: what whoever runs the images is told. It is for other programs to read:
//!
//! ```json
//! {
//!   "format": 1,
//!   "device": "pc-17",
//!   "rows": ["ui:language:de"],
//!   "images": [
//!     {
//!       "name": "Win7",
//!       "version": "2",
//!       "role": "current",
//!       "locked": false,
//!       "removed": false,
//!       "disk": "0c410000-0000-4000-8000-000000000002.vhd",
//!       "policies": ["vm:policy-print-screen:false"]
//!     }
//!   ]
//! }
//! ```
//!
//! | field | says |
//! |---|---|
//! | `rows` | what the device is told that is of no image, as `DAEMON:KEY:VALUE` |
//! | `role` | `current`: to be run; `staged`: not to be run yet |
//! | `locked` | the image is to be left as it is |
//! | `removed` | the image is to be given up as soon as nobody uses it, and not to be started any more |
//! | `disk` | the file beside this one: of a chain its leaf. It may not be there yet |
//! | `policies` | what the image is told: the policies of the version, and those of the assignment over them |
//!
//! A device that is to give up everything has no rows and no images.

use std::path::PathBuf;
use std::{fs, io};

use formats::document::{self, DocumentError};
use host::{HostError, Operation};
use remote::api::{Role, TargetImage};
use serde::{Deserialize, Serialize};
use store::device::Row;

use super::error::DiskError;
use super::{Order, make_folder, piece};

/// The file, in the folder of the disks.
pub const FILE: &str = "policies.json";
/// The version of the document.
const FORMAT: u32 = 1;

/// What whoever runs the images is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policies {
    /// 1.
    pub format: u32,
    /// The device's name.
    pub device: String,
    /// What the device is told that is of no image.
    pub rows: Vec<Row>,
    /// The versions that it is to have.
    pub images: Vec<PolicyImage>,
}

/// What is told of a version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyImage {
    /// The image's name.
    pub name: String,
    /// The version's name.
    pub version: String,
    /// What it is for.
    pub role: Role,
    /// Whether it is to be left as it is.
    pub locked: bool,
    /// Whether it is to be given up when nobody uses it.
    pub removed: bool,
    /// Its file, in the same folder.
    pub disk: String,
    /// What it is told.
    pub policies: Vec<Row>,
}

impl Policies {
    /// What an order says.
    pub fn of(order: &Order<'_>) -> Self {
        let target = order.target;
        let image = |image: &TargetImage| PolicyImage {
            name: image.document.name.clone(),
            version: image.document.version.clone(),
            role: image.role,
            locked: image.locked,
            removed: image.removed,
            disk: order.disk_of(&image.document),
            policies: image.policies.clone(),
        };
        let images = target.images.iter().filter(|_| !target.removed).map(image).collect();
        let rows = if target.removed { Vec::new() } else { target.config.clone() };
        Self { format: FORMAT, device: target.device.clone(), rows, images }
    }

    /// Parses the document.
    ///
    /// # Errors
    /// [`DocumentError`].
    pub fn parse(text: &str) -> Result<Self, DocumentError> {
        let policies: Self = document::parse(text)?;
        match policies.format {
            FORMAT => Ok(policies),
            found => Err(DocumentError::Malformed { reason: format!("format {found}, expected {FORMAT}") }),
        }
    }
}

/// Writes `policies.json`, when it says something else; whether it did. Readers see the old one or the new one, whole.
///
/// # Errors
/// [`DiskError::Host`].
pub fn write_policies(order: &Order<'_>) -> Result<bool, DiskError> {
    let path: PathBuf = order.folder().join(FILE);
    let text = document::print(&Policies::of(order));
    match fs::read_to_string(&path) {
        Ok(there) if there == text => return Ok(false),
        Ok(_) => {}
        Err(error) if [io::ErrorKind::NotFound, io::ErrorKind::InvalidData].contains(&error.kind()) => {}
        Err(error) => return Err(HostError::io(Operation::Open, &path)(error).into()),
    }
    make_folder(&order.folder())?;
    piece::put(&path, &text)?;
    Ok(true)
}
