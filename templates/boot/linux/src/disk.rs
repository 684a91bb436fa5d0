//! A disk of the kernel's: read and written past the page cache.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

use deploy::TargetError;
use formats::io::{ReadAt, ReadError, check_range};
use formats::units::{ByteLen, ByteOffset};
use rustix::fs::{Advice, OFlags, fadvise};
use station::{About, Disk};

use crate::aligned::{ALIGNMENT, Buffers, LEN, is_aligned};
use crate::cache::{BLOCK, Cache};

/// A disk that was opened.
pub struct BlockDisk {
    file: File,
    about: About,
    size: u64,
    buffers: Buffers,
    cache: Cache,
}

impl BlockDisk {
    /// Opens a disk of `size` bytes; one that takes no bytes is opened for reading alone.
    pub fn open(path: &Path, about: About, size: u64) -> io::Result<Self> {
        let direct = i32::try_from(OFlags::DIRECT.bits()).unwrap_or_default();
        let mut options = OpenOptions::new();
        let file = options.read(true).write(!about.read_only).custom_flags(direct).open(path)?;
        Ok(Self { file, about, size, buffers: Buffers::default(), cache: Cache::default() })
    }

    /// Fills `bytes`, whose place is a multiple of the sector size.
    fn read_whole(&self, at: u64, bytes: &mut [u8]) -> io::Result<()> {
        if is_aligned(bytes) && bytes.len().is_multiple_of(ALIGNMENT) {
            return self.file.read_exact_at(bytes, at);
        }
        let sector = self.sector();
        for (index, piece) in bytes.chunks_mut(LEN).enumerate() {
            let at = at + (index * LEN) as u64;
            self.buffers.with(|buffer| {
                let len = piece.len().next_multiple_of(sector).min(LEN);
                self.file.read_exact_at(&mut buffer[..len], at)?;
                piece.copy_from_slice(&buffer[..piece.len()]);
                Ok::<_, io::Error>(())
            })?;
        }
        Ok(())
    }

    /// Fills `bytes` out of blocks that are kept.
    fn read_kept(&self, offset: ByteOffset, bytes: &mut [u8]) -> Result<(), ReadError> {
        let mut at = offset.0;
        let mut rest = bytes;
        while !rest.is_empty() {
            let (number, inside) = (at / BLOCK as u64, (at % BLOCK as u64) as usize);
            let (piece, after) = rest.split_at_mut(rest.len().min(BLOCK - inside));
            let is_there = self.cache.read(number, inside, piece, || self.block(number));
            if !is_there.map_err(|error| ReadError::unreadable(ByteOffset(at), error))? {
                return Err(ReadError::unreadable(ByteOffset(at), "the disk became shorter"));
            }
            at += piece.len() as u64;
            rest = after;
        }
        Ok(())
    }

    fn block(&self, number: u64) -> io::Result<Vec<u8>> {
        let start = number * BLOCK as u64;
        let mut bytes = vec![0; self.size.saturating_sub(start).min(BLOCK as u64) as usize];
        self.read_whole(start, &mut bytes)?;
        Ok(bytes)
    }

    fn sector(&self) -> usize {
        self.about.sector_size.max(1) as usize
    }
}

impl ReadAt for BlockDisk {
    fn size(&self) -> ByteLen {
        ByteLen(self.size)
    }

    fn read_at(&self, offset: ByteOffset, buf: &mut [u8]) -> Result<(), ReadError> {
        check_range(self.size(), offset, buf.len())?;
        if buf.len() < BLOCK {
            return self.read_kept(offset, buf);
        }
        let lead = (offset.0 as usize).wrapping_neg() % self.sector();
        let (head, whole) = buf.split_at_mut(lead);
        self.read_kept(offset, head)?;
        let at = offset.0 + lead as u64;
        self.read_whole(at, whole).map_err(|error| ReadError::unreadable(ByteOffset(at), error))
    }
}

impl Disk for BlockDisk {
    fn about(&self) -> &About {
        &self.about
    }

    fn write_at(&self, offset: ByteOffset, bytes: &[u8]) -> Result<(), TargetError> {
        self.cache.clear();
        for (index, piece) in bytes.chunks(LEN).enumerate() {
            let at = offset.0.saturating_add((index * LEN) as u64);
            self.buffers
                .with(|buffer| {
                    buffer[..piece.len()].copy_from_slice(piece);
                    self.file.write_all_at(&buffer[..piece.len()], at)
                })
                .map_err(|error| refused(ByteOffset(at), &error))?;
        }
        Ok(())
    }

    /// What was written past the page cache is read past it too: nothing of it is in this machine's memory.
    fn flush(&self) -> Result<(), TargetError> {
        self.cache.clear();
        self.file.sync_all().map_err(|error| refused(ByteOffset::ZERO, &error))?;
        fadvise(&self.file, 0, None, Advice::DontNeed)
            .map_err(|error| refused(ByteOffset::ZERO, &error.into()))
    }
}

fn refused(offset: ByteOffset, error: &io::Error) -> TargetError {
    match error.kind() {
        io::ErrorKind::StorageFull => TargetError::Full { offset },
        _ => TargetError::refused(offset, error),
    }
}
