//! Writing a disk: large pieces at once, the two ends last, and everything compared with what is read back.
//!
//! The disk is divided into MiB. One that comes whole is written as it comes; of others the sectors are gathered. The
//! first MiB, and those that hold the last MiB of the image, stay in memory until all else was compared: without
//! both copies of its partition table no disk starts.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::cell::{RefCell, RefMut};

use deploy::{Target, TargetError};
use formats::digest::{Hasher, Sha256};
use formats::io::ReadError;
use formats::units::{ByteLen, ByteOffset, MIB};

use super::gather::{Chunk, write_aligned};
use super::meter::Meter;
use super::tally::{SECTOR, Tally};
use crate::desk::Desk;
use crate::machine::Disk;
use crate::page::Phase;

/// How many MiB are gathered at once, at most.
const MOST_OPEN: usize = 32;
/// How many MiB are written, or read back, at once.
const AT_ONCE: u64 = 4;

/// What a disk did wrong.
pub(super) enum Fault {
    /// It does not take bytes.
    Write(TargetError),
    /// It does not give them back.
    Read(ReadError),
    /// It gives others back, in the MiB at this place.
    Differs(ByteOffset),
    /// It was not given all of this MiB.
    Incomplete(ByteOffset),
}

/// A disk that is being written.
pub(super) struct Writer<'a, 'd> {
    disk: &'a dyn Disk,
    /// How long the image is.
    size: u64,
    /// What is written at once where there is nothing. It would make a program in firmware larger by as much.
    zeros: Vec<u8>,
    state: RefCell<State<'a, 'd>>,
}

struct State<'a, 'd> {
    meter: Meter<'a, 'd>,
    tally: Tally,
    /// What is gathered, by the number of the MiB.
    open: BTreeMap<u64, Chunk>,
    /// Which of them were begun first.
    turn: u64,
    has_begun: bool,
}

impl<'a, 'd> Writer<'a, 'd> {
    /// A writer that has touched nothing yet.
    pub(super) fn new(disk: &'a dyn Disk, size: u64, meter: Meter<'a, 'd>) -> Self {
        let state =
            State { meter, tally: Tally::new(size), open: BTreeMap::new(), turn: 0, has_begun: false };
        let zeros = alloc::vec![0; (AT_ONCE * MIB) as usize];
        Self { disk, size, zeros, state: RefCell::new(state) }
    }

