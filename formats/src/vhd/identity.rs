//! Whose file it is, and the same file under another identity.

use core::ops::Range;

use uuid::Uuid;
use zerocopy::IntoBytes;
use zerocopy::byteorder::big_endian::U32;

use super::error::{Structure, VhdError};
use super::footer;
use super::raw::{FOOTER_COOKIE, Footer};
use super::read::{Kind, Vhd};
use crate::io::{ReadAt, ReadError, check_range};
use crate::units::{ByteLen, ByteOffset};

/// The identity of a VHD, from its footer alone.
///
/// # Errors
/// [`VhdError`] when there is no sound footer.
pub fn identity_of(source: &impl ReadAt) -> Result<Uuid, VhdError> {
    footer::find(source).map(|chosen| Uuid::from_bytes(chosen.footer.unique_id))
}

/// Whether a file ends with a footer or begins with one, the cookie aside: then it is a VHD whose cookie is damaged,
/// and not a raw disk.
pub fn has_footer(source: &impl ReadAt) -> bool {
    let Ok(end) = footer::position(source.size()) else { return false };
    [end, ByteOffset::ZERO].into_iter().any(|at| {
        let footer = footer::read(source, at).map(|footer| Footer { cookie: FOOTER_COOKIE, ..footer });
        footer.is_ok_and(|footer| footer.compute_checksum() == footer.checksum.get())
    })
}

/// A VHD file under another identity: the same bytes but for the unique id in its footers, and their checksums.
pub struct Renamed<R> {
    source: R,
    /// Where footers are, and what stands there instead.
    footers: [Option<(ByteOffset, Footer)>; 2],
}

impl<R: ReadAt + Clone> Renamed<R> {
    /// The file of `vhd`, with the identity `unique_id`. Footers that are damaged stay so.
    ///
    /// # Errors
    /// [`VhdError::Read`].
    pub fn new(vhd: &Vhd<R>, unique_id: Uuid) -> Result<Self, VhdError> {
        let source = vhd.source().clone();
        let end = footer::position(source.size()).unwrap_or_default();
        let last = rename(&source, end, unique_id)?;
        let first = match vhd.kind() {
            // What stands there are the disk's data, whatever they look like.
            Kind::Fixed => None,
            Kind::Dynamic | Kind::Differencing => rename(&source, ByteOffset::ZERO, unique_id)?,
        };
        Ok(Self { source, footers: [first, last] })
    }
}

/// The footer at `at` with another identity, if it is sound.
fn rename(
    source: &impl ReadAt,
    at: ByteOffset,
    unique_id: Uuid,
) -> Result<Option<(ByteOffset, Footer)>, VhdError> {
    let old = footer::read(source, at)?;
    if footer::check_integrity(&old, Structure::Footer, at).is_err() {
        return Ok(None);
    }
    let mut new = Footer { unique_id: unique_id.into_bytes(), ..old };
    new.checksum = U32::new(new.compute_checksum());
    Ok(Some((at, new)))
}

impl<R: ReadAt> ReadAt for Renamed<R> {
    fn size(&self) -> ByteLen {
        self.source.size()
    }

    fn read_at(&self, offset: ByteOffset, buf: &mut [u8]) -> Result<(), ReadError> {
        let range = check_range(self.size(), offset, buf.len())?;
        self.source.read_at(offset, buf)?;
        for (at, footer) in self.footers.iter().flatten() {
            let bytes = footer.as_bytes();
            let start = range.start.max(at.0);
            let end = range.end.min(at.0 + bytes.len() as u64);
            if start < end {
                let part = &mut buf[(start - range.start) as usize..(end - range.start) as usize];
                part.copy_from_slice(&bytes[(start - at.0) as usize..(end - at.0) as usize]);
            }
        }
        Ok(())
    }

    fn next_data(&self, offset: ByteOffset) -> Result<Option<Range<u64>>, ReadError> {
        self.source.next_data(offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::read_vec;
    use crate::time::Timestamp;
    use crate::vhd::{Disk, Plan, SizeRule, VhdFile};
    use alloc::sync::Arc;
    use alloc::vec::Vec;

    /// A dynamic disk with one block.
    fn dynamic() -> Arc<Vec<u8>> {
        let disk = Disk::new(ByteLen(4 << 20), Uuid::from_u128(1), Timestamp::EARLIEST);
        let file = VhdFile::whole(Plan::new(&disk, [1]).unwrap(), alloc::vec![7u8; 4 << 20]);
        Arc::new(read_vec(&file, ByteOffset::ZERO, file.size().0 as usize).unwrap())
    }

    #[test]
    fn a_copy_with_another_identity_is_a_sound_vhd_with_the_same_data() {
        let original = Vhd::open(dynamic(), SizeRule::Current).unwrap();
        let renamed = Renamed::new(&original, Uuid::from_u128(2)).unwrap();
        assert_eq!(identity_of(&renamed), Ok(Uuid::from_u128(2)));
        let all = read_vec(&renamed, ByteOffset::ZERO, renamed.size().0 as usize).unwrap();
        let by_pieces: Vec<u8> = (0..all.len())
            .step_by(100)
            .flat_map(|at| read_vec(&renamed, ByteOffset(at as u64), 100.min(all.len() - at)).unwrap())
            .collect();
        assert!(all == by_pieces);
        let copy = Vhd::open(all, SizeRule::Current).unwrap();
        assert_eq!(copy.warnings(), []);
        assert!(copy.blocks().eq(original.blocks()));
    }

    #[test]
    fn a_vhd_with_a_damaged_cookie_is_not_taken_for_a_raw_disk() {
        let mut bytes = dynamic().to_vec();
        assert!(has_footer(&bytes));
        let end = bytes.len() - 512;
        bytes[end] ^= 1;
        bytes[0] ^= 1;
        assert!(has_footer(&bytes));
        assert!(!has_footer(&alloc::vec![7u8; 4096]));
    }
}
