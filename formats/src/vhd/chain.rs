//! Layers on top of each other, read as the one disk that they make up.

use alloc::boxed::Box;
use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use core::ops::Range;

use uuid::Uuid;

use super::error::Warning;
use super::read::{LastMap, Vhd};
use super::segment::{Found, Join, Joined};
use crate::io::{ReadAt, ReadError, check_range};
use crate::units::{ByteLen, ByteOffset};

/// One layer of a chain.
pub enum Layer<R> {
    /// A raw disk, which can only be the base.
    Raw(R),
    /// A VHD.
    Vhd(Box<Vhd<R>>),
}

/// Layers from the base to the leaf, which belong together.
///
/// A child may be larger or smaller than its parent, and its blocks too: what a child leaves to its parent past the
/// parent's end is zeros.
pub struct Chain<R> {
    layers: Vec<Layer<R>>,
    warnings: Vec<Warning>,
}

/// A run of the disk's bytes that lie in one piece in the file of one layer, or nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerSegment {
    /// Which bytes of the disk; never empty.
    pub range: Range<u64>,
    /// Which layer has them, counted from the base; `None` for zeros.
    pub layer: Option<usize>,
    /// Where they are in that layer's file; 0 for zeros.
    pub offset: ByteOffset,
}

/// Why layers are no chain.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// No layers at all.
    #[error("expected the layers of a disk, found none")]
    Empty,
    /// A layer that is needed is not there.
    #[error("disk {child} needs its parent {parent}, which is not there")]
    ParentMissing {
        /// The child.
        child: Uuid,
        /// Its parent.
        parent: Uuid,
    },
    /// The raw disk that is needed is not there.
    #[error("disk {child} needs a raw disk as its parent, which is not there")]
    RawParentMissing {
        /// The child.
        child: Uuid,
    },
    /// A disk that was asked for is not there.
    #[error("disk {disk} is not there")]
    Missing {
        /// The disk.
        disk: Uuid,
    },
    /// A layer lies on another than its parent.
    #[error(
        "disk {child} expects its parent {expected}, found {found} (a nil identity stands for a raw disk)"
    )]
    WrongParent {
        /// The child.
        child: Uuid,
        /// The parent that the child names.
        expected: Uuid,
        /// The layer below it.
        found: Uuid,
    },
    /// A disk that needs no parent lies on another.
    #[error("disk {disk} is complete in itself and cannot lie on {below}")]
    NotDifferencing {
        /// The disk.
        disk: Uuid,
        /// The layer below it.
        below: Uuid,
    },
    /// A raw disk lies on another.
    #[error("layer {index}, counted from the base, is a raw disk and cannot lie on another layer")]
    RawAbove {
        /// Which layer, from 0.
        index: usize,
    },
    /// A disk is its own ancestor.
    #[error("disk {disk} is its own ancestor: the chain is a cycle")]
    Cycle {
        /// The disk.
        disk: Uuid,
    },
}

impl<R: ReadAt> Layer<R> {
    /// A VHD as a layer.
    pub fn vhd(vhd: Vhd<R>) -> Self {
        Self::Vhd(Box::new(vhd))
    }

    /// The layer's identity; nil for a raw disk.
    pub fn unique_id(&self) -> Uuid {
        match self {
            Self::Raw(_) => Uuid::nil(),
            Self::Vhd(vhd) => vhd.unique_id(),
        }
    }

    /// The size of the disk that the layer is the leaf of.
    pub fn disk_size(&self) -> ByteLen {
        match self {
            Self::Raw(source) => source.size(),
            Self::Vhd(vhd) => vhd.disk_size(),
        }
    }

    /// The layer's file.
    pub fn source(&self) -> &R {
        match self {
            Self::Raw(source) => source,
            Self::Vhd(vhd) => vhd.source(),
        }
    }

    fn next_data(&self, offset: ByteOffset) -> Result<Option<Range<u64>>, ReadError> {
        match self {
            Self::Raw(source) => source.next_data(offset),
            Self::Vhd(vhd) => vhd.next_data(offset),
        }
    }

