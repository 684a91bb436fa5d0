//! Our reader finds on volumes of other makers what they put there.

use std::fs;
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use formats::files::Files;
use formats::io::read_vec;
use formats::ntfs::read::{NtfsReadError, Reader};
use formats::units::{ByteLen, ByteOffset};
use seedpress_tests::content::Content;
use seedpress_tests::judge::Judge;
use seedpress_tests::mounted::Mounted;
use seedpress_tests::ntfs;
use seedpress_tests::ntfs::damaged::flip;
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

/// A volume that was filled through ntfs-3g and on which we found what ntfs-3g finds.
struct Checked {
    image: HostFile,
    reader: Reader<HostFile>,
    content: Content,
}

impl Checked {
    fn the_crate_agrees(&self) {
        self.content.agrees(&ntfs::by_crate::content(&self.image), "the crate ntfs");
    }
}

/// Fills a volume through ntfs-3g and expects that we find what ntfs-3g finds.
fn check(sector_size: u32, cluster_size: u32, fill: impl FnOnce(&Path)) -> Checked {
    let workshop = Workshop::new();
    let image = make(&workshop, sector_size, cluster_size);
    let mounted = Mounted::new(&image, &workshop.path("mounted"));
    fill(mounted.folder());
    let content = Content::of_folder(mounted.folder());
    mounted.take_down();
    content.agrees(&ntfs::read(&image), "our reader");
    let reader = Reader::open(HostFile::open(&image)).unwrap();
    assert_eq!(reader.label(), "Grüße");
    assert_eq!((reader.sector_size(), reader.cluster_size()), (sector_size, cluster_size));
    Checked { image: HostFile::open(&image), reader, content }
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
        })
        .the_crate_agrees();
    }
}

#[test]
fn a_file_in_more_pieces_than_its_record_can_name_is_read() {
    // The crate ntfs finds such a file empty, so ntfs-3g alone is the judge.
    // Small files, then one that takes all the rest; what comes in place of every second small one is in pieces.
    let checked = check(512, 512, |root| {
        let small = |number: u64| root.join(format!("small {number}"));
        for number in 0..4000 {
            fs::write(small(number), Noise { seed: number, len: ByteLen(1024) }.bytes()).unwrap();
        }
        let mut filler = fs::File::create(root.join("filler")).unwrap();
        while filler.write_all(&[7; 65536]).is_ok() {}
        (0..4000).step_by(2).for_each(|number| fs::remove_file(small(number)).unwrap());
        fs::write(root.join("a file in pieces"), Noise { seed: 5, len: ByteLen(1_200_000) }.bytes()).unwrap();
    });
    let extents = checked.reader.extents("a file in pieces").unwrap().unwrap();
    assert!(extents.len() > 200, "{} pieces", extents.len());
    damage_lists(&checked.image);
}

/// Any byte may be wrong of the records that have or continue a list of attributes.
fn damage_lists(image: &HostFile) {
    let bytes = read_vec(image, ByteOffset::ZERO, 64 << 20).unwrap();
    let is_part = |at: &usize| {
        let record = &bytes[*at..at + 1024];
        let first = usize::from(record[0x14]);
        let second = first + usize::from(record[first + 4]);
        record.starts_with(b"FILE") && (record[0x20..0x26] != [0; 6] || record[second] == 0x20)
    };
    let records: Vec<usize> = (0..bytes.len()).step_by(1024).filter(is_part).collect();
    assert!(records.len() > 1, "a file has a list and records that continue its own");
    for record in records.into_iter().take(3) {
        flip(image, record, 500, 9);
    }
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
    })
    .the_crate_agrees();
}

#[test]
fn names_that_differ_only_in_case_are_told_apart() {
    check(512, 4096, |root| {
        for name in ["Name", "name", "NAME", "nAme", "namé", "NAMÉ"] {
            fs::write(root.join(name), name).unwrap();
        }
    })
    .the_crate_agrees();
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
