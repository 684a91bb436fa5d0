//! The volume recognition sequence (ECMA-167 2/8.3, 2/9, 3/9.1).

use super::raw::Form;
use crate::findings::Findings;
use crate::sectors::Sectors;

/// Where the sequence starts: behind 32 KiB.
const FIRST: u64 = 16;
/// More descriptors than any bridge has.
const MOST: u64 = 64;

/// Judges the sequence: descriptors of ISO 9660 first, when there are any, then those of the extended area.
pub fn judge(image: &Sectors<'_>, form: Form, findings: &mut Findings) {
    let nsr = if form.is_third_edition() { "NSR03" } else { "NSR02" };
    let mut found = Vec::new();
    for sector in FIRST..FIRST + MOST {
        let Some(bytes) = image.read(sector, 1) else { break };
        let identifier = String::from_utf8_lossy(&bytes[1..6]).into_owned();
        if !["CD001", "BEA01", "NSR02", "NSR03", "TEA01"].contains(&&*identifier) {
            break;
        }
        findings.equal(1, bytes[6], &format!("recognition: version of {identifier}"));
        if identifier != "CD001" {
            let zero = bytes[0] == 0 && bytes[7..].iter().all(|byte| *byte == 0);
            findings.expect(zero, || format!("recognition: type and data of {identifier} are not zeros"));
        }
        found.push((identifier, bytes[0]));
    }
    let extended: Vec<&str> =
        found.iter().map(|(name, _)| &**name).skip_while(|name| *name == "CD001").collect();
    findings.equal(&["BEA01", nsr, "TEA01"][..], &extended[..], "recognition: the extended area");
    // A bridge ends its own descriptors before the extended area begins.
    let iso = found.iter().rfind(|(name, _)| name == "CD001");
    findings.expect(iso.is_none_or(|(_, kind)| *kind == 255), || {
        "recognition: the descriptors of ISO 9660 have no terminator".into()
    });
}
