//! A volume as regions: what lies where, and the bytes of the large structures as they are asked for.

use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::allocation::{BOOT_LEN, Bitmap, bitmap_len, mirrored};
use super::attributes::RESIDENT_BITMAP;
use super::catalogue::{Body, FIRST_USER, Index};
use super::image::Image;
use super::runs::Extent;
use super::{Volume, attrdef, boot, directory, security};
use crate::ntfs::raw::security::COPY_DISTANCE;
use crate::ntfs::raw::{INDEX_BLOCK, number};
use crate::region::{Content, Region, Render, Stage};
use crate::units::{ByteLen, ByteOffset};

/// All regions of a volume.
pub(super) fn regions(volume: &Volume, image: &Arc<Image>, up_case: Vec<u8>) -> Vec<Region> {
    let mut sheet = Sheet { image, slack: "slack".into(), regions: Vec::new() };
    boot_sectors(volume, &mut sheet);
    metadata(&mut sheet, up_case);
    indexes(&mut sheet);
    files(&mut sheet);
    sheet.regions
}

/// The regions so far.
struct Sheet<'a> {
    image: &'a Arc<Image>,
    /// The name of what is left of a last cluster.
    slack: Arc<str>,
    regions: Vec<Region>,
}

impl Sheet<'_> {
    /// Where an extent starts.
    fn start(&self, extent: Extent) -> ByteOffset {
        ByteOffset(self.image.units.start(extent))
    }

    /// Adds what starts an extent, and zeros up to the extent's end.
    fn put(&mut self, extent: Extent, region: Region) {
        let end = region.range().end;
        let left = self.image.units.bytes(extent.end()) - end;
        self.regions.push(region);
        if left > 0 {
            let (start, len, name) = (ByteOffset(end), ByteLen(left), self.slack.clone());
            self.regions.push(Region { start, len, name, content: Content::Zero, stage: Stage::Body });
        }
    }

    fn bytes(&mut self, name: &str, extent: Extent, bytes: impl Into<Arc<[u8]>>) {
        self.put(extent, Region::bytes(name, self.start(extent), bytes));
    }

    fn rendered(&mut self, name: &str, extent: Extent, len: u64, render: Arc<dyn Render>) {
        self.put(extent, Region::rendered(name, self.start(extent), ByteLen(len), render));
    }
}

fn boot_sectors(volume: &Volume, sheet: &mut Sheet<'_>) {
    let image = sheet.image;
    let sector: Arc<[u8]> = boot::sector(volume, &image.units, &image.map).into();
    let len = sector.len() as u64;
    let copy = image.units.counted_sectors(volume.size) * len;
    sheet.regions.push(Region::bytes("$Boot", ByteOffset::ZERO, sector.clone()).anchor());
    sheet.put(image.map.boot, Region::zero("$Boot", ByteOffset(len), ByteLen(BOOT_LEN - len)));
    sheet.regions.push(Region::bytes("copy of $Boot", ByteOffset(copy), sector).anchor());
}

fn metadata(sheet: &mut Sheet<'_>, up_case: Vec<u8>) {
    let image = sheet.image;
    let (map, units) = (&image.map, &image.units);
    let mirror: Vec<u8> = (0..mirrored(units) as u32).flat_map(|number| image.record(number)).collect();
    let mft_len = map.records * u64::from(units.record);
    sheet.rendered("$MFT", map.mft, mft_len, Arc::new(Records(image.clone())));
    sheet.bytes("$UpCase", map.up_case, up_case);
    sheet.bytes("$AttrDef", map.attr_def, attrdef::bytes());
    sheet.rendered("$LogFile", map.log_file, units.bytes(map.log_file.clusters), Arc::new(Ones));
    let descriptors = Arc::new(Descriptors(security::stream_part()));
    sheet.rendered("$Secure", map.security, security::stream_len(), descriptors);
    sheet.rendered("$Bitmap", map.bitmap, bitmap_len(map.clusters), Arc::new(Bitmap::of(map)));
    sheet.bytes("$MFT:$BITMAP", map.mft_bitmap, records_in_use(image));
    sheet.bytes("$MFTMirr", map.mirror, mirror);
}

