//! A disk of which only the first and the last bytes are kept: a partition table touches no others.

use std::io::{self, Read, Seek, SeekFrom, Write};

/// The disk.
#[derive(Debug)]
pub(super) struct Edges {
    size: u64,
    position: u64,
    head: Vec<u8>,
    tail: Vec<u8>,
}

impl Edges {
    /// A disk of `size` zeros, of which `kept` bytes at either end can be reached.
    pub(super) fn new(size: u64, kept: u64) -> Self {
        let zeros = vec![0; kept.min(size) as usize];
        Self { size, position: 0, head: zeros.clone(), tail: zeros }
    }

    /// A copy of bytes that lie in one of the ends.
    pub(super) fn cut(&self, start: u64, len: u64) -> Vec<u8> {
        match (usize::try_from(start), start.checked_sub(self.tail_start())) {
            (Ok(at), _) if at < self.head.len() => self.head[at..at + len as usize].to_vec(),
            (_, at) => self.tail[at.unwrap_or(0) as usize..][..len as usize].to_vec(),
        }
    }

    /// Puts bytes into one of the ends, where they lie as a whole.
    pub(super) fn put(&mut self, start: u64, bytes: &[u8]) {
        self.position = start;
        if let Ok(here) = self.here() {
            here[..bytes.len()].copy_from_slice(bytes);
        }
    }

    fn tail_start(&self) -> u64 {
        self.size - self.tail.len() as u64
    }

    /// The kept bytes from the position on.
    fn here(&mut self) -> io::Result<&mut [u8]> {
        let (tail_start, position) = (self.tail_start(), self.position);
        if position < self.head.len() as u64 {
            Ok(&mut self.head[position as usize..])
        } else if position >= tail_start && position <= self.size {
            Ok(&mut self.tail[(position - tail_start) as usize..])
        } else {
            Err(io::Error::other(format!("byte {position} lies between the tables")))
        }
    }
}

impl Read for Edges {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let here = self.here()?;
        let len = buf.len().min(here.len());
        buf[..len].copy_from_slice(&here[..len]);
        self.position += len as u64;
        Ok(len)
    }
}

impl Write for Edges {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let here = self.here()?;
        let len = buf.len().min(here.len());
        here[..len].copy_from_slice(&buf[..len]);
        self.position += len as u64;
        Ok(len)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for Edges {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(offset) => Some(offset),
            SeekFrom::End(offset) => self.size.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position = position.ok_or_else(|| io::Error::other("seek before the start of the disk"))?;
        Ok(self.position)
    }
}
