//! A file or device that a disk is deployed to.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use deploy::{Target, TargetError};
use formats::units::{ByteLen, ByteOffset, MIB};
use host::{AlignedBuf, HostError, Output};

/// An output that gets its first MiB last: without it a disk that is half written does not boot, and a VHD is none.
pub struct Disk {
    output: Output,
    /// The bytes that are held back.
    head: Mutex<AlignedBuf>,
}

impl Disk {
    /// Begins with zeros in the place of what is held back.
    ///
    /// # Errors
    /// [`HostError`].
    pub fn new(output: Output, len: ByteLen) -> Result<Self, HostError> {
        // Cannot cut: at most 1 MiB.
        let head = AlignedBuf::new(len.0.min(MIB) as usize);
        if !output.is_fresh() {
            output.write_at(0, &head)?;
            output.sync()?;
        }
        Ok(Self { output, head: Mutex::new(head) })
    }

    /// Sets space aside for these bytes: a full disk is known before work begins, and writing is quicker.
    ///
    /// # Errors
    /// [`HostError`].
    pub fn reserve(&self, range: Range<u64>) -> Result<(), HostError> {
        self.output.reserve(range.start, range.end.saturating_sub(range.start))
    }

    /// Writes what was held back, and gives a file its name.
    ///
    /// # Errors
    /// [`HostError`].
    pub fn finish(self) -> Result<(), HostError> {
        let Self { output, head } = self;
        output.sync()?;
        output.write_at(0, &head.into_inner().unwrap_or_else(PoisonError::into_inner))?;
        output.commit()
    }

    /// Holds back what belongs to the first MiB and gives the rest, with its offset.
    fn hold_back<'b>(&self, offset: u64, bytes: &'b [u8]) -> (u64, &'b [u8]) {
        let mut head = self.head.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(room) = usize::try_from(offset).ok().and_then(|at| head.get_mut(at..)) else {
            return (offset, bytes);
        };
        let held = room.len().min(bytes.len());
        let (now, rest) = bytes.split_at(held);
        room[..held].copy_from_slice(now);
        (offset + held as u64, rest)
    }
}

impl Target for Disk {
    fn write_at(&self, offset: ByteOffset, bytes: &[u8]) -> Result<(), TargetError> {
        let (at, rest) = self.hold_back(offset.0, bytes);
        if rest.is_empty() {
            return Ok(());
        }
        self.output.write_past_cache(at, rest).map_err(|error| refused(ByteOffset(at), &error))
    }

    fn zero_at(&self, offset: ByteOffset, len: ByteLen) -> Result<(), TargetError> {
        if self.output.is_fresh() {
            return Ok(());
        }
        let zeros = AlignedBuf::new(MIB.min(len.0) as usize);
        let end = offset.0 + len.0;
        let mut at = offset.0;
        while at < end {
            // To the next whole MiB first, so that devices get whole blocks.
            let count = (MIB - at % MIB).min(end - at);
            self.write_at(ByteOffset(at), &zeros[..count as usize])?;
            at += count;
        }
        Ok(())
    }
}

fn refused(offset: ByteOffset, error: &HostError) -> TargetError {
    if error.is_full() {
        TargetError::Full { offset }
    } else {
        TargetError::refused(offset, formats::kind::with_causes(error))
    }
}