    /// How far what stands for the bytes at the start of `range`, which lies on the layer's disk, goes.
    fn step(&self, last: &mut LastMap, range: Range<u64>) -> Result<(u64, Found), ReadError> {
        match self {
            Self::Raw(_) => Ok((range.end, Found::Here(ByteOffset(range.start)))),
            Self::Vhd(vhd) => vhd.step(last, range).map(|segment| (segment.range.end, segment.found)),
        }
    }
}

impl<R: ReadAt> Chain<R> {
    /// Puts layers, base first, on top of each other.
    ///
    /// # Errors
    /// [`ChainError`] when they do not belong together.
    pub fn new(layers: Vec<Layer<R>>) -> Result<Self, ChainError> {
        let base = layers.first().ok_or(ChainError::Empty)?;
        check_base(base)?;
        let mut warnings = Vec::new();
        let mut seen = BTreeSet::from([base.unique_id()]);
        for (index, pair) in layers.windows(2).enumerate() {
            let [below, above] = pair else { continue };
            let Layer::Vhd(child) = above else { return Err(ChainError::RawAbove { index: index + 1 }) };
            if !seen.insert(child.unique_id()) {
                return Err(ChainError::Cycle { disk: child.unique_id() });
            }
            warnings.extend(check_link(below, child)?);
        }
        Ok(Self { layers, warnings })
    }

    /// The layers, base first.
    pub fn layers(&self) -> &[Layer<R>] {
        &self.layers
    }

    /// What is not as it should be: of each layer, base first, then between them.
    pub fn warnings(&self) -> impl Iterator<Item = &Warning> {
        let own = self.layers.iter().flat_map(|layer| match layer {
            Layer::Raw(_) => &[],
            Layer::Vhd(vhd) => vhd.warnings(),
        });
        own.chain(&self.warnings)
    }

    /// The size of the disk: that of the leaf.
    pub fn disk_size(&self) -> ByteLen {
        self.layers.last().map_or(ByteLen::ZERO, Layer::disk_size)
    }

    /// Where the bytes `range` of the disk lie, as far as the disk goes, in order and in pieces as long as can be.
    /// Bitmaps are read on the way, each once.
    pub fn segments(&self, range: Range<u64>) -> impl Iterator<Item = Result<LayerSegment, ReadError>> {
        let mut at = range.start;
        let end = range.end.min(self.disk_size().0);
        let mut last: Vec<LastMap> = self.layers.iter().map(|_| None).collect();
        Joined::new(core::iter::from_fn(move || {
            if at >= end {
                return None;
            }
            let step = self.step(&mut last, at..end);
            at = step.as_ref().map_or(end, |segment| segment.range.end);
            Some(step)
        }))
    }

    /// The segment at the start of `range`, which is not empty and lies on the disk.
    fn step(&self, last: &mut [LastMap], range: Range<u64>) -> Result<LayerSegment, ReadError> {
        let (start, mut end) = (range.start, range.end);
        for (index, (layer, last)) in self.layers.iter().zip(last).enumerate().rev() {
            let size = layer.disk_size().0;
            if start >= size {
                break;
            }
            let (until, found) = layer.step(last, start..end.min(size))?;
            end = until;
            match found {
                Found::Here(offset) => {
                    return Ok(LayerSegment { range: start..end, layer: Some(index), offset });
                }
                Found::Zero => break,
                Found::Parent => {}
            }
        }
        Ok(LayerSegment { range: start..end, layer: None, offset: ByteOffset::ZERO })
    }
}

/// A base must not need a parent.
fn check_base<R: ReadAt>(base: &Layer<R>) -> Result<(), ChainError> {
    let Layer::Vhd(vhd) = base else { return Ok(()) };
    let child = vhd.unique_id();
    match vhd.parent() {
        None => Ok(()),
        Some(parent) if parent.is_raw() => Err(ChainError::RawParentMissing { child }),
        Some(parent) => Err(ChainError::ParentMissing { child, parent: parent.unique_id }),
    }
}

