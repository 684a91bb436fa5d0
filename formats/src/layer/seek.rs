//! The seek table: a skippable frame at the end of a stored file that lists the frames before it.
//!
//! Source: zstd, contrib/seekable_format/zstd_seekable_compression_format.md, version 0.1.0. All numbers are
//! little-endian.
//!
//! ```text
//! Skippable_Magic_Number 4 | Frame_Size 4 | entries 8 or 12 each | Number_Of_Frames 4 | Descriptor 1 | Magic 4
//! ```

use alloc::vec::Vec;
use core::ops::Range;

use super::LayerError;
use super::raw::{
    CHECKSUM_FLAG, ENTRY, MAX_FRAMES, SEEKABLE_MAGIC, SKIPPABLE_MAGIC, TABLE_FOOTER, TABLE_HEADER,
};
use crate::io::{ReadAt, read_vec};
use crate::units::{ByteLen, ByteOffset};

/// Which frames there are, and what each holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SeekTable {
    /// Where each frame ends, in the stored file and in the plain bytes.
    ends: Vec<[u64; 2]>,
}

/// A frame of a stored file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Its number, from 0.
    pub number: usize,
    /// Where it lies in the stored file.
    pub stored: Range<u64>,
    /// Which of the plain bytes it holds.
    pub plain: Range<u64>,
}

impl SeekTable {
    /// A table without frames.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the next frame, with its length in the stored file and the length of what it holds, in bytes.
    pub fn push(&mut self, stored: u32, plain: u32) {
        let [stored_end, plain_end] = self.end();
        // Cannot overflow: fewer than 2^32 frames of less than 2^32 bytes.
        self.ends.push([stored_end + u64::from(stored), plain_end + u64::from(plain)]);
    }

    /// How long the table of so many frames is as we print it; `None` when no table lists so many.
    pub fn len_for(frames: u64) -> Option<ByteLen> {
        let fits = frames <= u64::from(MAX_FRAMES);
        fits.then(|| ByteLen((TABLE_HEADER + TABLE_FOOTER) as u64 + frames * ENTRY as u64))
    }

    /// How many frames there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are no frames.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// How long all frames are together in the stored file: where the table starts.
    pub fn stored_len(&self) -> ByteLen {
        ByteLen(self.end()[0])
    }

    /// How many plain bytes all frames hold.
    pub fn plain_len(&self) -> ByteLen {
        ByteLen(self.end()[1])
    }

    /// Frame `number`.
    pub fn frame(&self, number: usize) -> Option<Frame> {
        let [stored_end, plain_end] = *self.ends.get(number)?;
        let [stored, plain] =
            number.checked_sub(1).and_then(|n| self.ends.get(n)).copied().unwrap_or_default();
        Some(Frame { number, stored: stored..stored_end, plain: plain..plain_end })
    }

    /// The frame that holds the plain byte at `at`.
    pub fn holding(&self, at: ByteOffset) -> Option<Frame> {
        self.frame(self.ends.partition_point(|[_, plain_end]| *plain_end <= at.0))
    }

    /// All frames in order.
    pub fn frames(&self) -> impl Iterator<Item = Frame> {
        (0..self.len()).filter_map(|number| self.frame(number))
    }

    /// The bytes of the table, without checksums, as they follow the frames.
    pub fn print(&self) -> Vec<u8> {
        // Cannot cut: a table of the most frames has 1 GiB.
        let size = self.len() * ENTRY + TABLE_FOOTER;
        let mut bytes = Vec::with_capacity(TABLE_HEADER + size);
        bytes.extend(SKIPPABLE_MAGIC.to_le_bytes());
        bytes.extend((size as u32).to_le_bytes());
        for frame in self.frames() {
            // Cannot cut: both came from 32 bits.
            bytes.extend(((frame.stored.end - frame.stored.start) as u32).to_le_bytes());
            bytes.extend(((frame.plain.end - frame.plain.start) as u32).to_le_bytes());
        }
        bytes.extend((self.len() as u32).to_le_bytes());
        bytes.push(0);
        bytes.extend(SEEKABLE_MAGIC.to_le_bytes());
        bytes
    }

    /// Reads the table at the end of a stored file, in which nothing but frames comes before it.
    ///
    /// # Errors
    /// [`LayerError::SeekTable`], [`LayerError::Read`].
    pub fn read(stored: &(impl ReadAt + ?Sized)) -> Result<Self, LayerError> {
        let footer = Footer::read(stored)?;
        // The footer has seen that the file holds the table.
        let len = footer.table_len();
        let start = ByteOffset(stored.size().0 - len);
        let table = read_vec(stored, start, len as usize).map_err(LayerError::Read)?;
        let field = |at, field, expected: u64| {
            let found = u64::from(word(&table, at));
            expect(ByteOffset(start.0 + at as u64), field, expected, found)
        };
        field(0, "Skippable_Magic_Number", SKIPPABLE_MAGIC.into())?;
        field(4, "Frame_Size", len - TABLE_HEADER as u64)?;
        let mut found = Self::new();
        let entries = &table[TABLE_HEADER..table.len() - TABLE_FOOTER];
        for entry in entries.chunks_exact(footer.entry) {
            found.push(word(entry, 0), word(entry, 4));
        }
        expect(start, "start, after all frames,", found.stored_len().0, start.0)?;
        Ok(found)
    }

