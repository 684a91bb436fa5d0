//! Other people's readers find every file on our discs, on both sides and in all revisions of UDF, and find no fault.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use formats::udf::Revision;
use seedpress_tests::content::Content;
use seedpress_tests::disc::by_python::Reader;
use seedpress_tests::disc::by_tools::{
    Side, cut_by_xorriso, isoinfo, seven_zip, seven_zip_list, udfinfo, xorriso,
};
use seedpress_tests::disc::{self, LARGEST, Long};
use seedpress_tests::workshop::Workshop;

/// The revisions that pycdlib reads: it knows file entries and no extended ones, which 2.00 brought, and no metadata
/// partition; and it refuses an image whose UDF side it does not know, ISO 9660 and all.
const OF_PYCDLIB: [Revision; 2] = [Revision::V1_02, Revision::V1_50];

/// The longest file that pycdlib reads whole: of more extents of ISO 9660 it sees one.
const ONE_ISO_EXTENT: u64 = (1 << 32) - 2048;

/// How many files one directory has.
const MANY: u32 = 3000;

/// Presses a disc with three thousand files in one directory, and with deep and long names.
fn pressed(workshop: &Workshop, revision: Revision) -> (PathBuf, Content) {
    let image = workshop.path(revision.name());
    disc::order(workshop, revision, MANY).press(&image, 2).unwrap();
    let content = disc::content(workshop, MANY, &image);
    (image, content)
}

/// Writes a volume with files as long as borders lie.
fn long(workshop: &Workshop, revision: Revision) -> (PathBuf, Vec<Long>) {
    let files = disc::long_files(LARGEST);
    let name = format!("long-{}", revision.name());
    let image = disc::written(workshop, &name, revision, &disc::sample_of(&files));
    (image, files)
}

#[test]
fn libudfread_finds_every_file_and_has_nothing_to_say() {
    let workshop = Workshop::new();
    for revision in Revision::ALL {
        let (image, content) = pressed(&workshop, revision);
        content.agrees(&Reader::Udfread.content(&image), &format!("libudfread, {revision:?}"));
        let (image, files) = long(&workshop, revision);
        files.iter().for_each(|file| Reader::Udfread.agrees_on(&image, file));
    }
}

#[test]
fn pycdlib_finds_every_file_on_all_sides() {
    let workshop = Workshop::new();
    for revision in OF_PYCDLIB {
        let (image, content) = pressed(&workshop, revision);
        for reader in [Reader::Udf, Reader::RockRidge] {
            content.agrees(&reader.content(&image), &format!("pycdlib, {reader:?}, {revision:?}"));
        }
        for reader in [Reader::Joliet, Reader::Plain] {
            content.agrees_but_for_names(&reader.content(&image), &format!("pycdlib, {reader:?}"));
        }
        let (image, files) = long(&workshop, revision);
        for file in files.iter().filter(|file| file.len() <= ONE_ISO_EXTENT) {
            Reader::Udf.agrees_on(&image, file);
            Reader::RockRidge.agrees_on(&image, file);
        }
    }
}

#[test]
fn seven_zip_and_udfinfo_find_no_fault_on_either_side() {
    let workshop = Workshop::new();
    for revision in Revision::ALL {
        let (image, content) = pressed(&workshop, revision);
        udfinfo(&image);
        for side in [Side::Udf, Side::Iso] {
            seven_zip(side, &image);
        }
        let names: Vec<_> = seven_zip_list(Side::Udf, &image).into_keys().collect();
        assert!(names.iter().eq(content.files.keys()), "{revision:?}: {names:?}");
        let (image, files) = long(&workshop, revision);
        for side in [Side::Udf, Side::Iso] {
            assert_eq!(seven_zip_list(side, &image), lengths(&files), "{side:?}, {revision:?}");
        }
    }
}

#[test]
fn xorriso_and_isoinfo_find_every_name_and_no_fault() {
    let workshop = Workshop::new();
    let (image, content) = pressed(&workshop, Revision::V1_02);
    let mut expected: Vec<_> = content.files.into_keys().chain(content.directories).collect();
    expected.sort_unstable();
    assert_eq!(paths(&isoinfo(&image, &["-R", "-f"]).text()), expected);
    assert_eq!(paths(&xorriso(&image, &["-find", "/"]).text()), expected);
}

/// The paths in a list of them, without the root. xorriso puts quotes round each.
fn paths(listed: &str) -> Vec<String> {
    let plain =
        |line: &str| line.trim_matches('\'').replace("'\"'\"'", "'").strip_prefix('/').map(str::to_owned);
    let mut paths: Vec<_> = listed.lines().filter_map(plain).filter(|path| !path.is_empty()).collect();
    paths.sort_unstable();
    paths
}

#[test]
fn xorriso_and_isoinfo_join_the_extents_of_long_files() {
    let workshop = Workshop::new();
    let (image, files) = long(&workshop, Revision::V1_02);
    assert!(image.metadata().unwrap().blocks() * 512 < 16 << 20, "the image takes room");
    let listed = isoinfo(&image, &["-R", "-l"]).text();
    let mut found = BTreeMap::new();
    // Every extent has a line: mode, links, owner, group, length, date, place, name.
    for line in listed.lines().filter(|line| line.starts_with('-')) {
        let words: Vec<_> = line.split_whitespace().collect();
        *found.entry(format!("long/{}", words.last().unwrap())).or_insert(0) +=
            words[4].parse::<u64>().unwrap();
    }
    assert_eq!(found, lengths(&files));
    for file in &files {
        assert_eq!(cut_by_xorriso(&image, file, workshop.folder()), file.digest(), "{}", file.name());
    }
}

fn lengths(files: &[Long]) -> BTreeMap<String, u64> {
    files.iter().map(|file| (file.name(), file.len())).collect()
}
