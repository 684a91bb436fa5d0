//! Damaged and malicious volumes give errors, or what can still be read of them: no panic, no endless work.

use formats::files::Files;
use formats::io::{Window, read_vec};
use formats::ntfs::read::Reader;
use formats::ntfs::write::Volume;
use formats::units::{ByteLen, ByteOffset, MIB};
use seedpress_tests::content::Sample;
use seedpress_tests::damage::Changed;
use seedpress_tests::ntfs::damaged::{flip, read_all};
use seedpress_tests::ntfs::{regions, volume};
use seedpress_tests::paper::{Noise, OnPaper};

/// A small volume in memory, with all that readers follow: several levels of an index, and data outside of records.
fn small_volume(cluster_size: u32) -> Vec<u8> {
    let mut sample = Sample::new();
    for number in 0..1500 {
        sample.file(
            &format!("directory/{number} has a long name, so that the index has three levels"),
            b"data",
        );
    }
    sample.file("a/b/c/file", &Noise { seed: 1, len: ByteLen(100_000) }.bytes());
    let small = Volume { size: ByteLen(16 * MIB), cluster_size: Some(cluster_size), ..volume() };
    let regions = regions(&small, &sample);
    read_vec(&OnPaper::new(&regions, &sample.sources()), ByteOffset::ZERO, 16 * MIB as usize).unwrap()
}

/// The positions of all structures that start with `signature`, which start at multiples of 1 KiB.
fn structures(volume: &[u8], signature: &[u8; 4]) -> Vec<usize> {
    (0..volume.len()).step_by(1024).filter(|at| volume[*at..].starts_with(signature)).collect()
}

#[test]
fn an_undamaged_volume_is_read_to_its_end() {
    for cluster_size in [512, 4096, 65536] {
        assert!(read_all(&small_volume(cluster_size)));
    }
}

#[test]
fn any_byte_of_the_boot_sector_may_be_wrong() {
    let volume = small_volume(4096);
    for at in 0..0x54 {
        for value in 0..=255 {
            let changed = Changed::new(&volume, at, &[value]);
            // What makes records of a directory is in the first record of a volume, so opening shows most.
            if let Ok(reader) = Reader::open(&changed) {
                let _ = reader.list("");
            }
        }
    }
}

#[test]
fn any_byte_of_a_record_may_be_wrong() {
    let volume = small_volume(4096);
    let records = structures(&volume, b"FILE");
    // $MFT, $Volume, the root, $UpCase, and the first ones of users.
    for number in [0, 3, 5, 10, 24, 27, 28, 29, 30] {
        flip(&volume, records[number], 420, 7);
    }
}

#[test]
fn any_byte_of_an_index_may_be_wrong() {
    let volume = small_volume(512);
    let blocks = structures(&volume, b"INDX");
    let inner: Vec<usize> = blocks.iter().copied().filter(|at| volume[at + 0x24] & 1 != 0).collect();
    assert!(!inner.is_empty(), "the index has three levels");
    flip(&volume, blocks[0], 400, 11);
    flip(&volume, inner[0], 400, 11);
}

#[test]
fn a_volume_may_end_anywhere() {
    let volume = small_volume(4096);
    for len in (0..volume.len()).step_by(16_001) {
        let start = Window::new(&volume, ByteOffset::ZERO, ByteLen(len as u64)).unwrap();
        assert!(!read_all(&start), "{len} bytes of it are a volume");
    }
}

#[test]
fn an_index_that_goes_in_a_circle_is_damage() {
    let volume = small_volume(4096);
    let inner = structures(&volume, b"INDX").into_iter().find(|at| volume[at + 0x24] & 1 != 0).unwrap();
    let number = &volume[inner + 0x10..inner + 0x18];
    // The first entry of the node names the node itself as its child.
    let entry = inner + 0x18 + u32_at(&volume, inner + 0x18);
    let child = entry + usize::from(u16::from_le_bytes([volume[entry + 8], volume[entry + 9]])) - 8;
    let circular = Changed::new(&volume, child as u64, number);
    let reader = Reader::open(&circular).unwrap();
    let refused = reader.list("directory").unwrap_err().to_string();
    assert!(refused.contains("circle"), "{refused}");
    assert!(reader.open("directory/0").is_err());
}

#[test]
fn a_directory_that_contains_itself_is_damage() {
    let volume = small_volume(4096);
    // The index entry of `b` in `a`: a reference to b, 8 bytes, and a file name, which starts with a reference to a.
    let is_entry =
        |at: &usize| volume[at + 10] == 0x44 && volume[at + 80] == 1 && volume[at + 82..].starts_with(b"b\0");
    let entry = (0..volume.len() - 100).step_by(8).find(is_entry).unwrap();
    let circular = Changed::new(&volume, entry as u64, &volume[entry + 16..entry + 24]);
    let reader = Reader::open(&circular).unwrap();
    assert!(reader.list("a").is_ok());
    for path in ["a/b", "a/b/b"] {
        let refused = reader.list(path).unwrap_err().to_string();
        assert!(refused.contains("contains itself"), "{refused}");
    }
}

#[test]
fn runs_past_the_end_of_the_volume_are_damage() {
    let volume = small_volume(4096);
    // The record of a/b/c/file has the only run list of users; a first byte of 0x88 makes both of its numbers long.
    let record = structures(&volume, b"FILE").into_iter().find(|at| {
        let record = &volume[*at..at + 1024];
        let is_file = record[0x16] == 1;
        is_file
            && record.windows(8).any(|name| name == b"f\0i\0l\0e\0")
            && record.windows(4).any(|size| size == [0xa0, 0x86, 1, 0])
    });
    let record = record.unwrap();
    let mut attribute = record + usize::from(volume[record + 0x14]);
    while u32_at(&volume, attribute) != 0x80 {
        attribute += u32_at(&volume, attribute + 4);
    }
    let runs = attribute + usize::from(volume[attribute + 0x20]);
    let changed = Changed::new(&volume, runs as u64, &[0x88]);
    let reader = Reader::open(&changed).unwrap();
    assert!(reader.open("a/b/c/file").is_err());
    assert!(reader.list("a/b/c").is_ok());
}

fn u32_at(bytes: &[u8], at: usize) -> usize {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize
}
