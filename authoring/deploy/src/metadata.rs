//! The structures of a VHD inside a compressed layer: only the frames that hold them are decoded, each once.
//!
//! A reader in a crate without locks cannot keep a cache. So opening is tried with the frames that are there; where
//! it asks for another one, that one is decoded and opening is tried again.

use alloc::collections::BTreeMap;
use alloc::sync::{Arc, Weak};
use alloc::vec::Vec;
use core::sync::atomic::{AtomicUsize, Ordering};

use formats::io::{ReadAt, ReadError, check_range};
use formats::layer::FRAME;
use formats::units::{ByteLen, ByteOffset};
use formats::vhd::{SizeRule, Vhd, VhdError};

use crate::error::DeployError;
use crate::layer::{Decoder, Layer, Scratch};

/// How many frames may hold structures: the longest block allocation table takes nine, each locator and footer one.
const MAX_FRAMES: usize = 32;
/// No frame was missed.
const NONE: usize = usize::MAX;

/// The bytes of a VHD while it is being opened. Later there are none, so that they take no memory.
#[derive(Clone, Debug)]
pub(crate) struct Metadata {
    decoded: Weak<Decoded>,
    len: ByteLen,
}

/// The frames that were decoded so far.
#[derive(Debug)]
struct Decoded {
    frames: BTreeMap<usize, Vec<u8>>,
    /// The frame that was asked for and is not there.
    missed: AtomicUsize,
}

impl ReadAt for Metadata {
    fn size(&self) -> ByteLen {
        self.len
    }

    fn read_at(&self, offset: ByteOffset, buf: &mut [u8]) -> Result<(), ReadError> {
        check_range(self.len, offset, buf.len())?;
        let gone = || ReadError::unreadable(offset, "the layer's structures are no longer in memory");
        let decoded = self.decoded.upgrade().ok_or_else(gone)?;
        let mut at = offset.0;
        let mut rest = buf;
        while !rest.is_empty() {
            let (number, inside) = ((at / FRAME as u64) as usize, (at % FRAME as u64) as usize);
            let frame = decoded.frames.get(&number).and_then(|frame| frame.get(inside..));
            let Some(frame) = frame else {
                decoded.missed.store(number, Ordering::Relaxed);
                return Err(ReadError::unreadable(offset, "the frame is not decoded yet"));
            };
            let (now, later) = rest.split_at_mut(rest.len().min(frame.len()));
            if now.is_empty() {
                return Err(gone());
            }
            now.iter_mut().zip(frame).for_each(|(to, from)| *to = *from);
            at += now.len() as u64;
            rest = later;
        }
        Ok(())
    }
}

/// Opens the VHD in a layer, as large as the layer's description says.
pub(crate) fn open(layer: &Layer<'_>, decoder: &dyn Decoder) -> Result<Vhd<Metadata>, DeployError> {
    let descriptor = layer.descriptor();
    let mut frames = BTreeMap::new();
    let mut last = None;
    for rule in [SizeRule::Current, SizeRule::Geometry] {
        let vhd = open_by(layer, decoder, rule, &mut frames)?;
        if vhd.disk_size() == descriptor.virtual_size && vhd.unique_id() == descriptor.uuid {
            return Ok(vhd);
        }
        last = Some((vhd.unique_id(), vhd.disk_size()));
    }
    let (found, size) = last.unwrap_or_default();
    Err(DeployError::OtherDisk { layer: descriptor.uuid, expected: descriptor.virtual_size, found, size })
}

fn open_by(
    layer: &Layer<'_>,
    decoder: &dyn Decoder,
    rule: SizeRule,
    frames: &mut BTreeMap<usize, Vec<u8>>,
) -> Result<Vhd<Metadata>, DeployError> {
    loop {
        let missed = AtomicUsize::new(NONE);
        let decoded = Arc::new(Decoded { frames: core::mem::take(frames), missed });
        let metadata = Metadata { decoded: Arc::downgrade(&decoded), len: layer.frames().plain_len() };
        let opened = Vhd::open(metadata, rule);
        let missed = decoded.missed.load(Ordering::Relaxed);
        // Nobody else holds it: the reader's reference is a weak one.
        *frames = Arc::into_inner(decoded).map(|decoded| decoded.frames).unwrap_or_default();
        if missed == NONE || frames.contains_key(&missed) || frames.len() >= MAX_FRAMES {
            return opened.map_err(|source| vhd_error(layer, source));
        }
        frames.insert(missed, decode(layer, decoder, missed)?);
    }
}

fn decode(layer: &Layer<'_>, decoder: &dyn Decoder, number: usize) -> Result<Vec<u8>, DeployError> {
    let past = || ReadError::PastEnd {
        offset: ByteOffset(number as u64 * FRAME as u64),
        wanted: ByteLen(FRAME as u64),
        len: layer.frames().plain_len(),
    };
    let frame = layer.frames().frame(number);
    let frame = frame.ok_or_else(|| DeployError::Read { layer: layer.descriptor().uuid, source: past() })?;
    layer.decode(&frame, decoder, &mut Scratch::default()).map(<[u8]>::to_vec)
}

fn vhd_error(layer: &Layer<'_>, source: VhdError) -> DeployError {
    DeployError::Vhd { layer: layer.descriptor().uuid, source }
}
