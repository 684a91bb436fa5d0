//! Indexes of other things than names: security descriptors, quotas, object identifiers, reparse points. On a new
//! volume they all fit into their records.

use alloc::vec::Vec;

use zerocopy::IntoBytes;
use zerocopy::little_endian::{I64, U32, U64};

use super::security;
use crate::ntfs::raw::index::{EntryHeader, collation};
use crate::ntfs::raw::number;
use crate::ntfs::raw::quota::{DEFAULT_LIMITS, DEFAULT_OWNER, FIRST_OWNER, NO_LIMIT, Quota, VERSION};

/// An index.
pub(super) struct View {
    /// The name of its attributes.
    pub(super) name: &'static str,
    /// How its keys are ordered.
    pub(super) collation: u32,
    /// Its entries, without the last one, which has no key.
    pub(super) entries: Vec<u8>,
}

/// The indexes in a record, in the order of their names. `time` is when the volume was made.
pub(super) fn of(number: u32, time: u64) -> Vec<View> {
    let empty = |name| View { name, collation: collation::ULONGS, entries: Vec::new() };
    match number {
        number::SECURE => security::views(),
        number::QUOTA => quotas(time),
        number::OBJECT_IDS => alloc::vec![empty("$O")],
        number::REPARSE_POINTS => alloc::vec![empty("$R")],
        _ => Vec::new(),
    }
}

/// An entry: its data follow its key at once, and all of it is a multiple of 8.
pub(super) fn entry(key: &[u8], data: &[u8]) -> Vec<u8> {
    let data_offset = size_of::<EntryHeader>() + key.len();
    let len = (data_offset + data.len()).next_multiple_of(8);
    let head = EntryHeader {
        reference: (data_offset as u64 | (data.len() as u64) << 16).into(),
        len: (len as u16).into(),
        key_len: (key.len() as u16).into(),
        flags: 0.into(),
        unused: 0.into(),
    };
    let mut bytes = [head.as_bytes(), key, data].concat();
    bytes.resize(len, 0);
    bytes
}

/// The limits that every new volume has: none, for everyone and for the administrators.
fn quotas(time: u64) -> Vec<View> {
    let limits = Quota {
        version: U32::new(VERSION),
        flags: U32::new(DEFAULT_LIMITS),
        used: U64::ZERO,
        changed: time.into(),
        warning: I64::new(NO_LIMIT),
        limit: I64::new(NO_LIMIT),
        exceeded: U64::ZERO,
    };
    let sid = security::administrators();
    let everyone = entry(&DEFAULT_OWNER.to_le_bytes(), limits.as_bytes());
    let administrators = entry(&FIRST_OWNER.to_le_bytes(), &[limits.as_bytes(), &sid].concat());
    let owner = entry(&sid, &FIRST_OWNER.to_le_bytes());
    alloc::vec![
        View { name: "$O", collation: collation::SID, entries: owner },
        View { name: "$Q", collation: collation::ULONG, entries: [everyone, administrators].concat() },
    ]
}
