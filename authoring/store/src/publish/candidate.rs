//! A layer as it is to be in the store, before it is there.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use formats::io::{ReadAt, ReadError};
use formats::layer::{DiskKind, FRAME};
use formats::time::Timestamp;
use formats::units::{ByteLen, ByteOffset};
use formats::vhd::raw::SECTOR;
use formats::vhd::write::BLOCK_SIZE;
use formats::vhd::{self, Kind, ParentLink, Plan, Renamed, SectorMap, Vhd, VhdFile};
use uuid::Uuid;

use super::Publisher;
use super::disk::Disk;
use super::error::PublishError;
use super::survey::{Finding, Findings, Scratch, identity, is_zero};
use crate::catalogue::Located;
use crate::error::StoreError;
use crate::flat::Source;
use crate::layer::Layer;

/// How much of a VHD is looked at at a time for an identity of its own, in bytes.
const PIECE: u32 = 4 << 20;
/// When VHDs that are made here were made: a time that says nothing, so that the same content gives the same file.
const NO_TIME: Timestamp = Timestamp::EARLIEST;

/// A VHD that is to be stored.
pub struct Candidate {
    /// The disk that it comes from.
    pub path: PathBuf,
    /// Its identity.
    pub uuid: Uuid,
    /// The layer that it lies on.
    pub parent: Option<Uuid>,
    /// What kind of VHD it is.
    pub kind: DiskKind,
    /// The size of the disk.
    pub virtual_size: ByteLen,
    /// The bytes of the file.
    pub file: Source,
    /// Whether the identity follows from the content, so that another VHD cannot have it.
    pub is_derived: bool,
}

/// A version of an image that a disk is compared with.
pub struct Base {
    /// Its disk.
    pub disk: Source,
    /// How a VHD of differences names it.
    pub link: ParentLink,
}

impl Base {
    /// A version that is in the store.
    pub fn of(located: &Located) -> Result<Self, StoreError> {
        let chain = located.disk()?;
        let time_stamp = match chain.layers().last() {
            Some(vhd::Layer::Vhd(leaf)) => leaf.footer().time_stamp.get(),
            _ => 0,
        };
        let unique_id = located.layers.last().map(Layer::uuid).unwrap_or_default();
        let link = ParentLink { unique_id, time_stamp, name: format!("{unique_id}.vhd") };
        Ok(Self { disk: Arc::new(chain), link })
    }
}

impl Candidate {
    /// A disk as it is, on the layer `parent`.
    pub fn of(publisher: &Publisher<'_>, disk: Disk, parent: Option<Uuid>) -> Result<Self, PublishError> {
        let Some(vhd) = &disk.vhd else { return Self::of_raw(publisher, disk) };
        if vhd.unique_id().is_nil() {
            return Err(PublishError::NoIdentity { path: disk.path });
        }
        let kind = match vhd.kind() {
            Kind::Fixed => DiskKind::Fixed,
            Kind::Dynamic => DiskKind::Dynamic,
            Kind::Differencing => DiskKind::Differencing,
        };
        let (uuid, virtual_size) = (vhd.unique_id(), vhd.disk_size());
        let is_derived = false;
        Ok(Self { path: disk.path, uuid, parent, kind, virtual_size, file: disk.source, is_derived })
    }

    /// A VHD under an identity of its own.
    pub fn renamed(
        publisher: &Publisher<'_>,
        disk: Disk,
        parent: Option<Uuid>,
    ) -> Result<Self, PublishError> {
        let Some(vhd) = &disk.vhd else { return Self::of_raw(publisher, disk) };
        let found = find_data(publisher, &disk, PIECE)?;
        let uuid = identity("copy", &disk.source.size().0.to_le_bytes(), &found);
        let wrap = PublishError::vhd(&disk.path);
        let file: Source = Arc::new(Renamed::new(vhd, uuid).map_err(&wrap)?);
        let vhd = Vhd::open(file.clone(), publisher.request.size_rule).map_err(&wrap)?;
        let disk = Disk { path: disk.path.clone(), source: file, vhd: Some(vhd) };
        Ok(Self { is_derived: true, ..Self::of(publisher, disk, parent)? })
    }

