//! A volume as regions: what lies where, and the bytes of the large structures as they are asked for.

use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::allocation::{BOOT_LEN, Bitmap, bitmap_len, mirrored};
use super::attributes::RESIDENT_BITMAP;
use super::catalogue::{Body, Index};
use super::image::Image;
use super::runs::Extent;
use super::{Volume, attrdef, boot, directory, security};
use crate::ntfs::raw::security::COPY_DISTANCE;
use crate::ntfs::raw::{INDEX_BLOCK, number};
use crate::region::{Content, Region, Render, Stage};
use crate::units::{ByteLen, ByteOffset};

/// All regions of a volume.
pub(super) fn regions(volume: &Volume, image: &Arc<Image>, up_case: Vec<u8>) -> Vec<Region> {
    let mut regions = Vec::new();
    boot_sectors(volume, image, &mut regions);
    metadata(image, up_case, &mut regions);
    indexes(image, &mut regions);
    files(image, &mut regions);
    regions
}

fn boot_sectors(volume: &Volume, image: &Image, regions: &mut Vec<Region>) {
    let sector: Arc<[u8]> = boot::sector(volume, &image.units, &image.map).into();
    let len = sector.len() as u64;
    let copy = image.units.counted_sectors(volume.size) * len;
    regions.push(Region::bytes("$Boot", ByteOffset::ZERO, sector.clone()).anchor());
    regions.push(Region::zero("$Boot", ByteOffset(len), ByteLen(BOOT_LEN - len)));
    regions.push(Region::bytes("copy of $Boot", ByteOffset(copy), sector).anchor());
}

fn metadata(image: &Arc<Image>, up_case: Vec<u8>, regions: &mut Vec<Region>) {
    let map = &image.map;
    let at = |extent: Extent| ByteOffset(image.units.start(extent));
    let bytes = |name: &str, extent, bytes: Vec<u8>| Region::bytes(name, at(extent), bytes);
    let rendered = |name: &str, extent, len, render| Region::rendered(name, at(extent), ByteLen(len), render);
    let mirror = (0..mirrored(&image.units) as u32).flat_map(|number| image.record(number)).collect();
    let descriptors: Arc<[u8]> = security::stream_part().into();
    let copy = ByteOffset(at(map.security).0 + COPY_DISTANCE);
    let mft_len = map.records * u64::from(image.units.record);
    regions.extend([
        bytes("$UpCase", map.up_case, up_case),
        bytes("$AttrDef", map.attr_def, attrdef::bytes()),
        rendered("$LogFile", map.log_file, image.units.bytes(map.log_file.clusters), Arc::new(Ones)),
        Region::bytes("$Secure", at(map.security), descriptors.clone()),
        Region::bytes("$Secure", copy, descriptors),
        rendered("$Bitmap", map.bitmap, bitmap_len(map.clusters), Arc::new(Bitmap::of(map))),
        bytes("$MFT:$BITMAP", map.mft_bitmap, records_in_use(image)),
        rendered("$MFT", map.mft, mft_len, Arc::new(Records(image.clone()))),
        bytes("$MFTMirr", map.mirror, mirror),
    ]);
}

/// The bitmap of `$MFT`: which records are in use.
fn records_in_use(image: &Image) -> Vec<u8> {
    let end = image.catalogue.end();
    let mut bytes = directory::ones(end.into(), bitmap_len(image.map.records));
    let free =
        (number::RESERVED..number::QUOTA).chain(number::REPARSE_POINTS + 1..super::catalogue::FIRST_USER);
    for record in free {
        bytes[record as usize / 8] &= !(1 << (record % 8));
    }
    bytes
}

fn indexes(image: &Arc<Image>, regions: &mut Vec<Region>) {
    let catalogue = &image.catalogue;
    let start = |extent| ByteOffset(image.units.start(extent));
    for (number, index) in catalogue.indexes.iter().enumerate() {
        let Some(shape) = &index.shape else { continue };
        let path = catalogue.path(index.record);
        let name = format!("{}:$I30", if path.is_empty() { "." } else { &path });
        let blocks = Arc::new(Blocks { image: image.clone(), index: number });
        let len = ByteLen(directory::blocks_len(shape));
        regions.push(Region::rendered(&name, start(index.blocks), len, blocks));
        let bitmap = bitmap_len(shape.blocks().into());
        if bitmap > RESIDENT_BITMAP {
            let bits = directory::ones(shape.blocks().into(), bitmap);
            regions.push(Region::bytes(&format!("{name}:$BITMAP"), start(index.bitmap), bits));
        }
    }
}

fn files(image: &Image, regions: &mut Vec<Region>) {
    let catalogue = &image.catalogue;
    for (record, node) in (super::catalogue::FIRST_USER..).zip(&catalogue.nodes) {
        let content = match &node.body {
            Body::Bytes(bytes) => Content::Bytes(bytes.clone()),
            Body::Payload { source, offset, .. } => Content::Payload { source: *source, offset: *offset },
            Body::Directory(_) | Body::Resident(_) => continue,
        };
        regions.push(Region {
            start: ByteOffset(image.units.start(catalogue.extent(node, &image.units))),
            len: ByteLen(node.body.clustered_len()),
            name: catalogue.path(record).into(),
            content,
            stage: Stage::Body,
        });
    }
}

/// An empty journal: every driver takes ones for a journal that has nothing to replay.
struct Ones;

impl Render for Ones {
    fn render(&self, _: u64, buf: &mut [u8]) {
        buf.fill(0xFF);
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
