//! The entries of a directory, decoded: short names, and the long names before them.

use alloc::string::String;
use alloc::vec::Vec;

use zerocopy::FromBytes;

use crate::fat;
use crate::fat::raw::{
    ATTR_DIRECTORY, ATTR_LONG_NAME, ATTR_LONG_NAME_MASK, ATTR_VOLUME_ID, DELETED, KANJI, LAST_LONG_ENTRY,
    LOWER_BASE, LOWER_EXTENSION, LongEntry, ShortEntry, short_name_checksum,
};
use crate::files::Kind;

/// How many parts a long name has at most: 255 characters.
const MAX_PARTS: u8 = 20;
/// How many characters of UTF-16 a part has.
const UNITS: usize = 13;
/// Where short names' bytes above 0x7f are shown, since nothing tells their code page: in the private use area.
const PRIVATE: u32 = 0xf700;

/// An entry.
pub(super) struct Found {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) first_cluster: u32,
    pub(super) size: u32,
}

/// The entries in the bytes of a directory on a volume of a kind, without the label, `.` and `..`.
pub(super) fn decode(bytes: &[u8], kind: fat::Kind) -> Vec<Found> {
    let mut found = Vec::new();
    let mut long = LongName::default();
    for slot in bytes.chunks_exact(size_of::<ShortEntry>()) {
        let Ok(entry) = ShortEntry::read_from_bytes(slot) else { break };
        match entry.name {
            [0, ..] => break,
            [DELETED, ..] => long = LongName::default(),
            _ if entry.attributes & ATTR_LONG_NAME_MASK == ATTR_LONG_NAME => long.take_part(slot),
            [b'.', ..] => long = LongName::default(),
            _ if entry.attributes & ATTR_VOLUME_ID != 0 => long = LongName::default(),
            _ => found.push(decode_short(&entry, kind, core::mem::take(&mut long))),
        }
    }
    found
}

fn decode_short(entry: &ShortEntry, kind: fat::Kind, long: LongName) -> Found {
    let high = match kind {
        fat::Kind::Fat16 => 0,
        fat::Kind::Fat32 => entry.first_cluster_high.get(),
    };
    let directory = entry.attributes & ATTR_DIRECTORY != 0;
    Found {
        name: long.finish(&entry.name).unwrap_or_else(|| short_name(entry)),
        kind: if directory { Kind::Directory } else { Kind::File },
        first_cluster: u32::from(high) << 16 | u32::from(entry.first_cluster_low.get()),
        size: entry.size.get(),
    }
}

fn short_name(entry: &ShortEntry) -> String {
    let (base, extension) = entry.name.split_at(8);
    let mut name: String = characters(base, entry.case & LOWER_BASE != 0).collect();
    let mut extension = characters(extension, entry.case & LOWER_EXTENSION != 0).peekable();
    if extension.peek().is_some() {
        name.push('.');
        name.extend(extension);
    }
    name
}

fn characters(padded: &[u8], lower: bool) -> impl Iterator<Item = char> {
    padded.trim_ascii_end().iter().map(move |byte| match *byte {
        KANJI => private(DELETED),
        byte if !byte.is_ascii() => private(byte),
        byte if lower => byte.to_ascii_lowercase().into(),
        byte => byte.into(),
    })
}

