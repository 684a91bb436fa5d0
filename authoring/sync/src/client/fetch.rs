//! Takes the frames that are missing from where the board says, by many threads: media in order by few, the network by as
//! many as the line gets quicker by. Each frame is compared with its digest before it is written.

use std::ops::ControlFlow;
use std::thread;

use formats::kind::{ErrorKind, with_causes};
use formats::layer::Frame;
use host::{Event, Observer, Stop, contain};

use super::board::{Batch, Board, Seats, Spot, Tally};
use super::error::ClientError;
use super::source::{SourceError, SourceKind};
use super::survey::Surveyed;
use super::tuner;

/// How much is asked of a medium at once, in bytes.
const MEDIUM_BATCH: u64 = 32 << 20;
/// How much is asked of the network at once, in bytes.
const NETWORK_BATCH: u64 = 8 << 20;

/// Less than this is not worth the way there and back, in bytes.
const LEAST_BATCH: u64 = 512 << 10;

/// The layers that are being fetched, and the kinds of the sources.
pub struct Fetch<'a> {
    /// The layers.
    pub layers: &'a [Surveyed<'a>],
    /// The sources' kinds, the nearest first.
    pub kinds: &'a [SourceKind],
    /// What asks to stop.
    pub stop: &'a Stop,
    /// Who hears of progress.
    pub observer: &'a dyn Observer,
}

/// What came of it.
pub struct Fetched {
    /// What each source gave.
    pub tallies: Vec<Tally>,
    /// Why layers are not complete, by their number.
    pub failures: Vec<(usize, ClientError)>,
}

impl Seats for Fetch<'_> {
    fn count(&self) -> usize {
        self.kinds.len()
    }

    fn may_have(&self, source: usize, (layer, frame): Spot) -> bool {
        self.layers.get(layer).is_some_and(|layer| layer.may_have(source, frame))
    }

    fn is_network(&self, source: usize) -> bool {
        self.kinds.get(source) == Some(&SourceKind::Network)
    }

    fn len(&self, (layer, frame): Spot) -> u64 {
        self.layers.get(layer).map_or(0, |layer| layer.len(frame))
    }
}

