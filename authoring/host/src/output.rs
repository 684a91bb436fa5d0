//! A file that appears under its name whole or not at all, or a device that nobody else uses meanwhile.

use std::fs::{self, File};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rustix::fs::{CWD, FallocateFlags, FlockOperation, OFlags, RenameFlags, fallocate, flock, renameat_with};
use rustix::io::Errno;

use crate::buffer::{ALIGNMENT, AlignedBuf};
use formats::units::ByteLen;

use crate::device::{self, is_device};
use crate::error::{HostError, Operation, is_full};
use crate::held::{Held, Taken};
use crate::place::{folder_of, partial_path, sync_folder_of};

/// An output in the making. Dropped before [`Output::commit`], a file is removed again.
#[derive(Debug)]
pub struct Output {
    file: File,
    /// The same file, written past the page cache, where the file system can.
    direct: Option<File>,
    target: PathBuf,
    /// How long it is said to become.
    len: ByteLen,
    /// Where a file lies until it is whole; `None` for a device.
    partial: Option<PathBuf>,
    /// Whether a file that is there may be replaced.
    force: bool,
    /// Aligned memory for [`Output::write_past_cache`]: as many as there were threads at once.
    spare: Mutex<Vec<AlignedBuf>>,
    held: Held,
}

/// How much is copied to aligned memory at a time, in bytes.
const COPY: usize = 2 << 20;
/// Fewer bytes than this are quicker through the page cache.
const WORTH_COPYING: usize = 64 << 10;

/// What an earlier run, which was cut off, had left behind and which was cleaned up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leftover {
    /// The file that was removed.
    pub path: PathBuf,
    /// How many bytes it had.
    pub len: u64,
}

impl Output {
    /// Begins an output of `len` bytes: a new file, or a block device that is there.
    ///
    /// A file is made as `~NAME.partial` beside its final place, locked for as long as this process lives. One that
    /// nobody holds is left over from a run that was cut off: it is removed, and told.
    ///
    /// # Errors
    /// [`HostError`]: the output exists and `force` is not given, somebody else writes it, the device is in use or
    /// too small, or the operating system's reason.
    pub fn begin(target: &Path, len: u64, force: bool) -> Result<(Self, Option<Leftover>), HostError> {
        Self::check(target, force)?;
        if is_device(target) {
            return Ok((Self::device(target, len)?, None));
        }
        Self::file(target, len, force)
    }

