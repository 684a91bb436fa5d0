//! A tree of files whose data have their places on a medium: what the file systems of a disc describe together.

use alloc::string::String;
use alloc::vec::Vec;

use crate::region::{Content, Region, Stage};
use crate::tree::{Data, Directory, Node, join};
use crate::units::{ByteLen, ByteOffset, MIB};

/// A file or directory with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Placed {
    /// A file: where its bytes start on the medium, and how many they are. They lie in one piece.
    File {
        /// The first byte; a multiple of the sector size.
        start: ByteOffset,
        /// How many there are.
        len: ByteLen,
    },
    /// A directory: its entries by name, in the order of code points.
    Directory(Vec<(String, Placed)>),
}

impl Placed {
    /// A tree whose files have their lengths and not yet their places, by which file systems are measured.
    pub fn of(directory: &Directory) -> Self {
        let entry = |(name, node): (&str, &Node)| match node {
            Node::File(data) => (name.into(), Self::File { start: ByteOffset::ZERO, len: data.len() }),
            Node::Directory(inner) => (name.into(), Self::of(inner)),
        };
        Self::Directory(directory.entries().map(entry).collect())
    }

    /// Where the file at `path` starts; `None` when there is none.
    pub fn start_of(&self, path: &str) -> Option<ByteOffset> {
        let found = path.split('/').try_fold(self, |node, name| match node {
            Self::Directory(entries) => entries.iter().find(|(found, _)| found == name).map(|(_, node)| node),
            Self::File { .. } => None,
        });
        match found? {
            Self::File { start, .. } => Some(*start),
            Self::Directory(_) => None,
        }
    }
}

/// A medium has no room for its data: past 2^64 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the files need more than 2^64 bytes")]
pub struct TooMuch;

/// Gives data their places, one behind the other.
#[derive(Debug)]
pub struct Placer {
    free_from: ByteOffset,
    sector_size: u64,
    regions: Vec<Region>,
}

/// From this length on a file starts on a multiple of it, so that it is written in large aligned pieces.
const LARGE: u64 = MIB;

impl Placer {
    /// Starts at `start`, for sectors of `sector_size` bytes.
    pub fn new(start: ByteOffset, sector_size: u32) -> Self {
        Self { free_from: start, sector_size: sector_size.into(), regions: Vec::new() }
    }

    /// Places all files of a directory and of those in it. Small ones come first, so that the large ones follow
    /// each other without gaps between them.
    ///
    /// # Errors
    /// [`TooMuch`].
    pub fn place(&mut self, root: &Directory) -> Result<Placed, TooMuch> {
        let mut placed = Placed::of(root);
        for large in [false, true] {
            self.fill_in(root, &mut placed, "", large)?;
        }
        Ok(placed)
    }

    /// Where the next data would be placed.
    pub fn free_from(&self) -> ByteOffset {
        self.free_from
    }

    /// The regions of all data that were placed.
    pub fn into_regions(self) -> Vec<Region> {
        self.regions
    }

    fn fill_in(
        &mut self,
        directory: &Directory,
        placed: &mut Placed,
        path: &str,
        large: bool,
    ) -> Result<(), TooMuch> {
        let Placed::Directory(entries) = placed else { return Ok(()) };
        for ((name, node), (_, place)) in directory.entries().zip(entries) {
            let path = join(path, name);
            match node {
                Node::Directory(inner) => self.fill_in(inner, place, &path, large)?,
                Node::File(data) if (data.len().0 >= LARGE) == large => *place = self.add(&path, data)?,
                Node::File(_) => {}
            }
        }
        Ok(())
    }

    fn add(&mut self, path: &str, data: &Data) -> Result<Placed, TooMuch> {
        let len = data.len();
        if len == ByteLen::ZERO {
            return Ok(Placed::File { start: ByteOffset::ZERO, len });
        }
        let unit = if len.0 >= LARGE { LARGE } else { self.sector_size };
        let start = self.free_from.align_up(unit).ok_or(TooMuch)?;
        let end = start.checked_add(len).and_then(|end| end.align_up(self.sector_size));
        self.free_from = end.ok_or(TooMuch)?;
        let content = match data {
            Data::Bytes(bytes) => Content::Bytes(bytes.clone()),
            Data::Payload { source, offset, .. } => Content::Payload { source: *source, offset: *offset },
        };
        self.regions.push(Region { start, len, name: path.into(), content, stage: Stage::Body });
        Ok(Placed::File { start, len })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::sync::Arc;

    #[test]
    fn data_lie_behind_each_other_and_large_ones_on_borders() {
        let mut root = Directory::new();
        let payload = |len| Data::Payload { source: 0, offset: ByteOffset::ZERO, len: ByteLen(len) };
        root.add_file("a", payload(2 * MIB + 1)).unwrap();
        root.add_file("b/c", Data::Bytes(Arc::from([1; 5]))).unwrap();
        root.add_file("b/d", Data::Bytes(Arc::from([]))).unwrap();
        let mut placer = Placer::new(ByteOffset(4096), 2048);
        let placed = placer.place(&root).unwrap();
        let Placed::Directory(entries) = &placed else { panic!("the root is a directory") };
        assert_eq!(entries[0].1, Placed::File { start: ByteOffset(MIB), len: ByteLen(2 * MIB + 1) });
        assert_eq!(placer.free_from(), ByteOffset(3 * MIB + 2048));
        assert_eq!(placed.start_of("b/c"), Some(ByteOffset(4096)));
        assert_eq!(["b", "c", "a/b", "b/c/"].map(|path| placed.start_of(path)), [None; 4]);
        let starts: Vec<_> = placer.into_regions().iter().map(|r| r.start.0).collect();
        assert_eq!(starts, [4096, MIB]);
    }
}
