//! A version as one disk.

use std::ops::Range;
use std::path::Path;

use formats::digest::Sha256;
use formats::identity::Identities;
use formats::io::{ReadAt, ReadError};
use formats::units::ByteOffset;
use formats::vhd::{Disk, Plan, VhdFile};
use host::Output;
use store::Located;

use super::Form;
use super::error::DiskError;
use super::piece::{self, Hands, Piece};

/// The file name of a version's disk; both names were checked.
pub fn name(image: &str, version: &str, form: Form) -> String {
    let end = if form == Form::Raw { "raw" } else { "vhd" };
    format!("{image}@{version}.{end}")
}

/// What says of what a version's disk is made.
pub fn made_of(version: &Located, form: Form) -> Sha256 {
    let layers = version.layers.iter().map(|layer| layer.descriptor.vhd.sha256.to_string());
    let layers: Vec<_> = layers.collect();
    Sha256::of(format!("{form:?} 1\n{}\n", layers.join("\n")).as_bytes())
}

/// Writes the disk of a version; the file, which has no name yet, and the digest of its pieces. Each frame of the layers is
/// checked on the way.
///
/// # Errors
/// [`DiskError`]; nothing gets the file's name then.
pub fn make(
    path: &Path,
    version: &Located,
    form: Form,
    hands: Hands<'_>,
) -> Result<(Output, Sha256), DiskError> {
    let what = version.document.title();
    let disk = version.disk()?;
    let unread = |source| DiskError::Read { what: what.clone(), source };
    if form == Form::Raw {
        return write(path, &disk, hands, &unread);
    }
    let leaf = version.document.chain.last().map(|layer| *layer.as_bytes()).unwrap_or_default();
    let identity = Identities::of(&leaf).uuid("flattened");
    let about = Disk::new(disk.size(), identity, version.document.published);
    let blocks = blocks(&disk, about.block_size.into()).map_err(&unread)?;
    let plan = Plan::new(&about, blocks).map_err(|source| DiskError::Vhd { what: what.clone(), source })?;
    write(path, &VhdFile::whole(plan, &disk), hands, &unread)
}

fn write(
    path: &Path,
    source: &impl ReadAt,
    hands: Hands<'_>,
    unread: &(impl Fn(ReadError) -> DiskError + Sync),
) -> Result<(Output, Sha256), DiskError> {
    let (output, _) = Output::begin(path, source.size().0, true)?;
    let work = |piece: Piece| {
        let bytes = piece.read(source).map_err(unread)?;
        bytes.as_ref().map_or(Ok(()), |bytes| piece.write(&output, bytes))?;
        Ok((piece.digest(bytes.as_deref()), ()))
    };
    let pieces = piece::each(source.size().0, "writing disks", hands, work, |()| ())?;
    Ok((output, pieces))
}

/// The blocks of a disk that may hold something.
fn blocks(disk: &impl ReadAt, size: u64) -> Result<Vec<u32>, ReadError> {
    let mut blocks = Vec::new();
    let mut next = 0;
    while let Some(Range { start, end }) = disk.next_data(ByteOffset(next * size))? {
        let run = (start / size).max(next)..end.div_ceil(size);
        next = run.end.max(next + 1);
        // Cannot cut: what a VHD cannot hold is refused when it is laid out.
        blocks.extend(run.map(|block| block as u32));
    }
    Ok(blocks)
}
