//! Fields of ISO 9660: numbers in both orders, texts, dates (ECMA-119 7, 8.4.26, 9.1.5).

use crate::findings::Findings;

/// Bytes with a name for messages.
pub struct Bytes {
    /// What they are and where.
    pub what: String,
    /// The bytes.
    pub bytes: Vec<u8>,
}

impl Bytes {
    /// The byte at `at`; 0 past the end.
    pub fn u8(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or_default()
    }

    /// `len` bytes at `at`, as many as there are.
    pub fn slice(&self, at: usize, len: usize) -> &[u8] {
        let end = at.saturating_add(len).min(self.bytes.len());
        self.bytes.get(at..end).unwrap_or_default()
    }

    /// The number of `len` bytes at `at`, least significant first.
    pub fn little(&self, at: usize, len: usize) -> u64 {
        self.slice(at, len).iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
    }

    /// The number of `len` bytes at `at`, most significant first.
    pub fn big(&self, at: usize, len: usize) -> u64 {
        self.slice(at, len).iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
    }

    /// A number of `len` bytes in both orders (ECMA-119 7.2.3, 7.3.3).
    pub fn both(&self, at: usize, len: usize, field: &str, findings: &mut Findings) -> u64 {
        let (little, big) = (self.little(at, len), self.big(at + len, len));
        findings.expect(little == big, || format!("{}: {field} is {little} and {big}", self.what));
        little
    }

    /// A field has a value.
    pub fn is(&self, expected: u64, found: u64, field: &str, findings: &mut Findings) {
        findings.equal(expected, found, &format!("{}: {field}", self.what));
    }

    /// `len` bytes at `at` are zeros.
    pub fn is_zero(&self, at: usize, len: usize, field: &str, findings: &mut Findings) {
        let zero = self.slice(at, len).iter().all(|byte| *byte == 0);
        findings.expect(zero, || format!("{}: {field} is not zeros", self.what));
    }

    /// A text whose characters are all allowed, padded with spaces.
    pub fn text(
        &self,
        (at, len): (usize, usize),
        allowed: fn(u8) -> bool,
        field: &str,
        findings: &mut Findings,
    ) {
        let text = self.slice(at, len).trim_ascii_end();
        findings.expect(text.iter().all(|byte| allowed(*byte)), || {
            format!("{}: {field} has characters that are not allowed: {}", self.what, text.escape_ascii())
        });
    }

    /// A text in UCS-2 (Joliet), padded with spaces; a byte that is over is zero.
    pub fn unicode(&self, (at, len): (usize, usize), field: &str, findings: &mut Findings) {
        let units: Vec<u16> = self.slice(at, len / 2 * 2).chunks(2).map(unit).collect();
        let allowed = units.iter().all(|unit| is_joliet(*unit));
        findings.expect(allowed, || format!("{}: {field} has characters that are not allowed", self.what));
        if len % 2 == 1 {
            self.is(0, self.u8(at + len - 1).into(), &format!("last byte of {field}"), findings);
        }
    }

    /// The date of a volume descriptor (ECMA-119 8.4.26.1); none when it may be left out.
    pub fn long_date(&self, at: usize, may_lack: bool, field: &str, findings: &mut Findings) {
        let what = format!("{}: {field}", self.what);
        let (digits, zone) = (self.slice(at, 16), self.u8(at + 16) as i8);
        let Some(text) =
            std::str::from_utf8(digits).ok().filter(|text| text.bytes().all(|b| b.is_ascii_digit()))
        else {
            return findings.expect(false, || format!("{what} is not made of digits"));
        };
        if may_lack && text.bytes().all(|byte| byte == b'0') {
            return findings.equal(0, zone, &format!("{what}: zone of no date"));
        }
        let part = |at: usize, len: usize| text[at..at + len].parse::<u16>().unwrap_or_default();
        let parts = [part(4, 2), part(6, 2), part(8, 2), part(10, 2), part(12, 2)];
        date(part(0, 4), parts, zone, &what, findings);
    }

    /// The date of a directory record (ECMA-119 9.1.5).
    pub fn short_date(&self, at: usize, field: &str, findings: &mut Findings) {
        let what = format!("{}: {field}", self.what);
        let parts = [1, 2, 3, 4, 5].map(|part| u16::from(self.u8(at + part)));
        date(1900 + u16::from(self.u8(at)), parts, self.u8(at + 6) as i8, &what, findings);
    }
}

fn date(year: u16, parts: [u16; 5], zone: i8, what: &str, findings: &mut Findings) {
    let limits = [(1, 12), (1, 31), (0, 23), (0, 59), (0, 59)];
    let sound = parts.iter().zip(limits).all(|(part, (least, most))| (least..=most).contains(part));
    findings.expect(sound && year > 0, || format!("{what} is {year} {parts:?}"));
    findings.expect((-48..=52).contains(&zone), || format!("{what}: zone {zone}"));
}

/// A unit of UCS-2, most significant byte first.
pub fn unit(pair: &[u8]) -> u16 {
    pair.iter().fold(0, |unit, byte| unit << 8 | u16::from(*byte))
}

/// What Joliet allows in identifiers: no control characters, none of `*/:;?\`.
pub fn is_joliet(unit: u16) -> bool {
    unit >= 0x20 && !"*/:;?\\".bytes().any(|byte| u16::from(byte) == unit)
}

/// A d-character (ECMA-119 7.4.1).
pub fn is_d(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_'
}

/// An a-character (ECMA-119 7.4.1).
pub fn is_a(byte: u8) -> bool {
    is_d(byte) || b" !\"%&'()*+,-./:;<=>?".contains(&byte)
}
