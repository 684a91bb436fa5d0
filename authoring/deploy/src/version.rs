//! A version of an image on a medium: the layers of its chain, opened and seen to belong together.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use formats::manifest::{Image, Manifest};
use formats::units::ByteLen;
use formats::vhd::{self, Chain, SectorMap};

use crate::error::DeployError;
use crate::layer::{Decoder, Layer};
use crate::metadata::{self, Metadata};
use crate::places::Places;
use crate::set::Set;

/// A version that can be deployed. Only the structures of its layers were read.
pub struct Version<'m> {
    image: Image,
    parts: Vec<Part<'m>>,
    chain: Chain<Metadata>,
}

/// A layer of the chain.
pub(crate) struct Part<'m> {
    pub(crate) layer: Layer<'m>,
    pub(crate) places: Places,
    /// How much of the disk it can be seen on: no more than any layer above it has.
    pub(crate) limit: u64,
}

impl<'m> Version<'m> {
    /// Opens a version of an image; without `version` the newest one.
    ///
    /// # Errors
    /// [`DeployError`].
    pub fn open(
        set: &Set<'m>,
        (name, version): (&str, Option<&str>),
        decoder: &dyn Decoder,
    ) -> Result<Self, DeployError> {
        let manifest = set.manifest();
        let image = manifest.image(name, version).ok_or_else(|| no_version(manifest, name, version))?;
        set.check_image(image)?;
        let mut layers = Vec::new();
        let mut links = Vec::new();
        for uuid in &image.chain {
            let layer = Layer::open(set, *uuid)?;
            links.push(vhd::Layer::vhd(metadata::open(&layer, decoder)?));
            layers.push(layer);
        }
        let chain = Chain::new(links).map_err(|source| DeployError::Chain { image: title(image), source })?;
        let parts = parts(layers, &chain);
        Ok(Self { image: image.clone(), parts, chain })
    }

    /// The image and version, as the manifest has it.
    pub fn image(&self) -> &Image {
        &self.image
    }

    /// How long the disk is.
    pub fn disk_size(&self) -> ByteLen {
        self.chain.disk_size()
    }

    /// How many bytes all layers have, decoded: what a progress bar counts to.
    pub fn plain_len(&self) -> ByteLen {
        ByteLen(self.parts.iter().map(|part| part.layer.frames().plain_len().0).sum())
    }

    /// The blocks of `block_size` bytes of the disk that any layer has bytes for, in order: what a dynamic VHD of it
    /// needs. All other bytes are zeros.
    pub fn blocks(&self, block_size: u32) -> Vec<u32> {
        let size = u64::from(block_size.max(1));
        let mut found: Vec<u32> = Vec::new();
        for part in &self.parts {
            match &part.places {
                Places::Whole => found.extend(0..part.limit.div_ceil(size) as u32),
                Places::Blocks(blocks) => {
                    for number in blocks.numbers() {
                        let range = blocks.on_disk(number);
                        let end = range.end.min(part.limit);
                        found.extend((range.start / size) as u32..end.div_ceil(size) as u32);
                    }
                }
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// The layers, base first.
    pub(crate) fn parts(&self) -> &[Part<'m>] {
        &self.parts
    }

    /// Makes sense of the bytes of a bitmap of layer `index`; `None` for a layer that has none.
    pub(crate) fn sector_map(&self, index: usize, bitmap: &[u8]) -> Option<SectorMap> {
        match self.chain.layers().get(index)? {
            vhd::Layer::Raw(_) => None,
            vhd::Layer::Vhd(vhd) => Some(vhd.sector_map(bitmap)),
        }
    }
}

fn parts<'m>(layers: Vec<Layer<'m>>, chain: &Chain<Metadata>) -> Vec<Part<'m>> {
    let mut limit = u64::MAX;
    let mut parts: Vec<_> = layers
        .into_iter()
        .zip(chain.layers())
        .rev()
        .map(|(layer, link)| {
            limit = limit.min(link.disk_size().0);
            let places = match link {
                vhd::Layer::Raw(_) => Places::Whole,
                vhd::Layer::Vhd(vhd) => Places::of(vhd),
            };
            Part { layer, places, limit }
        })
        .collect();
    parts.reverse();
    parts
}

fn title(image: &Image) -> String {
    format!("{}@{}", image.name, image.version)
}

fn no_version(manifest: &Manifest, name: &str, version: Option<&str>) -> DeployError {
    let wanted = version.map_or_else(|| name.into(), |version| format!("{name}@{version}"));
    let available: Vec<_> = manifest.images.iter().map(title).collect();
    DeployError::NoVersion { wanted, available: available.join(", ") }
}
