//! Which frame holds which bytes, and whether a frame is the one that was written.

use alloc::vec::Vec;

use uuid::Uuid;

use super::{DIGEST, Digested, Frame, FrameDamaged, LayerDescriptor, LayerError, SeekTable};
use super::{FRAME, FRAMES_FILE, MAX_STORED_FRAME};
use crate::digest::Sha256;
use crate::io::{ReadAt, ReadError};
use crate::joined::Joined;
use crate::units::{ByteLen, ByteOffset};

/// The frames of a stored layer. They were seen to agree with the layer's description, so that each is of a bounded
/// size, and together they hold the whole VHD.
#[derive(Clone, Debug)]
pub struct Frames {
    layer: Uuid,
    table: SeekTable,
    digests: Vec<Sha256>,
}

/// The digests in a `frames.bin`; a piece of a digest at the end is left out.
pub fn parse_digests(bytes: &[u8]) -> Vec<Sha256> {
    bytes.chunks_exact(DIGEST).filter_map(|digest| digest.try_into().ok().map(Sha256)).collect()
}

/// The bytes of a `frames.bin`.
pub fn print_digests(digests: &[Sha256]) -> Vec<u8> {
    digests.iter().flat_map(|digest| digest.0).collect()
}

impl Frames {
    /// The frames of the layer that `descriptor` describes, from its stored file and the bytes of its `frames.bin`.
    /// Reads the seek table only.
    ///
    /// # Errors
    /// [`LayerError`] when one of the three does not belong to the others.
    pub fn open(
        descriptor: &LayerDescriptor,
        stored: &(impl ReadAt + ?Sized),
        frames: &[u8],
    ) -> Result<Self, LayerError> {
        descriptor.check()?;
        let layer = descriptor.uuid;
        check_digested(layer, FRAMES_FILE, descriptor.frames, frames)?;
        check_len(layer, "the stored file", descriptor.stored.len, stored.size())?;
        let table = SeekTable::read(stored)?;
        check_len(layer, "the content", descriptor.vhd.len, table.plain_len())?;
        for frame in table.frames() {
            check_frame(layer, &frame, descriptor.vhd.len)?;
        }
        Ok(Self { layer, table, digests: parse_digests(frames) })
    }

    /// As [`Frames::open`], from the bytes of the seek table alone, where the stored file is not at hand as a whole.
    ///
    /// # Errors
    /// As [`Frames::open`].
    pub fn open_apart(descriptor: &LayerDescriptor, table: &[u8], frames: &[u8]) -> Result<Self, LayerError> {
        let len = descriptor.stored.len;
        let start = ByteOffset(len.0.saturating_sub(table.len() as u64));
        Self::open(descriptor, &Joined::new(len, alloc::vec![(start, table)]), frames)
    }

