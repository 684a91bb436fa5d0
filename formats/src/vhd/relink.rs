//! The same differencing disk with another word for where its parent is.
//!
//! Of the file, what names the parent changes: the parent's identity, time stamp and file name in the header, and the
//! locators, of which one stays: `W2ru`, the path `.\NAME` relative to the file. An absolute path (`W2ku`) would lead
//! to whatever lies there on another machine. Both footers become the one that counts. All blocks stay where they are.
//!
//! ```text
//! before   copy | header | table | path | blocks                | footer
//! after    copy | header | table | path | blocks                | footer     where the old path's sector has room
//!          copy | header | table |      | blocks | path, a sector | footer     elsewhere
//! ```

use alloc::vec::Vec;
use core::ops::Range;

use zerocopy::byteorder::big_endian::U32;
use zerocopy::{FromZeros, IntoBytes};

use super::error::VhdError;
use super::locator::Platform;
use super::raw::{DynamicHeader, Footer, LocatorEntry, SECTOR};
use super::read::Vhd;
use super::write::ParentLink;
use crate::io::{ReadAt, ReadError, check_range};
use crate::units::{ByteLen, ByteOffset};

/// Bytes that stand in place of others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patch {
    /// Where, in the new file.
    pub at: ByteOffset,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// A VHD file that finds its parent beside it.
#[derive(Clone, Debug)]
pub struct Relinked<R> {
    source: R,
    /// How many bytes at the start are the old file's, but for the patches. Zeros follow up to the next patch.
    body: u64,
    /// In the order of the file, apart from each other.
    patches: Vec<Patch>,
    len: ByteLen,
}

impl<R: ReadAt + Clone> Relinked<R> {
    /// The file of `vhd`, with `parent` as the parent that it names. A disk that needs no parent stays as it is.
    ///
    /// # Errors
    /// [`VhdError::ParentName`], [`VhdError::Read`].
    pub fn new(vhd: &Vhd<R>, parent: &ParentLink) -> Result<Self, VhdError> {
        parent.check()?;
        let source = vhd.source().clone();
        let (Some(header), Some(_)) = (vhd.header(), vhd.parent()) else {
            let len = source.size();
            return Ok(Self { source, body: len.0, patches: Vec::new(), len });
        };
        let end = vhd.data_end()?.0;
        let (path_len, _) = parent.locator(0);
        let room = (path_len.len() as u64).next_multiple_of(SECTOR);
        let (path_at, footer_at) = match free_room(vhd, room)? {
            Some(at) => (at, end.next_multiple_of(SECTOR)),
            None => (end.next_multiple_of(SECTOR), end.next_multiple_of(SECTOR) + room),
        };
        let (mut path, entry) = parent.locator(path_at);
        path.resize(room as usize, 0);
        let footer = sealed_footer(vhd.footer());
        let header_at = ByteOffset(vhd.footer().data_offset.get());
        let patch = |at, bytes: &[u8]| Patch { at, bytes: bytes.into() };
        let mut patches = alloc::vec![
            patch(ByteOffset::ZERO, footer.as_bytes()),
            patch(header_at, relinked_header(header, parent, entry).as_bytes()),
            Patch { at: ByteOffset(path_at), bytes: path },
            patch(ByteOffset(footer_at), footer.as_bytes()),
        ];
        patches.sort_by_key(|patch| patch.at);
        Ok(Self { source, body: end, patches, len: ByteLen(footer_at + SECTOR) })
    }
}

impl<R> Relinked<R> {
    /// What stands in place of the old file's bytes, in order; the last one is the footer. Nothing for a disk that needs
    /// no parent.
    pub fn patches(&self) -> &[Patch] {
        &self.patches
    }
}

/// Where the path may lie in the file as it is: in the sectors of an old one, where nothing else claims them.
fn free_room(vhd: &Vhd<impl ReadAt>, room: u64) -> Result<Option<u64>, VhdError> {
    let mut locators: Vec<_> =
        vhd.parent().map(|parent| parent.locators.iter().collect()).unwrap_or_default();
    // Of several, the one that was of the same kind.
    locators.sort_by_key(|locator| locator.platform != Platform::WindowsRelative);
    for locator in locators {
        let range = locator.at.0..locator.at.0.saturating_add(room);
        if range.start.is_multiple_of(SECTOR) && locator.space.0 >= room && vhd.is_free(&range)? {
            return Ok(Some(range.start));
        }
    }
    Ok(None)
}

fn relinked_header(old: &DynamicHeader, parent: &ParentLink, entry: LocatorEntry) -> DynamicHeader {
    let mut header = DynamicHeader { parent_locators: FromZeros::new_zeroed(), ..*old };
    parent.name_in(&mut header, Some(entry));
    header.checksum = U32::new(header.compute_checksum());
    header
}

fn sealed_footer(old: &Footer) -> Footer {
    Footer { checksum: U32::new(old.compute_checksum()), ..*old }
}

impl<R: ReadAt> ReadAt for Relinked<R> {
    fn size(&self) -> ByteLen {
        self.len
    }

