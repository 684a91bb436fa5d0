//! Our reader finds on volumes of other makers what they put there.

use std::fs;
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use formats::files::Files;
use formats::ntfs::read::{NtfsReadError, Reader};
use formats::units::ByteLen;
use seedpress_tests::content::Content;
use seedpress_tests::judge::Judge;
use seedpress_tests::mounted::Mounted;
use seedpress_tests::ntfs;
use seedpress_tests::paper::Noise;
use seedpress_tests::workshop::{HostFile, Workshop};

/// A new volume of 64 MiB that mkntfs made.
fn make(workshop: &Workshop, sector_size: u32, cluster_size: u32) -> PathBuf {
    let image = workshop.write("volume", b"");
    fs::File::options().write(true).open(&image).unwrap().set_len(64 << 20).unwrap();
    let [sector, cluster] = [sector_size, cluster_size].map(|size| size.to_string());
    let sizes = ["-F", "-Q", "-L", "Grüße", "-p", "0", "-s", &sector, "-c", &cluster];
    Judge::new("mkntfs").args(sizes).arg(&image).agrees();
    image
}

/// Fills a volume through ntfs-3g, expects that we and the crate `ntfs` read what ntfs-3g reads, and gives our reader.
fn check(sector_size: u32, cluster_size: u32, fill: impl FnOnce(&Path)) -> Reader<HostFile> {
    let workshop = Workshop::new();
    let image = make(&workshop, sector_size, cluster_size);
    let mounted = Mounted::new(&image, &workshop.path("mounted"));
    fill(mounted.folder());
    let expected = Content::of_folder(mounted.folder());
    mounted.take_down();
    expected.agrees(&ntfs::read(&image), "our reader");
    let reader = Reader::open(HostFile::open(&image)).unwrap();
    assert_eq!(reader.label(), "Grüße");
    assert_eq!((reader.sector_size(), reader.cluster_size()), (sector_size, cluster_size));
    let volume = HostFile::open(&image);
    expected.agrees(&ntfs::by_crate::content(&volume), "the crate ntfs");
    reader
}

#[test]
fn every_sector_and_cluster_size_is_read() {
    for (sector, cluster) in
        [(512, 512), (512, 4096), (512, 8192), (1024, 65536), (4096, 4096), (4096, 65536)]
    {
        check(sector, cluster, |root| {
            fs::create_dir_all(root.join("a/b/c")).unwrap();
            for len in [0, 1, 700, 5000, 300_000] {
                let noise = Noise { seed: len, len: ByteLen(len) };
                fs::write(root.join(format!("a/b/{len}")), noise.bytes()).unwrap();
            }
            fs::create_dir(root.join("many")).unwrap();
            for number in 0..500 {
                fs::write(root.join(format!("many/Datei Nummer {number}")), number.to_string()).unwrap();
            }
        });
    }
}

#[test]
fn a_file_in_thousands_of_pieces_is_read() {
    // First every second cluster, then those between: the runs are short.
    let reader = check(512, 512, |root| {
        let mut file = fs::File::create(root.join("pieces")).unwrap();
        for piece in (0..6000).step_by(2).chain((1..6000).step_by(2)) {
            file.seek(SeekFrom::Start(piece * 512)).unwrap();
            file.write_all(&Noise { seed: piece, len: ByteLen(512) }.bytes()).unwrap();
        }
    });
    assert!(reader.extents("pieces").unwrap().unwrap().len() > 1000);
}

#[test]
fn holes_read_as_zeros() {
    check(512, 4096, |root| {
        let mut file = fs::File::create(root.join("holes")).unwrap();
        for at in [0, 1_000_000, 20_000_000] {
            file.seek(SeekFrom::Start(at)).unwrap();
            file.write_all(b"here").unwrap();
        }
        file.set_len(30_000_000).unwrap();
    });
}

#[test]
fn names_that_differ_only_in_case_are_told_apart() {
    check(512, 4096, |root| {
        for name in ["Name", "name", "NAME", "nAme", "namé", "NAMÉ"] {
            fs::write(root.join(name), name).unwrap();
        }
    });
}

#[test]
fn the_volumes_own_files_are_not_shown() {
    let workshop = Workshop::new();
    let image = make(&workshop, 512, 4096);
    let reader = Reader::open(HostFile::open(&image)).unwrap();
    assert_eq!(reader.list("").unwrap(), []);
    assert!(reader.open("$MFT").is_err());
    assert!(reader.list("$Extend").is_err());
}

#[test]
fn what_is_no_ntfs_volume_is_called_so() {
    let zeros = vec![0; 1 << 20];
    assert!(matches!(Reader::open(zeros), Err(NtfsReadError::NotNtfs { .. })));
    assert!(matches!(Reader::open(Vec::new()), Err(NtfsReadError::Read { .. })));
}
