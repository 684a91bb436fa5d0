//! NTFS volumes pressed for tests, and their judges.

pub mod audit;
pub mod by_check;
pub mod by_crate;
pub mod by_tools;
pub mod change;
pub mod damaged;

use std::path::{Path, PathBuf};

use formats::ntfs::read::Reader;
use formats::ntfs::write::{Volume, lay_out};
use formats::region::Regions;
use formats::units::{ByteLen, MIB};

use crate::content::{Content, Sample};
use crate::workshop::{HostFile, Workshop};

/// A volume of 64 MiB with sectors of 512 bytes, at the start of its disk.
///
/// # Panics
/// Never: its time is one.
pub fn volume() -> Volume {
    Volume {
        size: ByteLen(64 * MIB),
        sector_size: 512,
        cluster_size: None,
        hidden_sectors: 0,
        label: "SEED".into(),
        serial: 0x1234_5678_9abc_def0,
        time: "2026-11-22T08:00:00Z".parse().expect("a time"),
    }
}

/// Where everything of a volume lies.
///
/// # Panics
/// When the writer refuses it.
pub fn regions(volume: &Volume, sample: &Sample) -> Regions {
    let laid = lay_out(volume, &sample.tree).unwrap_or_else(|e| panic!("{e}"));
    Regions::cover(laid.regions, volume.size).unwrap_or_else(|e| panic!("{e}"))
}

/// Writes a volume with a sample on it into a workshop.
///
/// # Panics
/// When the writer refuses it.
pub fn press(workshop: &Workshop, volume: &Volume, sample: &Sample) -> PathBuf {
    workshop.press("volume", &regions(volume, sample), &sample.sources())
}

/// What a reader must find on a volume: the sample, and the folder that Windows would make anyway.
pub fn expected(sample: &Sample) -> Content {
    let mut content = sample.content.clone();
    content.directories.insert("System Volume Information".into());
    content
}

/// What our reader finds on a volume.
///
/// # Panics
/// When it cannot be read.
pub fn read(path: &Path) -> Content {
    let reader = Reader::open(HostFile::open(path)).unwrap_or_else(|e| panic!("{e}"));
    assert!(!reader.is_dirty(), "the volume says that it must be checked");
    Content::of(&reader)
}
