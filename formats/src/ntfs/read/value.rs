//! The value of an attribute: bytes out of its record, or runs of clusters.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::ops::Range;

use super::error::NtfsReadError;
use super::geometry::Geometry;
use super::record::{Attribute, Record};
use crate::files::Extent;
use crate::io::{ReadAt, ReadError, check_range};
use crate::units::{ByteLen, ByteOffset};

/// The most runs that a value may have: more pieces of one file are no accident.
const MAX_RUNS: usize = 1 << 20;

/// The value of an attribute.
#[derive(Clone)]
pub enum Value {
    /// It lies in the record.
    Resident(Box<[u8]>),
    /// It lies in clusters: runs in order, without a gap, from the start of the value to its end.
    Runs(Vec<Run>),
}

/// Bytes of a value that lie side by side on the volume.
#[derive(Clone, Copy)]
pub struct Run {
    /// Where they start in the value.
    at: u64,
    /// Where they start on the volume; `None` where nothing was ever written, which reads as zeros.
    on_volume: Option<u64>,
    /// How many they are.
    len: u64,
}

/// A value in the making: its runs, gathered from all records that know some of them.
pub struct Gathering {
    runs: Vec<Run>,
    /// How long the value is, in bytes.
    len: u64,
    /// How much of it was ever written, in bytes.
    initialised: u64,
}

/// A value with the source that has its bytes.
pub struct Stream<'a, R> {
    source: &'a R,
    value: Cow<'a, Value>,
}

impl Value {
    /// How long it is, in bytes.
    pub fn len(&self) -> u64 {
        match self {
            Self::Resident(bytes) => bytes.len() as u64,
            Self::Runs(runs) => end_of(runs),
        }
    }

    /// Where on the volume the byte at `at` is, when it is on it.
    pub fn place(&self, at: u64) -> Option<ByteOffset> {
        let Self::Runs(runs) = self else { return None };
        let run = from(runs, at).first()?;
        run.on_volume.map(|start| ByteOffset(start + (at - run.at)))
    }

    /// Where its bytes lie, in order.
    pub fn extents(&self) -> Vec<Extent> {
        match self {
            Self::Resident(bytes) if bytes.is_empty() => Vec::new(),
            Self::Resident(bytes) => {
                Vec::from([Run { at: 0, on_volume: None, len: bytes.len() as u64 }.extent()])
            }
            Self::Runs(runs) => runs.iter().map(Run::extent).collect(),
        }
    }
}

impl Run {
    fn end(&self) -> u64 {
        self.at + self.len
    }

    fn extent(&self) -> Extent {
        let on_volume = self.on_volume.map(ByteOffset);
        Extent { at: ByteOffset(self.at), on_volume, len: ByteLen(self.len) }
    }
}

impl Gathering {
    /// No runs yet, of a value whose first piece is `attribute` of `record`.
    pub fn new(attribute: &Attribute, record: &Record) -> Result<Self, NtfsReadError> {
        let mapping = attribute.mapping().ok_or_else(|| contradiction(record))?;
        Ok(Self { runs: Vec::new(), len: mapping.len, initialised: mapping.initialised })
    }

    /// Adds the next piece.
    pub fn add(
        &mut self,
        attribute: &Attribute,
        record: &Record,
        geometry: &Geometry,
    ) -> Result<(), NtfsReadError> {
        let mapping = attribute.mapping().ok_or_else(|| contradiction(record))?;
        let unit = u64::from(geometry.cluster_size);
        if mapping.lowest.checked_mul(unit) != Some(end_of(&self.runs)) {
            return Err(record.damaged("its piece of a value does not follow the piece before"));
        }
        self.add_packed(mapping.runs, geometry)
            .ok_or_else(|| record.damaged("its runs leave the volume or their attribute, or are too many"))?;
        match mapping.end.checked_mul(unit) == Some(end_of(&self.runs)) {
            true => Ok(()),
            false => Err(contradiction(record)),
        }
    }

