//! The bytes of a file that lies in pieces on a volume.

use alloc::vec::Vec;

use crate::files::Extent;
use crate::io::{ReadAt, ReadError, check_range};
use crate::units::{ByteLen, ByteOffset};

/// A file, read through its extents: they follow each other from the file's start without a gap.
#[derive(Debug)]
pub struct Pieces<'a, R: ?Sized> {
    source: &'a R,
    pieces: Vec<Extent>,
    len: ByteLen,
}

impl<'a, R: ReadAt + ?Sized> Pieces<'a, R> {
    /// The file whose bytes on `source` are those of `pieces`.
    pub fn new(source: &'a R, pieces: Vec<Extent>) -> Self {
        let len = ByteLen(pieces.last().map_or(0, |piece| piece.at.0.saturating_add(piece.len.0)));
        Self { source, pieces, len }
    }
}

impl<R: ReadAt + ?Sized> ReadAt for Pieces<'_, R> {
    fn size(&self) -> ByteLen {
        self.len
    }

    fn read_at(&self, offset: ByteOffset, buf: &mut [u8]) -> Result<(), ReadError> {
        let wanted = check_range(self.len, offset, buf.len())?;
        let first = self.pieces.partition_point(|piece| piece.at.0 + piece.len.0 <= wanted.start);
        let (mut at, mut rest) = (wanted.start, buf);
        for piece in &self.pieces[first..] {
            if rest.is_empty() {
                break;
            }
            let inside = at - piece.at.0;
            let here = usize::try_from(piece.len.0 - inside).unwrap_or(usize::MAX).min(rest.len());
            let (now, later) = rest.split_at_mut(here);
            match piece.on_volume {
                Some(place) => self.source.read_at(ByteOffset(place.0.saturating_add(inside)), now)?,
                None => now.fill(0),
            }
            at += here as u64;
            rest = later;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::read_vec;

    #[test]
    fn pieces_are_read_across_their_borders() {
        let source: Vec<u8> = (0..10).collect();
        let piece = |at, on_volume: Option<u64>, len| Extent {
            at: ByteOffset(at),
            on_volume: on_volume.map(ByteOffset),
            len: ByteLen(len),
        };
        let file =
            Pieces::new(&source, alloc::vec![piece(0, Some(7), 3), piece(3, None, 2), piece(5, Some(1), 2)]);
        assert_eq!(read_vec(&file, ByteOffset(0), 7).unwrap(), [7, 8, 9, 0, 0, 1, 2]);
        assert_eq!(read_vec(&file, ByteOffset(2), 2).unwrap(), [9, 0]);
        assert!(read_vec(&file, ByteOffset(6), 2).is_err());
    }
}
