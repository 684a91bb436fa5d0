//! What laying out promises, seen from outside; what others make of the volumes is in the package of the tests.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::*;
use crate::region::{Content, Regions, Stage};
use crate::tree::Data;
use crate::units::{ByteOffset, KIB, MIB, TIB};

fn volume(size: u64) -> Volume {
    Volume {
        size: ByteLen(size),
        sector_size: 512,
        cluster_size: None,
        hidden_sectors: 2048,
        label: "SEED".into(),
        serial: 1,
        time: Timestamp::EARLIEST,
    }
}

fn tree(files: &[(&str, u64)]) -> Directory {
    let mut root = Directory::new();
    for (source, (path, len)) in (0..).zip(files) {
        let data = Data::Payload { source, offset: ByteOffset::ZERO, len: ByteLen(*len) };
        root.add_file(path, data).unwrap();
    }
    root
}

fn refusal(path: &str) -> String {
    lay_out(&volume(16 * MIB), &tree(&[(path, 0)])).unwrap_err().to_string()
}

#[test]
fn a_name_is_refused_with_its_whole_path_and_the_reason() {
    let device = refusal("a/b/nul.txt");
    assert_eq!(device, "\"a/b/nul.txt\" cannot be on an NTFS volume: NUL is the name of a device");
    assert!(refusal("a/b?/c").starts_with("\"a/b?\" cannot be on an NTFS volume: '?'"));
    assert!(
        refusal(&format!("a/{}", "x".repeat(256))).ends_with("256 UTF-16 units where a name has at most 255")
    );
}

#[test]
fn names_that_differ_in_case_alone_are_refused() {
    let root = tree(&[("a/Straße.TXT", 1), ("a/straße.txt", 1)]);
    let refused = lay_out(&volume(16 * MIB), &root).unwrap_err();
    let NtfsError::SameName { path, other } = refused else { panic!("{refused}") };
    assert_eq!([path, other], ["a/Straße.TXT", "a/straße.txt"]);
    assert!(lay_out(&volume(16 * MIB), &tree(&[("a/ß", 1), ("a/SS", 1), ("A2/ß", 1)])).is_ok());
}

#[test]
fn names_of_metadata_files_are_taken_in_the_root_alone() {
    assert!(refusal("$mft").contains("NTFS uses \"$MFT\" itself"));
    assert!(lay_out(&volume(16 * MIB), &tree(&[("a/$mft", 0)])).is_ok());
}

#[test]
fn the_directory_that_windows_wants_is_made_or_kept() {
    let files = |files: &[(&str, u64)]| lay_out(&volume(16 * MIB), &tree(files)).map(|laid| laid.files);
    assert_eq!(files(&[]), Ok(1));
    assert_eq!(files(&[("system volume information/a", 0)]), Ok(2));
    let fault = NameFault::NotADirectory;
    let path = "System Volume Information".to_string();
    assert_eq!(files(&[("System Volume Information", 0)]), Err(NtfsError::Name { path, fault }));
}

#[test]
fn what_a_volume_cannot_be_is_refused() {
    let refused = |change: &dyn Fn(&mut Volume)| {
        let mut volume = volume(16 * MIB);
        change(&mut volume);
        lay_out(&volume, &Directory::new()).unwrap_err()
    };
    assert!(matches!(refused(&|v| v.size = ByteLen(16 * MIB - 512)), NtfsError::Size { .. }));
    assert!(matches!(refused(&|v| v.size = ByteLen(u64::MAX)), NtfsError::Size { .. }));
    assert!(matches!(refused(&|v| v.sector_size = 1024), NtfsError::SectorSize { found: 1024 }));
    assert!(matches!(refused(&|v| v.cluster_size = Some(0)), NtfsError::ClusterSize { .. }));
    assert!(matches!(refused(&|v| v.cluster_size = Some(1 << 17)), NtfsError::ClusterSize { .. }));
    assert!(matches!(refused(&|v| v.label = "x".repeat(33)), NtfsError::Label { .. }));
    assert!(matches!(refused(&|v| v.label = "a\nb".into()), NtfsError::Label { .. }));
    assert!(matches!(refused(&|v| v.serial = 0), NtfsError::Serial));
    assert!(matches!(refused(&|v| v.hidden_sectors = 1 << 32), NtfsError::HiddenSectors { .. }));
}

