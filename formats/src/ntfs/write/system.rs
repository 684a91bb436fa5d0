//! The metadata files: their names, what they hold, and where.

use alloc::vec::Vec;

use super::allocation::{BOOT_LEN, Map, bitmap_len, mirrored};
use super::catalogue::FIRST_USER;
use super::geometry::Units;
use super::runs::Extent;
use super::{attrdef, security, upcase};
use crate::ntfs::raw::number;

/// The metadata files with a name, by their records.
const NAMED: [(u32, &str); 15] = [
    (number::MFT, "$MFT"),
    (number::MFT_MIRROR, "$MFTMirr"),
    (number::LOG_FILE, "$LogFile"),
    (number::VOLUME, "$Volume"),
    (number::ATTR_DEF, "$AttrDef"),
    (number::ROOT, "."),
    (number::BITMAP, "$Bitmap"),
    (number::BOOT, "$Boot"),
    (number::BAD_CLUSTERS, "$BadClus"),
    (number::SECURE, "$Secure"),
    (number::UP_CASE, "$UpCase"),
    (number::EXTEND, "$Extend"),
    (number::QUOTA, "$Quota"),
    (number::OBJECT_IDS, "$ObjId"),
    (number::REPARSE_POINTS, "$Reparse"),
];

/// The records in `$Extend`, in the order of their names.
pub(super) const EXTENSIONS: [u32; 3] = [number::OBJECT_IDS, number::QUOTA, number::REPARSE_POINTS];

/// The names of the metadata files, in UTF-16.
pub(super) struct Names(Vec<Vec<u16>>);

impl Names {
    /// All of them.
    pub(super) fn new() -> Self {
        let mut names = alloc::vec![Vec::new(); FIRST_USER as usize];
        for (record, name) in NAMED {
            names[record as usize] = name.encode_utf16().collect();
        }
        Self(names)
    }

    /// That of a record, empty where it has none.
    pub(super) fn of(&self, record: u32) -> &[u16] {
        self.0.get(record as usize).map_or(&[], Vec::as_slice)
    }
}

/// The unnamed stream of a metadata file: its clusters, and its length in bytes.
pub(super) fn stream(record: u32, map: &Map, units: &Units) -> Option<(Extent, u64)> {
    let record_size = u64::from(units.record);
    match record {
        number::MFT => Some((map.mft, map.records * record_size)),
        number::MFT_MIRROR => Some((map.mirror, mirrored(units) * record_size)),
        number::LOG_FILE => Some((map.log_file, units.bytes(map.log_file.clusters))),
        number::ATTR_DEF => Some((map.attr_def, attrdef::LEN)),
        number::BITMAP => Some((map.bitmap, bitmap_len(map.clusters))),
        number::BOOT => Some((map.boot, BOOT_LEN)),
        number::UP_CASE => Some((map.up_case, upcase::LEN)),
        _ => None,
    }
}

/// The security descriptor of a metadata file.
pub(super) fn security(record: u32) -> u32 {
    if record == number::ROOT { security::ROOT } else { security::METADATA }
}
