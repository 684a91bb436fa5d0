//! What a medium starts: its programs for UEFI, who signed them, and on which machines firmware starts it.
//!
//! | file | holds |
//! |---|---|
//! | `find` | programs on a volume, found by their content |
//! | `program` | a program and its signatures |
//! | `authority` | the certificate authorities that PCs trust |
//! | `places` | where firmware looks on a medium: partitions, El Torito, the first sector |
//! | `starts` | what firmware of each kind makes of it |
//!
//! Firmware is taken as UEFI 2.10 has it: the removable path of its own processor (3.5.1.1), one signature that leads to
//! its database and is of the file (32.5.3.3). Certificates that have expired count; what `dbx` forbids is not known.

mod authority;
mod find;
mod places;
mod program;
mod starts;

use deploy::Medium;
use formats::manifest::Volume;
use formats::pe::Certificate;

pub use authority::{Authority, Generation};
pub use find::{Found, LONGEST};
pub use program::{By, Program, Signed};
pub use starts::{Firmware, Start, Use};

/// Where a program lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// The EFI system partition.
    Esp,
    /// The image that El Torito names for UEFI, where that is not the EFI system partition.
    ElTorito,
    /// The seed volume.
    Seed,
}

impl Place {
    /// Its name for programs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Esp => "esp",
            Self::ElTorito => "el-torito",
            Self::Seed => "seed",
        }
    }
}

/// What was found.
#[derive(Debug)]
pub struct Inspection {
    /// Programs, place by place, in the order of their paths.
    pub programs: Vec<(Place, Found)>,
    /// What firmware makes of the medium; nothing where only files can be seen.
    pub starts: Vec<Start>,
    /// What kept from looking further.
    pub remarks: Vec<String>,
}

/// Looks at a medium, with the certificates of a fleet's own.
pub fn inspect(medium: &Medium, own: &[Certificate]) -> Inspection {
    let mut inspection = Inspection { programs: Vec::new(), starts: Vec::new(), remarks: Vec::new() };
    if let Some(esp) = medium.volume(Volume::Esp) {
        inspection.add(Place::Esp, find::programs(esp, own));
    }
    let Some(disk) = medium.disk() else {
        inspection.add(Place::Seed, find::programs(medium.seed(), own));
        return inspection;
    };
    let places = places::Places::find(medium, disk);
    match &places.el_torito {
        Some(Ok(volume)) => inspection.add(Place::ElTorito, find::programs(volume, own)),
        Some(Err(reason)) => inspection.remarks.push(reason.clone()),
        None => {}
    }
    if places.is_disc || medium.table().is_none() {
        inspection.add(Place::Seed, find::programs(medium.seed(), own));
    }
    inspection.starts = starts::all(&inspection.programs, &places, own);
    inspection
}

impl Inspection {
    fn add(&mut self, place: Place, (found, remarks): (Vec<Found>, Vec<String>)) {
        self.programs.extend(found.into_iter().map(|found| (place, found)));
        self.remarks.extend(remarks);
    }
}