    /// The value, when all its pieces were added. What was never written becomes a hole.
    pub fn finish(mut self, record: &Record) -> Result<Value, NtfsReadError> {
        if self.len > end_of(&self.runs) {
            return Err(contradiction(record));
        }
        cut(&mut self.runs, self.initialised);
        let hole = self.len - self.initialised;
        if hole > 0 {
            self.runs.push(Run { at: self.initialised, on_volume: None, len: hole });
        }
        Ok(Value::Runs(self.runs))
    }

    /// The part of the value that is known so far.
    pub fn so_far(&self) -> Value {
        let mut runs = self.runs.clone();
        cut(&mut runs, self.initialised);
        Value::Runs(runs)
    }

    /// Runs are packed one after the other: a byte with the lengths of two numbers, the number of clusters, and
    /// the distance from the run before (no bytes for a hole). A zero byte ends them.
    fn add_packed(&mut self, mut packed: &[u8], geometry: &Geometry) -> Option<()> {
        let unit = u64::from(geometry.cluster_size);
        let mut cluster = 0;
        while *packed.first()? != 0 {
            let (count, distance, rest) = unpack(packed)?;
            let on_volume = match distance {
                Some(distance) => {
                    cluster = step(cluster, distance, count, geometry)?;
                    Some(cluster * unit)
                }
                None => None,
            };
            self.push(on_volume, count.checked_mul(unit)?)?;
            packed = rest;
        }
        Some(())
    }

    fn push(&mut self, on_volume: Option<u64>, len: u64) -> Option<()> {
        let at = end_of(&self.runs);
        at.checked_add(len)?;
        self.runs.push(Run { at, on_volume, len });
        (self.runs.len() <= MAX_RUNS).then_some(())
    }
}

impl<'a, R: ReadAt> Stream<'a, R> {
    /// The value `value` of a volume in `source`.
    pub fn new(source: &'a R, value: Cow<'a, Value>) -> Self {
        Self { source, value }
    }
}

impl<R: ReadAt> ReadAt for Stream<'_, R> {
    fn size(&self) -> ByteLen {
        ByteLen(self.value.len())
    }

    fn read_at(&self, offset: ByteOffset, buf: &mut [u8]) -> Result<(), ReadError> {
        check_range(self.size(), offset, buf.len())?;
        match &*self.value {
            Value::Resident(bytes) => (**bytes).read_at(offset, buf),
            Value::Runs(runs) => read_runs(self.source, from(runs, offset.0), offset.0, buf),
        }
    }

    fn next_data(&self, offset: ByteOffset) -> Result<Option<Range<u64>>, ReadError> {
        match &*self.value {
            Value::Resident(bytes) => (**bytes).next_data(offset),
            Value::Runs(runs) => next_data(self.source, from(runs, offset.0), offset.0),
        }
    }
}

fn end_of(runs: &[Run]) -> u64 {
    runs.last().map_or(0, Run::end)
}

/// The runs from the one on that holds the byte at `at`.
fn from(runs: &[Run], at: u64) -> &[Run] {
    runs.get(runs.partition_point(|run| run.end() <= at)..).unwrap_or_default()
}

fn cut(runs: &mut Vec<Run>, len: u64) {
    runs.retain(|run| run.at < len);
    if let Some(last) = runs.last_mut() {
        last.len = last.len.min(len - last.at);
    }
}

/// Fills `buf` from `at` on; the runs start with the one that holds it and reach as far as `buf`.
fn read_runs(source: &impl ReadAt, runs: &[Run], at: u64, mut buf: &mut [u8]) -> Result<(), ReadError> {
    let mut into = runs.first().map_or(0, |run| at - run.at);
    for run in runs {
        let len = usize::try_from(run.len - into).map_or(buf.len(), |len| len.min(buf.len()));
        let (now, later) = buf.split_at_mut(len);
        match run.on_volume {
            Some(start) if len > 0 => source.read_at(ByteOffset(start + into), now)?,
            _ => now.fill(0),
        }
        if later.is_empty() {
            return Ok(());
        }
        (into, buf) = (0, later);
    }
    Ok(())
}

