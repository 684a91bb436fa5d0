//! Descriptors with their tags: taken apart, and judged as far as all of them are alike.

use crate::findings::Findings;
use crate::sectors::Sectors;

/// Bytes of a descriptor tag (ECMA-167 3/7.2).
const TAG: usize = 16;

/// What all descriptors of a volume have in common.
#[derive(Clone, Copy, Debug)]
pub struct Form {
    /// The revision of UDF: 0x0201 for 2.01.
    pub revision: u16,
    /// The serial number of the anchors' tags.
    pub serial: u16,
}

/// A descriptor, or a part of one, with its place for messages.
pub struct Descriptor {
    /// What it is and where.
    pub what: String,
    /// Its bytes, to the end of its sector or further.
    pub bytes: Vec<u8>,
}

/// How long a descriptor's CRC is to be.
#[derive(Clone, Copy, Debug)]
pub enum CrcLength {
    /// As long as the descriptor of so many bytes, its tag aside (UDF 2.2.1.2).
    Of(usize),
    /// So long; or 8, which leaves out what follows the head: allocation descriptors (UDF 2.3.11), or a bitmap, which
    /// may be too long for 16 bits (UDF 2.60 2.3.8.1).
    OrHead(usize),
}

impl Form {
    /// The version in tags: that of the edition of ECMA-167.
    pub fn version(self) -> u16 {
        if self.is_third_edition() { 3 } else { 2 }
    }

    /// Whether the volume follows the third edition of ECMA-167.
    pub fn is_third_edition(self) -> bool {
        self.revision >= 0x0200
    }
}

impl Descriptor {
    /// The descriptor that starts in a sector.
    pub fn read(sectors: &Sectors<'_>, sector: u64, what: &str) -> Option<Self> {
        Some(Self { what: format!("{what} in sector {sector}"), bytes: sectors.read(sector, 1)? })
    }

    /// The byte at `at`; 0 past the end, which the lengths show.
    pub fn u8(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or_default()
    }

    /// The number of 16 bits at `at`.
    pub fn u16(&self, at: usize) -> u16 {
        u16::from_le_bytes([self.u8(at), self.u8(at + 1)])
    }

    /// The number of 32 bits at `at`.
    pub fn u32(&self, at: usize) -> u32 {
        u32::from(self.u16(at)) | u32::from(self.u16(at + 2)) << 16
    }

    /// The number of 64 bits at `at`.
    pub fn u64(&self, at: usize) -> u64 {
        u64::from(self.u32(at)) | u64::from(self.u32(at + 4)) << 32
    }

    /// `len` bytes at `at`, as many of them as there are.
    pub fn slice(&self, at: usize, len: usize) -> &[u8] {
        let end = at.saturating_add(len).min(self.bytes.len());
        self.bytes.get(at..end).unwrap_or_default()
    }

    /// A field has a value of 32 bits or fewer.
    pub fn is(&self, expected: u32, found: impl Into<u32>, field: &str, findings: &mut Findings) {
        findings.equal(expected, found.into(), &format!("{}: {field}", self.what));
    }

    /// `len` bytes at `at` are zeros.
    pub fn is_zero(&self, at: usize, len: usize, field: &str, findings: &mut Findings) {
        let zero = self.slice(at, len).iter().all(|byte| *byte == 0);
        findings.expect(zero, || format!("{}: {field} is not zeros", self.what));
    }

    /// Judges the tag (ECMA-167 3/7.2) of a descriptor that lies in `location`.
    pub fn tag(&self, form: Form, expected: (u16, u64), crc_length: CrcLength, findings: &mut Findings) {
        let (identifier, location) = expected;
        self.is(identifier.into(), self.u16(0), "tag identifier", findings);
        self.is(form.version().into(), self.u16(2), "descriptor version", findings);
        self.is(self.checksum().into(), self.u8(4), "tag checksum", findings);
        self.is(0, self.u8(5), "reserved byte of the tag", findings);
        self.is(form.serial.into(), self.u16(6), "tag serial number", findings);
        findings.equal(location, u64::from(self.u32(12)), &format!("{}: tag location", self.what));
        let length = self.u16(10);
        let (whole, other) = match crc_length {
            CrcLength::Of(len) => (len - TAG, len - TAG),
            CrcLength::OrHead(len) => (len - TAG, 8),
        };
        findings.expect(usize::from(length) == whole || usize::from(length) == other, || {
            format!("{}: CRC length: expected {whole}, found {length}", self.what)
        });
        let covered = self.slice(TAG, length.into());
        self.is(crc(covered).into(), self.u16(8), "CRC", findings);
    }

    /// The sum of the tag's bytes but the fifth.
    fn checksum(&self) -> u8 {
        let tag = self.slice(0, TAG).iter().enumerate().filter(|(at, _)| *at != 4);
        tag.fold(0, |sum: u8, (_, byte)| sum.wrapping_add(*byte))
    }

    /// Whether this looks like a descriptor of some kind: its checksum is right, and it has an identifier.
    pub fn is_tagged(&self, identifier: u16) -> bool {
        self.u16(0) == identifier && self.checksum() == self.u8(4)
    }
}

/// The CRC of ECMA-167 1/7.2.6, bit by bit: polynomial x^16 + x^12 + x^5 + 1.
fn crc(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc: u16, byte| {
        (0..8).fold(
            crc ^ u16::from(*byte) << 8,
            |crc, _| {
                if crc & 0x8000 == 0 { crc << 1 } else { crc << 1 ^ 0x1021 }
            },
        )
    })
}
