//! Names on discs: whole on UDF and in Rock Ridge as far as UDF can hold them, and told apart where they must be cut.

use std::collections::BTreeSet;

use formats::udf::Revision;
use seedpress_tests::content::{Content, Sample};
use seedpress_tests::disc::by_python::Reader;
use seedpress_tests::disc::by_tools::{Side, seven_zip, seven_zip_list};
use seedpress_tests::disc::written;
use seedpress_tests::workshop::Workshop;

/// The longest names that a file identifier holds, which are longer than Linux allows: its length has 8 bits and
/// counts bytes of one or two a unit (UDF 2.3.4.5).
fn longest() -> Sample {
    let mut sample = Sample::new();
    for name in ["n".repeat(254), "ü".repeat(254), "世".repeat(127), format!("{}x", "\u{1F4BF}".repeat(63))]
    {
        sample.file(&name, name.as_bytes());
    }
    sample
}

/// Names that are one where letters have no case, where dots at the end are dropped, or where all is cut at 64 units.
fn alike() -> Sample {
    let mut sample = Sample::new();
    let long = "a name of more than sixty-four characters, so that it must be cut ".repeat(3);
    let names =
        ["README", "readme", "ReadMe.", "readme..", "Straße", "STRASSE", "a:b", "a*b", "a?b", "ÉTÉ", "été"];
    for name in names.into_iter().map(str::to_owned).chain((0..30).map(|n| format!("{long}{n}.txt"))) {
        sample.file(&format!("files/{name}"), name.as_bytes());
        sample.file(&format!("directories/{name}/file"), name.as_bytes());
    }
    sample
}

#[test]
fn the_longest_names_are_whole_in_every_revision() {
    let sample = longest();
    for revision in Revision::ALL {
        let workshop = Workshop::new();
        let image = written(&workshop, "disc", revision, &sample);
        sample.content.agrees(&Reader::Udfread.content(&image), "libudfread");
        let names: Vec<_> = seven_zip_list(Side::Udf, &image).into_keys().collect();
        assert!(names.iter().eq(sample.content.files.keys()), "7-Zip: {names:?}");
        for side in [Side::Udf, Side::Iso] {
            seven_zip(side, &image);
        }
        if revision == Revision::V1_02 {
            sample.content.agrees(&Reader::Udf.content(&image), "pycdlib, UDF");
            sample.content.agrees(&Reader::RockRidge.content(&image), "pycdlib, Rock Ridge");
        }
    }
}

#[test]
fn names_are_told_apart_as_readers_of_each_hierarchy_compare_them() {
    let workshop = Workshop::new();
    let sample = alike();
    let image = written(&workshop, "disc", Revision::V1_02, &sample);
    for (reader, most) in [(Reader::Joliet, 64), (Reader::Plain, 32)] {
        let found = reader.content(&image);
        sample.content.agrees_but_for_names(&found, &format!("{reader:?}"));
        let names = paths(&found).map(|path| path.rsplit('/').next().unwrap_or_default());
        assert!(names.clone().all(|name| name.encode_utf16().count() <= most), "{reader:?}: {found:#?}");
        let sought: BTreeSet<_> = paths(&found).map(sought).collect();
        assert_eq!(sought.len(), paths(&found).count(), "{reader:?}: {found:#?}");
    }
    let joliet = Reader::Joliet.content(&image);
    for whole in ["files/README;1", "files/Straße;1", "files/été_1;1", "directories/a_b"] {
        assert!(paths(&joliet).any(|path| path == whole), "{whole}: {joliet:#?}");
    }
    sample.content.agrees(&Reader::RockRidge.content(&image), "Rock Ridge");
}

fn paths(content: &Content) -> impl Iterator<Item = &str> + Clone {
    content.files.keys().chain(&content.directories).map(String::as_str)
}

/// What Windows and Linux look for: without regard to case, without a version and without dots at the end.
fn sought(path: &str) -> String {
    let parts = path.split('/').map(|name| name.trim_end_matches(";1").trim_end_matches('.').to_lowercase());
    parts.collect::<Vec<_>>().join("/")
}
