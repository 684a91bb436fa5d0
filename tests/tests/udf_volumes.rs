//! UDF volumes on paper: files of every length, many names, damaged bytes.

use std::sync::atomic::{AtomicUsize, Ordering};

use formats::files::Files;
use formats::io::{ReadAt, ReadError, read_vec};
use formats::placed::Placed;
use formats::tree::{Data, Directory};
use formats::udf::read::Reader;
use formats::udf::write::Measured;
use formats::udf::{Revision, UdfError};
use formats::units::{ByteLen, ByteOffset};
use seedpress_tests::paper::{Noise, OnPaper, bytes_of};
use seedpress_tests::udf::{lay_out, volume};

#[test]
fn files_of_every_length_come_back() {
    // Around the limit of an extent, of 32 bits, and past what one file entry can list.
    let lengths = [
        0,
        1,
        (1 << 30) - 2048,
        (1 << 30) - 2047,
        1 << 30,
        u64::from(u32::MAX),
        1 << 32,
        6_442_444_800,
        8_600_000_000,
        1_500 << 30,
    ];
    let noises: Vec<_> =
        lengths.iter().zip(0..).map(|(len, seed)| Noise { seed, len: ByteLen(*len) }).collect();
    let mut root = Directory::new();
    for (source, noise) in (0..).zip(&noises) {
        let data = Data::Payload { source, offset: ByteOffset::ZERO, len: noise.len };
        root.add_file(&format!("{}", noise.len.0), data).unwrap();
    }
    let sources: Vec<&dyn ReadAt> = noises.iter().map(|noise| noise as &dyn ReadAt).collect();
    for revision in Revision::ALL {
        let regions = lay_out(revision, &root);
        let reader = Reader::open(OnPaper::new(&regions, &sources)).unwrap();
        assert_eq!(reader.revision(), revision.number());
        for noise in &noises {
            let file = reader.open(&noise.len.0.to_string()).unwrap();
            assert_eq!(file.size(), noise.len);
            for at in [0, (1 << 30) - 3000, noise.len.0 / 2, noise.len.0.saturating_sub(5000)] {
                let len = 5000.min(noise.len.0.saturating_sub(at)) as usize;
                let at = ByteOffset(at.min(noise.len.0));
                assert_eq!(read_vec(&file, at, len).unwrap(), read_vec(noise, at, len).unwrap());
            }
        }
    }
}

#[test]
fn three_thousand_names_of_all_kinds_come_back() {
    let mut root = Directory::new();
    let name = |n: u32| match n % 3 {
        0 => format!("plain-{n}"),
        1 => format!("Grüße-世界-{n}"),
        _ => format!("\u{1F4BF}\u{1F600}-{n}"),
    };
    for n in 0..3000 {
        root.add_file(&format!("many/{}", name(n)), Data::Bytes(n.to_le_bytes().into())).unwrap();
    }
    root.add_file(&"n".repeat(254), Data::Bytes([1].into())).unwrap();
    for revision in Revision::ALL {
        let regions = lay_out(revision, &root);
        let reader = Reader::open(OnPaper::new(&regions, &[])).unwrap();
        assert_eq!(reader.list("many").unwrap().len(), 3000);
        for n in [0, 1, 2, 2999] {
            let file = reader.open(&format!("many/{}", name(n))).unwrap();
            assert_eq!(read_vec(&file, ByteOffset::ZERO, 4).unwrap(), n.to_le_bytes());
        }
        assert!(reader.open(&"n".repeat(254)).is_ok());
    }
}

/// A source that counts the bytes that are read of it.
struct Counted<'a>(&'a Vec<u8>, &'a AtomicUsize);

impl ReadAt for Counted<'_> {
    fn size(&self) -> ByteLen {
        self.0.size()
    }

    fn read_at(&self, offset: ByteOffset, buf: &mut [u8]) -> Result<(), ReadError> {
        self.1.fetch_add(buf.len(), Ordering::Relaxed);
        self.0.read_at(offset, buf)
    }
}

#[test]
fn a_directory_is_read_once_to_find_all_its_files() {
    let mut root = Directory::new();
    let path = |n| format!("above/many/{n:0100}");
    (0..2000).for_each(|n| root.add_file(&path(n), Data::Bytes([1].into())).unwrap());
    let volume = bytes_of(&lay_out(Revision::V2_01, &root));
    let read = AtomicUsize::new(0);
    let reader = Reader::open(Counted(&volume, &read)).unwrap();
    let mut finder = reader.finder();
    for n in (0..2000).chain([3, 2]) {
        assert_eq!(finder.open(&path(n)).unwrap().size(), ByteLen(1));
    }
    assert!(finder.open("above/many/none").is_err() && finder.list("above").is_ok_and(|all| all.len() == 1));
    let read = read.load(Ordering::Relaxed);
    assert!(read < 2 * volume.len(), "{read} bytes read of {}", volume.len());
}

#[test]
fn names_that_udf_cannot_hold_are_refused() {
    let mut root = Directory::new();
    let path = format!("a/b/{}", "世".repeat(128));
    root.add_file(&path, Data::Bytes([].into())).unwrap();
    let Err(refused) = Measured::new(Revision::V2_01, &Placed::of(&root)) else { panic!("a name too long") };
    assert!(matches!(&refused, UdfError::Name { path: found, .. } if *found == path), "{refused}");
    let empty = Placed::of(&Directory::new());
    let measured = Measured::new(Revision::V2_01, &empty).unwrap();
    for label in ["", "a\u{FEFF}"] {
        let refused = measured.lay_out(&volume(label), &empty);
        assert!(matches!(refused, Err(UdfError::Label { .. })), "{label:?}");
    }
    let inner = (0..65_535).map(|number| (number.to_string(), Placed::Directory(Vec::new()))).collect();
    let many = Placed::Directory(vec![("many".into(), Placed::Directory(inner))]);
    let refused = Measured::new(Revision::V1_02, &many).unwrap_err().to_string();
    assert_eq!(refused, "\"many/\" has 65535 directories, expected at most 65534 on UDF");
}

#[test]
fn a_changed_byte_of_the_metadata_gives_an_error_or_the_same_files() {
    let mut root = Directory::new();
    for n in 0..20 {
        root.add_file(&format!("a/b/{n}"), Data::Bytes([n; 100].into())).unwrap();
    }
    let regions = lay_out(Revision::V2_50, &root);
    let bytes = bytes_of(&regions);
    // Everything from the recognition sequence to the end of the directories, a prime apart.
    for at in (32_768..bytes.len()).step_by(211) {
        let mut changed = bytes.clone();
        changed[at] ^= 0x41;
        let Ok(reader) = Reader::open(&changed) else { continue };
        let _ = reader.list("a/b").map(|entries| assert!(entries.len() == 20, "byte {at}"));
        for n in 0..20 {
            let _ = reader.open(&format!("a/b/{n}")).map(|file| assert_eq!(file.size(), ByteLen(100)));
        }
    }
}
