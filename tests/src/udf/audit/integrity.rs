//! The logical volume integrity sequence (ECMA-167 3/10.10; UDF 2.2.6).

use super::fields::Suffix;
use super::raw::{CrcLength, Descriptor};
use super::space::Volume;
use super::tree::Tree;
use crate::findings::Findings;
use crate::sectors::{Claims, Sectors};

/// The least length of the sequence where it is written again, in sectors: 8 KiB (UDF 2.2.4.6).
const LEAST: u64 = 4;
/// The length of the implementation use that UDF gives a meaning, in bytes (UDF 2.2.6.4).
const USE: usize = 46;

/// Judges the sequence against what is on the volume, where `free` blocks are free.
pub fn judge(
    image: &Sectors<'_>,
    volume: &Volume,
    (tree, free): (&Tree, u64),
    claims: &mut Claims,
    findings: &mut Findings,
) {
    let extent = volume.integrity;
    let least = if volume.access >= 3 { LEAST } else { 1 };
    findings.expect(extent.sectors >= least, || format!("integrity: it has {} sectors", extent.sectors));
    claims.add(extent.start, extent.sectors, "the integrity sequence");
    let found = Descriptor::read(image, extent.start, "integrity descriptor");
    let Some(d) = findings.there(found, "the integrity descriptor") else { return };
    let partitions = usize::from(volume.maps);
    let usage = 80 + 8 * partitions;
    let length = usage + d.u32(76) as usize;
    d.tag(volume.form, (9, extent.start), CrcLength::Of(length), findings);
    d.is_zero(length, 2048, "what follows it in its sector", findings);
    d.stamp(16, "recording date and time", findings);
    d.is(1, d.u32(28), "integrity type", findings);
    d.is_zero(32, 8, "next integrity extent", findings);
    let (next, highest) = (d.u64(40), tree.highest_id());
    findings.expect(next > highest && next >= 16, || {
        format!("{}: the next unique id is {next}, and {highest} is in use", d.what)
    });
    d.is_zero(48, 24, "what is reserved in the contents use", findings);
    d.is(partitions as u32, d.u32(72), "number of partitions", findings);
    d.is(USE as u32, d.u32(76), "length of implementation use", findings);
    for partition in 0..partitions {
        let expected = if partition == 0 { free } else { 0 };
        findings.equal(
            expected,
            d.u32(80 + 4 * partition).into(),
            &format!("free space of partition {partition}"),
        );
        let size = d.u32(80 + 4 * (partitions + partition));
        findings.equal(volume.size(partition as u16), size.into(), &format!("size of partition {partition}"));
    }
    implementation_use(&d, usage, (volume, tree), findings);
    let end = Descriptor::read(image, extent.start + 1, "end of the integrity sequence");
    if let Some(end) = end.filter(|end| end.bytes.iter().any(|byte| *byte != 0)) {
        end.tag(volume.form, (8, extent.start + 1), CrcLength::Of(512), findings);
        end.is_zero(16, 2032, "what is reserved", findings);
    }
}

fn implementation_use(d: &Descriptor, at: usize, (volume, tree): (&Volume, &Tree), findings: &mut Findings) {
    d.entity((at, "implementation id"), ("", Suffix::Implementation), volume.form, findings);
    let counts = (d.u32(at + 32), d.u32(at + 36));
    findings.equal(tree.counts(), counts, &format!("{}: numbers of files and directories", d.what));
    let [read, write, most] = [40, 42, 44].map(|field| d.u16(at + field));
    let sound = [read, write, most].iter().all(|number| (0x0102..=0x0260).contains(number));
    let revision = volume.form.revision;
    findings.expect(sound && read <= revision && write <= most && revision <= most, || {
        format!("{}: revisions {read:#06x}, {write:#06x} and {most:#06x}", d.what)
    });
    // A metadata partition can be read from 2.50 on only (UDF 2.50 2.2.6.4).
    findings.expect(volume.metadata.is_none() || read >= 0x0250, || {
        format!("{}: the least revision to read is {read:#06x}", d.what)
    });
}
