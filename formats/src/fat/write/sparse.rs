//! A device in memory that keeps only what is not zero: the structures of a volume, never the content of its files.

use std::collections::BTreeMap;
use std::convert::Infallible;

use hadris_io::{Error, ErrorKind, ErrorType};
use hadris_storage::sync::BlockDevice;
use hadris_storage::{BlockIndex, BlockSize};

/// How many bytes are kept together: the largest sector.
const PAGE: usize = 4096;

/// The device.
pub(super) struct Sparse {
    size: u64,
    sector_size: BlockSize,
    pages: BTreeMap<u64, Box<[u8; PAGE]>>,
}

impl Sparse {
    /// A device of `size` zeros.
    pub(super) fn new(size: u64, sector_size: BlockSize) -> Self {
        Self { size, sector_size, pages: BTreeMap::new() }
    }

    /// The bytes of a range that were written, as runs in order, each with its position.
    pub(super) fn runs(&self, start: u64, end: u64) -> Vec<(u64, Vec<u8>)> {
        let mut runs: Vec<(u64, Vec<u8>)> = Vec::new();
        let first_page = start / PAGE as u64;
        for (number, page) in self.pages.range(first_page..end.div_ceil(PAGE as u64)) {
            let page_start = number * PAGE as u64;
            let from = start.max(page_start);
            let to = end.min(page_start + PAGE as u64);
            let bytes = &page[(from - page_start) as usize..(to - page_start) as usize];
            match runs.last_mut() {
                Some((at, run)) if *at + run.len() as u64 == from => run.extend_from_slice(bytes),
                _ => runs.push((from, bytes.to_vec())),
            }
        }
        runs
    }

    /// Calls `visit` with each page's number and its part of `len` bytes from `offset`.
    fn split(offset: u64, len: usize, mut visit: impl FnMut(u64, usize, std::ops::Range<usize>)) {
        let mut done = 0;
        while done < len {
            let at = offset + done as u64;
            let inside = (at % PAGE as u64) as usize;
            let count = (PAGE - inside).min(len - done);
            visit(at / PAGE as u64, inside, done..done + count);
            done += count;
        }
    }

    /// Where blocks start, in bytes, when the device has them.
    fn place(&self, first: BlockIndex, len: usize) -> Result<u64, Error<Infallible>> {
        let past = || Error::new(ErrorKind::InvalidInput, "past the end of the device");
        let start = first.get().checked_mul(self.sector_size.get().into()).ok_or_else(past)?;
        start.checked_add(len as u64).filter(|end| *end <= self.size).map(|_| start).ok_or_else(past)
    }
}

impl ErrorType for Sparse {
    type Error = Infallible;
}

impl BlockDevice for Sparse {
    fn block_size(&self) -> BlockSize {
        self.sector_size
    }

    fn block_count(&self) -> u64 {
        self.size / u64::from(self.sector_size.get())
    }

    fn writable(&self) -> bool {
        true
    }

    fn read_blocks(&mut self, first: BlockIndex, buf: &mut [u8]) -> Result<(), Error<Infallible>> {
        let start = self.place(first, buf.len())?;
        Self::split(start, buf.len(), |number, inside, part| match self.pages.get(&number) {
            Some(page) => buf[part.clone()].copy_from_slice(&page[inside..inside + part.len()]),
            None => buf[part].fill(0),
        });
        Ok(())
    }

    fn write_blocks(&mut self, first: BlockIndex, buf: &[u8]) -> Result<(), Error<Infallible>> {
        let start = self.place(first, buf.len())?;
        Self::split(start, buf.len(), |number, inside, part| {
            let bytes = &buf[part];
            if bytes.iter().any(|byte| *byte != 0) || self.pages.contains_key(&number) {
                let page = self.pages.entry(number).or_insert_with(|| Box::new([0; PAGE]));
                page[inside..inside + bytes.len()].copy_from_slice(bytes);
            }
        });
        Ok(())
    }
}
