//! Volumes of every geometry hold what was put on them, and no reader finds anything wrong with them.

use formats::ntfs::read::Reader;
use formats::ntfs::write::{NtfsError, Volume, lay_out, smallest};
use formats::tree::Directory;
use formats::units::{ByteLen, GIB, MIB};
use seedpress_tests::content::Sample;
use seedpress_tests::ntfs::{audit, by_check, by_crate, by_tools, expected, press, read, volume};
use seedpress_tests::workshop::{HostFile, Workshop};

/// Presses a volume and lets everyone judge it.
fn check(volume: &Volume, sample: &Sample) {
    let workshop = Workshop::new();
    let path = press(&workshop, volume, sample);
    let expected = expected(sample);
    audit::agrees(&path);
    by_check::agrees(&path);
    by_tools::agree(&path, volume.sector_size);
    expected.agrees(&read(&path), "our reader");
    let file = HostFile::open(&path);
    expected.agrees(&by_crate::content(&file), "the crate ntfs, by records");
    let reader = Reader::open(&file).unwrap();
    if reader.cluster_size() <= 4096 {
        expected.agrees(&by_crate::content_by_index(&file), "the crate ntfs, by indexes");
    }
    assert_eq!((reader.label(), reader.serial()), (&*volume.label, volume.serial));
    assert_eq!(reader.sector_size(), volume.sector_size);
    assert!(volume.cluster_size.is_none_or(|size| size == reader.cluster_size()));
}

#[test]
fn every_cluster_size_holds_files_on_sectors_of_512_bytes() {
    let sample = Sample::some_of_everything();
    for exponent in 9..=16 {
        check(&Volume { cluster_size: Some(1 << exponent), ..volume() }, &sample);
    }
}

#[test]
fn every_cluster_size_holds_files_on_sectors_of_4096_bytes() {
    let sample = Sample::some_of_everything();
    for exponent in 12..=16 {
        check(&Volume { cluster_size: Some(1 << exponent), sector_size: 4096, ..volume() }, &sample);
    }
}

#[test]
fn an_empty_volume_of_every_size_is_one() {
    for size in [16 * MIB, 17 * MIB + 512, 100 * MIB, 4 * GIB, 4 * GIB + 4096] {
        check(&Volume { size: ByteLen(size), ..volume() }, &Sample::new());
    }
}

#[test]
fn a_volume_behind_other_partitions_says_where_it_starts() {
    check(&Volume { hidden_sectors: 133_120, label: "Grüße 世界 🦀".into(), ..volume() }, &Sample::new());
}

#[test]
fn the_smallest_volume_for_a_tree_holds_it_and_a_smaller_one_does_not() {
    let sample = Sample::some_of_everything();
    for (sector_size, cluster_size) in [(512, None), (512, Some(512)), (4096, Some(65536))] {
        let volume = Volume { sector_size, cluster_size, ..volume() };
        let least = smallest(&volume, &sample.tree, ByteLen::ZERO).unwrap();
        check(&Volume { size: least, ..volume.clone() }, &sample);
        let less = ByteLen(least.0 - u64::from(sector_size));
        if less.0 >= 16 * MIB {
            let refused = lay_out(&Volume { size: less, ..volume }, &sample.tree).unwrap_err();
            assert!(matches!(refused, NtfsError::TooSmall { .. }), "{refused}");
        }
    }
}

#[test]
fn the_free_space_that_was_asked_for_is_there() {
    let sample = Sample::some_of_everything();
    for free in [0, 1, 16 * MIB, GIB] {
        let size = smallest(&volume(), &sample.tree, ByteLen(free)).unwrap();
        let laid = lay_out(&Volume { size, ..volume() }, &sample.tree).unwrap();
        assert!(laid.free.0 >= free, "{} are free of {free}", laid.free);
    }
}

#[test]
fn geometries_that_no_system_reads_are_refused() {
    let refused = |volume: Volume| lay_out(&volume, &Directory::new()).is_err();
    assert!(refused(Volume { size: ByteLen(15 * MIB), ..volume() }));
    assert!(refused(Volume { size: ByteLen(64 * MIB + 1), ..volume() }));
    assert!(refused(Volume { sector_size: 1000, ..volume() }));
    assert!(refused(Volume { sector_size: 4096, cluster_size: Some(512), ..volume() }));
    assert!(refused(Volume { cluster_size: Some(3000), ..volume() }));
    assert!(refused(Volume { cluster_size: Some(128 << 10), ..volume() }));
    assert!(refused(Volume { serial: 0, ..volume() }));
    assert!(refused(Volume { label: "x".repeat(33), ..volume() }));
}
