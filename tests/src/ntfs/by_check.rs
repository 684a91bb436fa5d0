//! The crate `rust-fs-ntfs`, which finds what Windows' chkdsk would complain about in records and clusters.

use std::path::Path;

use formats::io::ReadAt;
use formats::units::ByteOffset;
use fs_ntfs::block_io::BlockIo;
use fs_ntfs::fsck::{CheckReport, check_io};

/// A source as that crate reads one.
struct Readable<'a>(&'a dyn ReadAt);

impl BlockIo for Readable<'_> {
    fn read_exact_at(&mut self, offset: u64, buf: &mut [u8]) -> Result<(), String> {
        self.0.read_at(ByteOffset(offset), buf).map_err(|e| e.to_string())
    }

    fn write_all_at(&mut self, _: u64, _: &[u8]) -> Result<(), String> {
        Err("a volume that is judged is not written".into())
    }

    fn size(&self) -> u64 {
        self.0.size().0
    }
}

/// Expects that nothing is wrong with the volume in the file `path`.
///
/// # Panics
/// When something is: with what was found.
pub fn agrees(path: &Path) {
    agrees_on(&crate::workshop::HostFile::open(path));
}

/// Expects that nothing is wrong with a volume.
///
/// # Panics
/// When something is: with what was found.
pub fn agrees_on(volume: &dyn ReadAt) {
    let report = report(volume);
    assert!(report.findings.is_empty(), "{:#?}", &report.findings[..report.findings.len().min(20)]);
    assert!(!report.dirty, "the volume is marked as one that must be checked");
    assert!(report.clusters_scanned > 0, "its log holds work, so that clusters were not compared");
}

/// Everything that is found.
///
/// # Panics
/// When the volume cannot be checked at all.
pub fn report(volume: &dyn ReadAt) -> CheckReport {
    check_io(&mut Readable(volume)).unwrap_or_else(|e| panic!("{e:?}"))
}
