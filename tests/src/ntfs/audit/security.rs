//! `$Secure`: security descriptors, each once for all files that have it.

use std::collections::BTreeMap;

use super::Findings;
use super::raw::{Image, u16_at, u32_at, u64_at};

/// The record of $Secure.
const SECURE: u64 = 9;
/// Each descriptor is there a second time this far behind; and again for the next block of as many bytes.
const MIRROR: usize = 256 * 1024;
/// The head of a descriptor in `$SDS`, in bytes.
const HEAD: usize = 20;

/// Judges the descriptors, the indexes on them, and that files have no others.
pub fn judge(image: &Image<'_>, findings: &mut Findings) {
    let stream = image.value_of(SECURE, 0x80, "$SDS");
    let heads = descriptors(&stream, findings);
    let by_id: Vec<Vec<u8>> = heads.values().cloned().collect();
    findings.expect(by_id == index(image, "$SII", 4), || "$SII does not list the descriptors by id".into());
    let mut by_hash = by_id;
    by_hash.sort_by_key(|head| (u32_at(head, 0), u32_at(head, 4)));
    findings
        .expect(by_hash == index(image, "$SDH", 8), || "$SDH does not list the descriptors by hash".into());
    for record in image.records.values() {
        let information = record.values(0x10).next().filter(|value| value.len() >= 0x38);
        let id = information.map(|value| u32_at(value, 0x34));
        let known = id.is_none_or(|id| heads.contains_key(&id) || id == 0 && record.find(0x50, "").is_some());
        findings.expect(known, || format!("record {}: there is no descriptor {id:?}", record.number));
    }
}

/// The heads of all descriptors by id.
fn descriptors(stream: &[u8], findings: &mut Findings) -> BTreeMap<u32, Vec<u8>> {
    let mut heads = BTreeMap::new();
    let mut at = 0;
    while at + HEAD <= stream.len().min(MIRROR) && u32_at(stream, at + 16) != 0 {
        let len = u32_at(stream, at + 16) as usize;
        let (head, descriptor) = (&stream[at..at + HEAD], &stream[at + HEAD..at + len]);
        let id = u32_at(head, 4);
        findings.equal(at as u64, u64_at(head, 8), &format!("descriptor {id}: its position"));
        findings.equal(hash(descriptor), u32_at(head, 0), &format!("descriptor {id}: its hash"));
        findings.equal(1, descriptor[0], &format!("descriptor {id}: its revision"));
        findings
            .expect(u16_at(descriptor, 2) & 0x8000 != 0, || format!("descriptor {id} is not self-relative"));
        let copy = stream.get(at + MIRROR..at + MIRROR + len);
        findings.expect(copy == Some(&stream[at..at + len]), || format!("descriptor {id}: its copy differs"));
        heads.insert(id, head.to_vec());
        at = (at + len).next_multiple_of(16);
    }
    findings.expect(heads.keys().all(|id| *id >= 0x100), || "a descriptor has an id below 256".into());
    heads
}

/// The sum of all words, turned left by three bits before each.
fn hash(descriptor: &[u8]) -> u32 {
    descriptor.chunks_exact(4).fold(0u32, |hash, word| hash.rotate_left(3).wrapping_add(u32_at(word, 0)))
}

/// The data of all entries of a small index of $Secure, in order, each after a key of `key` bytes that repeats it.
fn index(image: &Image<'_>, name: &str, key: usize) -> Vec<Vec<u8>> {
    let root = image.value_of(SECURE, 0x90, name);
    let mut found = Vec::new();
    let mut at = 0x10 + u32_at(&root, 0x10) as usize;
    while u16_at(&root, at + 12) & 2 == 0 {
        let data = at + usize::from(u16_at(&root, at));
        let (start, len) = (at + 16, usize::from(u16_at(&root, at + 2)));
        let head = root[data..data + len.min(HEAD)].to_vec();
        let expected = if key == 4 { &head[4..8] } else { &head[..8] };
        if root[start..start + key] == *expected {
            found.push(head);
        }
        at += usize::from(u16_at(&root, at + 8));
    }
    found
}
