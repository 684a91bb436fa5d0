//! Disks with known content: the same seed gives the same disk.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use formats::units::{ByteLen, MIB};

use crate::paper::Noise;

/// A sector, in bytes.
pub const SECTOR: usize = 512;

/// A disk of `mib` MiB that is a bit of everything: noise, zeros, text, and single sectors in zeros, a MiB each.
pub fn golden(seed: u64, mib: usize) -> Vec<u8> {
    let mut disk = vec![0; mib * MIB as usize];
    for (number, piece) in disk.chunks_mut(MIB as usize).enumerate() {
        let noise = |len: usize| Noise { seed: seed + number as u64, len: ByteLen(len as u64) }.bytes();
        match number % 4 {
            0 => piece.copy_from_slice(&noise(piece.len())),
            1 => {}
            2 => piece.iter_mut().zip(text(seed, number)).for_each(|(to, from)| *to = from),
            _ => piece[4096..4096 + SECTOR].copy_from_slice(&noise(SECTOR)),
        }
    }
    disk
}

/// The disk after `changes` sectors of it were written, every fifth with zeros.
pub fn next_version(disk: &[u8], seed: u64, changes: usize) -> Vec<u8> {
    let mut next = disk.to_vec();
    let words = Noise { seed, len: ByteLen(8 * changes as u64) }.bytes();
    for (number, word) in words.chunks(8).enumerate() {
        let place = u64::from_le_bytes(word.try_into().expect("eight bytes")) as usize;
        let sector = place % (disk.len() / SECTOR) * SECTOR;
        let new = Noise { seed: seed + number as u64, len: ByteLen(SECTOR as u64) }.bytes();
        next[sector..sector + SECTOR].copy_from_slice(&if number % 5 == 4 { vec![0; SECTOR] } else { new });
    }
    next
}

/// Writes a disk to a file, in which its zeros are holes.
///
/// # Panics
/// When it cannot be written.
pub fn write_sparse(path: &Path, disk: &[u8]) {
    let file = File::create(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    file.set_len(disk.len() as u64).expect("the length of a file");
    for (number, piece) in disk.chunks(64 * 1024).enumerate() {
        if piece.iter().any(|byte| *byte != 0) {
            file.write_all_at(piece, number as u64 * 64 * 1024).expect("room in the scratch folder");
        }
    }
}

/// Text without an end.
fn text(seed: u64, number: usize) -> impl Iterator<Item = u8> {
    (0..)
        .flat_map(move |line| format!("disk {seed}, piece {number}, line {line}: all is well\n").into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_differ_in_few_sectors() {
        let one = golden(1, 5);
        let two = next_version(&one, 2, 20);
        let changed = one.chunks(SECTOR).zip(two.chunks(SECTOR)).filter(|(old, new)| old != new).count();
        assert!((10..=20).contains(&changed), "{changed}");
        assert_eq!((one.len(), golden(1, 5) == one, golden(2, 5) == one), (5 << 20, true, false));
    }
}
