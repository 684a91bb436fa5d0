//! A judge of UDF volumes that knows the specifications and nothing of ours: ECMA-167, 3rd edition, and OSTA UDF 1.02
//! to 2.50, held against the bytes. mkudffs' volumes pass it as well.
//!
//! | module | judges |
//! |---|---|
//! | `raw` | tags; it takes descriptors apart |
//! | `fields` | texts, times, identifiers |
//! | `recognition` | the volume recognition sequence |
//! | `sequence` | anchors, and that both volume descriptor sequences are the same |
//! | `descriptors` | each volume descriptor |
//! | `space` | partition maps, overlaps, the space bitmap |
//! | `metadata` | the metadata file and its mirror |
//! | `entry` | file entries and their extents |
//! | `tree` | the file set, names, link counts, unique ids |
//! | `integrity` | the integrity descriptor against all of that |

mod descriptors;
mod entry;
mod fields;
mod integrity;
mod metadata;
mod raw;
mod recognition;
mod sequence;
mod space;
mod tree;

use formats::io::ReadAt;

use crate::findings::{self, Findings};
use crate::sectors::{Claims, Sectors};
use entry::Blocks;

/// Everything that is wrong with the volume on a medium.
pub fn findings(source: &dyn ReadAt) -> Vec<String> {
    let mut findings = Findings::default();
    let image = Sectors::new(source);
    let mut sectors = Claims::default();
    if let Some(mut volume) = sequence::judge(&image, &mut sectors, &mut findings) {
        recognition::judge(&image, volume.form, &mut findings);
        let partition = volume.partition;
        sectors.add(0, 16, "what lies before the recognition sequence");
        sectors.add(partition.start, partition.sectors, "the partition");
        let physical = metadata::judge(&image, &mut volume, &mut findings);
        let mut blocks = Blocks { image: &image, volume: &volume, claims: [physical, Claims::default()] };
        let tree = tree::judge(&mut blocks, &mut findings);
        let [mut physical, mut metadata] = blocks.claims;
        let free = space::bitmap(&image, &volume, &mut physical, &mut findings).unwrap_or_default();
        integrity::judge(&image, &volume, (&tree, free), &mut sectors, &mut findings);
        physical.judge("partition", partition.sectors, &mut findings);
        metadata.judge("metadata partition", volume.size(1), &mut findings);
    }
    sectors.judge("volume", image.count, &mut findings);
    findings.into_list()
}

/// Expects that nothing is wrong with the volume on a medium.
///
/// # Panics
/// When something is.
pub fn agrees(source: &dyn ReadAt) {
    findings::none(&findings(source));
}