    /// Whether an output may be begun here: what is worth knowing before long work.
    ///
    /// # Errors
    /// As for [`Output::begin`].
    pub fn check(target: &Path, force: bool) -> Result<(), HostError> {
        let wrong_kind = |found| Err(HostError::WrongKind { path: target.into(), found });
        match fs::symlink_metadata(target) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => match folder_of(target) {
                folder if folder.is_dir() => Ok(()),
                folder => Err(HostError::NoFolder { path: folder.into() }),
            },
            Err(e) => Err(HostError::io(Operation::Create, target)(e)),
            Ok(_) if is_device(target) => device::check(target, force),
            Ok(there) if there.is_dir() => wrong_kind("directory"),
            Ok(there) if !there.is_file() && !there.is_symlink() => wrong_kind("special file"),
            Ok(_) if force => Ok(()),
            Ok(_) => Err(HostError::Exists { path: target.into() }),
        }
    }

    fn file(target: &Path, len: u64, force: bool) -> Result<(Self, Option<Leftover>), HostError> {
        let partial = partial_path(target)?;
        let leftover = fs::metadata(&partial).ok().map(|m| Leftover { path: partial.clone(), len: m.len() });
        let create = || HostError::io(Operation::Create, &partial);
        let mut options = File::options();
        let file =
            options.read(true).write(true).create(true).truncate(false).open(&partial).map_err(create())?;
        lock(&file, &partial)?;
        if !is_at(&file, &partial) {
            // Its writer finished between our opening and our lock.
            return Err(HostError::Busy { path: partial });
        }
        // From here on the file is removed again when something fails.
        let direct = open_direct(&partial);
        let output = Self {
            file,
            direct,
            target: target.into(),
            len: ByteLen(len),
            partial: Some(partial.clone()),
            force,
            spare: Mutex::default(),
            held: Held::default(),
        };
        // Emptied only now that the lock says that nobody else writes it.
        output.file.set_len(0).and_then(|()| output.file.set_len(len)).map_err(create())?;
        Ok((output, leftover))
    }

    fn device(target: &Path, len: u64) -> Result<Self, HostError> {
        // O_EXCL on a block device: nobody has it mounted or claimed (open(2)).
        let exclusive = i32::try_from(OFlags::EXCL.bits()).unwrap_or_default();
        let open = File::options().read(true).write(true).custom_flags(exclusive).open(target);
        let mut file = open.map_err(|e| match e.kind() {
            io::ErrorKind::ResourceBusy => HostError::InUse { path: target.into(), mounted: None },
            _ => HostError::io(Operation::Create, target)(e),
        })?;
        let available = io::Seek::seek(&mut file, io::SeekFrom::End(0))
            .map_err(HostError::io(Operation::Read, target))?;
        if available < len {
            return Err(HostError::TooSmall {
                path: target.into(),
                needed: ByteLen(len),
                available: ByteLen(available),
            });
        }
        Ok(Self {
            file,
            direct: open_direct(target),
            target: target.into(),
            len: ByteLen(len),
            partial: None,
            force: true,
            spare: Mutex::default(),
            held: Held::default(),
        })
    }

    /// Where the bytes are while the output is made: what a check before the commit reads.
    pub fn path(&self) -> &Path {
        self.partial.as_deref().unwrap_or(&self.target)
    }

    /// The output's final place.
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// Whether this is a file that was made empty, where bytes that are not written are zeros.
    pub fn is_fresh(&self) -> bool {
        self.partial.is_some()
    }

    /// Has the file system set space aside for these bytes, so that a full disk is known before any is written and
    /// writing is quick. Does nothing where the file system cannot, and on devices.
    ///
    /// # Errors
    /// [`HostError`]; [`HostError::is_full`] tells when there is no room.
    pub fn reserve(&self, offset: u64, len: u64) -> Result<(), HostError> {
        if self.partial.is_none() || len == 0 {
            return Ok(());
        }
        match fallocate(self.file.as_fd(), FallocateFlags::empty(), offset, len) {
            Ok(()) | Err(Errno::OPNOTSUPP | Errno::NOSYS) => Ok(()),
            Err(e) => Err(self.unwritten(e.into())),
        }
    }

    /// What is said when bytes cannot be written.
    fn unwritten(&self, source: io::Error) -> HostError {
        let path = self.target.clone();
        match is_full(&source) {
            true => HostError::Full { path, len: self.len, source },
            false => HostError::Io { operation: Operation::Write, path, source },
        }
    }

    /// Writes bytes at a position, past the page cache when memory, position and length are aligned for it.
    ///
    /// # Errors
    /// [`HostError`].
    pub fn write_at(&self, offset: u64, bytes: &[u8]) -> Result<(), HostError> {
        let file = self.direct.as_ref().filter(|_| is_aligned(offset, bytes)).unwrap_or(&self.file);
        file.write_all_at(bytes, offset).map_err(|e| self.unwritten(e))
    }

    /// As [`Output::write_at`], for bytes that lie anywhere: the whole blocks among them go past the page cache by way
    /// of aligned memory, parts of blocks are held back, at the longest until [`Output::sync`]. That is for much
    /// data that nobody reads soon. What is written so must not be written otherwise before the sync.
    ///
    /// # Errors
    /// [`HostError`].
    pub fn write_past_cache(&self, offset: u64, bytes: &[u8]) -> Result<(), HostError> {
        let Some(direct) = &self.direct else { return self.write_at(offset, bytes) };
        let (head, blocks, tail) = split(offset, bytes);
        let from = offset + head.len() as u64;
        let to = from + blocks.len() as u64;
        self.write_later(offset, head)?;
        self.held.forget(from..to);
        if blocks.len() < WORTH_COPYING || is_aligned(from, blocks) {
            self.write_at(from, blocks)?;
        } else {
            self.copy_out(direct, from, blocks).map_err(|e| self.unwritten(e))?;
        }
        self.write_later(to, tail)
    }

    /// As [`Output::write_past_cache`], for bytes that lie inside one block of [`ALIGNMENT`](crate::buffer::ALIGNMENT)
    /// bytes: they are held back, as long as there is room.
    ///
    /// # Errors
    /// [`HostError`].
    pub fn write_later(&self, offset: u64, bytes: &[u8]) -> Result<(), HostError> {
        if bytes.is_empty() || self.direct.is_none() {
            return self.write_at(offset, bytes);
        }
        match self.held.take(offset, bytes) {
            Taken::Kept => Ok(()),
            Taken::Whole(block) => self.write_at(offset - offset % ALIGNMENT as u64, &block),
            Taken::Refused => self.write_at(offset, bytes),
        }
    }

    /// Writes whole blocks by way of aligned memory, which is kept for the next time.
    fn copy_out(&self, direct: &File, offset: u64, blocks: &[u8]) -> io::Result<()> {
        let spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut buf = spare.unwrap_or_else(|| AlignedBuf::new(COPY));
        let mut at = offset;
        for blocks in blocks.chunks(COPY) {
            let copy = &mut buf[..blocks.len()];
            copy.copy_from_slice(blocks);
            direct.write_all_at(copy, at)?;
            at += blocks.len() as u64;
        }
        self.spare.lock().unwrap_or_else(PoisonError::into_inner).push(buf);
        Ok(())
    }

    /// Cuts a file off behind `len` bytes, or makes it that long. Devices stay as they are.
    ///
    /// # Errors
    /// [`HostError`].
    pub fn cut(&self, len: u64) -> Result<(), HostError> {
        if self.partial.is_none() {
            return Ok(());
        }
        self.file.set_len(len).map_err(HostError::io(Operation::Write, &self.target))
    }

    /// Ends writing past the page cache: what waits to get its name with many others holds one open file less.
    pub fn end_direct(&mut self) {
        self.direct = None;
    }

    /// Waits until everything written is on the device.
    ///
    /// # Errors
    /// [`HostError`].
    pub fn sync(&self) -> Result<(), HostError> {
        self.held.drain().try_for_each(|(offset, bytes)| self.write_at(offset, &bytes))?;
        self.file.sync_all().map_err(HostError::io(Operation::Write, &self.target))
    }

    /// Gives the file its final name, durably.
    ///
    /// # Errors
    /// [`HostError`]; the file is then removed.
    pub fn commit(mut self) -> Result<(), HostError> {
        self.sync()?;
        if let Some(partial) = &self.partial {
            rename(partial, &self.target, self.force)?;
            self.partial = None;
            sync_folder_of(&self.target)?;
        }
        Ok(())
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        if let Some(partial) = &self.partial {
            // Nothing more can be done about it here; the next run cleans up.
            let _ = fs::remove_file(partial);
        }
    }
}