/// A child must name what lies below it.
fn check_link<R: ReadAt>(below: &Layer<R>, child: &Vhd<R>) -> Result<Option<Warning>, ChainError> {
    let id = child.unique_id();
    let found = below.unique_id();
    let parent = child.parent().ok_or(ChainError::NotDifferencing { disk: id, below: found })?;
    match below {
        Layer::Raw(_) if parent.is_raw() => Ok(None),
        // A store keeps a raw disk as a VHD, which has an identity that the child cannot know.
        Layer::Vhd(vhd) if parent.is_raw() && vhd.parent().is_none() => Ok(None),
        Layer::Vhd(vhd) if parent.unique_id == found && !parent.is_raw() => {
            Ok(parent.compare_time(id, vhd.footer().time_stamp.get()))
        }
        _ => Err(ChainError::WrongParent { child: id, expected: parent.unique_id, found }),
    }
}

/// The identities of a chain, base first, from its leaf and a way to ask for parents: `parent_of` says `None` for a
/// disk that is not there, and `Some(None)` for one that needs no VHD as its parent.
///
/// # Errors
/// [`ChainError::Missing`], [`ChainError::ParentMissing`] and [`ChainError::Cycle`].
pub fn lineage(
    leaf: Uuid,
    mut parent_of: impl FnMut(Uuid) -> Option<Option<Uuid>>,
) -> Result<Vec<Uuid>, ChainError> {
    let mut chain = alloc::vec![leaf];
    let mut seen = BTreeSet::from([leaf]);
    let mut next = parent_of(leaf).ok_or(ChainError::Missing { disk: leaf })?;
    let mut child = leaf;
    while let Some(parent) = next.filter(|parent| !parent.is_nil()) {
        if !seen.insert(parent) {
            return Err(ChainError::Cycle { disk: parent });
        }
        next = parent_of(parent).ok_or(ChainError::ParentMissing { child, parent })?;
        chain.push(parent);
        child = parent;
    }
    chain.reverse();
    Ok(chain)
}

impl Join for LayerSegment {
    fn join(&mut self, next: Self) -> Option<Self> {
        let len = self.range.end - self.range.start;
        let expected = self.layer.map_or(Some(ByteOffset::ZERO), |_| self.offset.checked_add(ByteLen(len)));
        if self.layer != next.layer || expected != Some(next.offset) {
            return Some(next);
        }
        self.range.end = next.range.end;
        None
    }
}

impl<R: ReadAt> ReadAt for Chain<R> {
    fn size(&self) -> ByteLen {
        self.disk_size()
    }

    fn read_at(&self, offset: ByteOffset, buf: &mut [u8]) -> Result<(), ReadError> {
        let range = check_range(self.size(), offset, buf.len())?;
        let mut rest = buf;
        for segment in self.segments(range) {
            let segment = segment?;
            let len = (segment.range.end - segment.range.start) as usize;
            let (now, later) = rest.split_at_mut(len.min(rest.len()));
            match segment.layer.and_then(|index| self.layers.get(index)) {
                Some(layer) => layer.source().read_at(segment.offset, now)?,
                None => now.fill(0),
            }
            rest = later;
        }
        Ok(())
    }

    /// By whole blocks: no bitmap is read.
    fn next_data(&self, offset: ByteOffset) -> Result<Option<Range<u64>>, ReadError> {
        let mut visible = u64::MAX;
        let mut first: Option<Range<u64>> = None;
        for layer in self.layers.iter().rev() {
            visible = visible.min(layer.disk_size().0);
            let Some(data) = layer.next_data(offset)? else { continue };
            let data = data.start..data.end.min(visible);
            if data.start < data.end && first.as_ref().is_none_or(|first| data.start < first.start) {
                first = Some(data);
            }
        }
        Ok(first)
    }
}
