//! Writing a layer's stored file, from its first byte to its last.

use std::path::Path;

use formats::digest::Hasher;
use formats::layer::Digested;
use formats::units::ByteLen;
use host::{AlignedBuf, HostError, Output};

/// How much is written at once, in bytes: large writes past the page cache are the quickest, and leave nothing that
/// would have to be waited for at the end.
const PIECE: usize = 4 << 20;
/// How much room is asked for at once at most, in bytes, ahead of what is written.
const ROOM: u64 = 64 << 20;

/// A file that grows, and its digest.
pub struct Writer {
    output: Output,
    buf: AlignedBuf,
    filled: usize,
    /// Where the buffer's bytes go.
    at: u64,
    /// Up to where room was asked for.
    reserved: u64,
    hasher: Hasher,
}

impl Writer {
    /// Begins the file `path`.
    pub fn begin(path: &Path) -> Result<Self, HostError> {
        let (output, _) = Output::begin(path, 0, true)?;
        let buf = AlignedBuf::new(PIECE);
        Ok(Self { output, buf, filled: 0, at: 0, reserved: 0, hasher: Hasher::new() })
    }

    /// Adds bytes.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), HostError> {
        self.hasher.update(bytes);
        let mut rest = bytes;
        while !rest.is_empty() {
            let len = rest.len().min(PIECE - self.filled);
            let (now, later) = rest.split_at(len);
            self.buf[self.filled..self.filled + len].copy_from_slice(now);
            self.filled += len;
            rest = later;
            if self.filled == PIECE {
                self.flush()?;
            }
        }
        Ok(())
    }

    /// Writes what is left, and puts the file under its name.
    pub fn finish(mut self) -> Result<Digested, HostError> {
        self.flush()?;
        self.output.cut(self.at)?;
        self.output.commit()?;
        Ok(Digested { len: ByteLen(self.at), sha256: self.hasher.finish() })
    }

    fn flush(&mut self) -> Result<(), HostError> {
        self.reserve();
        self.output.write_at(self.at, &self.buf[..self.filled])?;
        self.at += self.filled as u64;
        self.filled = 0;
        Ok(())
    }

    /// Asks for twice the room, so that files that grow long lie in few pieces and small ones cost nothing.
    fn reserve(&mut self) {
        if self.at >= self.reserved && self.at > 0 {
            let len = self.at.min(ROOM);
            // A courtesy: where it is not granted, writing tells what is wrong.
            let _ = self.output.reserve(self.at, len);
            self.reserved = self.at + len;
        }
    }
}
