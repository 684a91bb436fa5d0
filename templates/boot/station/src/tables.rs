//! Which partition tables an image has: they count in sectors, and so fit only disks with such sectors.

use alloc::format;
use alloc::string::String;

use formats::gpt::raw::{SECTOR_SIZES, SIGNATURE};

/// How much of an image's start is looked at, in bytes.
pub(crate) const START: usize = 8192;

/// The partition tables at the start of an image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tables {
    /// Whether there is a GPT for sectors of each of [`SECTOR_SIZES`].
    gpt: [bool; 2],
    /// Whether there is a partition table in the first sector (MBR), which counts in sectors of 512 bytes.
    mbr: bool,
}

impl Tables {
    /// Those in the first [`START`] bytes of an image.
    pub(crate) fn of(start: &[u8]) -> Self {
        let has_gpt = |size: u32| start.get(size as usize..).is_some_and(|at| at.starts_with(&SIGNATURE));
        let gpt = SECTOR_SIZES.map(has_gpt);
        let is_signed = start.get(510..512) == Some(&[0x55, 0xaa]);
        let kinds = [450, 466, 482, 498].map(|at| start.get(at).copied().unwrap_or(0));
        Self { gpt, mbr: is_signed && kinds.iter().any(|kind| *kind != 0) }
    }

    /// Why an image with these tables does not start from a disk with such sectors.
    pub(crate) fn unfit(self, sector_size: u32) -> Option<String> {
        let has = |size: u32| SECTOR_SIZES.iter().zip(self.gpt).any(|(known, has)| *known == size && has);
        let written_for = match self.gpt {
            _ if has(sector_size) => return None,
            [true, _] => 512,
            [false, true] => 4096,
            _ if self.mbr && sector_size != 512 => 512,
            _ => return None,
        };
        Some(format!(
            "the image's partition table is for {written_for}-byte sectors, the disk has {sector_size}: it would not boot"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tables(places: &[usize], mbr: bool) -> Tables {
        let mut start = [0; START];
        for place in places {
            start[*place..*place + 8].copy_from_slice(&SIGNATURE);
        }
        if mbr {
            start[450] = 7;
            start[510..512].copy_from_slice(&[0x55, 0xaa]);
        }
        Tables::of(&start)
    }

    #[test]
    fn tables_fit_disks_with_their_sectors() {
        let fits = |tables: Tables| [512, 4096].map(|size| tables.unfit(size).is_none());
        assert_eq!(fits(tables(&[512], true)), [true, false]);
        assert_eq!(fits(tables(&[4096], true)), [false, true]);
        assert_eq!(fits(tables(&[512, 4096], true)), [true, true]);
        assert_eq!(fits(tables(&[], true)), [true, false]);
        assert_eq!(fits(tables(&[], false)), [true, true]);
        assert_eq!(fits(Tables::of(&[])), [true, true]);
    }
}
