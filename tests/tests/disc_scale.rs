//! Discs with many files and directories: laid out and rendered in time that grows as their number does.

use formats::files::Files;
use formats::io::{ReadAt, read_vec};
use formats::tree::{Data, Directory};
use formats::udf::Revision;
use formats::udf::read::Reader;
use formats::units::ByteOffset;
use seedpress_tests::paper::{OnPaper, bytes_of};
use seedpress_tests::{iso, udf};

/// 20,000 files that differ behind the place where ISO 9660 cuts names, and as many directories.
fn many() -> Directory {
    let mut root = Directory::new();
    for number in 0..20_000 {
        let file = format!("2026-11-22 Measurement station {number:05}.csv");
        root.add_file(&file, Data::Bytes([].into())).unwrap();
        root.add_directory(&format!("stations/{number:05}")).unwrap();
    }
    root
}

#[test]
fn twenty_thousand_files_and_directories_are_laid_out_at_once() {
    let root = many();
    let volume = bytes_of(&iso::lay_out(&root));
    let last = b"2026_11_22_MEASUREME_19999.CSV;1";
    assert!(volume.windows(last.len()).any(|window| window == last));
    let regions = udf::lay_out(Revision::V1_02, &root);
    let reader = Reader::open(OnPaper::new(&regions, &[])).unwrap();
    assert_eq!(reader.list("stations").unwrap().len(), 20_000);
}

#[test]
fn a_directory_is_the_same_in_pieces_of_any_length() {
    let root = many();
    for revision in [Revision::V1_02, Revision::V2_50] {
        let regions = udf::lay_out(revision, &root);
        let whole = bytes_of(&regions);
        let paper = OnPaper::new(&regions, &[]);
        assert_eq!(paper.size().0, whole.len() as u64);
        for (at, len) in
            (0..whole.len() - 5000).step_by(99_991).zip([1, 100, 2047, 2048, 5000].iter().cycle())
        {
            let piece = read_vec(&paper, ByteOffset(at as u64), *len).unwrap();
            assert!(piece == whole[at..at + len], "{len} bytes from {at}");
        }
    }
}