    /// A raw disk, as a dynamic VHD of its blocks that are not zeros. Its identity follows from its content.
    fn of_raw(publisher: &Publisher<'_>, disk: Disk) -> Result<Self, PublishError> {
        let size = disk.size();
        let found = find_data(publisher, &disk, BLOCK_SIZE)?;
        let uuid = identity("raw disk", &size.0.to_le_bytes(), &found);
        let target = vhd::Disk::new(size, uuid, NO_TIME);
        let plan = Plan::new(&target, found.into_keys()).map_err(PublishError::vhd(&disk.path))?;
        let file: Source = Arc::new(VhdFile::whole(plan, disk.source));
        let kind = DiskKind::Dynamic;
        Ok(Self { path: disk.path, uuid, parent: None, kind, virtual_size: size, file, is_derived: true })
    }

    /// What a whole disk has that `base` has not, as a differencing VHD.
    pub fn of_differences(
        publisher: &Publisher<'_>,
        (path, disk): (PathBuf, Source),
        base: Base,
    ) -> Result<Self, PublishError> {
        let look = |scratch: &mut Scratch, range| compare(&disk, &base.disk, scratch, range);
        let found =
            publisher.survey(&[&disk, &base.disk], BLOCK_SIZE).find(look, PublishError::read(&path))?;
        let parent = base.link.unique_id;
        let size = disk.size();
        let uuid = identity("differences", &[&parent.as_bytes()[..], &size.0.to_le_bytes()].concat(), &found);
        let target = vhd::Disk::new(size, uuid, NO_TIME).on(base.link);
        let plan = Plan::new(&target, found.keys().copied()).map_err(PublishError::vhd(&path))?;
        let file: Source = Arc::new(with_maps(plan, disk, found));
        let kind = DiskKind::Differencing;
        Ok(Self { path, uuid, parent: Some(parent), kind, virtual_size: size, file, is_derived: true })
    }

    /// The numbers of the frames of its file.
    pub fn frames(&self) -> std::ops::Range<u64> {
        0..self.file.size().0.div_ceil(FRAME as u64)
    }
}

/// The pieces of a disk's file that are not zeros.
fn find_data(publisher: &Publisher<'_>, disk: &Disk, piece: u32) -> Result<Findings<()>, PublishError> {
    let look = |[bytes, _]: &mut Scratch, range: Range<u64>| {
        read(&disk.source, &range, bytes)?;
        Ok((!is_zero(bytes)).then(|| Finding { digest: blake3::hash(bytes), kept: () }))
    };
    publisher.survey(&[&disk.source], piece).find(look, PublishError::read(&disk.path))
}

/// Which sectors of a block differ; `None` instead of a map when all of them do.
fn compare(
    disk: &dyn ReadAt,
    base: &dyn ReadAt,
    [bytes, old]: &mut Scratch,
    range: Range<u64>,
) -> Result<Option<Finding<Option<SectorMap>>>, ReadError> {
    read(disk, &range, bytes)?;
    read(base, &range, old)?;
    if bytes == old {
        return Ok(None);
    }
    let mut map = SectorMap::empty(BLOCK_SIZE / SECTOR as u32);
    let mut hasher = blake3::Hasher::new();
    let pairs = bytes.chunks(SECTOR as usize).zip(old.chunks(SECTOR as usize));
    for (sector, (new, _)) in (0..).zip(pairs).filter(|(_, (new, old))| new != old) {
        map.set(sector);
        hasher.update(new);
    }
    hasher.update(map.as_bytes());
    let is_full = map.count() == map.sectors();
    Ok(Some(Finding { digest: hasher.finalize(), kept: (!is_full).then_some(map) }))
}

/// Reads a range of a disk; zeros follow its end.
fn read(disk: &dyn ReadAt, range: &Range<u64>, bytes: &mut Vec<u8>) -> Result<(), ReadError> {
    // Cannot cut: a block is small.
    bytes.resize((range.end - range.start) as usize, 0);
    let there = disk.size().0.saturating_sub(range.start).min(bytes.len() as u64) as usize;
    let (there, behind) = bytes.split_at_mut(there);
    behind.fill(0);
    if there.is_empty() { Ok(()) } else { disk.read_at(ByteOffset(range.start), there) }
}

/// The file of a plan, with the sectors that were found to differ.
fn with_maps(plan: Plan, disk: Source, found: Findings<Option<SectorMap>>) -> VhdFile<'static, Source> {
    let sectors = plan.block_size() / SECTOR as u32;
    VhdFile::with_maps(plan, disk, move |block| {
        let map = found.get(&block.number).and_then(|finding| finding.kept.clone());
        Ok(map.unwrap_or_else(|| SectorMap::first(sectors, sectors)))
    })
}
