//! The strictest judge of UDF volumes misses no single fault: each one that is planted is found and named.

use formats::udf::Revision;
use formats::units::ByteLen;
use seedpress_tests::content::Sample;
use seedpress_tests::damage::Changed;
use seedpress_tests::paper::{Islands, OnPaper, bytes_of};
use seedpress_tests::udf::{PARTITION, audit, lay_out};

/// A volume in memory that is changed byte by byte.
struct Victim(Vec<u8>);

impl Victim {
    /// A volume of a revision: the root has two files, of 100 and 5000 bytes, and a directory with a file.
    fn new(revision: Revision) -> Self {
        let mut sample = Sample::new();
        sample.file("a", &[b'a'; 100]);
        sample.file("b", &[b'b'; 5000]);
        sample.file("c/Grüße", b"c");
        Self(bytes_of(&lay_out(revision, &sample.tree)))
    }

    /// Expects that a finding names each fault: a sector, a byte in it, the bits to flip, what is to be said.
    fn check(&self, faults: &[(u32, u64, u8, &str)]) {
        for (sector, at, mask, expected) in faults {
            let place = u64::from(*sector) * 2048 + at;
            let found = audit::findings(&Changed::flipped(&self.0, place, *mask));
            let named = found.iter().any(|found| found.contains(expected));
            assert!(named, "sector {sector}, byte {at}: {expected:?} is not in {found:#?}");
        }
    }

    fn last(&self) -> u32 {
        (self.0.len() / 2048) as u32 - 1
    }
}

#[test]
fn faults_of_recognition_anchors_and_tags_are_found() {
    let victim = Victim::new(Revision::V2_01);
    victim.check(&[
        (16, 1, 1, "recognition: the extended area"),
        (17, 5, 1, "recognition: the extended area"),
        (17, 6, 2, "version of NSR03"),
        (18, 100, 1, "type and data of TEA01"),
        (256, 4, 1, "anchors: expected at two"),
        (victim.last(), 0, 1, "anchors: expected at two"),
        (256, 40, 1, "what is reserved is not zeros"),
        (victim.last(), 20, 1, "differs from the first anchor"),
        (32, 2, 1, "descriptor version"),
        (32, 4, 1, "tag checksum"),
        (32, 5, 1, "reserved byte of the tag"),
        (33, 6, 1, "tag serial number"),
        (34, 8, 1, "CRC: expected"),
        (33, 10, 1, "CRC length"),
        (36, 12, 1, "tag location"),
        (48, 100, 1, "its copy of the"),
        (52, 12, 1, "tag location"),
        (37, 0, 1, "terminating descriptor: how many"),
    ]);
}

#[test]
fn faults_of_volume_descriptors_are_found() {
    let victim = Victim::new(Revision::V2_01);
    victim.check(&[
        (32, 16, 1, "how many sequence numbers"),
        (32, 55, 0x40, "volume identifier: its length"),
        (32, 50, 1, "volume identifier: it is not padded"),
        (32, 24, 4, "volume identifier: compression id"),
        (32, 56, 1, "volume sequence number"),
        (32, 62, 1, "maximum interchange level"),
        (32, 64, 2, "character set list"),
        (32, 73, 0x40, "16 hexadecimal digits come first"),
        (32, 201, 1, "descriptor character set"),
        (32, 377, 0x20, "recording date and time: type"),
        (32, 380, 0x40, "recording date and time"),
        (32, 388, 1, "implementation identifier: flags"),
        (32, 389, 1, "implementation identifier: it names nobody"),
        (32, 500, 1, "what is reserved is not zeros"),
        (32, 600, 1, "what follows it in its sector"),
        (33, 22, 1, "*UDF LV Info is missing"),
        (33, 118, 1, "the name of the logical volume"),
        (33, 45, 1, "the revision of UDF"),
        (34, 20, 1, "partition flags"),
        (34, 30, 1, "partition contents"),
        (34, 56, 1, "unallocated space of a read-only partition"),
        (34, 184, 8, "access type"),
        (34, 192, 1, "size of partition 0"),
        (34, 195, 1, "volume: the partition ends"),
        (34, 400, 1, "what is reserved is not zeros"),
        (35, 213, 1, "logical block size"),
        (35, 220, 1, "domain identifier: expected"),
        (35, 245, 1, "reserved in its suffix"),
        (35, 256, 1, "partition of the file set"),
        (35, 441, 1, "length of the first partition map"),
        (35, 444, 1, "partition of the first partition map"),
        (36, 20, 1, "CRC length"),
    ]);
}

