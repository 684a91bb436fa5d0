//! Volumes at the limits that are promised: many files, deep directories, long files, the largest volume.
//!
//! What would fill a disk is judged on paper: readers get the bytes of the layout without their being written.

use std::sync::Arc;

use formats::files::{Files, Kind};
use formats::io::{ReadAt, read_vec};
use formats::ntfs::read::Reader;
use formats::ntfs::write::{Volume, smallest};
use formats::tree::{Data, Directory};
use formats::units::{ByteLen, ByteOffset, GIB, MIB, TIB};
use seedpress_tests::content::{Sample, digest};
use seedpress_tests::judge::Judge;
use seedpress_tests::ntfs::by_crate::{self, Cursor};
use seedpress_tests::ntfs::{audit, by_check, by_tools, expected, press, read, regions, volume};
use seedpress_tests::paper::{Islands, OnPaper};
use seedpress_tests::workshop::{HostFile, Workshop};

/// A volume of the smallest size that holds a sample and 16 MiB more.
fn fitting(sample: &Sample) -> Volume {
    let size = smallest(&volume(), &sample.tree, ByteLen(16 * MIB)).unwrap_or_else(|e| panic!("{e}"));
    Volume { size, ..volume() }
}

fn empty() -> Data {
    Data::Bytes(Arc::from([]))
}

#[test]
fn a_directory_holds_100_000_files() {
    let mut sample = Sample::new();
    let name = |number: u32| format!("{:08x} is file number {number}", number.wrapping_mul(0x9e37_79b1));
    let directory = sample.tree.add_directory("directory").unwrap();
    (0..100_000).for_each(|number| directory.add_file(&name(number), empty()).unwrap());
    let workshop = Workshop::new();
    let path = press(&workshop, &fitting(&sample), &sample);
    audit::agrees(&path);
    by_check::agrees(&path);
    by_tools::ntfs_3g(&path);
    by_tools::seven_zip(&path);
    let file = HostFile::open(&path);
    let reader = Reader::open(&file).unwrap();
    let mut expected: Vec<String> = (0..100_000).map(name).collect();
    expected.sort();
    let found = reader.list("directory").unwrap();
    assert!(found.iter().map(|entry| &entry.name).eq(&expected));
    for number in (0..100_000).step_by(97) {
        assert!(reader.open(&format!("directory/{}", name(number))).is_ok());
    }
    let mut found = names_by_crate(&file, "directory");
    found.sort();
    assert!(found == expected, "the crate ntfs finds {} names", found.len());
}

/// The names in a directory of the root, as the crate `ntfs` finds them.
fn names_by_crate(file: &HostFile, directory: &str) -> Vec<String> {
    let mut cursor = Cursor::new(file);
    let volume = ntfs::Ntfs::new(&mut cursor).unwrap();
    let root = by_crate::names(&volume, &mut cursor, 5);
    let (_, number) = root.iter().find(|(name, _)| name == directory).unwrap();
    by_crate::names(&volume, &mut cursor, *number).into_iter().map(|(name, _)| name).collect()
}

#[test]
fn a_volume_holds_1_000_000_files() {
    let mut sample = Sample::new();
    for directory in 0..1000 {
        let directory = sample.tree.add_directory(&format!("directory {directory}")).unwrap();
        (0..1000).for_each(|file| directory.add_file(&format!("file {file}"), empty()).unwrap());
    }
    let regions = regions(&fitting(&sample), &sample);
    let medium = OnPaper::new(&regions, &[]);
    let reader = Reader::open(&medium).unwrap();
    let directories = reader.list("").unwrap();
    let found: usize = directories.iter().map(|entry| reader.list(&entry.name).unwrap().len()).sum();
    assert_eq!(found, 1_000_000);
    for number in (0..1000).step_by(37) {
        assert!(reader.open(&format!("directory {number}/file {}", 999 - number)).is_ok());
    }
    let report = by_check::report(&medium);
    assert!(report.findings.is_empty(), "{:?}", report.findings.first());
    assert!(report.records_scanned > 1_001_000);
}

