//! The frames of a stored layer as pieces of a payload: for pressing layers, and for finding them again on media.

use formats::digest::Sha256;
use formats::layer::{Frames, SeekTable, print_digests};

use crate::payload::Pieces;

/// The pieces of a stored file: its frames, and the seek table behind them as one more.
pub fn pieces(frames: &Frames) -> Pieces {
    let mut table = SeekTable::new();
    let mut ends = Vec::with_capacity(frames.len() + 1);
    for frame in frames.frames() {
        // Cannot cut: both lengths came from 32 bits.
        table.push(
            (frame.stored.end - frame.stored.start) as u32,
            (frame.plain.end - frame.plain.start) as u32,
        );
        ends.push(frame.stored.end);
    }
    let table = table.print();
    let mut digests = frames.digests().to_vec();
    ends.push(ends.last().copied().unwrap_or(0) + table.len() as u64);
    digests.push(Sha256::of(&table));
    Pieces::frames(ends, digests)
}

/// The bytes of the list of digests.
pub fn list(frames: &Frames) -> Vec<u8> {
    print_digests(frames.digests())
}
