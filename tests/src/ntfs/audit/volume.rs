//! What belongs to the volume as a whole.

use super::Findings;
use super::raw::{Image, u16_at, u32_at, u64_at};

/// The length of $UpCase, in bytes.
const UPCASE_LEN: usize = 128 * 1024;

/// Judges the boot sectors and the volume's own files.
pub fn judge(image: &Image<'_>, findings: &mut Findings) {
    boot(image, findings);
    mirror(image, findings);
    clusters(image, findings);
    contents(image, findings);
}

fn boot(image: &Image<'_>, findings: &mut Findings) {
    let boot = image.bytes(0, image.sector);
    let copy = image.bytes(image.sectors * image.sector, image.sector);
    findings.expect(boot == copy, || "the copy of the boot sector differs from it".into());
    findings.equal(b"\xeb\x52\x90NTFS    ".as_slice(), &boot[..11], "the start of the boot sector");
    findings.equal(0xf8, boot[0x15], "the medium in the boot sector");
    findings.equal([0; 7].as_slice(), &boot[0x0e..0x15], "what NTFS does not use in the boot sector");
    findings.equal(0xaa55, u16_at(&boot, 0x1fe), "the mark at the end of the boot sector");
    findings.expect(u64_at(&boot, 0x48) != 0, || "the serial number is 0".into());
    let whole = image.value_of(7, 0x80, "");
    findings
        .expect(whole.starts_with(&boot) && whole.len() == 8192, || "$Boot is not the first 8 KiB".into());
}

/// `$MFTMirr` holds at least the first four records, and a whole cluster of them where that is more.
fn mirror(image: &Image<'_>, findings: &mut Findings) {
    let mirror = image.value_of(1, 0x80, "");
    let table = image.value_of(0, 0x80, "");
    let expected = (4 * image.record_size).max(image.cluster) as usize;
    findings.equal(expected, mirror.len(), "the length of $MFTMirr");
    findings.expect(table.starts_with(&mirror), || "$MFTMirr differs from $MFT".into());
}

/// `$Bitmap` has the clusters of all runs and what is past the end, and each cluster has one owner.
fn clusters(image: &Image<'_>, findings: &mut Findings) {
    let bitmap = image.value_of(6, 0x80, "");
    let mut owned = vec![0u8; bitmap.len()];
    for record in image.records.values() {
        for (start, len) in record.attributes.iter().flat_map(|attribute| &attribute.runs) {
            for cluster in start.iter().flat_map(|start| *start..start + len) {
                let (byte, bit) = (cluster as usize / 8, 1 << (cluster % 8));
                findings.expect(owned[byte] & bit == 0, || format!("cluster {cluster} has two owners"));
                owned[byte] |= bit;
            }
        }
    }
    let clusters = image.clusters();
    (clusters..bitmap.len() as u64 * 8).for_each(|cluster| owned[cluster as usize / 8] |= 1 << (cluster % 8));
    findings.expect(bitmap.len() as u64 >= clusters.div_ceil(8), || "$Bitmap is too short".into());
    findings.equal(0, bitmap.len() % 8, "what $Bitmap has over multiples of 8 bytes");
    let wrong = bitmap.iter().zip(&owned).position(|(found, expected)| found != expected);
    findings.expect(wrong.is_none(), || format!("byte {wrong:?} of $Bitmap is wrong"));
}

fn contents(image: &Image<'_>, findings: &mut Findings) {
    let log = image.value_of(2, 0x80, "");
    findings.expect(log.len() >= 256 * 1024, || format!("$LogFile has {} bytes", log.len()));
    findings
        .expect(log.iter().all(|byte| *byte == 0xff), || "$LogFile is not as of a volume taken down".into());
    let upcase = image.value_of(10, 0x80, "");
    findings.equal(UPCASE_LEN, upcase.len(), "the length of $UpCase");
    let upper = |c: char| char::from_u32(u32::from(u16_at(&upcase, c as usize * 2)));
    for (lower, expected) in [('a', 'A'), ('z', 'Z'), ('é', 'É'), ('ж', 'Ж'), ('A', 'A'), ('ß', 'ß')] {
        findings.equal(Some(expected), upper(lower), "an upper-case form");
    }
    let information = image.value_of(3, 0x70, "");
    findings.equal((3, 1), (information[8], information[9]), "the version of NTFS");
    findings.equal(0, u16_at(&information, 10) & 1, "the mark of a volume that must be checked");
    let definitions = image.value_of(4, 0x80, "");
    findings.equal(2560, definitions.len(), "the length of $AttrDef");
    findings.equal(0x10, u32_at(&definitions, 0x80), "the first type of $AttrDef");
    let bad = image.records.get(&8).and_then(|record| record.find(0x80, "$Bad"));
    let expected = Some((vec![(None, image.clusters())], image.clusters() * image.cluster));
    findings.equal(expected, bad.map(|bad| (bad.runs.clone(), bad.sizes[2])), "the clusters of $BadClus");
}
