//! Who may do what: the descriptors that files name by number, and `$Secure`, which keeps them.

use alloc::vec::Vec;

use zerocopy::IntoBytes;

use super::views::{self, View};
use crate::ntfs::raw::index::collation;
use crate::ntfs::raw::security::{
    AUTO_INHERITED, CONTROL, COPY_DISTANCE, Descriptor, ENTRY_ALIGNMENT, FIRST_ID, PROTECTED, Right,
    RightsHeader, SecurityHeader,
};

/// The descriptor of the metadata files.
pub(super) const METADATA: u32 = FIRST_ID;
/// The descriptor of the root.
pub(super) const ROOT: u32 = FIRST_ID + 1;
/// The descriptor of directories, as they inherit it from the root.
pub(super) const DIRECTORY: u32 = FIRST_ID + 2;
/// The descriptor of files, as they inherit it.
pub(super) const FILE: u32 = FIRST_ID + 3;
/// The descriptor of what only the system sees.
pub(super) const SYSTEM_ONLY: u32 = FIRST_ID + 4;

/// A security identifier: its authority and what follows ([MS-DTYP] 2.4.2).
struct Sid(u8, &'static [u32]);

/// The system itself ([MS-DTYP] 2.4.2.4, `LOCAL_SYSTEM`).
const SYSTEM: Sid = Sid(5, &[18]);
/// Administrators of the machine (`BUILTIN_ADMINISTRATORS`).
const ADMINISTRATORS: Sid = Sid(5, &[32, 544]);
/// Everyone (`EVERYONE`).
const EVERYONE: Sid = Sid(1, &[0]);

/// All rights to a file ([MS-DTYP] 2.4.3 and the rights of files).
const ALL: u32 = 0x1F_01FF;
/// To read and run.
const READ: u32 = 0x12_00A9;
/// To read and write, as formatters of Windows give it for metadata.
const READ_WRITE: u32 = 0x12_019F;

/// Files and directories inherit the right ([MS-DTYP] 2.4.4.1).
const PASSED_ON: u8 = 0x03;
/// The right was inherited.
const INHERITED: u8 = 0x10;

/// All descriptors, by their ids from [`FIRST_ID`] on.
fn descriptors() -> [Vec<u8>; 5] {
    let seed = |flags| [(ADMINISTRATORS, ALL, flags), (SYSTEM, ALL, flags), (EVERYONE, READ, flags)];
    [
        descriptor(CONTROL, &[(SYSTEM, READ_WRITE, 0), (ADMINISTRATORS, READ_WRITE, 0)]),
        descriptor(CONTROL, &seed(PASSED_ON)),
        descriptor(CONTROL | AUTO_INHERITED, &seed(PASSED_ON | INHERITED)),
        descriptor(CONTROL | AUTO_INHERITED, &seed(INHERITED)),
        descriptor(CONTROL | PROTECTED, &[(SYSTEM, ALL, PASSED_ON)]),
    ]
}

/// A descriptor, owned by the administrators.
fn descriptor(control: u16, rights: &[(Sid, u32, u8)]) -> Vec<u8> {
    let list = list(rights);
    let owner = size_of::<Descriptor>() + list.len();
    let sid = ADMINISTRATORS.bytes();
    let head = Descriptor {
        revision: 1,
        unused: 0,
        control: control.into(),
        owner: (owner as u32).into(),
        group: ((owner + sid.len()) as u32).into(),
        system_list: 0.into(),
        list: (size_of::<Descriptor>() as u32).into(),
    };
    [head.as_bytes(), &list, &sid, &sid].concat()
}

fn list(rights: &[(Sid, u32, u8)]) -> Vec<u8> {
    let entries: Vec<u8> = rights.iter().flat_map(|(sid, mask, flags)| right(sid, *mask, *flags)).collect();
    let head = RightsHeader {
        revision: 2,
        unused: 0,
        len: ((size_of::<RightsHeader>() + entries.len()) as u16).into(),
        count: (rights.len() as u16).into(),
        unused_2: 0.into(),
    };
    [head.as_bytes(), &entries].concat()
}

fn right(sid: &Sid, mask: u32, flags: u8) -> Vec<u8> {
    let sid = sid.bytes();
    let len = ((size_of::<Right>() + sid.len()) as u16).into();
    let head = Right { kind: 0, flags, len, mask: mask.into() };
    [head.as_bytes(), &sid].concat()
}

impl Sid {
    fn bytes(&self) -> Vec<u8> {
        let mut bytes = alloc::vec![1, self.1.len() as u8, 0, 0, 0, 0, 0, self.0];
        bytes.extend(self.1.iter().flat_map(|part| part.to_le_bytes()));
        bytes
    }
}

/// The identifier of the administrators, as the index of quotas has it.
pub(super) fn administrators() -> Vec<u8> {
    ADMINISTRATORS.bytes()
}

/// The hash by which equal descriptors are found: words, each added to the sum turned left by 3 bits.
fn hash(descriptor: &[u8]) -> u32 {
    let word = |bytes: &[u8]| bytes.iter().rev().fold(0u32, |word, byte| word << 8 | u32::from(*byte));
    descriptor.chunks(4).fold(0u32, |sum, bytes| sum.rotate_left(3).wrapping_add(word(bytes)))
}

/// The heads of all entries of `$SDS`, with their descriptors.
fn entries() -> Vec<(SecurityHeader, Vec<u8>)> {
    let mut offset = 0;
    let mut id = FIRST_ID;
    let mut entry = |descriptor: Vec<u8>| {
        let len = (size_of::<SecurityHeader>() + descriptor.len()) as u32;
        let hash = hash(&descriptor).into();
        let head = SecurityHeader { hash, id: id.into(), offset: offset.into(), len: len.into() };
        offset = (offset + u64::from(len)).next_multiple_of(ENTRY_ALIGNMENT);
        id += 1;
        (head, descriptor)
    };
    descriptors().into_iter().map(&mut entry).collect()
}

/// The entries of `$SDS`, which are there twice: at its start and at [`COPY_DISTANCE`].
pub(super) fn stream_part() -> Vec<u8> {
    let mut bytes = Vec::new();
    for (head, descriptor) in entries() {
        bytes.resize(head.offset.get() as usize, 0);
        bytes.extend_from_slice(head.as_bytes());
        bytes.extend_from_slice(&descriptor);
    }
    bytes
}

/// The length of `$SDS`, in bytes.
pub(super) fn stream_len() -> u64 {
    COPY_DISTANCE + stream_part().len() as u64
}

/// The indexes of `$Secure`: by hash and then id, and by id.
pub(super) fn views() -> Vec<View> {
    let mut by_hash: Vec<SecurityHeader> = entries().into_iter().map(|(head, _)| head).collect();
    let by_id = by_hash.clone();
    by_hash.sort_by_key(|head| (head.hash.get(), head.id.get()));
    let hash_key = |head: &SecurityHeader| [head.hash.to_bytes(), head.id.to_bytes()].concat();
    let hashed = by_hash.iter().map(|head| views::entry(&hash_key(head), head.as_bytes()));
    let numbered = by_id.iter().map(|head| views::entry(&head.id.to_bytes(), head.as_bytes()));
    alloc::vec![
        View { name: "$SDH", collation: collation::SECURITY_HASH, entries: hashed.flatten().collect() },
        View { name: "$SII", collation: collation::ULONG, entries: numbered.flatten().collect() },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_other_formatters() {
        // The descriptor that they give metadata files as well, and its hash in `$SDH` of a volume of theirs.
        assert_eq!(hash(&descriptors()[0]), 0x00B3_2451);
        assert_eq!(descriptors()[0].len(), 104);
    }

    #[test]
    fn entries_are_aligned_and_numbered() {
        let mut end = 0;
        for (at, (head, descriptor)) in entries().into_iter().enumerate() {
            assert_eq!(head.id.get(), FIRST_ID + at as u32);
            assert_eq!(head.offset.get(), u64::next_multiple_of(end, 16));
            assert_eq!(head.len.get() as usize, 20 + descriptor.len());
            end = head.offset.get() + u64::from(head.len.get());
        }
        assert_eq!(stream_len(), COPY_DISTANCE + end);
    }
}
