//! Sets: media that hold one payload together, because it does not fit on one.
//!
//! Layers are cut over the media of a set at the borders of their frames. The parts of a layer, put after each other,
//! are its compressed disk. Each medium's manifest names all media and what of each layer is on which.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{File, Manifest};
use crate::units::{ByteLen, ByteOffset};

/// How many media a set may have: their parts are numbered with three digits.
pub const MAX_MEDIA: usize = 999;

/// The set that a medium belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Set {
    /// The set's identity, the same on all its media.
    pub id: Uuid,
    /// Which of the media this one is, from 1.
    pub number: u32,
    /// All media, in order.
    pub media: Vec<Member>,
}

/// A medium of a set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// The medium's identity.
    pub medium: Uuid,
    /// The label of its seed volume.
    pub label: String,
    /// What of layers is on it, in the order of the layers.
    pub parts: Vec<Part>,
}

/// What of a layer's compressed disk is on one medium.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// The layer.
    pub layer: Uuid,
    /// Where in the layer's compressed disk the part starts.
    pub offset: ByteOffset,
    /// How long it is.
    pub len: ByteLen,
}

/// Why a set is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetError {
    /// There are none, or more than parts can be numbered.
    #[error("a set of {found} media, expected 1 to {MAX_MEDIA}")]
    Count {
        /// How many there are.
        found: usize,
    },
    /// The medium is not where the set has it.
    #[error("medium {medium} is not number {number} of its set")]
    Elsewhere {
        /// The medium.
        medium: Uuid,
        /// Its number, by its own manifest.
        number: u32,
    },
    /// Two media are the same.
    #[error("the set has medium {medium} twice")]
    Twice {
        /// The medium.
        medium: Uuid,
    },
    /// The parts of a layer leave a gap, or overlap.
    #[error("a part of layer {layer} starts at {found}, the part before it ends at {expected}")]
    Gap {
        /// The layer.
        layer: Uuid,
        /// Where the part should start.
        expected: ByteOffset,
        /// Where it starts.
        found: ByteOffset,
    },
    /// The files of the medium are not the parts that the set has on it.
    #[error("the medium's files are not the parts of layers that its set has on it")]
    OtherFiles,
}

impl Set {
    /// The medium itself, among those of its set.
    pub fn member(&self) -> Option<&Member> {
        self.media.get((self.number as usize).checked_sub(1)?)
    }

    /// The media that hold something of a layer, with their numbers.
    pub fn holding(&self, layer: Uuid) -> impl Iterator<Item = (u32, &Member)> {
        let has = move |member: &Member| member.parts.iter().any(|part| part.layer == layer);
        (1..).zip(&self.media).filter(move |(_, member)| has(member))
    }
}

/// Checks the set of a manifest, where it has one.
pub(super) fn check(manifest: &Manifest) -> Result<(), SetError> {
    let Some(set) = &manifest.set else {
        let is_cut = manifest.files.iter().any(|file| file.offset.is_some());
        return if is_cut { Err(SetError::OtherFiles) } else { Ok(()) };
    };
    if set.media.is_empty() || set.media.len() > MAX_MEDIA {
        return Err(SetError::Count { found: set.media.len() });
    }
    let (medium, number) = (manifest.medium, set.number);
    let member = set.member().filter(|member| member.medium == medium);
    let member = member.ok_or(SetError::Elsewhere { medium, number })?;
    let mut seen: Vec<_> = set.media.iter().map(|member| member.medium).collect();
    seen.sort_unstable();
    if let Some(pair) = seen.windows(2).find(|pair| pair.first() == pair.last()) {
        return Err(SetError::Twice { medium: pair.first().copied().unwrap_or_default() });
    }
    check_parts(set)?;
    let files = manifest.files.iter().filter_map(part_of);
    let mut found: Vec<_> = files.collect();
    let mut expected: Vec<_> = member.parts.iter().map(|part| (part.layer, part.offset, part.len)).collect();
    found.sort_unstable();
    expected.sort_unstable();
    if found == expected { Ok(()) } else { Err(SetError::OtherFiles) }
}

/// What of which layer a file is.
fn part_of(file: &File) -> Option<(Uuid, ByteOffset, ByteLen)> {
    Some((file.layer?, file.offset.unwrap_or(ByteOffset::ZERO), file.len))
}

/// Sees that the parts of each layer follow one another.
fn check_parts(set: &Set) -> Result<(), SetError> {
    let mut ends = BTreeMap::new();
    for part in set.media.iter().flat_map(|member| &member.parts) {
        let Part { layer, offset: found, len } = *part;
        let end = ends.entry(layer).or_insert(ByteOffset::ZERO);
        let expected = *end;
        let next = found.checked_add(len).filter(|_| found == expected);
        *end = next.ok_or(SetError::Gap { layer, expected, found })?;
    }
    Ok(())
}