    /// How long the table at the end of a stored file is, as its last bytes say. Nothing else of it is looked at.
    ///
    /// # Errors
    /// [`LayerError::SeekTable`], [`LayerError::Read`].
    pub fn len_at_end(stored: &(impl ReadAt + ?Sized)) -> Result<ByteLen, LayerError> {
        Footer::read(stored).map(|footer| ByteLen(footer.table_len()))
    }

    fn end(&self) -> [u64; 2] {
        self.ends.last().copied().unwrap_or_default()
    }
}

/// What the end of a seek table says.
struct Footer {
    frames: u32,
    /// How long an entry is, in bytes.
    entry: usize,
}

impl Footer {
    /// Reads it, and sees that the file is long enough for what it says.
    fn read(stored: &(impl ReadAt + ?Sized)) -> Result<Self, LayerError> {
        let end = stored.size().0;
        let start = ByteOffset(end.saturating_sub(TABLE_FOOTER as u64));
        let bytes = read_vec(stored, start, TABLE_FOOTER).map_err(LayerError::Read)?;
        let magic = word(&bytes, 5);
        expect(ByteOffset(start.0 + 5), "Seekable_Magic_Number", SEEKABLE_MAGIC.into(), magic.into())?;
        let entry = match bytes[4] {
            0 => ENTRY,
            CHECKSUM_FLAG => ENTRY + 4,
            // The other bits are reserved or unused.
            other => return Err(fault(ByteOffset(start.0 + 4), "Seek_Table_Descriptor", 0, other.into())),
        };
        let footer = Self { frames: word(&bytes, 0), entry };
        let room = start.0.saturating_sub(TABLE_HEADER as u64) / entry as u64;
        let most = room.min(MAX_FRAMES.into());
        if u64::from(footer.frames) > most {
            return Err(fault(start, "Number_Of_Frames", most, footer.frames.into()));
        }
        Ok(footer)
    }

    fn table_len(&self) -> u64 {
        TABLE_HEADER as u64 + u64::from(self.frames) * self.entry as u64 + TABLE_FOOTER as u64
    }
}

fn word(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).and_then(|word| word.try_into().ok()).map_or(0, u32::from_le_bytes)
}

fn expect(offset: ByteOffset, field: &'static str, expected: u64, found: u64) -> Result<(), LayerError> {
    if found == expected { Ok(()) } else { Err(fault(offset, field, expected, found)) }
}

fn fault(offset: ByteOffset, field: &'static str, expected: u64, found: u64) -> LayerError {
    LayerError::SeekTable { offset, field, expected, found }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file of frames without content, with its table.
    fn file(sizes: &[(u32, u32)]) -> (SeekTable, Vec<u8>) {
        let mut table = SeekTable::new();
        sizes.iter().for_each(|(stored, plain)| table.push(*stored, *plain));
        let mut bytes = alloc::vec![0xAA; table.stored_len().0 as usize];
        bytes.extend(table.print());
        (table, bytes)
    }

    #[test]
    fn a_table_comes_back_as_it_was_printed() {
        for sizes in [&[][..], &[(1, 2)], &[(10, 100), (0, 0), (7, 30)]] {
            let (table, bytes) = file(sizes);
            let len = (bytes.len() as u64) - table.stored_len().0;
            assert_eq!(SeekTable::len_for(sizes.len() as u64), Some(ByteLen(len)));
            assert_eq!(SeekTable::read(&bytes), Ok(table));
        }
    }

    #[test]
    fn every_byte_is_found_in_its_frame() {
        let (table, _) = file(&[(10, 100), (5, 0), (7, 30)]);
        let number = |at| table.holding(ByteOffset(at)).map(|frame| frame.number);
        assert_eq!([number(0), number(99), number(100), number(129)], [Some(0), Some(0), Some(2), Some(2)]);
        assert_eq!(number(130), None);
        assert_eq!(table.frame(2), Some(Frame { number: 2, stored: 15..22, plain: 100..130 }));
    }

    #[test]
    fn a_table_with_checksums_is_read_too() {
        let mut bytes = alloc::vec![0xAA; 3];
        bytes.extend(SKIPPABLE_MAGIC.to_le_bytes());
        bytes.extend(21u32.to_le_bytes());
        [3u32, 9, 0x1234_5678, 1].iter().for_each(|word| bytes.extend(word.to_le_bytes()));
        bytes.push(CHECKSUM_FLAG);
        bytes.extend(SEEKABLE_MAGIC.to_le_bytes());
        assert_eq!(SeekTable::read(&bytes).unwrap().plain_len(), ByteLen(9));
    }

    #[test]
    fn every_changed_byte_of_a_table_changes_its_sums_or_is_refused() {
        let (table, bytes) = file(&[(10, 100), (7, 30)]);
        for at in 17..bytes.len() {
            let mut bad = bytes.clone();
            bad[at] ^= 0x10;
            let same = SeekTable::read(&bad).is_ok_and(|found| found.plain_len() == table.plain_len());
            assert!(!same, "byte {at}");
        }
    }

    #[test]
    fn a_file_that_is_cut_has_no_table() {
        let (_, bytes) = file(&[(10, 100), (7, 30)]);
        for len in 0..bytes.len() {
            assert!(SeekTable::read(&bytes[..len]).is_err(), "{len} bytes");
        }
    }
}