    /// Who tells what is done.
    pub(super) fn desk(&mut self) -> &mut Desk<'d> {
        self.state.get_mut().meter.desk
    }

    /// Counts from here on something else.
    pub(super) fn begin(&mut self, phase: Phase) {
        self.state.get_mut().meter.begin(phase);
    }

    /// Whether anything was written.
    pub(super) fn has_begun(&self) -> bool {
        self.state.borrow().has_begun
    }

    /// Where the MiB start that are written last, but for the first one.
    fn tail(&self) -> u64 {
        self.size.saturating_sub(MIB) / MIB * MIB
    }

    fn is_withheld(&self, number: u64) -> bool {
        number == 0 || number >= self.tail() / MIB
    }

    /// How long the MiB with this number is: the last one may be shorter.
    fn len_of(&self, number: u64) -> usize {
        (self.size.saturating_sub(number * MIB)).min(MIB) as usize
    }

    /// Before the first byte is written: whatever was on the disk shall not start any more.
    fn make_unbootable(&self, state: &mut State<'_, '_>) -> Result<(), TargetError> {
        if core::mem::replace(&mut state.has_begun, true) {
            return Ok(());
        }
        self.wipe()
    }

    /// Makes zeros of all that could start the disk: its first MiB, where the image's copy of a partition table goes, and
    /// the last MiB of the disk, where an older one would be. It sees that they are zeros.
    pub(super) fn wipe(&self) -> Result<(), TargetError> {
        let end = self.disk.size().0;
        let places = [
            (0, MIB.min(end)),
            (self.tail().max(MIB), self.size),
            (end.saturating_sub(MIB).max(self.size), end),
        ];
        // What can be made zeros is, also where another place fails.
        let zeroed = places.map(|(from, to)| self.zero(from, to));
        self.disk.flush()?;
        zeroed.into_iter().collect::<Result<(), _>>()?;
        places.into_iter().try_for_each(|(from, to)| self.see_zeros(from, to))
    }

    /// Reads back what was made zeros.
    fn see_zeros(&self, from: u64, to: u64) -> Result<(), TargetError> {
        let mut bytes = alloc::vec![0; MIB as usize];
        for at in (from..to).step_by(MIB as usize) {
            let piece = bytes.get_mut(..(to - at).min(MIB) as usize).unwrap_or_default();
            let place = ByteOffset(at);
            self.disk.read_at(place, piece).map_err(|error| TargetError::refused(place, error))?;
            if piece.iter().any(|byte| *byte != 0) {
                return Err(TargetError::refused(place, "the disk does not keep what is written to it"));
            }
        }
        Ok(())
    }

    /// Makes zeros of whole sectors of the disk, from the one that holds `from` on.
    fn zero(&self, from: u64, to: u64) -> Result<(), TargetError> {
        let sector = u64::from(self.disk.about().sector_size.max(1));
        let to = to.next_multiple_of(sector).min(self.disk.size().0);
        let mut at = from / sector * sector;
        while at < to {
            let len = (to - at).min(self.zeros.len() as u64);
            self.disk.write_at(ByteOffset(at), self.zeros.get(..len as usize).unwrap_or_default())?;
            at += len;
        }
        Ok(())
    }

    /// Writes `bytes` at `offset`, piece by piece.
    fn put(&self, offset: u64, bytes: &[u8], state: &mut State<'_, '_>) -> Result<(), TargetError> {
        let mut at = offset;
        let mut rest = bytes;
        while !rest.is_empty() {
            let whole = self.whole(at, rest.len(), state);
            let len = match whole {
                0 => (MIB - at % MIB).min(rest.len() as u64) as usize,
                whole => whole,
            };
            let (piece, behind) = rest.split_at(len.min(rest.len()));
            match whole {
                0 => self.gather(at, piece, state)?,
                _ => self.disk.write_at(ByteOffset(at), piece)?,
            }
            at += len as u64;
            rest = behind;
        }
        Ok(())
    }

    /// How many bytes from `at` on are MiB that can be written at once: whole, not gathered yet, and not withheld.
    fn whole(&self, at: u64, len: usize, state: &State<'_, '_>) -> usize {
        if !at.is_multiple_of(MIB) {
            return 0;
        }
        let first = at / MIB;
        let is_free = |number: &u64| !self.is_withheld(*number) && !state.open.contains_key(number);
        let count = (first..first + len as u64 / MIB).take_while(is_free).count();
        count.min(AT_ONCE as usize) * MIB as usize
    }

    /// Keeps a piece of a MiB until all of it is there.
    fn gather(&self, at: u64, piece: &[u8], state: &mut State<'_, '_>) -> Result<(), TargetError> {
        let number = at / MIB;
        state.turn += 1;
        let turn = state.turn;
        let chunk = state.open.entry(number).or_insert_with(|| Chunk::new(self.len_of(number)));
        chunk.put((at % MIB) as usize, piece, turn);
        if chunk.is_whole() && !self.is_withheld(number) {
            return self.spill(number, state);
        }
        let withheld = |number: &u64| self.is_withheld(*number);
        let open = state.open.iter().filter(|(number, _)| !withheld(number));
        if open.clone().count() > MOST_OPEN {
            let oldest = open.min_by_key(|(_, chunk)| chunk.turn()).map(|(number, _)| *number);
            return oldest.map_or(Ok(()), |number| self.spill(number, state));
        }
        Ok(())
    }

    /// Writes what was gathered of a MiB.
    fn spill(&self, number: u64, state: &mut State<'_, '_>) -> Result<(), TargetError> {
        match state.open.remove(&number) {
            Some(chunk) => chunk.write(self.disk, number * MIB),
            None => Ok(()),
        }
    }

    /// Writes everything that was gathered and is not withheld, and sees that it stays.
    pub(super) fn flush(&self) -> Result<(), Fault> {
        let mut state = self.state.borrow_mut();
        let numbers: Vec<u64> = state.open.keys().copied().collect();
        for number in numbers {
            match (self.is_withheld(number), state.open.get(&number).is_some_and(Chunk::is_whole)) {
                (true, true) => {}
                (true, false) => return Err(Fault::Incomplete(ByteOffset(number * MIB))),
                (false, _) => self.spill(number, &mut state).map_err(Fault::Write)?,
            }
        }
        self.disk.flush().map_err(Fault::Write)
    }

    /// Reads the disk back, and compares all that is not withheld. It gives the digest of the whole image.
    pub(super) fn compare(&self) -> Result<Sha256, Fault> {
        let mut state = self.state.borrow_mut();
        let mut hasher = Hasher::new();
        let mut bytes = alloc::vec![0; (AT_ONCE * MIB) as usize];
        let mut at = 0;
        while at < self.size {
            let number = at / MIB;
            if let Some(chunk) = state.open.get(&number) {
                hasher.update(chunk.bytes());
                at += chunk.bytes().len() as u64;
                continue;
            }
            let count = (number..number + AT_ONCE).take_while(|number| !self.is_withheld(*number)).count();
            let piece = bytes.get_mut(..count * MIB as usize).filter(|piece| !piece.is_empty());
            let piece = piece.ok_or(Fault::Incomplete(ByteOffset(at)))?;
            self.disk.read_at(ByteOffset(at), piece).map_err(Fault::Read)?;
            for (place, mib) in (at..).step_by(MIB as usize).zip(piece.chunks(MIB as usize)) {
                if !state.tally.agrees(place, mib) {
                    return Err(Fault::Differs(ByteOffset(place)));
                }
            }
            hasher.update(piece);
            at += piece.len() as u64;
            state.meter.advance(piece.len() as u64);
        }
        Ok(hasher.finish())
    }

    /// Writes what was withheld, the first MiB last, and compares it too.
    pub(super) fn release(&self) -> Result<(), Fault> {
        let state = self.state.borrow();
        let mut bytes = Vec::new();
        for (number, chunk) in state.open.iter().rev() {
            let at = number * MIB;
            write_aligned(self.disk, at, chunk.bytes()).map_err(Fault::Write)?;
            self.disk.flush().map_err(Fault::Write)?;
            bytes.resize(chunk.bytes().len(), 0);
            self.disk.read_at(ByteOffset(at), &mut bytes).map_err(Fault::Read)?;
            if bytes != chunk.bytes() {
                return Err(Fault::Differs(ByteOffset(at)));
            }
        }
        Ok(())
    }

    fn state(&self) -> RefMut<'_, State<'a, 'd>> {
        self.state.borrow_mut()
    }
}

impl Target for Writer<'_, '_> {
    fn write_at(&self, offset: ByteOffset, bytes: &[u8]) -> Result<(), TargetError> {
        let mut state = self.state();
        self.make_unbootable(&mut state)?;
        state.tally.add(offset.0, bytes);
        self.put(offset.0, bytes, &mut state)?;
        state.meter.advance(bytes.len() as u64);
        Ok(())
    }

    fn zero_at(&self, offset: ByteOffset, len: ByteLen) -> Result<(), TargetError> {
        let mut state = self.state();
        self.make_unbootable(&mut state)?;
        let end = offset.0.saturating_add(len.0);
        let mut at = offset.0;
        while at < end {
            // Up to the next MiB first, so that what follows is whole ones.
            let most = if at.is_multiple_of(MIB) { self.zeros.len() as u64 } else { MIB - at % MIB };
            let len = (end - at).min(most);
            self.put(at, self.zeros.get(..len as usize).unwrap_or_default(), &mut state)?;
            state.meter.advance(len);
            at += len;
        }
        Ok(())
    }
}

const _: () = assert!(MIB.is_multiple_of(SECTOR as u64));
