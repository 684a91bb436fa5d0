//! Fill: writes the regions of a medium, in any order and on all threads, each piece of a payload read, checked and
//! written once. Knows regions and payloads, and no format.
//!
//! What the medium cannot be read without ([`Stage::Anchor`]) stays zero here; [`crate::seal`] writes it.

use std::ops::Range;

use formats::region::{Regions, Stage};
use formats::units::MIB;
use host::{AlignedBuf, Crew, ErrorKind, Event, HostError, Interrupted, Observer, Output, Unit};

use crate::assemble::Assembler;
use crate::complete::{Complete, Summary};
use crate::edges::{Edges, Whole};
use crate::payload::{Payload, PieceError};
use crate::runs::{BLOCK, Cutter, written};

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
    /// A file that was to be added changed, or went away, after the medium was planned.
    #[error("{name} changed while the medium was pressed: press again when nothing writes to it")]
    Changed {
        /// The file.
        name: String,
        /// What shows it.
        source: Box<PieceError>,
    },
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
    /// What it means for a medium that a payload cannot be had.
    pub(crate) fn of(payload: &Payload, source: PieceError) -> Self {
        match payload.may_change {
            true => Self::Changed { name: payload.name.to_string(), source: Box::new(source) },
            false => Self::Piece(source),
        }
    }

    /// What it means for whoever asked.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Piece(error) => error.kind(),
            Self::Output(error) => error.kind(),
            Self::Interrupted(_) => ErrorKind::Interrupted,
            Self::Changed { .. } | Self::Unfinished { .. } => ErrorKind::Other,
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
        let medium = Assembler { regions: &regions, payloads: &payloads };
        let target = (MEMORY / crew.threads() as u64).clamp(MIB, LONG_RUN);
        let filling = Filling { medium, output: &output, leave_out_zeros: output.is_fresh(), target };
        filling.fill(crew, observer)?;
        Ok(Filled { regions, summary, output })
    }
}

/// A medium that is being filled.
#[derive(Clone, Copy)]
struct Filling<'a> {
    medium: Assembler<'a>,
    output: &'a Output,
    /// Whether the output has zeros where nothing is written.
    leave_out_zeros: bool,
    /// How long a run should be, in bytes.
    target: u64,
}

/// What a thread keeps from run to run.
struct Hands {
    run: AlignedBuf,
    piece: Vec<u8>,
}

impl Filling<'_> {
    fn fill(self, crew: &Crew, observer: &dyn Observer) -> Result<(), FillError> {
        let Assembler { regions, payloads } = self.medium;
        self.blank_anchors()?;
        let ranges = written(regions, self.leave_out_zeros);
        let total = ranges.iter().map(|range| range.end - range.start).sum();
        observer.event(Event::Begin { task: "pressing", total, unit: Unit::Bytes });
        for range in &ranges {
            self.output.reserve(range.start, range.end - range.start).map_err(FillError::Output)?;
        }
        let runs = Cutter { regions, payloads, target: self.target }.runs(ranges);
        let edges = Edges::new(regions.total().0);
        crew.each(runs, Hands::new, |hands, run| {
            self.write_run(hands, &run, &edges)?;
            observer.event(Event::Advance(run.end - run.start));
            Ok::<_, FillError>(())
        })?;
        observer.event(Event::End);
        edges.unfinished().map_or(Ok(()), |offset| Err(FillError::Unfinished { offset }))
    }

    /// A device may still hold the anchors of what was on it before: they go first.
    fn blank_anchors(self) -> Result<(), FillError> {
        if self.leave_out_zeros {
            return Ok(());
        }
        for region in self.medium.regions.iter().filter(|region| region.stage == Stage::Anchor) {
            self.put(region.start.0, &vec![0; region.len.0 as usize])?;
        }
        self.output.sync().map_err(FillError::Output)
    }

    fn write_run(self, hands: &mut Hands, run: &Range<u64>, edges: &Edges) -> Result<(), FillError> {
        let bytes = place(&mut hands.run, run);
        self.medium.assemble(run, bytes, &mut hands.piece)?;
        let split = |at: u64| (at.clamp(run.start, run.end) - run.start) as usize;
        // What reaches the end of the medium shares its last block with nobody behind it.
        let is_last = run.end == self.medium.regions.total().0;
        let end = if is_last { run.end } else { run.end - run.end % BLOCK };
        let (head, rest) = bytes.split_at(split(run.start.next_multiple_of(BLOCK)));
        let (inner, tail) = rest.split_at(split(end).saturating_sub(head.len()));
        self.share(edges, run.start, head)?;
        self.put(run.start + head.len() as u64, inner)?;
        self.share(edges, run.end - tail.len() as u64, tail)
    }

    fn put(self, at: u64, bytes: &[u8]) -> Result<(), FillError> {
        if bytes.is_empty() {
            return Ok(());
        }
        self.output.write_at(at, bytes).map_err(FillError::Output)
    }

    /// Gives away a part of a block; the block is written when that was its last part, and not before larger writes.
    fn share(self, edges: &Edges, at: u64, bytes: &[u8]) -> Result<(), FillError> {
        let whole: Option<Whole> = if bytes.is_empty() { None } else { edges.add(at, bytes) };
        let later = |whole: Whole| self.output.write_later(whole.start, whole.bytes());
        whole.map_or(Ok(()), |whole| later(whole).map_err(FillError::Output))
    }
}

impl Hands {
    fn new() -> Self {
        Self { run: AlignedBuf::new(0), piece: Vec::new() }
    }
}

/// Memory for a run, placed as the run will lie on the medium's blocks.
fn place<'b>(buf: &'b mut AlignedBuf, run: &Range<u64>) -> &'b mut [u8] {
    let lead = (run.start % BLOCK) as usize;
    let end = lead + (run.end - run.start) as usize;
    if buf.len() < end {
        *buf = AlignedBuf::new(end.next_multiple_of(BLOCK as usize));
    }
    &mut buf[lead..end]
}

#[cfg(test)]
mod tests;