/// The bitmap of `$MFT`: which records are in use.
fn records_in_use(image: &Image) -> Vec<u8> {
    let end = image.catalogue.end();
    let mut bytes = directory::ones(end.into(), bitmap_len(image.map.records));
    let free = (number::RESERVED..number::QUOTA).chain(number::REPARSE_POINTS + 1..FIRST_USER);
    for record in free {
        bytes[record as usize / 8] &= !(1 << (record % 8));
    }
    bytes
}

fn indexes(sheet: &mut Sheet<'_>) {
    let catalogue = &sheet.image.catalogue;
    for (number, index) in catalogue.indexes.iter().enumerate() {
        let Some(shape) = &index.shape else { continue };
        let path = catalogue.path(index.record);
        let name = format!("{}:$I30", if path.is_empty() { "." } else { &path });
        let blocks = Arc::new(Blocks { image: sheet.image.clone(), index: number });
        sheet.rendered(&name, index.blocks, directory::blocks_len(shape), blocks);
        let bitmap = bitmap_len(shape.blocks().into());
        if bitmap > RESIDENT_BITMAP {
            let bits = directory::ones(shape.blocks().into(), bitmap);
            sheet.bytes(&format!("{name}:$BITMAP"), index.bitmap, bits);
        }
    }
}

fn files(sheet: &mut Sheet<'_>) {
    let catalogue = &sheet.image.catalogue;
    for (record, node) in (FIRST_USER..).zip(&catalogue.nodes) {
        let content = match &node.body {
            Body::Bytes(bytes) => Content::Bytes(bytes.clone()),
            Body::Payload { source, offset, .. } => Content::Payload { source: *source, offset: *offset },
            Body::Directory(_) | Body::Resident(_) => continue,
        };
        let extent = catalogue.extent(node, &sheet.image.units);
        let region = Region {
            start: sheet.start(extent),
            len: ByteLen(node.body.clustered_len()),
            name: catalogue.path(record).into(),
            content,
            stage: Stage::Body,
        };
        sheet.put(extent, region);
    }
}

/// An empty journal: every driver takes ones for a journal that has nothing to replay.
struct Ones;

impl Render for Ones {
    fn render(&self, _: u64, buf: &mut [u8]) {
        buf.fill(0xFF);
    }
}

/// The stream `$SDS` of `$Secure`: descriptors, and their copies further on.
struct Descriptors(Vec<u8>);

impl Render for Descriptors {
    fn render(&self, offset: u64, buf: &mut [u8]) {
        for (at, byte) in (offset..).zip(buf) {
            let known = self.0.get((at % COPY_DISTANCE) as usize);
            *byte = known.copied().unwrap_or(0);
        }
    }
}

/// `$MFT`.
struct Records(Arc<Image>);

impl Render for Records {
    fn render(&self, offset: u64, buf: &mut [u8]) {
        pieces(self.0.units.record, offset, buf, |number| self.0.record(number));
    }
}

/// The blocks of a directory's index.
struct Blocks {
    image: Arc<Image>,
    /// The number of the index in the catalogue.
    index: usize,
}

impl Render for Blocks {
    fn render(&self, offset: u64, buf: &mut [u8]) {
        let index: &Index = &self.image.catalogue.indexes[self.index];
        if let Some(shape) = &index.shape {
            pieces(INDEX_BLOCK, offset, buf, |number| directory::block(&self.image, index, shape, number));
        }
    }
}

/// Fills `buf` from `offset` with pieces of `size` bytes, each made whole.
fn pieces(size: u32, offset: u64, buf: &mut [u8], make: impl Fn(u32) -> Vec<u8>) {
    let size = u64::from(size);
    let mut rest = buf;
    let mut at = offset;
    while !rest.is_empty() {
        let piece = make((at / size) as u32);
        let from = (at % size) as usize;
        let (head, tail) = rest.split_at_mut(rest.len().min(piece.len() - from));
        head.copy_from_slice(&piece[from..from + head.len()]);
        at += head.len() as u64;
        rest = tail;
    }
}
