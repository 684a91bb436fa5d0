//! The metadata file and its mirror (UDF 2.50 2.2.13).

use super::entry::{Blocks, Data, Entry};
use super::sequence::Extent;
use super::space::{Address, MetadataMap, Volume};
use crate::findings::Findings;
use crate::sectors::{Claims, SECTOR, Sectors};

/// Judges both files, and tells the volume where its metadata partition lies. Gives what they claim.
pub fn judge(image: &Sectors<'_>, volume: &mut Volume, findings: &mut Findings) -> Claims {
    let Some(map) = volume.metadata else { return Claims::default() };
    let mut blocks = Blocks { image, volume, claims: Default::default() };
    let main = file(&mut blocks, &map, (map.main, 250, "metadata file"), findings);
    let [mut claims, _] = std::mem::take(&mut blocks.claims);
    let mirror = file(&mut blocks, &map, (map.mirror, 251, "metadata mirror file"), findings);
    let (Some(main), Some(mirror)) = (main, mirror) else { return claims };
    if map.is_duplicated {
        findings
            .expect(main.extents != mirror.extents, || "metadata mirror: it has no data of its own".into());
        same_bytes(image, volume, [&main, &mirror], findings);
    } else {
        findings.equal(&main.extents, &mirror.extents, "metadata mirror: its extents");
        claims.add(map.mirror, 1, "metadata mirror file");
    }
    volume.metadata_extents = main.extents.iter().filter_map(extent).collect();
    claims
}

/// The entry of one of the files.
fn file(
    blocks: &mut Blocks<'_>,
    map: &MetadataMap,
    (block, file_type, name): (u64, u8, &str),
    findings: &mut Findings,
) -> Option<Entry> {
    let entry = blocks.entry(Address { partition: 0, block }, name, findings)?;
    findings.equal(file_type, entry.file_type, &format!("{name}: file type"));
    findings.equal(0, entry.links, &format!("{name}: link count"));
    findings.equal(0, entry.unique_id, &format!("{name}: unique id"));
    for Data { at, len } in &entry.extents {
        let whole = len.is_multiple_of(map.allocation_unit * SECTOR);
        findings.expect(whole, || format!("{name}: an extent of {len} bytes is no whole allocation units"));
        let aligned = at.is_some_and(|at| at.block.is_multiple_of(map.alignment_unit) && at.partition == 0);
        findings.expect(aligned, || format!("{name}: an extent at {at:?} is not aligned"));
    }
    Some(entry)
}

fn extent(data: &Data) -> Option<Extent> {
    data.at.map(|at| Extent { start: at.block, sectors: data.len.div_ceil(SECTOR) })
}

/// Both files hold the same.
fn same_bytes(image: &Sectors<'_>, volume: &Volume, files: [&Entry; 2], findings: &mut Findings) {
    let read = |entry: &Entry| -> Vec<u8> {
        let sectors = |data: &Data| image.read(volume.sector(data.at?)?, data.len.div_ceil(SECTOR));
        entry.extents.iter().filter_map(sectors).flatten().collect()
    };
    let [main, mirror] = files.map(read);
    findings.expect(main == mirror, || "metadata mirror: its data differ from the metadata file's".into());
}