impl Fetch<'_> {
    /// How many bytes are missing.
    pub fn total(&self) -> u64 {
        let missing = |layer: &Surveyed<'_>| layer.missing.iter().map(|frame| layer.len(*frame)).sum::<u64>();
        self.layers.iter().map(missing).sum()
    }

    /// Takes all frames that can be had; `complete` is told of each layer as soon as all its frames are here. What came
    /// is told in any case, and beside it what ended all work early: the disk is full, somebody asked to stop, or the
    /// error of `complete`.
    pub fn run(
        &self,
        mut complete: impl FnMut(usize) -> Result<(), ClientError>,
    ) -> (Fetched, Result<(), ClientError>) {
        let missing: Vec<_> = self.layers.iter().map(|layer| layer.missing.clone()).collect();
        let board = Board::new(self, self.stop, &missing);
        let outcome = thread::scope(|scope| {
            for (source, kind) in self.kinds.iter().enumerate() {
                for worker in 0..workers(*kind) {
                    let board = &board;
                    scope.spawn(move || {
                        // The others would wait for its frames.
                        if let Err(panicked) = contain(|| self.work(board, source, worker)) {
                            board.fail(panicked.into());
                        }
                    });
                }
            }
            let outcome = gather(&board, &mut complete);
            // Whoever is at work still is to end.
            board.end();
            outcome
        });
        let (tallies, lost) = board.close();
        let failures = lost.into_iter().map(|(layer, loss)| {
            let uuid = self.layers.get(layer).map(|layer| layer.descriptor.uuid).unwrap_or_default();
            (layer, ClientError::Lost { layer: uuid, frame: loss.frame, damage: loss.damage })
        });
        (Fetched { tallies, failures: failures.collect() }, outcome)
    }

    /// What a thread does for a source until there is nothing more to do.
    fn work(&self, board: &Board<'_>, source: usize, worker: usize) {
        while let Some(batch) = board.take(source, worker, self.most(board, source)) {
            self.fetch(board, source, batch);
        }
    }

    /// How much is asked for at once: of the network not so much that one request is left alone at the end.
    fn most(&self, board: &Board<'_>, source: usize) -> u64 {
        if !self.is_network(source) {
            return MEDIUM_BATCH;
        }
        let whole = NETWORK_BATCH * tuner::MOST as u64;
        (board.waiting(source, whole) / tuner::MOST as u64).max(LEAST_BATCH)
    }

    fn fetch(&self, board: &Board<'_>, source: usize, batch: Batch) {
        let Some(layer) = self.layers.get(batch.layer) else { return };
        let frames: Vec<Frame> =
            batch.frames.iter().filter_map(|number| layer.making.frames().frame(*number)).collect();
        let mut given = 0;
        let mut broken = false;
        let outcome = match layer.offer(source) {
            Some(offer) => offer.read(&frames, &mut |frame, bytes| {
                // Whatever a source hands over: what is taken is what was asked for, in order.
                if self.stop.is_set() || board.is_ended() || frames.get(given) != Some(frame) {
                    broken = true;
                    return ControlFlow::Break(());
                }
                given += 1;
                self.judge(board, source, (batch.layer, frame), bytes)
            }),
            None => Ok(()),
        };
        let rest = Batch { layer: batch.layer, frames: batch.frames.get(given..).unwrap_or_default().into() };
        self.settle(board, source, rest, outcome.map(|()| broken));
    }

    /// Compares a frame with its digest, and writes it.
    fn judge(
        &self,
        board: &Board<'_>,
        source: usize,
        (layer, frame): (usize, &Frame),
        bytes: &[u8],
    ) -> ControlFlow<()> {
        let spot = (layer, frame.number);
        let Some(layer) = self.layers.get(layer) else { return ControlFlow::Break(()) };
        match layer.making.frames().check(frame, bytes) {
            Ok(()) => match layer.making.write(frame, bytes) {
                Ok(()) => {
                    board.done(source, spot);
                    self.observer.event(Event::Advance(bytes.len() as u64));
                }
                Err(error) => {
                    board.fail(error);
                    return ControlFlow::Break(());
                }
            },
            Err(damage) => board.wrong(source, spot, damage),
        }
        ControlFlow::Continue(())
    }

    /// What becomes of the frames that a source did not give.
    fn settle(&self, board: &Board<'_>, source: usize, rest: Batch, outcome: Result<bool, SourceError>) {
        if rest.frames.is_empty() {
            return;
        }
        match outcome {
            _ if self.stop.is_set() || board.is_ended() => board.give_back(source, &rest),
            Ok(_) => board.refused(source, &rest, "it gave something else than it was asked for"),
            Err(SourceError::Http(error)) if error.is_missing() => {
                board.withdraw(source, &rest, &error.to_string());
            }
            Err(error) if self.is_network(source) => {
                let kind = error.kind();
                board.leave_out(source, &rest, kind, with_causes(&error));
            }
            Err(SourceError::Lies { reason }) => {
                board.leave_out(source, &rest, ErrorKind::Corrupt, reason);
            }
            Err(error) => board.refused(source, &rest, &with_causes(&error)),
        }
    }
}

/// Tells of each layer whose frames are all here, until there will be no more.
fn gather(
    board: &Board<'_>,
    complete: &mut impl FnMut(usize) -> Result<(), ClientError>,
) -> Result<(), ClientError> {
    while let Some(layer) = board.next_complete()? {
        complete(layer)?;
    }
    Ok(())
}

/// How many threads take from a source. Optical media seek slowly: they are read by one alone.
fn workers(kind: SourceKind) -> usize {
    match kind {
        SourceKind::Local | SourceKind::Dvd => 1,
        SourceKind::Usb => 2,
        SourceKind::Network => tuner::MOST,
    }
}

#[cfg(test)]
mod tests;
