//! A judge of ISO 9660 volumes that knows the specifications and nothing of ours: ECMA-119, Joliet, SUSP and RRIP,
//! El Torito, held against the bytes. genisoimage's and xorriso's volumes pass it as well.
//!
//! | module | judges |
//! |---|---|
//! | `raw` | numbers in both orders, texts, dates |
//! | `descriptors` | volume descriptors |
//! | `tables` | path tables |
//! | `directories` | directory records, their order, identifiers, extents |
//! | `rock_ridge` | system use areas |
//! | `boot` | the boot catalog |

mod boot;
mod descriptors;
mod directories;
mod raw;
mod rock_ridge;
mod tables;

use std::collections::{BTreeMap, BTreeSet};

use formats::io::ReadAt;

use crate::findings::{self, Findings};
use crate::sectors::{Claims, SECTOR, Sectors};
use directories::Extents;

/// What was found on a volume.
#[derive(Default)]
pub struct Report {
    /// Everything that is wrong.
    pub findings: Vec<String>,
    /// The extents of each file by its path, a first sector and a length in bytes each: in the names of Rock Ridge.
    pub files: BTreeMap<String, Extents>,
}

/// Judges the volume on a medium.
pub fn report(source: &dyn ReadAt) -> Report {
    let mut findings = Findings::default();
    let mut claims = Claims::default();
    let sectors = Sectors::new(source);
    let volume = descriptors::judge(&sectors, &mut claims, &mut findings);
    let catalog = volume.catalog;
    let images = catalog.map(|catalog| boot::judge(&sectors, catalog, &mut claims, &mut findings));
    let mut all = Vec::new();
    for hierarchy in &volume.hierarchies {
        let table = tables::judge(&sectors, hierarchy, &mut claims, &mut findings);
        all.push(directories::judge(&sectors, (hierarchy, &table), &mut claims, &mut findings).files);
    }
    let extents =
        |files: &BTreeMap<String, Extents>| -> BTreeSet<Extents> { files.values().cloned().collect() };
    if let [primary, joliet] = &all[..] {
        let same = primary.len() == joliet.len() && extents(primary) == extents(joliet);
        findings.expect(same, || "both hierarchies: they lead to other files".into());
    }
    let pieces: BTreeSet<(u64, u64)> = all.iter().flat_map(extents).flatten().collect();
    for (start, len, what) in images.unwrap_or_default() {
        // What is loaded may be a file, or the head of one.
        let is_file =
            pieces.iter().any(|piece| piece.0 == start && len * SECTOR <= piece.1.next_multiple_of(SECTOR));
        claims.add(start, if is_file { 0 } else { len }, &what);
    }
    for (start, len) in pieces {
        claims.add(start, len.div_ceil(SECTOR), "data of a file");
    }
    claims.judge("volume", sectors.count, &mut findings);
    let mut files = all.into_iter();
    Report { findings: findings.into_list(), files: files.next().unwrap_or_default() }
}

/// Expects that nothing is wrong with the volume on a medium; gives its files.
///
/// # Panics
/// When something is.
pub fn agrees(source: &dyn ReadAt) -> BTreeMap<String, Extents> {
    let report = report(source);
    findings::none(&report.findings);
    report.files
}
