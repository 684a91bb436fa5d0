//! Fields that many descriptors have: texts, names, times, identifiers (ECMA-167 1/7; UDF 2.1).

use super::raw::{Descriptor, Form};
use crate::findings::Findings;

/// The suffix that an entity identifier is to have (UDF 2.1.5.2).
#[derive(Clone, Copy, Debug)]
pub enum Suffix {
    /// Of the domain: the revision, flags for write protection, zeros.
    Domain,
    /// Of UDF itself: the revision, the class and identifier of an operating system, zeros.
    Udf,
    /// Of an implementation: the class and identifier of an operating system, then its own.
    Implementation,
    /// Of an application, or of the standard: its own.
    Free,
}

impl Descriptor {
    /// A character set specification of CS0 (UDF 2.1.2).
    pub fn charspec(&self, at: usize, field: &str, findings: &mut Findings) {
        self.is(0, self.u8(at), &format!("type of {field}"), findings);
        let mut expected = [0; 63];
        expected[..23].copy_from_slice(b"OSTA Compressed Unicode");
        let same = self.slice(at + 1, 63) == expected;
        findings.expect(same, || format!("{}: {field} is not OSTA Compressed Unicode", self.what));
    }

    /// A dstring (ECMA-167 1/7.2.12; UDF 2.1.3). Gives its text.
    pub fn dstring(&self, (at, len): (usize, usize), field: &str, findings: &mut Findings) -> String {
        let bytes = self.slice(at, len);
        let what = format!("{}: {field}", self.what);
        let used = bytes.last().copied().map_or(0, usize::from);
        // A length of 1 would be a text of nothing but its compression (UDF 2.50 2.1.3).
        findings.expect(used != 1 && used < len, || format!("{what}: its length is {used} of {len}"));
        let Some((text, padding)) = bytes.split_at_checked(used).filter(|_| used < len) else {
            return String::new();
        };
        let padded = padding[..padding.len() - 1].iter().all(|byte| *byte == 0);
        findings.expect(padded, || format!("{what}: it is not padded with zeros"));
        if text.is_empty() { String::new() } else { compressed(text, &what, findings) }
    }

    /// A timestamp (ECMA-167 1/7.3; UDF 2.1.4).
    pub fn stamp(&self, at: usize, field: &str, findings: &mut Findings) {
        let what = format!("{}: {field}", self.what);
        let kind = self.u16(at);
        findings.equal(1, kind >> 12, &format!("{what}: type"));
        // Twelve bits with a sign.
        let zone = ((kind << 4) as i16) >> 4;
        findings.expect(zone == -2047 || (-1440..=1440).contains(&zone), || format!("{what}: zone {zone}"));
        let year = self.u16(at + 2);
        findings.expect((1..=9999).contains(&year), || format!("{what}: year {year}"));
        let limits = [(1, 12), (1, 31), (0, 23), (0, 59), (0, 60), (0, 99), (0, 99), (0, 99)];
        for ((least, most), at) in limits.into_iter().zip(at + 4..) {
            let found = self.u8(at);
            findings.expect((least..=most).contains(&found), || {
                format!("{what}: {found} is not within {least} to {most}")
            });
        }
    }

    /// An entity identifier (ECMA-167 1/7.4; UDF 2.1.5) with a name, or with any that an implementation may have.
    pub fn entity(
        &self,
        (at, field): (usize, &str),
        (name, suffix): (&str, Suffix),
        form: Form,
        findings: &mut Findings,
    ) {
        let what = format!("{}: {field}", self.what);
        findings.equal(0, self.u8(at), &format!("{what}: flags"));
        let identifier = self.slice(at + 1, 23);
        if name.is_empty() {
            let plain = identifier.iter().all(|byte| *byte == 0 || (0x20..0x7F).contains(byte));
            let named = identifier.starts_with(b"*") && identifier.get(1).is_some_and(|byte| *byte != 0);
            findings.expect(plain && named, || format!("{what}: it names nobody"));
        } else {
            let padded = name.bytes().chain(std::iter::repeat(0));
            let same = identifier.iter().copied().eq(padded.take(23));
            findings.expect(same, || format!("{what}: expected {name:?}"));
        }
        self.suffix((at + 24, &what), suffix, form, findings);
    }

    fn suffix(&self, (at, what): (usize, &str), suffix: Suffix, form: Form, findings: &mut Findings) {
        let zeros = match suffix {
            Suffix::Domain => {
                findings.expect(self.u8(at + 2) & !3 == 0, || format!("{what}: its domain flags"));
                3..8
            }
            Suffix::Udf => 4..8,
            Suffix::Implementation | Suffix::Free => 0..0,
        };
        if matches!(suffix, Suffix::Domain | Suffix::Udf) {
            findings.equal(form.revision, self.u16(at), &format!("{what}: the revision of UDF"));
        }
        let system = match suffix {
            Suffix::Udf => self.u8(at + 2),
            Suffix::Implementation => self.u8(at),
            Suffix::Domain | Suffix::Free => 0,
        };
        findings.expect(system <= 9, || format!("{what}: there is no operating system of class {system}"));
        let zero = self.slice(at + zeros.start, zeros.len()).iter().all(|byte| *byte == 0);
        findings.expect(zero, || format!("{what}: what is reserved in its suffix is not zeros"));
    }
}

/// A text in OSTA Compressed Unicode (UDF 2.1.1), which is not empty.
pub fn compressed(bytes: &[u8], what: &str, findings: &mut Findings) -> String {
    let (compression, rest) = bytes.split_first().unwrap_or((&0, &[]));
    let units: Vec<u16> = match compression {
        8 => rest.iter().copied().map(u16::from).collect(),
        16 => rest
            .chunks(2)
            .map(|pair| pair.iter().fold(0, |unit, byte| unit << 8 | u16::from(*byte)))
            .collect(),
        other => {
            findings.expect(false, || format!("{what}: compression id {other}"));
            return String::new();
        }
    };
    findings.expect(!rest.is_empty() && (*compression == 8 || rest.len() % 2 == 0), || {
        format!("{what}: {} bytes of characters", rest.len())
    });
    let allowed = units.iter().all(|unit| ![0, 0xFEFF, 0xFFFE].contains(unit));
    findings.expect(allowed, || format!("{what}: it has a character that is none"));
    let text = String::from_utf16(&units);
    findings.expect(text.is_ok(), || format!("{what}: it has half a character"));
    text.unwrap_or_default()
}
