//! UDF volumes are sound to a judge that knows the specifications only; and the judge is itself judged: it has nothing
//! against mkudffs.

use std::fs::File;

use formats::udf::Revision;
use formats::units::ByteLen;
use seedpress_tests::content::Sample;
use seedpress_tests::judge::Judge;
use seedpress_tests::paper::{Islands, OnPaper};
use seedpress_tests::udf::{audit, lay_out};
use seedpress_tests::workshop::{HostFile, Workshop};

/// Where mkudffs leaves the specification (UDF 2.60 2.2.14.2): a bitmap of free space, all in use, for a DVD.
const KNOWN: &str = "unallocated space of a read-only partition";

#[test]
fn volumes_that_mkudffs_made_pass() {
    for media in ["hd", "dvd", "dvdram"] {
        for revision in ["1.02", "1.50", "2.01"] {
            let workshop = Workshop::new();
            let image = workshop.path("volume");
            File::create(&image).unwrap().set_len(16 << 20).unwrap();
            let form = [format!("--media-type={media}"), format!("--udfrev={revision}")];
            Judge::new("mkudffs").args(["--blocksize=2048", "--label=SEED"]).args(form).arg(&image).agrees();
            let found = audit::findings(&HostFile::open(&image));
            let ours: Vec<_> = found.into_iter().filter(|found| !found.contains(KNOWN)).collect();
            assert!(ours.is_empty(), "{media}, {revision}: {ours:#?}");
        }
    }
}

/// Expects that volumes of every revision with a sample on them are sound.
fn sound(sample: &Sample) {
    for revision in Revision::ALL {
        audit::agrees(&OnPaper::new(&lay_out(revision, &sample.tree), &sample.sources()));
    }
}

#[test]
fn an_empty_volume_passes() {
    sound(&Sample::new());
}

#[test]
fn some_of_everything_passes() {
    sound(&Sample::some_of_everything());
}

#[test]
fn names_of_every_kind_pass() {
    let mut sample = Sample::new();
    for name in ["n".repeat(254), "é".repeat(254), "世".repeat(127), "\u{1F4BF}".repeat(63), "a".into()] {
        sample.file(&format!("names/{name}"), name.as_bytes());
    }
    (0..3000).for_each(|number| sample.file(&format!("many/Grüße-世界-{number}"), b"1"));
    (0..200).for_each(|number| sample.directory(&format!("directories/{number}/{number}")));
    sound(&sample);
}

#[test]
fn files_with_chained_extents_pass() {
    let mut sample = Sample::new();
    for len in [0, 1, (1 << 30) - 2048, (1 << 30) - 2047, 1 << 32, 300 << 30, 1_500 << 30, 2 << 40] {
        sample.unhashed(&format!("{len}"), Islands { len: ByteLen(len), at: Vec::new() });
    }
    sound(&sample);
}

#[test]
fn nothing_is_no_volume() {
    assert!(!audit::findings(&vec![0u8; 4 << 20]).is_empty());
}
