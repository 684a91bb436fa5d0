//! Which frame is taken from where. Every frame that is missing stands in the queue of the nearest source that may have
//! it; one that cannot be had there, or is not right, goes on to the queue of the next source. So the network is asked
//! for what no medium can give any more, and for nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use formats::kind::ErrorKind;
use formats::layer::FrameDamaged;
use host::Stop;

use super::error::ClientError;
use super::tuner::Tuner;

/// A frame: the number of its layer on the board, and its number in the layer.
pub type Spot = (usize, usize);

/// How often whoever waits looks whether somebody asked to stop.
const PATIENCE: Duration = Duration::from_millis(100);
/// So many frames that cannot be had one after the other, and a medium is not asked any more.
pub const GIVE_UP: u32 = 8;

/// What the board has to know of the sources: which may have a frame, and whether they are asked twice.
pub trait Seats: Sync {
    /// How many sources there are, the nearest first.
    fn count(&self) -> usize;
    /// Whether a source may have a frame, as far as it can tell.
    fn may_have(&self, source: usize, spot: Spot) -> bool;
    /// Whether a source is the network: what it gives is wrong on the way now and then, and is asked for once more.
    fn is_network(&self, source: usize) -> bool;
    /// How long a frame is as it is stored, in bytes.
    fn len(&self, spot: Spot) -> u64;
}

/// Frames of one layer that lie behind each other, for one source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// The layer's number on the board.
    pub layer: usize,
    /// The frames' numbers.
    pub frames: Vec<usize>,
}

/// What a source gave, and what became of it.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Of each layer, how many frames and how many bytes.
    pub taken: BTreeMap<usize, (u64, u64)>,
    /// How many frames were not what was written.
    pub wrong: u64,
    /// How many could not be had.
    pub unreadable: u64,
    /// Why it was left out, and what that means.
    pub out: Option<(ErrorKind, String)>,
    /// What it said last of a frame that it did not give.
    pub last: Option<String>,
    in_a_row: u32,
}

/// A frame that no source has.
#[derive(Debug)]
pub struct Loss {
    /// Which frame.
    pub frame: usize,
    /// What the last source gave, where that was something.
    pub damage: Option<Box<FrameDamaged>>,
}

struct State {
    /// Of each source, the frames that wait for it.
    queues: Vec<BTreeSet<Spot>>,
    /// Of each source, how many frames it was asked for and has not given yet.
    asked: Vec<usize>,
    tallies: Vec<Tally>,
    /// Frames that the network gave wrong once.
    again: BTreeSet<Spot>,
    /// Of each layer, how many frames are missing.
    left: Vec<usize>,
    /// Layers whose frames are all here, and that nobody was told of.
    complete: Vec<usize>,
    lost: BTreeMap<usize, Loss>,
    /// Whether nobody gets frames any more.
    ended: bool,
    fatal: Option<ClientError>,
    tuner: Tuner,
}

/// The board.
pub struct Board<'a> {
    seats: &'a dyn Seats,
    stop: &'a Stop,
    begun: Instant,
    state: Mutex<State>,
    changed: Condvar,
}

