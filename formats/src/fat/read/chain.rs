//! Chains of clusters, followed no further than a file's length.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use zerocopy::FromBytes;
use zerocopy::little_endian::{U16, U32};

use super::geometry::Geometry;
use crate::fat::Kind;
use crate::fat::raw::ENTRY_MASK;
use crate::files::Extent;
use crate::io::{ReadAt, ReadError};
use crate::units::{ByteLen, ByteOffset};

/// How many pieces a file may have: far more than any real one, and bounded memory.
const MAX_PIECES: usize = 1 << 20;
/// How much of the table is read at once, in bytes.
const WINDOW: usize = 4096;

/// Why a chain cannot be followed.
pub(super) enum ChainError {
    Read(ReadError),
    Broken(String),
}

/// The pieces of `len` bytes that start at cluster `first`, or as far as the chain goes, up to `len`, for a directory.
pub(super) fn pieces(
    source: &impl ReadAt,
    geometry: &Geometry,
    first: u32,
    len: u64,
    may_end: bool,
) -> Result<Vec<Extent>, ChainError> {
    let mut table = Table { source, geometry, start: None, window: [0; WINDOW] };
    let cluster_size = u64::from(geometry.cluster_size);
    let mut pieces: Vec<Extent> = Vec::new();
    let (mut cluster, mut at) = (first, 0);
    while at < len {
        if at / cluster_size >= u64::from(geometry.clusters) {
            return Err(ChainError::Broken(String::from("its clusters form a ring")));
        }
        if !geometry.has(cluster) {
            let ended = cluster >= geometry.kind.end_of_chain();
            if ended && may_end && at > 0 {
                break;
            }
            return Err(ChainError::Broken(format!(
                "cluster {cluster:#x} follows after {at} of {len} bytes"
            )));
        }
        push(&mut pieces, at, geometry.offset(cluster), cluster_size.min(len - at))?;
        at += cluster_size;
        if at < len || may_end {
            cluster = table.next(cluster)?;
        }
    }
    if may_end && geometry.has(cluster) {
        return Err(ChainError::Broken(format!("it has more than {len} bytes, or its clusters form a ring")));
    }
    Ok(pieces)
}

fn push(pieces: &mut Vec<Extent>, at: u64, place: u64, len: u64) -> Result<(), ChainError> {
    if let Some(last) = pieces.last_mut()
        && last.on_volume.is_some_and(|start| start.0 + last.len.0 == place)
    {
        last.len.0 += len;
        return Ok(());
    }
    if pieces.len() == MAX_PIECES {
        return Err(ChainError::Broken(format!("it lies in more than {MAX_PIECES} pieces")));
    }
    pieces.push(Extent { at: ByteOffset(at), on_volume: Some(ByteOffset(place)), len: ByteLen(len) });
    Ok(())
}

/// The table, with the part that was read last.
struct Table<'a, R> {
    source: &'a R,
    geometry: &'a Geometry,
    /// Where the part starts in the table.
    start: Option<u64>,
    window: [u8; WINDOW],
}

impl<R: ReadAt> Table<'_, R> {
    /// What the table says of a cluster that the volume has.
    fn next(&mut self, cluster: u32) -> Result<u32, ChainError> {
        let kind = self.geometry.kind;
        let offset = u64::from(cluster) * u64::from(kind.entry_size());
        let start = offset - offset % WINDOW as u64;
        if self.start != Some(start) {
            self.start = None;
            self.read(start)?;
            self.start = Some(start);
        }
        let here = self.window.get((offset - start) as usize..).unwrap_or_default();
        Ok(match kind {
            Kind::Fat16 => U16::read_from_prefix(here).map_or(0, |(entry, _)| entry.get().into()),
            Kind::Fat32 => U32::read_from_prefix(here).map_or(0, |(entry, _)| entry.get() & ENTRY_MASK),
        })
    }

    /// Reads a part of the table. Where the table ends inside of it, other bytes follow and are not looked at.
    fn read(&mut self, start: u64) -> Result<(), ChainError> {
        let at = self.geometry.table + start;
        let left = usize::try_from(self.source.size().0.saturating_sub(at)).unwrap_or(WINDOW);
        let part = self.window.get_mut(..left.min(WINDOW)).unwrap_or_default();
        self.source.read_at(ByteOffset(at), part).map_err(ChainError::Read)
    }
}
