//! Assembles the bytes of a run: structures are made, payload is read and checked.

use std::ops::Range;

use formats::region::{Content, Region, Regions};

use crate::fill::FillError;
use crate::payload::{Payload, PieceError};
use crate::runs::is_blank;

/// A medium whose bytes are wanted.
#[derive(Clone, Copy)]
pub struct Assembler<'a> {
    /// What lies where.
    pub regions: &'a Regions,
    /// What the regions name by number.
    pub payloads: &'a [Payload],
}

impl Assembler<'_> {
    /// Fills `bytes` with the run's bytes; anchors are zeros here. `spare` keeps memory from run to run.
    ///
    /// # Errors
    /// [`FillError::Piece`], [`FillError::Changed`].
    pub fn assemble(self, run: &Range<u64>, bytes: &mut [u8], spare: &mut Vec<u8>) -> Result<(), FillError> {
        for region in self.regions.within(run.clone()) {
            let start = region.start.0.max(run.start);
            let end = region.range().end.min(run.end);
            let part = &mut bytes[(start - run.start) as usize..(end - run.start) as usize];
            self.assemble_part(region, start - region.start.0, part, spare)?;
        }
        Ok(())
    }

    /// Fills `part` with the bytes of a region from `into` on.
    fn assemble_part(
        self,
        region: &Region,
        into: u64,
        part: &mut [u8],
        spare: &mut Vec<u8>,
    ) -> Result<(), FillError> {
        match region.content {
            _ if is_blank(region) => part.fill(0),
            Content::Payload { source, offset } => {
                let payload = &self.payloads[source as usize];
                let copied = copy(payload, offset.0 + into, part, spare);
                return copied.map_err(|error| FillError::of(payload, error));
            }
            _ => region.fill(into, part),
        }
        Ok(())
    }
}

/// Fills `part` with the bytes of a payload from `from` on. A piece that lies only partly in `part` is read whole,
/// as only the whole piece has a digest.
fn copy(payload: &Payload, from: u64, part: &mut [u8], spare: &mut Vec<u8>) -> Result<(), PieceError> {
    let mut at = from;
    let mut rest = part;
    while !rest.is_empty() {
        let number = payload.pieces.holding(at);
        let piece = payload.pieces.range(number);
        // Past the payload's end there is no piece, and reading one is an error.
        let len = rest.len().min(piece.end.saturating_sub(at).max(1) as usize);
        let (now, later) = rest.split_at_mut(len);
        if now.len() as u64 == piece.end - piece.start {
            payload.read_piece(number, now)?;
        } else {
            spare.resize((piece.end - piece.start).max(1) as usize, 0);
            payload.read_piece(number, spare)?;
            let from = (at - piece.start) as usize;
            now.copy_from_slice(&spare[from..from + len]);
        }
        at += len as u64;
        rest = later;
    }
    Ok(())
}
