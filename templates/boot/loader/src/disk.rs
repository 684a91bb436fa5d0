//! Reading and writing a disk through the firmware's Block I/O protocol (UEFI 2.10, 13.9).

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use deploy::TargetError;
use formats::io::{ReadAt, ReadError, check_range};
use formats::units::{ByteLen, ByteOffset};
use station::{About, Disk};
use uefi::Status;
use uefi::proto::media::block::BlockIO;

use crate::cache::{Cache, WINDOW};
use crate::raw::{self, Kept, Lock};

/// How many bytes are asked for at once: each request has its own cost, and 4 MiB make that small.
const CHUNK: usize = 4 << 20;
/// From how many bytes on a read goes past the cache.
const LARGE: usize = WINDOW as usize;

/// A disk.
pub struct FirmwareDisk {
    about: About,
    place: Place,
    memory: Lock<Memory>,
}

/// Where a disk is, and what it asks of those who use it.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// The handle with its protocol.
    pub handle: Kept,
    /// The number of the medium that is in it: another one gets another number.
    pub media: u32,
    /// How long it is, in bytes.
    pub size: u64,
    /// The size of its sectors, in bytes.
    pub sector: u64,
    /// What addresses of memory it reads to and writes from are multiples of.
    pub align: usize,
}

#[derive(Default)]
struct Memory {
    cache: Cache,
    /// For callers whose memory does not lie as the disk asks.
    aligned: Vec<u8>,
}

impl FirmwareDisk {
    /// A disk at a place.
    pub fn new(about: About, place: Place) -> Self {
        Self { about, place, memory: Lock::new(Memory::default()) }
    }

    /// Where it is.
    pub fn place(&self) -> &Place {
        &self.place
    }
}

impl ReadAt for FirmwareDisk {
    fn size(&self) -> ByteLen {
        ByteLen(self.place.size)
    }

    fn read_at(&self, offset: ByteOffset, buf: &mut [u8]) -> Result<(), ReadError> {
        check_range(self.size(), offset, buf.len())?;
        let read = self.memory.with(|memory| memory.read(&self.place, offset.0, buf));
        read.map_err(|status| ReadError::unreadable(offset, reason(status)))
    }
}

impl Disk for FirmwareDisk {
    fn about(&self) -> &About {
        &self.about
    }

    fn write_at(&self, offset: ByteOffset, bytes: &[u8]) -> Result<(), TargetError> {
        let end =
            check_range(self.size(), offset, bytes.len()).map_err(|_| TargetError::Full { offset })?.end;
        if !offset.0.is_multiple_of(self.place.sector) || !end.is_multiple_of(self.place.sector) {
            let sector = self.place.sector;
            return Err(TargetError::refused(offset, format!("it takes whole sectors of {sector} bytes")));
        }
        let written = self.memory.with(|memory| {
            memory.cache.forget(offset.0..end);
            memory.write(&self.place, offset.0, bytes)
        });
        written.map_err(|status| TargetError::refused(offset, reason(status)))
    }

    fn flush(&self) -> Result<(), TargetError> {
        self.memory.with(|memory| memory.cache.forget(0..u64::MAX));
        let flushed = self.place.with(|block| block.flush_blocks());
        flushed.map_err(|status| TargetError::refused(ByteOffset::ZERO, reason(status)))
    }
}

impl Memory {
    fn read(&mut self, place: &Place, offset: u64, buf: &mut [u8]) -> Result<(), Status> {
        match buf.len() {
            0..LARGE => self.read_small(place, offset, buf),
            _ => read_large(place, &mut self.aligned, offset, buf),
        }
    }

    fn read_small(&mut self, place: &Place, mut offset: u64, mut buf: &mut [u8]) -> Result<(), Status> {
        while !buf.is_empty() {
            let start = offset - offset % WINDOW;
            let len = WINDOW.min(place.size - start) as usize;
            let Self { cache, aligned } = self;
            let window = cache.window(start, |bytes| {
                bytes.resize(len, 0);
                read_large(place, aligned, start, bytes)
            })?;
            let part = window.get((offset - start) as usize..).unwrap_or_default();
            let (now, later) = buf.split_at_mut(part.len().min(buf.len()));
            if now.is_empty() {
                return Err(Status::END_OF_MEDIA);
            }
            now.copy_from_slice(part.get(..now.len()).unwrap_or_default());
            offset += now.len() as u64;
            buf = later;
        }
        Ok(())
    }

    fn write(&mut self, place: &Place, mut offset: u64, bytes: &[u8]) -> Result<(), Status> {
        for chunk in bytes.chunks(CHUNK) {
            let lba = offset / place.sector;
            let chunk = if place.is_aligned(chunk) {
                chunk
            } else {
                let copy = place.aligned(&mut self.aligned, chunk.len());
                copy.copy_from_slice(chunk);
                copy
            };
            place.with(|block| block.write_blocks(place.media, lba, chunk))?;
            offset += chunk.len() as u64;
        }
        Ok(())
    }
}

/// Reads without a cache. What starts or ends inside a sector, or does not lie in memory as the disk asks, goes through
/// `memory`: to copy it is cheaper than to ask the disk twice more.
fn read_large(
    place: &Place,
    memory: &mut Vec<u8>,
    mut offset: u64,
    mut buf: &mut [u8],
) -> Result<(), Status> {
    while !buf.is_empty() {
        let before = (offset % place.sector) as usize;
        let lba = offset / place.sector;
        let (now, later) = buf.split_at_mut((CHUNK - before).min(buf.len()));
        let sectors = (before + now.len()).next_multiple_of(place.sector as usize);
        if sectors == now.len() && place.is_aligned(now) {
            place.with(|block| block.read_blocks(place.media, lba, now))?;
        } else {
            let copy = place.aligned(memory, sectors);
            place.with(|block| block.read_blocks(place.media, lba, copy))?;
            now.copy_from_slice(copy.get(before..before + now.len()).unwrap_or_default());
        }
        offset += now.len() as u64;
        buf = later;
    }
    Ok(())
}

impl Place {
    fn with(&self, work: impl FnOnce(&mut BlockIO) -> uefi::Result) -> Result<(), Status> {
        let done = raw::with(self.handle.0, work).ok_or(Status::NO_MEDIA)?;
        done.map_err(|error| error.status())
    }

    fn is_aligned(&self, bytes: &[u8]) -> bool {
        bytes.as_ptr().addr().is_multiple_of(self.align)
    }

    /// `len` bytes of `memory` that lie as the disk asks.
    fn aligned<'m>(&self, memory: &'m mut Vec<u8>, len: usize) -> &'m mut [u8] {
        memory.resize(len + self.align, 0);
        let start = memory.as_ptr().addr().wrapping_neg() % self.align;
        memory.get_mut(start..start + len).unwrap_or_default()
    }
}

/// What the firmware says, in the words that its specification has for it.
fn reason(status: Status) -> String {
    match status {
        Status::NO_MEDIA => "it is gone".into(),
        Status::MEDIA_CHANGED => "another medium was put in".into(),
        Status::DEVICE_ERROR => "the device reports an error".into(),
        Status::WRITE_PROTECTED => "it is write-protected".into(),
        Status::TIMEOUT => "the device does not answer".into(),
        other => format!("the firmware reports {other:?}"),
    }
}
