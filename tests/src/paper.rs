//! A medium on paper: laid out and not written, yet read like one. With it, payloads of any length that take no room.

use std::ops::Range;

use formats::io::{ReadAt, ReadError, check_range, read_vec};
use formats::region::{Content, Region, Regions};
use formats::units::{ByteLen, ByteOffset};

/// Regions with their payloads, read as the medium that they describe.
pub struct OnPaper<'a> {
    regions: &'a Regions,
    sources: &'a [&'a dyn ReadAt],
}

/// Bytes that look random and are not: the same seed gives the same bytes.
#[derive(Clone, Copy, Debug)]
pub struct Noise {
    /// Which noise.
    pub seed: u64,
    /// How much of it.
    pub len: ByteLen,
}

/// Zeros with some noise at given places, so that a file of terabytes has something to be found in it. Those of
/// another length have other noise.
#[derive(Clone, Debug)]
pub struct Islands {
    /// How long it all is.
    pub len: ByteLen,
    /// Where islands of 4 KiB start, in order, each inside the length.
    pub at: Vec<u64>,
}

/// How long an island is, in bytes.
const ISLAND: u64 = 4096;

impl<'a> OnPaper<'a> {
    /// The medium that `regions` describe, with the payloads that they name by number.
    pub fn new(regions: &'a Regions, sources: &'a [&'a dyn ReadAt]) -> Self {
        Self { regions, sources }
    }

    fn read_region(&self, region: &Region, offset: u64, buf: &mut [u8]) -> Result<(), ReadError> {
        match &region.content {
            Content::Payload { source, offset: start } => {
                self.sources[*source as usize].read_at(ByteOffset(start.0 + offset), buf)
            }
            _ => {
                region.fill(offset, buf);
                Ok(())
            }
        }
    }

    /// The data of a region at or after `offset` on the medium, in positions of the medium.
    fn region_data(&self, region: &Region, offset: u64) -> Result<Option<Range<u64>>, ReadError> {
        let here = region.range();
        let from = offset.max(here.start);
        match &region.content {
            Content::Zero => Ok(None),
            Content::Payload { source, offset: start } => {
                let into = ByteOffset(start.0 + from - here.start);
                let found = self.sources[*source as usize].next_data(into)?;
                let moved = |at: u64| (at - start.0 + here.start).min(here.end);
                Ok(found.map(|data| moved(data.start)..moved(data.end)).filter(|data| data.start < data.end))
            }
            _ => Ok((from < here.end).then_some(from..here.end)),
        }
    }
}

impl ReadAt for OnPaper<'_> {
    fn size(&self) -> ByteLen {
        self.regions.total()
    }

    fn read_at(&self, offset: ByteOffset, buf: &mut [u8]) -> Result<(), ReadError> {
        let wanted = check_range(self.size(), offset, buf.len())?;
        for region in self.regions.within(wanted.clone()) {
            let range = region.range();
            let start = range.start.max(wanted.start);
            let end = range.end.min(wanted.end);
            let part = &mut buf[(start - wanted.start) as usize..(end - wanted.start) as usize];
            self.read_region(region, start - range.start, part)?;
        }
        Ok(())
    }

    fn next_data(&self, offset: ByteOffset) -> Result<Option<Range<u64>>, ReadError> {
        for region in self.regions.within(offset.0..self.size().0) {
            if let Some(data) = self.region_data(region, offset.0)? {
                return Ok(Some(data));
            }
        }
        Ok(None)
    }
}

impl Noise {
    /// All of it.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = vec![0; self.len.0 as usize];
        self.fill(0, &mut bytes);
        bytes
    }

    /// Eight bytes at a time, each word mixed from its own position (the finisher of SplitMix64), so that any
    /// position can be had at once.
    fn fill(&self, offset: u64, buf: &mut [u8]) {
        let mut at = offset;
        let mut rest = buf;
        while !rest.is_empty() {
            let word = mix(self.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(at / 8)).to_le_bytes();
            let from = (at % 8) as usize;
            let len = rest.len().min(8 - from);
            let (now, later) = rest.split_at_mut(len);
            now.copy_from_slice(&word[from..from + len]);
            at += len as u64;
            rest = later;
        }
    }
}

impl ReadAt for Noise {
    fn size(&self) -> ByteLen {
        self.len
    }

    fn read_at(&self, offset: ByteOffset, buf: &mut [u8]) -> Result<(), ReadError> {
        check_range(self.len, offset, buf.len())?;
        self.fill(offset.0, buf);
        Ok(())
    }
}

impl ReadAt for Islands {
    fn size(&self) -> ByteLen {
        self.len
    }

    fn read_at(&self, offset: ByteOffset, buf: &mut [u8]) -> Result<(), ReadError> {
        let wanted = check_range(self.len, offset, buf.len())?;
        buf.fill(0);
        for island in &self.at {
            let start = wanted.start.max(*island);
            let end = wanted.end.min(island + ISLAND);
            if start < end {
                let part = &mut buf[(start - wanted.start) as usize..(end - wanted.start) as usize];
                Noise { seed: self.len.0, len: self.len }.fill(start, part);
            }
        }
        Ok(())
    }

    fn next_data(&self, offset: ByteOffset) -> Result<Option<Range<u64>>, ReadError> {
        let ends = |island: &u64| (island + ISLAND).min(self.len.0);
        let found = self.at.iter().find(|island| ends(island) > offset.0);
        Ok(found.map(|island| offset.0.max(*island)..ends(island)))
    }
}

/// All bytes of a medium without payloads.
///
/// # Panics
/// When a region is a payload.
pub fn bytes_of(regions: &Regions) -> Vec<u8> {
    let medium = OnPaper::new(regions, &[]);
    let len = regions.total().0 as usize;
    read_vec(&medium, ByteOffset::ZERO, len).unwrap_or_else(|e| panic!("{e}"))
}

fn mix(word: u64) -> u64 {
    let word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_is_the_same_from_wherever_it_is_read() {
        let noise = Noise { seed: 3, len: ByteLen(1000) };
        let all = noise.bytes();
        assert_eq!(read_vec(&noise, ByteOffset(13), 900).unwrap(), all[13..913]);
        assert_ne!(all, Noise { seed: 4, ..noise }.bytes());
    }

    #[test]
    fn islands_are_found_through_the_regions_around_them() {
        let payload = Islands { len: ByteLen(1 << 40), at: vec![5000, 1 << 39] };
        let content = Content::Payload { source: 0, offset: ByteOffset(4096) };
        let region = Region { content, ..Region::zero("p", ByteOffset(100), ByteLen((1 << 40) - 4096)) };
        let regions = Regions::cover(vec![region], ByteLen(1 << 41)).unwrap();
        let sources: [&dyn ReadAt; 1] = [&payload];
        let medium = OnPaper::new(&regions, &sources);
        assert_eq!(medium.next_data(ByteOffset(0)).unwrap(), Some(1004..5100));
        assert_eq!(medium.next_data(ByteOffset(5099)).unwrap(), Some(5099..5100));
        let second = (1 << 39) - 4096 + 100;
        assert_eq!(medium.next_data(ByteOffset(5100)).unwrap(), Some(second..second + 4096));
        assert_eq!(medium.next_data(ByteOffset(second + 4096)).unwrap(), None);
        let bytes = read_vec(&medium, ByteOffset(1000), 8).unwrap();
        assert_eq!(bytes[..4], [0; 4]);
        assert_eq!(bytes[4..], read_vec(&payload, ByteOffset(5000), 4).unwrap());
    }
}
