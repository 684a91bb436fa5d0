//! The crate `rust-fs-ntfs`, which finds what Windows' chkdsk would complain about in records and clusters.

use std::path::Path;

use formats::io::ReadAt;
use formats::units::ByteOffset;
use fs_ntfs::block_io::BlockIo;
use fs_ntfs::fsck::{CheckReport, check_io};

/// A source as that crate reads one.
///
/// The crate expects one fixup for each sector, and so refuses the volumes that mkntfs makes for sectors of 4096
/// bytes: fixups are 512 bytes apart whatever the sectors are. It is shown a boot sector that counts the same volume
/// in sectors of 512 bytes.
struct Readable<'a>(&'a dyn ReadAt);

/// The fields of the boot sector that depend on the size of a sector, and how long that part of it is.
const BYTES_PER_SECTOR: usize = 0x0b;
const SECTORS_PER_CLUSTER: usize = 0x0d;
const SECTORS: std::ops::Range<usize> = 0x28..0x30;

impl BlockIo for Readable<'_> {
    fn read_exact_at(&mut self, offset: u64, buf: &mut [u8]) -> Result<(), String> {
        self.0.read_at(ByteOffset(offset), buf).map_err(|e| e.to_string())?;
        if offset == 0 && buf.len() >= SECTORS.end {
            count_in_512(buf);
        }
        Ok(())
    }

    fn write_all_at(&mut self, _: u64, _: &[u8]) -> Result<(), String> {
        Err("a volume that is judged is not written".into())
    }

    fn size(&self) -> u64 {
        self.0.size().0
    }
}

fn count_in_512(boot: &mut [u8]) {
    let size = u16::from_le_bytes([boot[BYTES_PER_SECTOR], boot[BYTES_PER_SECTOR + 1]]);
    let times = size / 512;
    boot[BYTES_PER_SECTOR..BYTES_PER_SECTOR + 2].copy_from_slice(&512u16.to_le_bytes());
    boot[SECTORS_PER_CLUSTER] *= times as u8;
    let sectors = u64::from_le_bytes(boot[SECTORS].try_into().expect("eight bytes")) * u64::from(times);
    boot[SECTORS].copy_from_slice(&sectors.to_le_bytes());
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
