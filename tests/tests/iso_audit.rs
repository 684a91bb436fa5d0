//! ISO 9660 volumes are sound to a judge that knows the specifications only; and the judge is itself judged: it has
//! nothing against genisoimage and xorriso, and misses no single fault.

use formats::units::ByteLen;
use seedpress_tests::content::Sample;
use seedpress_tests::damage::Changed;
use seedpress_tests::iso::{METADATA, audit, lay_out};
use seedpress_tests::judge::Judge;
use seedpress_tests::paper::{Islands, OnPaper, bytes_of};
use seedpress_tests::workshop::{HostFile, Workshop};

/// Where xorriso leaves the specifications: directories do not count the names in them as links, and in Joliet's
/// hierarchy the second record of a directory leads to itself.
const KNOWN: [&str; 2] = ["1 links", "its record 1"];

#[test]
fn volumes_that_others_made_pass() {
    let workshop = Workshop::new();
    for number in 0..100 {
        workshop.write(&format!("files/many/file number {number}.text"), b"many");
    }
    workshop.write(&format!("files/{}", "long".repeat(40)), b"long");
    let (files, image) = (workshop.path("files"), workshop.path("image"));
    Judge::new("genisoimage")
        .args(["-quiet", "-R", "-J", "-V", "SEED", "-o"])
        .args([&image, &files])
        .agrees();
    audit::agrees(&HostFile::open(&image));
    let joliet = ["-as", "mkisofs", "-quiet", "-R", "-J", "-V", "SEED", "-o"];
    Judge::new("xorriso").args(joliet).args([&image, &files]).agrees();
    let found = audit::report(&HostFile::open(&image)).findings;
    assert!(found.iter().all(|found| KNOWN.iter().any(|known| found.contains(known))), "{found:#?}");
}

fn sound(sample: &Sample) {
    audit::agrees(&OnPaper::new(&lay_out(&sample.tree), &sample.sources()));
}

#[test]
fn an_empty_volume_passes() {
    sound(&Sample::new());
}

#[test]
fn some_of_everything_passes() {
    let mut sample = Sample::new();
    for name in
        ["a;b", "a:b?*.c", ".hidden", "a.b.c.d", "a b", "a-b", "a", "a.", "README.txt", "readme.TXT", "Grüße"]
    {
        sample.file(&format!("names/{name}"), name.as_bytes());
    }
    for name in ["n".repeat(254), "é".repeat(120), "世".repeat(80), "\u{1F4BF}".repeat(60)] {
        sample.file(&format!("long/{name}.{name}"), b"long");
        sample.directory(&format!("long/{name}"));
    }
    ["d.1", "d 1", "d-1", "d"].iter().for_each(|name| sample.directory(&format!("directories/{name}")));
    (0..3000).for_each(|number| sample.file(&format!("many/Grüße-世界-{number}"), b"1"));
    (0..200).for_each(|number| sample.directory(&format!("directories/{number}/{number}")));
    for len in [0, (1 << 32) - 2049, (1 << 32) - 2048, 1 << 32, 300 << 30] {
        sample.unhashed(&format!("sizes/{len}"), Islands { len: ByteLen(len), at: Vec::new() });
    }
    sound(&sample);
}

#[test]
fn the_deepest_paths_pass() {
    let mut sample = Sample::new();
    let name = "d".repeat(40);
    sample.file(&format!("{}{name}.extension", format!("{name}/").repeat(7)), b"deep");
    sound(&sample);
}

#[test]
fn faults_are_found_and_named() {
    let mut sample = Sample::new();
    sample.file("a.txt", &[b'a'; 100]);
    sample.file("b.txt", &[b'b'; 5000]);
    sample.file("c/Grüße", b"c");
    let volume = bytes_of(&lay_out(&sample.tree));
    audit::agrees(&volume);
    // The boot catalog; the path tables; the root and c; what continues their records; Joliet's path tables.
    let [catalog, l, m, root, areas, joliet] = [0, 1, 2, 3, 5, 6].map(|at| METADATA + at);
    for (sector, at, mask, expected) in [
        (16, 1, 1, "it is no CD001"),
        (16, 6, 1, "version"),
        (16, 8, 0x41, "system identifier"),
        (16, 40, 0x20, "volume identifier"),
        (16, 80, 1, "volume space size is"),
        (16, 90, 1, "escape sequences"),
        (16, 120, 1, "volume set size is"),
        (16, 132, 1, "path table size is"),
        (16, 141, 1, "path table L"),
        (16, 158, 1, "location of extent is"),
        (16, 813, 0x40, "creation date"),
        (16, 817, 8, "creation date"),
        (16, 881, 2, "file structure version"),
        (16, 1500, 1, "what is reserved"),
        (17, 9, 1, "boot system identifier"),
        (17, 72, 1, "boot catalog"),
        (18, 90, 1, "escape sequence"),
        (18, 41, 0x79, "volume identifier has characters"),
        (19, 0, 1, "type 254"),
        (catalog, 1, 1, "sum of its words"),
        (catalog, 30, 1, "key"),
        (catalog, 32, 1, "boot indicator"),
        (catalog, 36, 1, "system type"),
        (catalog, 40, 8, "overlap"),
        (catalog, 64, 0x40, "is no header"),
        (catalog, 66, 2, "boot indicator"),
        (catalog, 130, 1, "behind its last section"),
        (l, 2, 1, "types L and M differ"),
        (m, 5, 1, "types L and M differ"),
        (l, 6, 2, "its first record"),
        (root, 0, 2, "record"),
        (root, 2, 1, "location of extent is"),
        (root, 19, 0x40, "recording date"),
        (root, 25, 4, "file flags"),
        (root, 33, 1, "its record 0"),
        (root, 34, 1, "number of SP entries"),
        (root, 36, 8, "SP at 0"),
        (root, 37, 2, "SP at 0: version"),
        (joliet, 9, 1, "padding"),
        (areas, 0, 1, "is unknown"),
    ]
    .into_iter()
    .map(|(sector, at, mask, expected)| (sector, at as u64, mask, expected))
    {
        let found = audit::report(&Changed::flipped(&volume, u64::from(sector) * 2048 + at, mask)).findings;
        let named = found.iter().any(|found| found.contains(expected));
        assert!(named, "sector {sector}, byte {at}: {expected:?} is not in {found:#?}");
    }
}