#[test]
fn faults_of_integrity_are_found() {
    Victim::new(Revision::V2_01).check(&[
        (64, 28, 1, "integrity type"),
        (64, 40, 0x1F, "the next unique id"),
        (64, 50, 1, "reserved in the contents use"),
        (64, 72, 1, "number of partitions"),
        (64, 80, 1, "free space of partition 0"),
        (64, 84, 1, "size of partition 0"),
        (64, 120, 1, "numbers of files and directories"),
        (64, 124, 1, "numbers of files and directories"),
        (64, 129, 1, "revisions"),
        (64, 1000, 1, "what follows it in its sector"),
        (65, 100, 1, "what is reserved is not zeros"),
        (35, 432, 1, "the integrity sequence has"),
    ]);
}

#[test]
fn faults_of_files_and_directories_are_found() {
    // Behind the two blocks of the file set: the root's entry and names, a, b, c's entry and names, its file.
    let [set, root, names, a, b] = [0, 2, 3, 4, 5].map(|block| PARTITION + block);
    Victim::new(Revision::V2_01).check(&[
        (set, 28, 1, "levels, sets and numbers"),
        (set, 115, 1, "the name of the logical volume"),
        (set, 305, 0x80, "CRC: expected"),
        (set, 400, 1, "length of the root's ICB"),
        (set, 450, 1, "next extent"),
        (set + 1, 0, 1, "tag identifier"),
        (root, 20, 1, "ICB strategy"),
        (root, 27, 1, "file type of the root"),
        (root, 34, 8, "ICB flags"),
        (root, 48, 1, "link count"),
        (root, 200, 1, "unique id"),
        (names, 18, 8, "file characteristics"),
        (names, 24, 1, "the directory above"),
        (names, 38, 1, "padding"),
        (names, 40 + 16, 1, "file version number"),
        (names, 40 + 18, 2, "its mark for directories"),
        (names, 40 + 18, 4, "file characteristics"),
        (names, 40 + 32, 1, "UDF unique id"),
        (names, 40 + 38, 4, "compression id"),
        (names, 40 + 39, 3, "is there twice"),
        (names, 2000, 1, "bytes behind its names"),
        (a, 44, 1, "CRC: expected"),
        (a, 46, 1, "reserved permissions"),
        (a, 48, 1, "link count"),
        (a, 56, 1, "information length, and its extents together"),
        (a, 64, 1, "object size"),
        (a, 72, 1, "logical blocks recorded"),
        (a, 200, 1, "unique id"),
        (a, 220, 3, "overlap"),
        (a, 223, 0x40, "partition: data of the"),
        (b, 219, 0x40, "logical blocks recorded"),
        (b, 1000, 1, "what follows it in its block"),
    ]);
}

#[test]
fn faults_of_metadata_partitions_are_found() {
    let victim = Victim::new(Revision::V2_50);
    // The metadata file's entry, 32 blocks of metadata from block 32 on, the mirror's entry.
    let mirror = PARTITION + 64;
    victim.check(&[
        (35, 264, 1, "map table length"),
        (35, 268, 1, "number of partition maps"),
        (35, 447, 1, "length of the metadata map"),
        (35, 452, 1, "partition type identifier: expected"),
        (35, 494, 1, "metadata bitmap"),
        (35, 498, 0x40, "no whole allocation units"),
        (35, 504, 1, "it has no data of its own"),
        (PARTITION, 27, 1, "metadata file: file type"),
        (PARTITION, 48, 1, "metadata file: link count"),
        (PARTITION, 220, 1, "is not aligned"),
        (mirror, 27, 1, "metadata mirror file: file type"),
        (mirror, 220, 0x20, "metadata mirror: its extents"),
        (64, 92, 1, "size of partition 1"),
    ]);
}

#[test]
fn faults_of_allocation_extents_are_found() {
    let mut sample = Sample::new();
    sample.unhashed("long", Islands { len: ByteLen(400 << 30), at: Vec::new() });
    let regions = lay_out(Revision::V1_50, &sample.tree);
    let sources = sample.sources();
    let volume = OnPaper::new(&regions, &sources);
    // The file set, the root's entry and names, the file's entry, its first allocation extent.
    let extent = u64::from(PARTITION + 5) * 2048;
    for (at, mask, expected) in [
        (0, 1, "tag identifier"),
        (16, 1, "previous allocation extent location"),
        (20, 8, "CRC length"),
        (24, 1, "an extent before its last is no whole blocks"),
        (28, 1, "overlap"),
        (2047, 1, "what follows it in its block"),
    ] {
        let found = audit::findings(&Changed::flipped(&volume, extent + at, mask));
        assert!(found.iter().any(|found| found.contains(expected)), "byte {at}: {expected:?} in {found:#?}");
    }
}