fn private(byte: u8) -> char {
    char::from_u32(PRIVATE + u32::from(byte)).unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// A long name in the making: its parts come last first.
#[derive(Default)]
struct LongName {
    /// The number of the part that came last; 0 when there is none or the parts are out of order.
    order: u8,
    checksum: u8,
    /// The parts, in the order in which they came.
    parts: Vec<[u16; UNITS]>,
}

impl LongName {
    fn take_part(&mut self, slot: &[u8]) {
        let Ok(part) = LongEntry::read_from_bytes(slot) else { return };
        let order = part.order & !LAST_LONG_ENTRY;
        if part.order & LAST_LONG_ENTRY != 0 && order <= MAX_PARTS {
            *self = Self { order, checksum: part.checksum, parts: Vec::new() };
        } else if order == 0 || order.checked_add(1) != Some(self.order) || part.checksum != self.checksum {
            *self = Self::default();
            return;
        }
        self.order = order;
        let units = part.name_1.iter().chain(&part.name_2).chain(&part.name_3);
        let mut text = [0; UNITS];
        text.iter_mut().zip(units).for_each(|(to, from)| *to = from.get());
        self.parts.push(text);
    }

    /// The name, when all its parts came and it belongs to `short`.
    fn finish(&self, short: &[u8; 11]) -> Option<String> {
        if self.order != 1 || self.checksum != short_name_checksum(short) {
            return None;
        }
        let units = self.parts.iter().rev().flatten().copied().take_while(|unit| *unit != 0);
        let name: Result<String, _> = char::decode_utf16(units).collect();
        name.ok()
            .filter(|name| !name.is_empty() && !name.contains(['/', '\0']) && name != "." && name != "..")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A short entry.
    fn short(name: &[u8; 11], attributes: u8, case: u8) -> Vec<u8> {
        let mut slot = alloc::vec![0; 32];
        slot[..11].copy_from_slice(name);
        slot[11] = attributes;
        slot[12] = case;
        slot
    }

    /// Part `order` of a long name, of one letter repeated.
    fn part(order: u8, letter: u8, owner: &[u8; 11]) -> Vec<u8> {
        let mut slot = alloc::vec![0; 32];
        slot[0] = order;
        slot[11] = ATTR_LONG_NAME;
        slot[13] = short_name_checksum(owner);
        for at in (1..11).chain(14..26).chain(28..32).step_by(2) {
            slot[at] = letter;
        }
        slot
    }

    fn names(slots: &[Vec<u8>]) -> Vec<String> {
        decode(&slots.concat(), fat::Kind::Fat32).into_iter().map(|found| found.name).collect()
    }

    #[test]
    fn only_fat32_has_an_upper_half_of_a_clusters_number() {
        let mut slot = short(b"FILE       ", 0, 0);
        (slot[20], slot[26]) = (0x34, 0x12);
        let first = |kind| decode(&slot, kind)[0].first_cluster;
        assert_eq!((first(fat::Kind::Fat16), first(fat::Kind::Fat32)), (0x12, 0x0034_0012));
    }

    const OWNER: &[u8; 11] = b"AAAAAA~1TXT";

    #[test]
    fn short_names_have_their_case_and_their_dot() {
        let slots = [
            short(b"README  TXT", 0, 0),
            short(b"GRUB    CFG", 0, LOWER_BASE | LOWER_EXTENSION),
            short(b"EFI        ", ATTR_DIRECTORY, 0),
            short(b"\x05BC     \x80  ", 0, 0),
        ];
        assert_eq!(names(&slots), ["README.TXT", "grub.cfg", "EFI", "\u{f7e5}BC.\u{f780}"]);
    }

    #[test]
    fn what_is_no_file_is_left_out() {
        let slots = [
            short(b"ESP        ", ATTR_VOLUME_ID, 0),
            short(b".          ", ATTR_DIRECTORY, 0),
            short(b"..         ", ATTR_DIRECTORY, 0),
            short(b"\xe5ONE    TXT", 0, 0),
            short(b"HERE       ", 0, 0),
            short(b"\0          ", 0, 0),
            short(b"BEHIND     ", 0, 0),
        ];
        assert_eq!(names(&slots), ["HERE"]);
    }

    #[test]
    fn a_long_name_counts_only_when_it_is_whole_and_belongs_to_its_short_one() {
        let owner = short(OWNER, 0, 0);
        let long = [part(0x42, b'b', OWNER), part(1, b'a', OWNER), owner.clone()];
        assert_eq!(names(&long), ["aaaaaaaaaaaaabbbbbbbbbbbbb"]);
        let broken = [
            [part(0x42, b'b', OWNER), part(1, b'a', b"OTHER      ")],
            [part(0x43, b'b', OWNER), part(1, b'a', OWNER)],
            [part(0x42, b'b', OWNER), part(2, b'a', OWNER)],
            [part(0x41, b'/', OWNER), part(0x41, b'/', OWNER)],
            [part(0x7f, b'b', OWNER), part(0x3e, b'a', OWNER)],
        ];
        for parts in broken {
            assert_eq!(names(&[&parts[..], core::slice::from_ref(&owner)].concat()), ["AAAAAA~1.TXT"]);
        }
    }
}
