//! Fill: writes the regions of a medium, in any order and on all threads, each piece of a payload read, checked and
//! written once. Knows regions and payloads, and no format.
//!
//! What the medium cannot be read without ([`Stage::Anchor`]) stays zero here; [`crate::seal`] writes it.

use std::ops::Range;

use formats::region::{Content, Region, Regions, Stage};
use formats::units::MIB;
use host::{AlignedBuf, Crew, ErrorKind, Event, HostError, Interrupted, Observer, Output, Unit};

use crate::complete::{Complete, Summary};
use crate::edges::{Edges, Whole};
use crate::payload::{Payload, PieceError};
use crate::runs::{BLOCK, Cutter, on_medium, written};

/// How long a run is, in bytes, when there are few threads.
const LONG_RUN: u64 = 8 * MIB;

/// How much memory all threads together may fill with runs, in bytes.
const MEMORY: u64 = 96 * MIB;

/// Why a medium could not be filled.
#[derive(Debug, thiserror::Error)]
pub enum FillError {
    /// What was to be written is not what it was when the medium was planned.
    #[error("a source is not what it was when the medium was planned: check the store, then press again")]
    Piece(#[source] PieceError),
    /// The output cannot be written.
    #[error("the medium cannot be written")]
    Output(#[source] HostError),
    /// The user asked to stop.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
    /// A fault of this program.
    #[error("the block at {offset:#x} was never completed (please report this)")]
    Unfinished {
        /// Where the block lies.
        offset: u64,
    },
}

impl FillError {
    /// What it means for whoever asked.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Piece(error) => error.kind(),
            Self::Output(error) => error.kind(),
            Self::Interrupted(_) => ErrorKind::Interrupted,
            Self::Unfinished { .. } => ErrorKind::Other,
        }
    }
}

/// A medium on which everything is written but what it cannot be read without.
#[must_use]
#[derive(Debug)]
pub struct Filled {
    pub(crate) regions: Regions,
    pub(crate) summary: Summary,
    pub(crate) output: Output,
}

impl Complete {
    /// Writes everything but the anchors to `output`, which was begun for as many bytes as the medium has.
    ///
    /// # Errors
    /// [`FillError`]; the output is then dropped, and a file with it.
    pub fn fill(self, crew: &Crew, observer: &dyn Observer, output: Output) -> Result<Filled, FillError> {
        let Self { regions, payloads, summary } = self;
        Filling { regions: &regions, payloads: &payloads }.fill(crew, observer, &output)?;
        Ok(Filled { regions, summary, output })
    }
}

/// A medium that is being filled.
#[derive(Clone, Copy)]
struct Filling<'a> {
    regions: &'a Regions,
    /// What the regions name by number.
    payloads: &'a [Payload],
}

/// What a thread keeps from run to run.
struct Hands {
    run: AlignedBuf,
    piece: Vec<u8>,
}