#[test]
fn directories_are_64_levels_deep() {
    let mut sample = Sample::new();
    let path = (1..=64).map(|level| format!("level {level}")).collect::<Vec<_>>().join("/");
    sample.file(&format!("{path}/file"), b"deep");
    let workshop = Workshop::new();
    let image = press(&workshop, &volume(), &sample);
    audit::agrees(&image);
    by_check::agrees(&image);
    by_tools::agree(&image, 512);
    expected(&sample).agrees(&read(&image), "our reader");
    Judge::new("ntfscat").arg(&image).arg(format!("/{path}/file")).agrees();
}

/// Expects that a file with islands reads the same through a volume.
fn same_islands(volume: &dyn ReadAt, islands: &Islands) {
    assert_eq!(volume.size(), islands.len);
    for at in &islands.at {
        let read = |source: &dyn ReadAt| read_vec(source, ByteOffset(at - 512), 8192).unwrap();
        assert_eq!(read(volume), read(islands), "at {at:#x}");
    }
}

#[test]
fn files_are_up_to_2_tib_long() {
    let islands = Islands { len: ByteLen(2 * TIB), at: vec![4096, TIB, 2 * TIB - 8192] };
    let odd = Islands { len: ByteLen(5 * GIB + 1), at: vec![4 * GIB - 512, 5 * GIB - 8192] };
    let mut sample = Sample::new();
    sample.unhashed("long.bin", islands.clone());
    sample.unhashed("odd.bin", odd.clone());
    let workshop = Workshop::new();
    let image = press(&workshop, &fitting(&sample), &sample);
    by_check::agrees(&image);
    let file = HostFile::open(&image);
    let reader = Reader::open(&file).unwrap();
    same_islands(&*reader.open("long.bin").unwrap(), &islands);
    same_islands(&*reader.open("odd.bin").unwrap(), &odd);
    let extents = reader.extents("long.bin").unwrap().unwrap();
    assert_eq!(extents.len(), 1);
    assert_eq!(extents[0].on_volume.unwrap().0 % MIB, 0, "long files start at multiples of 1 MiB");
    let listed = Judge::new("ntfsls").args(["-l"]).arg(&image).agrees();
    assert!(listed.text().contains(&(2 * TIB).to_string()), "{listed}");
}

#[test]
fn volumes_are_up_to_16_tib() {
    let islands = Islands { len: ByteLen(2 * TIB), at: vec![4096, 2 * TIB - 8192] };
    let mut sample = Sample::some_of_everything();
    (0..7).for_each(|number| sample.unhashed(&format!("disks/{number}.vhd"), islands.clone()));
    for (sector_size, cluster_size) in [(512, None), (4096, None), (512, Some(65536))] {
        let largest = Volume { size: ByteLen(16 * TIB), sector_size, cluster_size, ..volume() };
        let regions = regions(&largest, &sample);
        let sources = sample.sources();
        let medium = OnPaper::new(&regions, &sources);
        let reader = Reader::open(&medium).unwrap();
        for number in 0..7 {
            same_islands(&*reader.open(&format!("disks/{number}.vhd")).unwrap(), &islands);
        }
        for (path, expected) in &sample.content.files {
            assert_eq!(digest(&*reader.open(path).unwrap()), *expected, "{path}");
        }
        if reader.cluster_size() == 65536 {
            by_check::agrees_on(&medium);
        }
        assert_eq!(reader.list("disks").unwrap().iter().filter(|entry| entry.kind == Kind::File).count(), 7);
    }
}

#[test]
fn planning_the_largest_volume_takes_no_longer_than_a_small_one() {
    let mut tree = Directory::new();
    tree.add_file("file", empty()).unwrap();
    let laid = formats::ntfs::write::lay_out(&Volume { size: ByteLen(16 * TIB), ..volume() }, &tree).unwrap();
    let held: u64 = laid
        .regions
        .iter()
        .filter(|region| matches!(region.content, formats::region::Content::Bytes(_)))
        .map(|region| region.len.0)
        .sum();
    assert!(held < 16 * MIB, "{held} bytes of the layout are kept in memory");
}
