//! Anchors and the two volume descriptor sequences (ECMA-167 3/8.4).

use super::descriptors;
use super::raw::{CrcLength, Descriptor, Form};
use super::space::Volume;
use crate::findings::Findings;
use crate::sectors::{Claims, SECTOR, Sectors};

/// The least length of a sequence, in sectors (ECMA-167 3/8.4.2.2).
const LEAST: u64 = 16;
/// More descriptors than any sequence has.
const MOST: usize = 64;

/// An extent, in sectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// The first sector.
    pub start: u64,
    /// How many there are.
    pub sectors: u64,
}

impl Extent {
    /// The extent that an extent descriptor (ECMA-167 3/7.1) names.
    pub fn of(descriptor: &Descriptor, at: usize, field: &str, findings: &mut Findings) -> Self {
        let length = u64::from(descriptor.u32(at));
        findings.expect(length.is_multiple_of(SECTOR), || {
            format!("{}: {field} has {length} bytes, no whole sectors", descriptor.what)
        });
        Self { start: descriptor.u32(at + 4).into(), sectors: length / SECTOR }
    }
}

/// Judges anchors and sequences; gives what the volume descriptors say when there is enough of them to go on.
pub fn judge(image: &Sectors<'_>, claims: &mut Claims, findings: &mut Findings) -> Option<Volume> {
    let anchors = anchors(image);
    findings.expect(anchors.len() >= 2, || {
        let places: Vec<u64> = anchors.iter().map(|(sector, _)| *sector).collect();
        format!("anchors: expected at two of 256, N - 256 and N, found {places:?}")
    });
    let (_, first) = findings.there(anchors.first(), "every anchor")?;
    let main = Extent::of(first, 16, "the main sequence", findings);
    let reserve = Extent::of(first, 24, "the reserve sequence", findings);
    let [list, copy] = [main, reserve].map(|extent| descriptors(image, extent));
    let volume =
        findings.there(list.iter().find(|(_, d)| d.is_tagged(6)), "the logical volume descriptor")?;
    let form = Form { revision: volume.1.u16(216 + 24), serial: first.u16(6) };
    for (sector, anchor) in &anchors {
        anchor.tag(form, (2, *sector), CrcLength::Of(512), findings);
        anchor.is_zero(32, 480, "what is reserved", findings);
        let same = anchor.slice(16, 16) == first.slice(16, 16);
        findings.expect(same, || format!("{}: it differs from the first anchor", anchor.what));
        claims.add(*sector, 1, "an anchor");
    }
    for (extent, what) in [(main, "main sequence"), (reserve, "reserve sequence")] {
        findings.expect(extent.sectors >= LEAST, || format!("{what}: it has {} sectors", extent.sectors));
        claims.add(extent.start, extent.sectors, what);
    }
    copies(&list, &copy, form, findings);
    descriptors::judge(&list, form, claims, findings)
}

fn anchors(image: &Sectors<'_>) -> Vec<(u64, Descriptor)> {
    let last = image.count.saturating_sub(1);
    let places = [Some(256), last.checked_sub(256).filter(|sector| *sector > 256), Some(last)];
    let anchor = |sector| Some((sector, Descriptor::read(image, sector, "anchor")?));
    places.into_iter().flatten().filter_map(anchor).filter(|(_, found)| found.is_tagged(2)).collect()
}

/// The descriptors of a sequence up to the terminating one, with their sectors.
fn descriptors(image: &Sectors<'_>, extent: Extent) -> Vec<(u64, Descriptor)> {
    let mut list = Vec::new();
    for sector in (extent.start..extent.start.saturating_add(extent.sectors)).take(MOST) {
        let Some(descriptor) = Descriptor::read(image, sector, "volume descriptor") else { break };
        let is_last = descriptor.is_tagged(8);
        list.push((sector, descriptor));
        if is_last {
            break;
        }
    }
    list
}

/// Both sequences have the same descriptors, apart from what their tags say of their places.
fn copies(list: &[(u64, Descriptor)], copy: &[(u64, Descriptor)], form: Form, findings: &mut Findings) {
    findings.equal(list.len(), copy.len(), "reserve sequence: its number of descriptors");
    for ((_, one), (sector, other)) in list.iter().zip(copy) {
        let what = format!("reserve sequence: its copy of the {}", one.what);
        findings.expect(one.slice(16, 2032) == other.slice(16, 2032), || format!("{what} differs"));
        other.tag(form, (one.u16(0), *sector), CrcLength::Of(16 + usize::from(one.u16(10))), findings);
    }
}