impl Filling<'_> {
    fn fill(self, crew: &Crew, observer: &dyn Observer, output: &Output) -> Result<(), FillError> {
        self.blank_anchors(output)?;
        let ranges = written(self.regions, output.is_fresh());
        let total = ranges.iter().map(|range| range.end - range.start).sum();
        observer.event(Event::Begin { task: "pressing", total, unit: Unit::Bytes });
        for range in &ranges {
            output.reserve(range.start, range.end - range.start).map_err(FillError::Output)?;
        }
        let target = (MEMORY / crew.threads() as u64).clamp(MIB, LONG_RUN);
        let runs = Cutter { regions: self.regions, payloads: self.payloads, target }.runs(ranges);
        let edges = Edges::new(self.regions.total().0);
        crew.each(runs, Hands::new, |hands, run| {
            self.write_run(hands, &run, &edges, output)?;
            observer.event(Event::Advance(run.end - run.start));
            Ok::<_, FillError>(())
        })?;
        observer.event(Event::End);
        edges.unfinished().map_or(Ok(()), |offset| Err(FillError::Unfinished { offset }))
    }

    /// A device may still hold the anchors of what was on it before: they go first.
    fn blank_anchors(self, output: &Output) -> Result<(), FillError> {
        if output.is_fresh() {
            return Ok(());
        }
        for region in self.regions.iter().filter(|region| region.stage == Stage::Anchor) {
            let zeros = vec![0; region.len.0 as usize];
            output.write_at(region.start.0, &zeros).map_err(FillError::Output)?;
        }
        output.sync().map_err(FillError::Output)
    }

    fn write_run(
        self,
        hands: &mut Hands,
        run: &Range<u64>,
        edges: &Edges,
        output: &Output,
    ) -> Result<(), FillError> {
        let bytes = self.assemble(hands, run)?;
        let split = |at: u64| (at.clamp(run.start, run.end) - run.start) as usize;
        // What reaches the end of the medium shares its last block with nobody.
        let total = self.regions.total().0;
        let end = if run.end == total { total } else { run.end - run.end % BLOCK };
        let (head, rest) = bytes.split_at(split(run.start.next_multiple_of(BLOCK)));
        let (inner, tail) = rest.split_at(split(end).saturating_sub(head.len()));
        let put = |at: u64, bytes: &[u8]| output.write_at(at, bytes).map_err(FillError::Output);
        let share = |at: u64, bytes: &[u8]| {
            let whole: Option<Whole> = if bytes.is_empty() { None } else { edges.add(at, bytes) };
            whole.map_or(Ok(()), |whole| put(whole.start, whole.bytes()))
        };
        share(run.start, head)?;
        if !inner.is_empty() {
            put(run.start + head.len() as u64, inner)?;
        }
        share(run.end - tail.len() as u64, tail)
    }

    /// The bytes of a run, placed in memory as they will lie on the medium's blocks.
    fn assemble<'h>(self, hands: &'h mut Hands, run: &Range<u64>) -> Result<&'h [u8], FillError> {
        let lead = (run.start % BLOCK) as usize;
        let len = (run.end - run.start) as usize;
        if hands.run.len() < lead + len {
            hands.run = AlignedBuf::new((lead + len).next_multiple_of(BLOCK as usize));
        }
        let bytes = &mut hands.run[lead..lead + len];
        for region in self.regions.within(run.clone()) {
            let start = region.start.0.max(run.start);
            let end = region.range().end.min(run.end);
            let part = &mut bytes[(start - run.start) as usize..(end - run.start) as usize];
            match region.content {
                _ if region.stage == Stage::Anchor => part.fill(0),
                Content::Payload { source, offset } => {
                    let payload = &self.payloads[source as usize];
                    copy_pieces(
                        &Placed { payload, region, offset: offset.0 },
                        start,
                        part,
                        &mut hands.piece,
                    )?;
                }
                _ => region.fill(start - region.start.0, part),
            }
        }
        Ok(&hands.run[lead..lead + len])
    }
}

/// A payload where it lies on a medium.
struct Placed<'a> {
    payload: &'a Payload,
    region: &'a Region,
    /// Where in the payload the region starts.
    offset: u64,
}

/// Fills `part`, which lies at `start` of the medium, with the pieces of a payload.
fn copy_pieces(placed: &Placed, start: u64, part: &mut [u8], spare: &mut Vec<u8>) -> Result<(), FillError> {
    let pieces = &placed.payload.pieces;
    let mut at = start;
    let mut rest = part;
    while !rest.is_empty() {
        let number = pieces.holding(at - placed.region.start.0 + placed.offset);
        let piece = pieces.range(number);
        let here = on_medium(placed.region, placed.offset, &piece);
        let len = rest.len().min((here.end - at) as usize);
        let (now, later) = rest.split_at_mut(len);
        copy_piece(
            placed.payload,
            number,
            at - placed.region.start.0 + placed.offset - piece.start,
            now,
            spare,
        )?;
        at += len as u64;
        rest = later;
    }
    Ok(())
}

/// Fills `part` with a piece from byte `from` of it on. A piece that does not lie in one run is read for each.
fn copy_piece(
    payload: &Payload,
    number: usize,
    from: u64,
    part: &mut [u8],
    spare: &mut Vec<u8>,
) -> Result<(), FillError> {
    let range = payload.pieces.range(number);
    let len = (range.end - range.start) as usize;
    if part.len() == len {
        return payload.read_piece(number, part).map_err(FillError::Piece);
    }
    spare.resize(len, 0);
    payload.read_piece(number, spare).map_err(FillError::Piece)?;
    part.copy_from_slice(&spare[from as usize..from as usize + part.len()]);
    Ok(())
}

impl Hands {
    fn new() -> Self {
        Self { run: AlignedBuf::new(0), piece: Vec::new() }
    }
}
