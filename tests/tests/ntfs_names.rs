//! Every legal name can be written and is found again by everyone; every other one is refused, with the reason.

use formats::files::Files;
use formats::ntfs::read::Reader;
use formats::ntfs::write::lay_out;
use ntfs::Ntfs;
use ntfs::indexes::NtfsFileNameIndex;
use seedpress_tests::content::{Content, Sample, digest};
use seedpress_tests::mounted::Mounted;
use seedpress_tests::ntfs::by_crate::{self, Cursor};
use seedpress_tests::ntfs::{audit, by_check, expected, press, read, volume};
use seedpress_tests::workshop::{HostFile, Workshop};

/// Characters that Windows does not take in names.
const ILLEGAL: &str = "\"*/:<>?\\|";

/// Presses a volume and expects that everyone finds all names in it, by listing and by looking each up.
fn check(sample: &Sample) {
    let workshop = Workshop::new();
    let path = press(&workshop, &volume(), sample);
    let expected = expected(sample);
    audit::agrees(&path);
    by_check::agrees(&path);
    expected.agrees(&read(&path), "our reader");
    let file = HostFile::open(&path);
    expected.agrees(&by_crate::content(&file), "the crate ntfs, by records");
    expected.agrees(&by_crate::content_by_index(&file), "the crate ntfs, by indexes");
    look_up(&Reader::open(&file).unwrap(), &expected);
    look_up_by_crate(&file, &expected);
    let mounted = Mounted::new(&path, &workshop.path("mounted"));
    expected.agrees(&Content::of_folder(mounted.folder()), "ntfs-3g");
    mounted.take_down();
}

fn look_up(reader: &dyn Files, expected: &Content) {
    for (path, found) in &expected.files {
        let file = reader.open(path).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(digest(&*file), *found, "{path:?}");
    }
}

/// The crate finds each name of the root directory, in the order that $UpCase gives.
fn look_up_by_crate(file: &HostFile, expected: &Content) {
    let mut cursor = Cursor::new(file);
    let mut volume = Ntfs::new(&mut cursor).unwrap();
    volume.read_upcase_table(&mut cursor).unwrap();
    let root = volume.root_directory(&mut cursor).unwrap();
    let index = root.directory_index(&mut cursor).unwrap();
    for path in expected.files.keys().filter(|path| !path.contains('/')) {
        let mut finder = index.finder();
        let found = NtfsFileNameIndex::find(&mut finder, &volume, &mut cursor, path);
        assert!(found.is_some_and(|found| found.is_ok()), "the crate ntfs does not find {path:?}");
    }
}

/// All characters that may stand in a name: the first plane whole, and some of each other one.
fn legal_characters() -> Vec<char> {
    let first = (0x20..=0xffff).filter_map(char::from_u32);
    let others = (0x1_0000..=0x10_ffff).step_by(977).filter_map(char::from_u32);
    first.chain(others).filter(|c| !ILLEGAL.contains(*c)).collect()
}

#[test]
fn every_legal_character_is_kept() {
    let mut sample = Sample::new();
    for (number, characters) in legal_characters().chunks(100).enumerate() {
        let name: String = characters.iter().collect();
        sample.file(&format!("{number}{name}x"), name.as_bytes());
    }
    check(&sample);
}

#[test]
fn every_letter_sorts_as_upcase_says() {
    let mut sample = Sample::new();
    let is_lower = |c: &char| !c.is_uppercase() || c.to_lowercase().count() > 1;
    for c in legal_characters().into_iter().filter(|c| c.is_alphabetic() && is_lower(c)).step_by(23) {
        sample.file(&format!("{c}"), b"alone");
        sample.file(&format!("letters/{c}{c}"), b"twice");
    }
    check(&sample);
}

#[test]
fn names_have_up_to_255_units_whatever_they_are_in_bytes() {
    let mut sample = Sample::new();
    for name in ["x".repeat(255), "é".repeat(255), "世".repeat(255), "🦀".repeat(127) + "x", "x".repeat(254)]
    {
        sample.file(&name, name.as_bytes());
        sample.file(&format!("below/{name}/{name}"), name.as_bytes());
    }
    check(&sample);
}

#[test]
fn names_that_dos_knows_and_names_that_it_does_not_stand_side_by_side() {
    let mut sample = Sample::new();
    for name in [
        "A",
        "AUTOEXEC.BAT",
        "COMMAND.COM",
        "12345678.123",
        "~1",
        "LONGNA~1.TXT",
        "long name.txt",
        "a.b.c",
        ".hidden",
        "no extension",
        "x.html",
        "CONFIG",
        "COM0",
        "COM10",
        "CONSOLE",
        "LPT",
        "nul_",
        "$MFT2",
        "a;b",
        "a+b=c",
        "[x]",
    ] {
        sample.file(name, name.as_bytes());
    }
    check(&sample);
}

/// Expects that a tree with this path is refused and why.
fn refused(path: &str, reason: &str) {
    let mut sample = Sample::new();
    sample.file(path, b"");
    let error = lay_out(&volume(), &sample.tree).expect_err(path).to_string();
    assert!(error.contains(reason), "{path:?} is refused with {error:?}");
    assert!(error.contains(&format!("{path:?}")), "the path is missing: {error:?}");
}

#[test]
fn illegal_names_are_refused_by_name_and_reason() {
    for c in ILLEGAL.chars().filter(|c| *c != '/').chain((0..0x20).map(char::from)) {
        refused(&format!("folder/a{c}b"), &format!("{c:?} cannot be in a name"));
    }
    refused("folder/a.", "a name cannot end with '.'");
    refused("folder/a ", "a name cannot end with ' '");
    for name in ["CON", "con", "Aux.txt", "nul.tar.gz", "PRN", "COM1", "lpt9.log", "COM¹"] {
        refused(&format!("folder/{name}"), "is the name of a device");
    }
    refused(&"x".repeat(256), "256 UTF-16 units where a name has at most 255");
    refused(&"🦀".repeat(128), "256 UTF-16 units where a name has at most 255");
    for name in ["$MFT", "$mftmirr", "$Extend", "$Bitmap"] {
        refused(name, "NTFS uses");
    }
    refused("System Volume Information", "Windows needs a directory of this name");
}

#[test]
fn names_that_differ_only_in_case_are_refused_together() {
    for (one, other) in [("a", "A"), ("Straße", "STRAßE"), ("é", "É"), ("ж", "Ж"), ("x/y/Z", "x/y/z")] {
        let mut sample = Sample::new();
        sample.file(one, b"");
        sample.file(other, b"");
        let error = lay_out(&volume(), &sample.tree).expect_err(one).to_string();
        assert!(error.contains("case does not tell names apart"), "{error}");
        assert!(error.contains(one) && error.contains(other), "{error}");
    }
}
