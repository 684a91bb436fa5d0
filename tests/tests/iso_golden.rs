//! ISO 9660 volumes stay what they are, byte for byte, until somebody means to change them; the auditor and xorriso
//! find on them what was put there.

use formats::digest::Sha256;
use formats::iso::dump::dump;
use seedpress_tests::content::{Content, Sample};
use seedpress_tests::golden;
use seedpress_tests::iso::{audit, lay_out};
use seedpress_tests::judge::Judge;
use seedpress_tests::paper::bytes_of;
use seedpress_tests::workshop::Workshop;

/// A few files of each kind.
fn small() -> Sample {
    let mut sample = Sample::new();
    sample.file("empty", b"");
    sample.file("README.TXT", b"Read me.\r\n");
    sample.file(&format!("{} Grüße 世界 \u{1F4BF}.txt", "long".repeat(30)), &[b'x'; 2049]);
    sample.file("seed/manifest.json", &[b'{'; 100]);
    sample.directory("seed/layers");
    sample
}

#[test]
fn the_structures_of_a_small_volume_are_those_on_record() {
    golden::agrees("iso-small", &dump(&bytes_of(&lay_out(&small().tree))).unwrap());
}

#[test]
fn volumes_are_those_on_record_byte_for_byte() {
    let digest = |sample: &Sample| Sha256::of(&bytes_of(&lay_out(&sample.tree)));
    let digests = [("empty", digest(&Sample::new())), ("small", digest(&small()))];
    golden::digests_agree("iso-volumes", &digests);
}

#[test]
fn everybody_finds_what_was_put_there() {
    let workshop = Workshop::new();
    let path = workshop.press("volume", &lay_out(&small().tree), &[]);
    let names: Vec<String> = audit::agrees(&std::fs::read(&path).unwrap()).into_keys().collect();
    let expected: Vec<String> = small().content.files.keys().map(|name| format!("/{name}")).collect();
    assert_eq!(names, expected);
    let folder = workshop.path("unpacked");
    let unpack = ["-osirrox", "on", "-indev"];
    Judge::new("xorriso").args(unpack).arg(&path).args(["-extract", "/"]).arg(&folder).agrees();
    small().content.agrees(&Content::of_folder(&folder), "xorriso");
}
