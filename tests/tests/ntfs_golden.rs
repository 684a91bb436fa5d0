//! Volumes stay what they are, byte for byte, until somebody means to change them.

use formats::digest::Sha256;
use formats::ntfs::dump::dump;
use formats::ntfs::write::Volume;
use formats::units::{ByteLen, MIB};
use seedpress_tests::content::Sample;
use seedpress_tests::ntfs::{press, volume};
use seedpress_tests::workshop::{HostFile, Workshop};
use seedpress_tests::{golden, paper::Noise};

/// The smallest volume, with a file of each kind and a directory that needs blocks.
fn small() -> Sample {
    let mut sample = Sample::new();
    sample.file("EFI/empty", b"");
    sample.file("README.TXT", b"Read me.\r\n");
    sample.file("Grüße.txt", &[b'x'; 601]);
    sample.payload("seed/manifest.json", Noise { seed: 1, len: ByteLen(100) });
    sample.payload("seed/layers/base.vhd.zst", Noise { seed: 2, len: ByteLen(MIB + 1) });
    for number in 0..40 {
        sample.file(&format!("many/file number {number}"), b"");
    }
    sample
}

fn geometry(sector_size: u32, cluster_size: u32) -> Volume {
    Volume { size: ByteLen(16 * MIB), sector_size, cluster_size: Some(cluster_size), ..volume() }
}

#[test]
fn the_structures_of_a_small_volume_are_those_on_record() {
    let workshop = Workshop::new();
    let path = press(&workshop, &geometry(512, 4096), &small());
    golden::agrees("ntfs-small", &dump(&HostFile::open(&path)).unwrap());
}

#[test]
fn volumes_are_those_on_record_byte_for_byte() {
    let digest = |sector_size, cluster_size, sample: &Sample| {
        let workshop = Workshop::new();
        Sha256::of(&std::fs::read(press(&workshop, &geometry(sector_size, cluster_size), sample)).unwrap())
    };
    golden::digests_agree(
        "ntfs-volumes",
        &[
            ("empty, 512, 4096", digest(512, 4096, &Sample::new())),
            ("small, 512, 512", digest(512, 512, &small())),
            ("small, 512, 4096", digest(512, 4096, &small())),
            ("small, 512, 65536", digest(512, 65536, &small())),
            ("small, 4096, 4096", digest(4096, 4096, &small())),
        ],
    );
}

#[test]
fn the_order_in_which_files_were_added_does_not_count() {
    let mut forwards = Sample::new();
    let mut backwards = Sample::new();
    let files = ["README.TXT", "seed/manifest.json", "seed/layers/0", "a/b", "a/c/d", "a/a"];
    files.iter().for_each(|path| forwards.file(path, path.as_bytes()));
    files.iter().rev().for_each(|path| backwards.file(path, path.as_bytes()));
    let workshops = [Workshop::new(), Workshop::new()];
    let [one, other] = [(&workshops[0], forwards), (&workshops[1], backwards)]
        .map(|(workshop, sample)| std::fs::read(press(workshop, &geometry(512, 4096), &sample)).unwrap());
    assert!(one == other);
}