    /// The layer whose frames they are.
    pub fn layer(&self) -> Uuid {
        self.layer
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// How long the VHD file is.
    pub fn plain_len(&self) -> ByteLen {
        self.table.plain_len()
    }

    /// Frame `number`.
    pub fn frame(&self, number: usize) -> Option<Frame> {
        self.table.frame(number)
    }

    /// The digests of all frames, in order.
    pub fn digests(&self) -> &[Sha256] {
        &self.digests
    }

    /// The frame that holds the byte at `at` of the VHD file.
    pub fn holding(&self, at: ByteOffset) -> Option<Frame> {
        self.table.holding(at)
    }

    /// All frames in order.
    pub fn frames(&self) -> impl Iterator<Item = Frame> {
        self.table.frames()
    }

    /// Whether `bytes` are those that were written for `frame`.
    ///
    /// # Errors
    /// [`FrameDamaged`].
    pub fn check(&self, frame: &Frame, bytes: &[u8]) -> Result<(), FrameDamaged> {
        let found = Sha256::of(bytes);
        // A frame of another table has no digest here, and so is not what was written.
        let expected = self.digests.get(frame.number).copied().unwrap_or(Sha256([0; 32]));
        if found == expected {
            return Ok(());
        }
        let offset = ByteOffset(frame.stored.start);
        Err(FrameDamaged { layer: self.layer, frame: frame.number, offset, expected, found })
    }

    /// Reads `frame` from the stored file into `bytes` and checks it.
    ///
    /// # Errors
    /// [`ReadError::Damaged`] in the words of [`FrameDamaged`], or the source's own.
    pub fn read(
        &self,
        stored: &(impl ReadAt + ?Sized),
        frame: &Frame,
        bytes: &mut Vec<u8>,
    ) -> Result<(), ReadError> {
        // Cannot cut: the length was checked when the frames were opened.
        bytes.resize((frame.stored.end - frame.stored.start) as usize, 0);
        stored.read_at(ByteOffset(frame.stored.start), bytes)?;
        self.check(frame, bytes).map_err(|damage| ReadError::damaged(damage.offset, &damage))
    }
}

fn check_digested(
    layer: Uuid,
    what: &'static str,
    expected: Digested,
    bytes: &[u8],
) -> Result<(), LayerError> {
    let found = Digested::of(bytes);
    check_len(layer, what, expected.len, found.len)?;
    if found.sha256 == expected.sha256 {
        return Ok(());
    }
    Err(LayerError::Digest { layer, what, expected: expected.sha256, found: found.sha256 })
}

fn check_len(layer: Uuid, what: &'static str, expected: ByteLen, found: ByteLen) -> Result<(), LayerError> {
    if found == expected { Ok(()) } else { Err(LayerError::Length { layer, what, expected, found }) }
}

/// Sees that a frame holds [`FRAME`] bytes, or what is left of the VHD.
fn check_frame(layer: Uuid, frame: &Frame, vhd: ByteLen) -> Result<(), LayerError> {
    let expected = vhd.0.saturating_sub(frame.plain.start).min(FRAME as u64);
    check_len(layer, "a frame", ByteLen(expected), ByteLen(frame.plain.end - frame.plain.start))?;
    let stored = frame.stored.end - frame.stored.start;
    let most = stored.min(MAX_STORED_FRAME as u64);
    check_len(layer, "a compressed frame", ByteLen(most), ByteLen(stored))
}

#[cfg(test)]
mod tests {
    use super::super::descriptor::tests::layer;
    use super::*;

    /// A layer of two frames: its description, its stored file and its `frames.bin`.
    fn two_frames() -> (LayerDescriptor, Vec<u8>, Vec<u8>) {
        let mut table = SeekTable::new();
        table.push(10, FRAME as u32);
        table.push(5, 100);
        let mut stored = alloc::vec![1; 10];
        stored.extend([2; 5]);
        let digests = print_digests(&[Sha256::of(&stored[..10]), Sha256::of(&stored[10..])]);
        stored.extend(table.print());
        (layer(&alloc::vec![0; FRAME + 100], &stored, &digests), stored, digests)
    }

    #[test]
    fn a_damaged_frame_is_named() {
        let (descriptor, mut stored, digests) = two_frames();
        let frames = Frames::open(&descriptor, &stored, &digests).unwrap();
        let mut bytes = Vec::new();
        let second = frames.holding(ByteOffset(FRAME as u64)).unwrap();
        frames.read(&stored, &second, &mut bytes).unwrap();
        assert_eq!(bytes, [2; 5]);
        stored[12] = 3;
        let damage = frames.read(&stored, &second, &mut bytes).unwrap_err().to_string();
        assert!(damage.contains(&alloc::format!("frame 1 of layer {}, at 0xa", descriptor.uuid)), "{damage}");
    }

    #[test]
    fn frames_are_known_from_the_seek_table_alone() {
        let (descriptor, stored, digests) = two_frames();
        let frames = Frames::open_apart(&descriptor, &stored[15..], &digests).unwrap();
        assert_eq!(frames.frame(1).unwrap().stored, 10..15);
        assert!(Frames::open_apart(&descriptor, &stored[16..], &digests).is_err());
    }

    #[test]
    fn parts_of_different_layers_are_refused() {
        let (descriptor, stored, digests) = two_frames();
        let refused = |descriptor: &LayerDescriptor, stored: &Vec<u8>, digests: &[u8]| {
            Frames::open(descriptor, stored, digests).is_err()
        };
        assert!(!refused(&descriptor, &stored, &digests));
        let mut other = digests.clone();
        other[63] ^= 1;
        assert!(refused(&descriptor, &stored, &other));
        assert!(refused(&descriptor, &stored, &digests[..32]));
        let mut longer = stored.clone();
        longer.insert(0, 0);
        assert!(refused(&descriptor, &longer, &digests));
        let mut table = SeekTable::new();
        table.push(10, FRAME as u32 - 1);
        table.push(5, 101);
        let uneven = [&stored[..15], &table.print()].concat();
        assert!(refused(&descriptor, &uneven, &digests));
    }
}
