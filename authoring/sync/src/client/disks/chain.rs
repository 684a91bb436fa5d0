//! A layer as a VHD file whose parent lies beside it.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use formats::digest::{Hasher, Sha256};
use formats::io::{ReadAt, read_vec};
use formats::vhd::raw::SINCE_1970;
use formats::vhd::{ParentLink, Relinked};
use host::{HostError, Operation, Output};
use rustix::fs::{Timespec, Timestamps, UTIME_OMIT, futimens};
use store::{Cache, Layer};
use uuid::Uuid;

use super::error::DiskError;
use super::piece::{self, Hands, Piece};

/// The name of a layer's file.
pub fn name(layer: Uuid) -> String {
    format!("{layer}.vhd")
}

/// What says of what a layer's file is made.
pub fn made_of(layer: &Layer, parent: Option<&Layer>) -> Sha256 {
    let about = |layer: &Layer| format!("{} {}", layer.uuid(), layer.descriptor.vhd.sha256);
    let below = parent.map_or_else(String::new, about);
    Sha256::of(format!("chain 1\n{}\n{below}\n", about(layer)).as_bytes())
}

/// Writes the file of a layer, and sees on the way that its VHD is the one that was published; the file, which has no name
/// yet, and the digest of its pieces.
///
/// It has the time stamp in its footer as its time, and a child says the same time of it: who compares the two, as VHD
/// 1.0 has it, finds a parent that was not changed.
///
/// # Errors
/// [`DiskError`]; nothing gets the file's name then.
pub fn make(
    path: &Path,
    layer: &Layer,
    parent: Option<&Layer>,
    hands: Hands<'_>,
) -> Result<(Output, Sha256), DiskError> {
    let cache = Arc::new(Cache::new(hands.crew.threads() + 1));
    let vhd = layer.open_vhd(cache)?;
    let link = parent.map(link_to).transpose()?;
    let relinked = link.map(|link| Relinked::new(&vhd, &link)).transpose();
    let relinked = relinked.map_err(|source| DiskError::Vhd { what: what(layer), source })?;
    let len = relinked.as_ref().map_or(vhd.source().size(), ReadAt::size);
    let (output, _) = Output::begin(path, len.0, true)?;
    let mut hasher = Hasher::new();
    let work = |piece: Piece| {
        let plain = read(vhd.source(), piece, layer)?;
        let changed = relinked.as_ref().map(|file| read(file, piece, layer)).transpose()?;
        let bytes = changed.as_ref().unwrap_or(&plain);
        piece.write(&output, bytes)?;
        Ok((Sha256::of(bytes), plain))
    };
    let pieces = piece::each(len.0, "writing disks", hands, work, |plain: Vec<u8>| hasher.update(&plain))?;
    let (expected, found) = (layer.descriptor.vhd.sha256, hasher.finish());
    if expected != found {
        return Err(DiskError::Digest { layer: layer.uuid(), expected, found });
    }
    set_time(&output, vhd.footer().time_stamp.get())?;
    Ok((output, pieces))
}

/// What a file has of a piece: the piece may reach past its end.
fn read(source: &impl ReadAt, piece: Piece, layer: &Layer) -> Result<Vec<u8>, DiskError> {
    let left = source.size().0.saturating_sub(piece.at.0);
    // Cannot cut: no more than the piece has.
    let len = left.min(piece.len as u64) as usize;
    read_vec(source, piece.at, len).map_err(|source| DiskError::Read { what: what(layer), source })
}

fn link_to(parent: &Layer) -> Result<ParentLink, DiskError> {
    let vhd = parent.open_vhd(Arc::new(Cache::new(Cache::ONE_LAYER)))?;
    let time_stamp = vhd.footer().time_stamp.get();
    Ok(ParentLink { unique_id: parent.uuid(), time_stamp, name: name(parent.uuid()) })
}

/// Gives a file its time.
fn set_time(output: &Output, time_stamp: u32) -> Result<(), DiskError> {
    output.sync()?;
    let time = Timespec { tv_sec: SINCE_1970 + i64::from(time_stamp), tv_nsec: 0 };
    let times =
        Timestamps { last_access: Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT }, last_modification: time };
    let wrap = || HostError::io(Operation::Write, output.target());
    let file = File::open(output.path()).map_err(wrap())?;
    Ok(futimens(&file, &times).map_err(|error| wrap()(error.into()))?)
}

fn what(layer: &Layer) -> String {
    format!("layer {}", layer.uuid())
}
