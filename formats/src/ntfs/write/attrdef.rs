//! `$AttrDef`: the attributes that there are, the same on every volume.

use alloc::vec::Vec;

use zerocopy::IntoBytes;
use zerocopy::little_endian::U16;

use crate::ntfs::raw::attribute::AttributeDefinition;

/// May be indexed.
const INDEXABLE: u32 = 0x02;
/// Is always in the record.
const RESIDENT: u32 = 0x40;
/// May be in clusters, and changes of it go through the journal.
const LOGGED: u32 = 0x80;
/// No longest value.
const ANY: u64 = u64::MAX;

/// Names, codes, flags, and shortest and longest values in bytes, in the order of the codes.
#[rustfmt::skip]
const DEFINITIONS: [(&str, u32, u32, u64, u64); 15] = [
    ("$STANDARD_INFORMATION",   0x10, RESIDENT,             0x30, 0x48),
    ("$ATTRIBUTE_LIST",         0x20, LOGGED,               0,    ANY),
    ("$FILE_NAME",              0x30, RESIDENT | INDEXABLE, 0x44, 0x242),
    ("$OBJECT_ID",              0x40, RESIDENT,             0,    0x100),
    ("$SECURITY_DESCRIPTOR",    0x50, LOGGED,               0,    ANY),
    ("$VOLUME_NAME",            0x60, RESIDENT,             2,    0x100),
    ("$VOLUME_INFORMATION",     0x70, RESIDENT,             0xC,  0xC),
    ("$DATA",                   0x80, 0,                    0,    ANY),
    ("$INDEX_ROOT",             0x90, RESIDENT,             0,    ANY),
    ("$INDEX_ALLOCATION",       0xA0, LOGGED,               0,    ANY),
    ("$BITMAP",                 0xB0, LOGGED,               0,    ANY),
    ("$REPARSE_POINT",          0xC0, LOGGED,               0,    0x4000),
    ("$EA_INFORMATION",         0xD0, RESIDENT,             8,    8),
    ("$EA",                     0xE0, 0,                    0,    0x1_0000),
    ("$LOGGED_UTILITY_STREAM", 0x100, LOGGED,               0,    0x1_0000),
];

/// The length of the table, in bytes: an entry of zeros ends it.
pub(super) const LEN: u64 = 16 * size_of::<AttributeDefinition>() as u64;

/// The table.
pub(super) fn bytes() -> Vec<u8> {
    let mut bytes = Vec::with_capacity(LEN as usize);
    for (name, kind, flags, shortest, longest) in DEFINITIONS {
        let mut units = [U16::ZERO; 64];
        for (unit, byte) in units.iter_mut().zip(name.bytes()) {
            *unit = u16::from(byte).into();
        }
        let definition = AttributeDefinition {
            name: units,
            kind: kind.into(),
            display: 0.into(),
            collation: 0.into(),
            flags: flags.into(),
            shortest: shortest.into(),
            longest: longest.into(),
        };
        bytes.extend_from_slice(definition.as_bytes());
    }
    bytes.resize(LEN as usize, 0);
    bytes
}
