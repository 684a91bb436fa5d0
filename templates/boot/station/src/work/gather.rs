//! A MiB of a disk whose sectors come one after the other.

use alloc::vec::Vec;

use deploy::TargetError;
use formats::io::ReadError;
use formats::units::ByteOffset;

use super::tally::SECTOR;
use crate::machine::Disk;

/// A MiB, or the shorter one at the end of an image.
pub(super) struct Chunk {
    bytes: Vec<u8>,
    /// For each sector whether it is there.
    has: Vec<bool>,
    missing: usize,
    turn: u64,
}

impl Chunk {
    /// One of `len` bytes, none of which is there.
    pub(super) fn new(len: usize) -> Self {
        let sectors = len.div_ceil(SECTOR);
        Self { bytes: alloc::vec![0; len], has: alloc::vec![false; sectors], missing: sectors, turn: 0 }
    }

    /// Takes sectors that lie at `at` of it.
    pub(super) fn put(&mut self, at: usize, piece: &[u8], turn: u64) {
        self.turn = turn;
        let Some(place) = self.bytes.get_mut(at..at + piece.len()) else { return };
        place.copy_from_slice(piece);
        let sectors = at / SECTOR..(at + piece.len()).div_ceil(SECTOR);
        for has in self.has.get_mut(sectors).unwrap_or_default() {
            self.missing -= usize::from(!core::mem::replace(has, true));
        }
    }

    /// Whether all of it is there.
    pub(super) fn is_whole(&self) -> bool {
        self.missing == 0
    }

    /// When it last got something: a number that grows.
    pub(super) fn turn(&self) -> u64 {
        self.turn
    }

    /// Its bytes, zeros where they are not there.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Writes what is there to its place on the disk.
    pub(super) fn write(&self, disk: &dyn Disk, start: u64) -> Result<(), TargetError> {
        let mut from = 0;
        while let Some(first) = self.has.iter().skip(from).position(|has| *has).map(|at| from + at) {
            let count = self.has.iter().skip(first).take_while(|has| **has).count();
            from = first + count;
            let run = self.bytes.get(first * SECTOR..(from * SECTOR).min(self.bytes.len()));
            write_aligned(disk, start + (first * SECTOR) as u64, run.unwrap_or_default())?;
        }
        Ok(())
    }
}

/// Writes bytes to a disk whose sectors may be larger: what else is in the first and last sector stays.
pub(super) fn write_aligned(disk: &dyn Disk, at: u64, bytes: &[u8]) -> Result<(), TargetError> {
    let sector = u64::from(disk.about().sector_size.max(1));
    let start = at / sector * sector;
    let end = (at + bytes.len() as u64).next_multiple_of(sector).min(disk.size().0);
    if start == at && end == at + bytes.len() as u64 {
        return disk.write_at(ByteOffset(at), bytes);
    }
    let mut whole = alloc::vec![0; (end.saturating_sub(start)) as usize];
    let unread = |error: ReadError| TargetError::refused(ByteOffset(start), error);
    let len = whole.len();
    let edge = (sector as usize).min(len);
    disk.read_at(ByteOffset(start), whole.get_mut(..edge).unwrap_or_default()).map_err(unread)?;
    let last = end.saturating_sub(edge as u64);
    disk.read_at(ByteOffset(last), whole.get_mut(len - edge..).unwrap_or_default()).map_err(unread)?;
    let from = (at - start) as usize;
    if let Some(place) = whole.get_mut(from..from + bytes.len()) {
        place.copy_from_slice(bytes);
    }
    disk.write_at(ByteOffset(start), &whole)
}
