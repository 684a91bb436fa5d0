//! UDF volumes stay what they are, byte for byte, until somebody means to change them; our reader and 7-Zip find on
//! them what was put there.

use formats::digest::Sha256;
use formats::udf::Revision;
use formats::udf::dump::dump;
use formats::udf::read::Reader;
use seedpress_tests::content::{Content, Sample};
use seedpress_tests::golden;
use seedpress_tests::judge::Judge;
use seedpress_tests::paper::bytes_of;
use seedpress_tests::udf::lay_out;
use seedpress_tests::workshop::Workshop;

/// A few files of each kind.
fn small() -> Sample {
    let mut sample = Sample::new();
    sample.file("empty", b"");
    sample.file("README.TXT", b"Read me.\r\n");
    sample.file("Grüße 世界 \u{1F4BF}.txt", &[b'x'; 2049]);
    sample.file("seed/manifest.json", &[b'{'; 100]);
    sample.directory("seed/layers");
    sample
}

#[test]
fn the_structures_of_small_volumes_are_those_on_record() {
    for revision in [Revision::V1_02, Revision::V2_50] {
        let volume = bytes_of(&lay_out(revision, &small().tree));
        golden::agrees(&format!("udf-{}", revision.name()), &dump(&volume).unwrap());
    }
}

#[test]
fn volumes_are_those_on_record_byte_for_byte() {
    let mut digests = Vec::new();
    for revision in Revision::ALL {
        for (name, sample) in [("empty", Sample::new()), ("small", small())] {
            let digest = Sha256::of(&bytes_of(&lay_out(revision, &sample.tree)));
            digests.push((format!("{name}, UDF {}", revision.name()), digest));
        }
    }
    let digests: Vec<_> = digests.iter().map(|(name, digest)| (&**name, *digest)).collect();
    golden::digests_agree("udf-volumes", &digests);
}

#[test]
fn everybody_finds_what_was_put_there() {
    for revision in Revision::ALL {
        let workshop = Workshop::new();
        let path = workshop.press("volume", &lay_out(revision, &small().tree), &[]);
        let bytes = std::fs::read(&path).unwrap();
        small().content.agrees(&Content::of(&Reader::open(&bytes).unwrap()), "our reader");
        let folder = workshop.path("unpacked");
        Judge::new("7z")
            .args(["x", "-y", "-tudf"])
            .arg(format!("-o{}", folder.display()))
            .arg(&path)
            .agrees();
        small().content.agrees(&Content::of_folder(&folder), "7-Zip");
    }
}
