//! Files and block devices, read at positions.

use std::fs::File;
use std::io::{self, Seek, SeekFrom};
use std::ops::Range;
use std::os::unix::fs::{FileExt, FileTypeExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use formats::io::{ReadAt, ReadError, check_range};
use formats::units::{ByteLen, ByteOffset};
use rustix::fs::{OFlags, SeekFrom as Whence, seek};
use rustix::io::Errno;

use crate::error::{HostError, Operation};

/// A file or block device that is open for reading. Its size is the one that it had when it was opened.
#[derive(Debug)]
pub struct FileSource {
    file: File,
    path: PathBuf,
    size: ByteLen,
}

impl FileSource {
    /// Opens a regular file or a block device; a pipe or a directory is refused, not waited for.
    ///
    /// # Errors
    /// [`HostError`] with the path.
    pub fn open(path: &Path) -> Result<Self, HostError> {
        let wrap = || HostError::io(Operation::Open, path);
        let mut options = File::options();
        // Opening a FIFO waits for a writer otherwise.
        let nonblocking = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or_default();
        let mut file = options.read(true).custom_flags(nonblocking).open(path).map_err(wrap())?;
        check_kind(&file, path)?;
        // Block devices say their size only here.
        let size = file.seek(SeekFrom::End(0)).map_err(wrap())?;
        Ok(Self { file, path: path.into(), size: ByteLen(size) })
    }

    /// Where it was opened.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Refuses what is neither a regular file nor a block device.
pub(crate) fn check_kind(file: &File, path: &Path) -> Result<(), HostError> {
    let kind = file.metadata().map_err(HostError::io(Operation::Open, path))?.file_type();
    let found = match kind {
        k if k.is_file() || k.is_block_device() => return Ok(()),
        k if k.is_dir() => "directory",
        k if k.is_fifo() => "pipe",
        k if k.is_char_device() => "character device",
        _ => "special file",
    };
    Err(HostError::WrongKind { path: path.into(), found })
}

impl ReadAt for FileSource {
    fn size(&self) -> ByteLen {
        self.size
    }

    fn read_at(&self, offset: ByteOffset, buf: &mut [u8]) -> Result<(), ReadError> {
        check_range(self.size, offset, buf.len())?;
        self.file.read_exact_at(buf, offset.0).map_err(|e| self.unreadable(offset, &e))
    }

    fn next_data(&self, offset: ByteOffset) -> Result<Option<Range<u64>>, ReadError> {
        if offset.0 >= self.size.0 {
            return Ok(None);
        }
        let start = match seek(&self.file, Whence::Data(offset.0)) {
            Ok(start) => start,
            Err(Errno::NXIO) => return Ok(None),
            // Devices and some file systems know no holes: everything may be data.
            Err(_) => return Ok(Some(offset.0..self.size.0)),
        };
        let end = seek(&self.file, Whence::Hole(start)).unwrap_or(self.size.0);
        Ok(Some(start.min(self.size.0)..end.min(self.size.0)).filter(|r| r.start < r.end))
    }
}

impl FileSource {
    fn unreadable(&self, offset: ByteOffset, cause: &io::Error) -> ReadError {
        let reason = match cause.kind() {
            io::ErrorKind::UnexpectedEof => {
                format!("{} became shorter while it was read", self.path.display())
            }
            _ => format!("{}: {cause}", self.path.display()),
        };
        ReadError::unreadable(offset, reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use formats::io::read_vec;

    #[test]
    fn holes_are_seen_and_ends_respected() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sparse");
        let file = File::create(&path).unwrap();
        file.set_len(8 << 20).unwrap();
        file.write_all_at(b"data", 4 << 20).unwrap();
        let source = FileSource::open(&path).unwrap();
        let data = source.next_data(ByteOffset(0)).unwrap().unwrap();
        assert!(data.start >= 1 << 20 && data.contains(&(4 << 20)), "{data:?}");
        assert_eq!(source.next_data(ByteOffset(data.end)).unwrap(), None);
        assert_eq!(read_vec(&source, ByteOffset(4 << 20), 4).unwrap(), b"data");
        assert!(read_vec(&source, ByteOffset((8 << 20) - 1), 2).is_err());
    }

    #[test]
    fn what_is_no_disk_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(
            FileSource::open(folder.path()),
            Err(HostError::WrongKind { found: "directory", .. })
        ));
        assert!(FileSource::open(&folder.path().join("absent")).unwrap_err().is_source());
        assert!(matches!(FileSource::open(Path::new("/dev/null")), Err(HostError::WrongKind { .. })));
    }
}