/// The next data at or after `at`; the runs start with the one that holds it.
fn next_data(source: &impl ReadAt, runs: &[Run], at: u64) -> Result<Option<Range<u64>>, ReadError> {
    for run in runs {
        let Some(start) = run.on_volume else { continue };
        let into = at.saturating_sub(run.at);
        let Some(data) = source.next_data(ByteOffset(start + into))? else { continue };
        if data.start < start + run.len {
            let in_value = |place: u64| run.at + (place - start).min(run.len);
            return Ok(Some(in_value(data.start.max(start + into))..in_value(data.end)));
        }
    }
    Ok(None)
}

fn contradiction(record: &Record) -> NtfsReadError {
    record.damaged("the sizes and the runs of a value contradict each other")
}

/// One packed run: how many clusters, how far from the run before (`None` for a hole), and what follows it.
fn unpack(packed: &[u8]) -> Option<(u64, Option<i64>, &[u8])> {
    let (header, rest) = packed.split_first()?;
    let (count, rest) = rest.split_at_checked(usize::from(header & 0x0f))?;
    let (distance, rest) = rest.split_at_checked(usize::from(header >> 4))?;
    let count = u64::try_from(signed(count)?).ok().filter(|count| *count > 0)?;
    let distance = if distance.is_empty() { None } else { Some(signed(distance)?) };
    Some((count, distance, rest))
}

/// A little-endian number in two's complement, of 1 to 8 bytes.
fn signed(bytes: &[u8]) -> Option<i64> {
    let sign = if bytes.last()? & 0x80 == 0 { 0 } else { 0xff };
    let mut all = [sign; 8];
    all.get_mut(..bytes.len())?.copy_from_slice(bytes);
    Some(i64::from_le_bytes(all))
}

/// The cluster `distance` from `before`, when `count` clusters from there are on the volume.
fn step(before: u64, distance: i64, count: u64, geometry: &Geometry) -> Option<u64> {
    let cluster = before.checked_add_signed(distance)?;
    (cluster.checked_add(count)? <= geometry.clusters()).then_some(cluster)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_unpack_as_they_were_packed() {
        assert_eq!(unpack(&[0x11, 0x30, 0x60, 0x21]), Some((0x30, Some(0x60), &[0x21][..])));
        assert_eq!(unpack(&[0x21, 0x10, 0x00, 0xff, 0]), Some((0x10, Some(-256), &[0][..])));
        assert_eq!(unpack(&[0x01, 0x7f, 0]), Some((0x7f, None, &[0][..])));
        assert_eq!(unpack(&[0x02, 0x80, 0x00, 0]), Some((0x80, None, &[0][..])));
    }

    #[test]
    fn runs_that_are_cut_off_or_empty_do_not_unpack() {
        for packed in [&[0x11, 0x30][..], &[0x10, 0x30], &[0x11, 0, 1], &[0x01, 0x80], &[0x9f; 30], &[]] {
            assert_eq!(unpack(packed), None, "{packed:x?}");
        }
    }

    #[test]
    fn a_value_is_read_across_its_runs_and_holes() {
        let disk: Vec<u8> = (0..100).collect();
        let run = |at, on_volume, len| Run { at, on_volume, len };
        let value = Value::Runs(Vec::from([run(0, Some(50), 4), run(4, None, 3), run(7, Some(10), 5)]));
        let stream = Stream::new(&disk, Cow::Borrowed(&value));
        let mut found = [0xff; 11];
        stream.read_at(ByteOffset(1), &mut found).unwrap();
        assert_eq!(found, [51, 52, 53, 0, 0, 0, 10, 11, 12, 13, 14]);
        assert_eq!(stream.next_data(ByteOffset(2)).unwrap(), Some(2..4));
        assert_eq!(stream.next_data(ByteOffset(5)).unwrap(), Some(7..12));
        assert!(stream.read_at(ByteOffset(2), &mut found).is_err());
    }
}
