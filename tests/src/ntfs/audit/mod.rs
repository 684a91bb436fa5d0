//! A judge stricter than those that exist: what the format demands of a volume that nobody has written to yet, held
//! against its raw bytes with a parser of its own. mkntfs' volumes pass it as well.
//!
//! | module | judges |
//! |---|---|
//! | `raw` | nothing: it takes records, attributes and runs apart |
//! | `records` | every record and attribute by itself; names and link counts |
//! | `indexes` | directories: order, nodes, blocks in use, and each entry against its file's record |
//! | `security` | `$Secure`: hashes, both copies, both indexes, and that every file's descriptor is there |
//! | `volume` | boot sectors, `$MFTMirr`, `$Bitmap`, `$LogFile`, `$UpCase` |

mod indexes;
mod raw;
mod records;
mod security;
mod volume;

use std::path::Path;

use crate::findings::{self, Findings};
use crate::workshop::HostFile;
use raw::Image;

/// Everything that is wrong with the volume in the file `path`.
///
/// # Panics
/// When the volume is so damaged that it cannot be taken apart.
pub fn findings(path: &Path) -> Vec<String> {
    let file = HostFile::open(path);
    let image = Image::open(&file);
    let mut findings = Findings::default();
    volume::judge(&image, &mut findings);
    records::judge(&image, &mut findings);
    indexes::judge(&image, &mut findings);
    security::judge(&image, &mut findings);
    findings.into_list()
}

/// Expects that nothing is wrong with the volume in the file `path`.
///
/// # Panics
/// When something is.
pub fn agrees(path: &Path) {
    findings::none(&findings(path));
}