fn is_aligned(offset: u64, bytes: &[u8]) -> bool {
    let in_memory = bytes.as_ptr() as usize;
    offset.is_multiple_of(ALIGNMENT as u64)
        && bytes.len().is_multiple_of(ALIGNMENT)
        && in_memory.is_multiple_of(ALIGNMENT)
}

/// The bytes before the first whole block, the whole blocks, and those behind them.
fn split(offset: u64, bytes: &[u8]) -> (&[u8], &[u8], &[u8]) {
    // Cannot cut: less than a block.
    let lead = (offset.next_multiple_of(ALIGNMENT as u64) - offset) as usize;
    let (head, rest) = bytes.split_at(lead.min(bytes.len()));
    let (blocks, tail) = rest.split_at(rest.len() - rest.len() % ALIGNMENT);
    (head, blocks, tail)
}

fn open_direct(path: &Path) -> Option<File> {
    let direct = i32::try_from(OFlags::DIRECT.bits()).ok()?;
    File::options().write(true).custom_flags(direct).open(path).ok()
}

fn lock(file: &File, path: &Path) -> Result<(), HostError> {
    match flock(file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(()),
        Err(Errno::WOULDBLOCK) => Err(HostError::Busy { path: path.into() }),
        Err(e) => Err(HostError::io(Operation::Lock, path)(e.into())),
    }
}

/// Gives a file its name; without `force` never that of a file that is there, even when it came meanwhile.
fn rename(from: &Path, to: &Path, force: bool) -> Result<(), HostError> {
    let kept = match force {
        true => Err(Errno::INVAL),
        false => renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE),
    };
    match kept {
        Ok(()) => Ok(()),
        Err(Errno::EXIST) => Err(HostError::Exists { path: to.into() }),
        // Not every file system can tell; it was looked at before the work began.
        Err(Errno::INVAL | Errno::NOSYS) => {
            fs::rename(from, to).map_err(HostError::io(Operation::Rename, to))
        }
        Err(e) => Err(HostError::io(Operation::Rename, to)(e.into())),
    }
}

/// Whether `path` still leads to this open file.
fn is_at(file: &File, path: &Path) -> bool {
    let identity = |m: fs::Metadata| (m.dev(), m.ino());
    file.metadata().ok().map(identity) == fs::metadata(path).ok().map(identity)
}

#[cfg(test)]
mod tests;