#[test]
fn a_volume_that_is_too_small_says_how_large_it_must_be() {
    let root = tree(&[("a", 20 * MIB), ("b", 3 * MIB)]);
    let refused = lay_out(&volume(20 * MIB), &root).unwrap_err();
    let NtfsError::TooSmall { needed, .. } = refused else { panic!("{refused}") };
    assert!(lay_out(&volume(needed.0), &root).is_ok());
    assert!(lay_out(&volume(needed.0 - 512), &root).is_err());
}

#[test]
fn the_smallest_volume_has_the_free_space_and_one_sector_less_has_not() {
    let root = tree(&[("a", TIB), ("b", 3 * MIB), ("c/d", 5)]);
    for cluster_size in [None, Some(512), Some(65536)] {
        for free in [0, 16 * MIB, 300 * MIB] {
            let any = Volume { cluster_size, ..volume(0) };
            let size = smallest(&any, &root, ByteLen(free)).unwrap();
            let laid = |size| lay_out(&Volume { size: ByteLen(size), ..any.clone() }, &root);
            assert!(laid(size.0).unwrap().free.0 >= free);
            assert!(laid(size.0 - 512).is_ok_and(|laid| laid.free.0 < free) || laid(size.0 - 512).is_err());
        }
    }
}

#[test]
fn what_passes_the_largest_volume_is_refused_without_overflow() {
    for len in [300 * TIB, u64::MAX - 1, u64::MAX] {
        let root = tree(&[("a", len), ("b", len)]);
        assert!(matches!(smallest(&volume(0), &root, ByteLen(u64::MAX)), Err(NtfsError::Size { .. })));
        assert!(matches!(lay_out(&volume(16 * TIB), &root), Err(NtfsError::TooSmall { .. })));
    }
    let above = smallest(&volume(0), &tree(&[("a", 17 * TIB)]), ByteLen::ZERO).unwrap();
    assert_eq!(lay_out(&volume(above.0), &tree(&[("a", 17 * TIB)])).unwrap().cluster_size, 8192);
}

#[test]
fn payloads_have_clusters_and_large_ones_start_at_whole_mebibytes() {
    let root = tree(&[("a", 1), ("b", MIB - 1), ("c", MIB), ("d", 5 * MIB + 1), ("e", 0)]);
    let laid = lay_out(&volume(64 * MIB), &root).unwrap();
    let is_payload = |r: &&Region| matches!(r.content, Content::Payload { .. });
    let payloads: Vec<_> = laid.regions.iter().filter(is_payload).collect();
    assert_eq!(payloads.iter().map(|r| &*r.name).collect::<Vec<_>>(), ["a", "b", "c", "d"]);
    assert!(payloads.iter().filter(|r| r.len.0 >= MIB).all(|r| r.start.0.is_multiple_of(MIB)));
    let anchors = laid.regions.iter().filter(|r| r.stage == Stage::Anchor);
    assert_eq!(anchors.map(|r| r.start.0).collect::<Vec<_>>(), [0, 64 * MIB - 512]);
}

#[test]
fn structures_are_the_same_in_pieces_of_any_size() {
    let paths: Vec<_> = (0..200).map(|n| format!("directory/file with a number {n}")).collect();
    let files: Vec<_> = paths.iter().map(|path| (path.as_str(), 10)).collect();
    let laid = lay_out(&volume(16 * MIB), &tree(&files)).unwrap();
    let regions = Regions::cover(laid.regions, ByteLen(16 * MIB)).unwrap();
    for region in regions.iter().filter(|r| matches!(r.content, Content::Rendered(_))) {
        let mut whole = alloc::vec![0; region.len.to_usize().unwrap()];
        region.fill(0, &mut whole);
        for piece in [1000, 4 * KIB as usize + 1] {
            for (at, expected) in (0..).step_by(piece).zip(whole.chunks(piece)) {
                let mut found = alloc::vec![0xAA; expected.len()];
                region.fill(at, &mut found);
                assert!(found == expected, "{} at {at}", region.name);
            }
        }
    }
}