impl<'a> Board<'a> {
    /// A board of the frames that are missing of each layer.
    pub fn new(seats: &'a dyn Seats, stop: &'a Stop, missing: &[Vec<usize>]) -> Self {
        let count = seats.count();
        let state = State {
            queues: vec![BTreeSet::new(); count],
            asked: vec![0; count],
            tallies: vec![Tally::default(); count],
            again: BTreeSet::new(),
            left: missing.iter().map(Vec::len).collect(),
            complete: (0..missing.len()).filter(|layer| missing[*layer].is_empty()).collect(),
            lost: BTreeMap::new(),
            ended: false,
            fatal: None,
            tuner: Tuner::new(),
        };
        let board =
            Self { seats, stop, begun: Instant::now(), state: Mutex::new(state), changed: Condvar::new() };
        let mut state = board.lock();
        for (layer, frames) in missing.iter().enumerate() {
            frames.iter().for_each(|frame| board.place(&mut state, (layer, *frame), 0, None));
        }
        drop(state);
        board
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a frame into the queue of the nearest source from `first` on that may have it.
    fn place(&self, state: &mut State, spot: Spot, first: usize, damage: Option<Box<FrameDamaged>>) {
        let may = |source: &usize| state.tallies[*source].out.is_none() && self.seats.may_have(*source, spot);
        match (first..self.seats.count()).find(may) {
            Some(source) => drop(state.queues[source].insert(spot)),
            None => {
                let (layer, frame) = spot;
                let is_wrong = damage.is_some();
                state.lost.entry(layer).or_insert(Loss { frame, damage });
                // What lies to us does so again; what is missing may be brought by the next medium.
                if is_wrong {
                    (0..self.seats.count())
                        .filter(|source| self.seats.is_network(*source))
                        .for_each(|source| state.queues[source].retain(|(other, _)| *other != layer));
                }
            }
        }
    }

    /// The next frames for a source, at most `most` bytes of them but at least one; `None` when there will be no more.
    /// Of the network's workers, the one with this number waits while fewer requests are to be under way.
    pub fn take(&self, source: usize, worker: usize, most: u64) -> Option<Batch> {
        let mut state = self.lock();
        loop {
            if state.ended || self.stop.is_set() || state.is_over_for(source) {
                return None;
            }
            let may_work = !self.seats.is_network(source) || worker < state.tuner.allowed();
            if let Some(batch) = may_work.then(|| self.draw(&mut state, source, most)).flatten() {
                return Some(batch);
            }
            state = self.wait(state);
        }
    }

    fn wait<'g>(&self, state: MutexGuard<'g, State>) -> MutexGuard<'g, State> {
        self.changed.wait_timeout(state, PATIENCE).unwrap_or_else(PoisonError::into_inner).0
    }

    fn draw(&self, state: &mut State, source: usize, most: u64) -> Option<Batch> {
        let queue = &mut state.queues[source];
        let (layer, first) = queue.pop_first()?;
        let mut batch = Batch { layer, frames: vec![first] };
        // What was wrong once is asked for alone.
        let is_again = |spot: &Spot| state.again.contains(spot);
        let mut len = self.seats.len((layer, first));
        let mut next = (layer, first + 1);
        while !is_again(&(layer, first)) && !is_again(&next) && queue.contains(&next) {
            len = len.saturating_add(self.seats.len(next));
            if len > most {
                break;
            }
            queue.remove(&next);
            batch.frames.push(next.1);
            next.1 += 1;
        }
        state.asked[source] += batch.frames.len();
        Some(batch)
    }

    /// How many bytes of frames wait for a source, up to `most`.
    pub fn waiting(&self, source: usize, most: u64) -> u64 {
        let state = self.lock();
        let mut sum = 0;
        for spot in &state.queues[source] {
            sum += self.seats.len(*spot);
            if sum >= most {
                break;
            }
        }
        sum.min(most)
    }

    /// A frame is here.
    pub fn done(&self, source: usize, spot: Spot) {
        let len = self.seats.len(spot);
        let mut state = self.lock();
        state.asked[source] -= 1;
        let tally = &mut state.tallies[source];
        let taken = tally.taken.entry(spot.0).or_default();
        *taken = (taken.0 + 1, taken.1 + len);
        tally.in_a_row = 0;
        state.left[spot.0] -= 1;
        if state.left[spot.0] == 0 {
            state.complete.push(spot.0);
        }
        if self.seats.is_network(source) {
            state.tuner.came(len, self.begun.elapsed());
        }
        self.changed.notify_all();
    }

    /// What a source gave for a frame is not what was written.
    pub fn wrong(&self, source: usize, spot: Spot, damage: FrameDamaged) {
        let mut state = self.lock();
        state.asked[source] -= 1;
        state.tallies[source].wrong += 1;
        state.tallies[source].last = Some(damage.to_string());
        if self.seats.is_network(source) && state.again.insert(spot) {
            state.queues[source].insert(spot);
        } else {
            self.place(&mut state, spot, source + 1, Some(Box::new(damage)));
        }
        self.changed.notify_all();
    }

    /// A source did not give the first of these frames, and was not asked for the others.
    pub fn refused(&self, source: usize, batch: &Batch, reason: &str) {
        let mut state = self.lock();
        state.asked[source] -= batch.frames.len();
        let mut frames = batch.frames.iter().map(|frame| (batch.layer, *frame));
        if let Some(first) = frames.next() {
            self.place(&mut state, first, source + 1, None);
        }
        state.queues[source].extend(frames);
        let tally = &mut state.tallies[source];
        tally.unreadable += 1;
        tally.last = Some(reason.into());
        tally.in_a_row += 1;
        // Where nobody else is to be asked, asking on costs nothing but time.
        let is_out = tally.in_a_row >= GIVE_UP;
        if is_out && state.tallies.iter().skip(source + 1).any(|other| other.out.is_none()) {
            let out = format!("{GIVE_UP} frames one after the other cannot be read, the last one: {reason}");
            self.put_out(&mut state, source, (ErrorKind::Unreachable, out));
        }
        self.changed.notify_all();
    }

    /// A source has nothing of a layer after all; these frames it was asked for last.
    pub fn withdraw(&self, source: usize, batch: &Batch, reason: &str) {
        let mut state = self.lock();
        state.asked[source] -= batch.frames.len();
        state.tallies[source].last = Some(reason.into());
        let mut spots: Vec<Spot> = batch.frames.iter().map(|frame| (batch.layer, *frame)).collect();
        spots.extend(state.queues[source].range((batch.layer, 0)..(batch.layer + 1, 0)));
        for spot in spots {
            state.queues[source].remove(&spot);
            self.place(&mut state, spot, source + 1, None);
        }
        self.changed.notify_all();
    }

    /// Gives frames back that a source was not asked for after all.
    pub fn give_back(&self, source: usize, batch: &Batch) {
        let mut state = self.lock();
        state.asked[source] -= batch.frames.len();
        state.queues[source].extend(batch.frames.iter().map(|frame| (batch.layer, *frame)));
        self.changed.notify_all();
    }

    /// A source is not asked any more; these frames it was asked for last.
    pub fn leave_out(&self, source: usize, batch: &Batch, kind: ErrorKind, reason: String) {
        let mut state = self.lock();
        state.asked[source] -= batch.frames.len();
        state.queues[source].extend(batch.frames.iter().map(|frame| (batch.layer, *frame)));
        self.put_out(&mut state, source, (kind, reason));
        self.changed.notify_all();
    }

    fn put_out(&self, state: &mut State, source: usize, reason: (ErrorKind, String)) {
        state.tallies[source].out.get_or_insert(reason);
        for spot in std::mem::take(&mut state.queues[source]) {
            self.place(state, spot, source + 1, None);
        }
    }

    /// Nothing more can be done at all.
    pub fn fail(&self, error: ClientError) {
        let mut state = self.lock();
        state.ended = true;
        state.fatal.get_or_insert(error);
        self.changed.notify_all();
    }

    /// Nobody gets frames any more.
    pub fn end(&self) {
        self.lock().ended = true;
        self.changed.notify_all();
    }

    /// Whether nobody gets frames any more.
    pub fn is_ended(&self) -> bool {
        self.lock().ended
    }

    /// The next layer whose frames are all here; `None` when there will be no more.
    pub fn next_complete(&self) -> Result<Option<usize>, ClientError> {
        let mut state = self.lock();
        loop {
            if let Some(error) = state.fatal.take() {
                state.ended = true;
                return Err(error);
            }
            self.stop.check()?;
            if !state.complete.is_empty() {
                return Ok(Some(state.complete.remove(0)));
            }
            if (0..self.seats.count()).all(|source| state.is_over_for(source)) {
                return Ok(None);
            }
            state = self.wait(state);
        }
    }

    /// What each source gave, and of each layer the first frame that no source has.
    pub fn close(self) -> (Vec<Tally>, BTreeMap<usize, Loss>) {
        let state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        (state.tallies, state.lost)
    }
}

impl State {
    /// Whether nothing waits for a source, and nothing will: what nearer sources were asked for may still go on to it.
    fn is_over_for(&self, source: usize) -> bool {
        let queues = self.queues.iter().zip(&self.asked).take(source + 1);
        queues.into_iter().all(|(queue, asked)| queue.is_empty() && *asked == 0)
    }
}