    fn read_at(&self, offset: ByteOffset, buf: &mut [u8]) -> Result<(), ReadError> {
        let range = check_range(self.len, offset, buf.len())?;
        // Cannot cut: no more than a slice has.
        let kept = self.body.saturating_sub(range.start).min(buf.len() as u64) as usize;
        let (old, new) = buf.split_at_mut(kept);
        if !old.is_empty() {
            self.source.read_at(offset, old)?;
        }
        new.fill(0);
        for Patch { at, bytes } in &self.patches {
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
        if self.patches.is_empty() {
            return self.source.next_data(offset);
        }
        // Dynamic files hardly have holes.
        Ok((offset.0 < self.len.0).then_some(offset.0..self.len.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::read_vec;
    use crate::time::Timestamp;
    use crate::vhd::{Disk, Plan, SizeRule, VhdFile};
    use alloc::string::String;
    use alloc::sync::Arc;
    use uuid::Uuid;

    fn link(name: &str) -> ParentLink {
        ParentLink { unique_id: Uuid::from_u128(0xba5e), time_stamp: 77, name: name.into() }
    }

    /// A differencing disk with one block.
    fn child(name: &str) -> Arc<Vec<u8>> {
        let disk = Disk::new(ByteLen(4 << 20), Uuid::from_u128(1), Timestamp::EARLIEST).on(link(name));
        let file = VhdFile::whole(Plan::new(&disk, [1]).unwrap(), alloc::vec![7u8; 4 << 20]);
        Arc::new(all(&file))
    }

    fn all(source: &impl ReadAt) -> Vec<u8> {
        read_vec(source, ByteOffset::ZERO, source.size().0 as usize).unwrap()
    }

    fn relinked(file: Arc<Vec<u8>>, name: &str) -> Relinked<Arc<Vec<u8>>> {
        Relinked::new(&Vhd::open(file, SizeRule::Current).unwrap(), &link(name)).unwrap()
    }

    fn check(old: &Arc<Vec<u8>>, new: &Relinked<Arc<Vec<u8>>>, name: &str) {
        let bytes = all(new);
        let pieces = (0..bytes.len()).step_by(333);
        let by_pieces: Vec<u8> = pieces
            .flat_map(|at| read_vec(new, ByteOffset(at as u64), 333.min(bytes.len() - at)).unwrap())
            .collect();
        assert!(bytes == by_pieces);
        assert_eq!(bytes[..512], bytes[bytes.len() - 512..]);
        let (before, after) =
            (Vhd::open(&**old, SizeRule::Current).unwrap(), Vhd::open(&bytes, SizeRule::Current).unwrap());
        assert_eq!(after.warnings(), []);
        assert!(after.blocks().eq(before.blocks()));
        let parent = after.parent().unwrap();
        assert_eq!((parent.unique_id, parent.time_stamp), (Uuid::from_u128(0xba5e), 77));
        let paths: Vec<_> = parent.locators.iter().map(|it| (it.relative(), it.at.0 % SECTOR)).collect();
        assert_eq!((&*parent.name, paths), (name, alloc::vec![(Some(String::from(name)), 0)]));
    }

    #[test]
    fn a_parent_is_named_anew_in_the_room_of_the_old_name() {
        let old = child("base.vhd");
        let new = relinked(old.clone(), "other.vhd");
        assert_eq!(new.size(), old.size());
        check(&old, &new, "other.vhd");
        // And back again: nothing else was changed.
        assert!(all(&relinked(Arc::new(all(&new)), "base.vhd")) == **old);
    }

    #[test]
    fn a_name_that_has_no_room_gets_a_sector_before_the_footer() {
        let old = child("base.vhd");
        let long = "x".repeat(255);
        let new = relinked(old.clone(), &long);
        assert_eq!(new.size().0, old.size().0 + 1024);
        check(&old, &new, &long);
        check(&old, &relinked(Arc::new(all(&new)), "short"), "short");
    }

    #[test]
    fn footers_that_are_damaged_or_short_become_whole() {
        let old = child("base.vhd");
        let mut short = old.to_vec();
        short.pop();
        check(&old, &relinked(Arc::new(short), "a.vhd"), "a.vhd");
        for at in [0, old.len() - 512] {
            let mut damaged = old.to_vec();
            damaged[at + 100] ^= 1;
            check(&old, &relinked(Arc::new(damaged), "a.vhd"), "a.vhd");
        }
    }

    #[test]
    fn a_disk_without_a_parent_stays_and_a_path_is_no_name() {
        let disk = Disk::new(ByteLen(4 << 20), Uuid::from_u128(1), Timestamp::EARLIEST);
        let file = VhdFile::whole(Plan::new(&disk, [1]).unwrap(), alloc::vec![7u8; 4 << 20]);
        let whole = Arc::new(all(&file));
        let same = relinked(whole.clone(), "a.vhd");
        assert!(same.patches().is_empty() && all(&same) == *whole);
        let vhd = Vhd::open(child("base.vhd"), SizeRule::Current).unwrap();
        assert!(Relinked::new(&vhd, &link("../a.vhd")).is_err());
    }
}
