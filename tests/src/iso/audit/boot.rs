//! The boot catalog (El Torito 1.0, 2; UEFI 2.10, 13.3.2.1).

use super::raw::Bytes;
use crate::findings::Findings;
use crate::sectors::{Claims, SECTOR, Sectors};

/// An image that firmware loads: its first sector, its number of sectors, where the catalog names it.
pub type Image = (u64, u64, String);

/// The length of an entry, in bytes.
const ENTRY: usize = 32;

/// Judges the catalog; gives the images that its entries lead to.
pub fn judge(
    sectors: &Sectors<'_>,
    catalog: u64,
    claims: &mut Claims,
    findings: &mut Findings,
) -> Vec<Image> {
    claims.add(catalog, 1, "boot catalog");
    let mut images = Vec::new();
    let Some(bytes) = findings.there(sectors.read(catalog, 1), "boot catalog") else { return images };
    let mut entries = bytes.chunks(ENTRY).enumerate().map(|(number, bytes)| Bytes {
        what: format!("boot catalog, entry {number}"),
        bytes: bytes.to_vec(),
    });
    entries.next().inspect(|entry| validation(entry, findings));
    entries.next().inspect(|entry| images.push(boot_entry(entry, sectors, findings)));
    let mut is_last = false;
    while let Some(header) = entries.next().filter(|header| header.bytes.iter().any(|byte| *byte != 0)) {
        findings.expect(!is_last, || format!("{}: it follows the last section", header.what));
        let indicator = header.u8(0);
        findings.expect([0x90, 0x91].contains(&indicator), || {
            format!("{}: {indicator:#x} is no header", header.what)
        });
        is_last = indicator == 0x91;
        platform(&header, findings);
        let count = header.little(2, 2);
        findings.expect((1..=32).contains(&count), || format!("{}: {count} entries", header.what));
        for _ in 0..count.min(32) {
            entries.next().inspect(|entry| images.push(boot_entry(entry, sectors, findings)));
        }
        if is_last {
            break;
        }
    }
    let rest: Vec<u8> = entries.flat_map(|entry| entry.bytes).collect();
    findings
        .expect(rest.iter().all(|byte| *byte == 0), || "boot catalog: bytes behind its last section".into());
    images
}

fn validation(entry: &Bytes, findings: &mut Findings) {
    entry.is(1, entry.u8(0).into(), "header id", findings);
    platform(entry, findings);
    entry.is_zero(2, 2, "what is reserved", findings);
    let sum = (0..16).fold(0u16, |sum, word| sum.wrapping_add(entry.little(2 * word, 2) as u16));
    entry.is(0, sum.into(), "sum of its words", findings);
    entry.is(0xAA55, entry.little(30, 2), "key", findings);
}

fn platform(entry: &Bytes, findings: &mut Findings) {
    let found = entry.u8(1);
    findings.expect([0, 1, 2, 0xEF].contains(&found), || format!("{}: platform {found:#x}", entry.what));
}

/// An image that is loaded without emulating a disk.
fn boot_entry(entry: &Bytes, sectors: &Sectors<'_>, findings: &mut Findings) -> Image {
    entry.is(0x88, entry.u8(0).into(), "boot indicator", findings);
    entry.is(0, entry.u8(1).into(), "media type", findings);
    entry.is_zero(4, 2, "system type, and what is unused", findings);
    entry.is_zero(12, 20, "selection criteria", findings);
    let (count, start) = (entry.little(6, 2), entry.little(8, 4));
    let len = (count * 512).div_ceil(SECTOR);
    findings.expect(count > 0 && start > 0 && start + len <= sectors.count, || {
        format!("{}: {count} sectors of 512 bytes from {start}", entry.what)
    });
    (start, len, format!("image of {}", entry.what))
}
