//! Layout: where every byte of a medium will lie, the manifest and its signature included.
//!
//! The manifest lists the structures of the medium, and its own length decides where some of them lie. Digests have
//! a fixed width, so its length can be known before its text: the layout is made again until the length that it was
//! made for is the length that comes out.

use std::ops::Range;

use formats::digest::Sha256;
use formats::manifest::{MAX_TEXT, ManifestError, Set, Structure, paths};
use formats::minisign::{self, KeyId, SecretKey};
use formats::region::{Content, Misplaced, Region, Regions};
use formats::tree::{Directory, TreeError};
use formats::units::{ByteLen, ByteOffset};
use host::ErrorKind;
use uuid::Uuid;

use crate::disc::{self, DiscError};
use crate::laid::Laid;
use crate::plan::{Plan, data};
use crate::template::Kind;
use crate::usb::{self, UsbError};

/// How often a layout is made until its manifest fits. Two to four times is usual.
const ROUNDS: usize = 16;

/// Why there is no layout for a plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LayoutError {
    /// The medium cannot be put together.
    #[error("the medium cannot be laid out")]
    Usb(#[from] UsbError),
    /// The optical medium cannot be put together.
    #[error("the disc cannot be laid out")]
    Disc(#[from] DiscError),
    /// A reader would refuse the manifest.
    #[error("the manifest cannot be written")]
    Manifest(#[from] ManifestError),
    /// A file that was added has the path of the manifest or of its signature.
    #[error("the manifest needs its own path")]
    Reserved(#[source] TreeError),
    /// A fault of this program.
    #[error(transparent)]
    Misplaced(#[from] Misplaced),
    /// A fault of this program.
    #[error("no length of the manifest fits itself, the last was {len} (please report this)")]
    Unsettled {
        /// The length tried last.
        len: ByteLen,
    },
}

impl LayoutError {
    /// How much more the content needs than there is, when that is what is wrong.
    pub fn excess(&self) -> Option<ByteLen> {
        let (Self::Usb(UsbError::DoesNotFit { needed, available })
        | Self::Disc(DiscError::DoesNotFit { needed, available })) = self
        else {
            return None;
        };
        Some(ByteLen(needed.0.saturating_sub(available.0)))
    }

    /// What it means for whoever asked.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Usb(error) => error.kind(),
            Self::Disc(error) => error.kind(),
            Self::Manifest(ManifestError::TooLong { .. }) => ErrorKind::Fit,
            Self::Manifest(_) | Self::Reserved(_) => ErrorKind::Usage,
            Self::Misplaced(_) | Self::Unsettled { .. } => ErrorKind::Other,
        }
    }
}

/// A medium whose every byte has its place.
#[must_use]
#[derive(Debug)]
pub struct Layout {
    pub(crate) plan: Plan,
    pub(crate) regions: Regions,
    /// Names and places of the partitions.
    pub(crate) partitions: Vec<(String, Range<u64>)>,
    pub(crate) free: ByteLen,
    pub(crate) manifest_len: ByteLen,
}

impl Plan {
    /// Lays out the medium.
    ///
    /// # Errors
    /// [`LayoutError`].
    pub fn lay_out(self) -> Result<Layout, LayoutError> {
        let layout = self.settle()?;
        layout.plan.manifest.check()?;
        Ok(layout)
    }

    /// Lays out the medium, whatever its manifest says.
    pub(crate) fn settle(mut self) -> Result<Layout, LayoutError> {
        let mut len = self.manifest_len()?;
        for _ in 0..ROUNDS {
            let laid = self.place(len)?;
            self.manifest.size = laid.size;
            self.manifest.structures = structures(&laid.regions);
            let found = self.manifest_len()?;
            if found == len {
                return Layout::new(self, laid, len);
            }
            len = found;
        }
        Err(LayoutError::Unsettled { len })
    }

    /// How long the manifest's text is, whatever the digests in it are.
    fn manifest_len(&self) -> Result<ByteLen, ManifestError> {
        match self.manifest.printed_len() {
            len if len.0 > MAX_TEXT as u64 => Err(ManifestError::TooLong { len }),
            len => Ok(len),
        }
    }

    /// Lays out the medium for a manifest of `len` bytes.
    fn place(&self, len: ByteLen) -> Result<Laid, LayoutError> {
        let mut seed = self.seed.clone();
        self.add_manifest(&mut seed, len)?;
        match self.request.kind {
            Kind::Usb => Ok(usb::lay_out(self, &seed)?),
            Kind::Disc => Ok(disc::lay_out(self, &seed)?),
        }
    }

    /// The number of the manifest's payload; that of the signature is one higher.
    pub(crate) fn manifest_number(&self) -> u32 {
        // Cannot cut: every payload takes memory.
        self.payloads.len() as u32
    }

    fn add_manifest(&self, seed: &mut Directory, len: ByteLen) -> Result<(), LayoutError> {
        let number = self.manifest_number();
        let signature = self.request.signed.then(|| (paths::SIGNATURE, number + 1, self.signature_len()));
        for (path, number, len) in [(paths::MANIFEST, number, len)].into_iter().chain(signature) {
            seed.add_file(path, data(number, len)).map_err(LayoutError::Reserved)?;
        }
        Ok(())
    }

    /// What the signature says and signs beside the manifest.
    pub(crate) fn trusted_comment(&self) -> String {
        format!("seedpress medium {} pressed {}", self.manifest.medium, self.request.time)
    }

    /// How long the signature's file is, whoever signs.
    fn signature_len(&self) -> ByteLen {
        let anybody = SecretKey::from_seed(&[0; 32], KeyId([0; 8]));
        let signature = minisign::sign(&anybody, b"", &self.trusted_comment());
        ByteLen(signature.map_or(0, |signature| signature.print().len() as u64))
    }
}

/// Whether a region belongs to the file systems and the partition table, as opposed to files.
pub(crate) fn is_structure(region: &Region) -> bool {
    matches!(region.content, Content::Bytes(_) | Content::Rendered(_))
}

/// The structures among regions, with zeros for their digests.
fn structures(regions: &[Region]) -> Vec<Structure> {
    let listed = |region: &Region| Structure {
        name: (*region.name).into(),
        start: region.start,
        len: region.len,
        sha256: Sha256([0; 32]),
    };
    let mut structures: Vec<_> = regions.iter().filter(|region| is_structure(region)).map(listed).collect();
    structures.sort_by_key(|structure| structure.start);
    structures
}

impl Layout {
    fn new(plan: Plan, laid: Laid, manifest_len: ByteLen) -> Result<Self, LayoutError> {
        let Laid { regions, size, free, partitions } = laid;
        let range = |start: ByteOffset, len: ByteLen| start.0..start.0 + len.0;
        let partitions = partitions.into_iter().map(|p| (p.name, range(p.start, p.len))).collect();
        let regions = Regions::cover(regions, size)?;
        Ok(Self { plan, regions, partitions, free, manifest_len })
    }

    /// How long the medium is.
    pub fn size(&self) -> ByteLen {
        self.regions.total()
    }

    /// The identity of the medium.
    pub fn medium(&self) -> Uuid {
        self.plan.manifest.medium
    }

    /// How much room is left: on a USB medium's seed volume, or on a disc of the kind that was asked for.
    pub fn free(&self) -> ByteLen {
        self.free
    }

    /// The set that it is a medium of.
    pub fn set(&self) -> Option<&Set> {
        self.plan.manifest.set.as_ref()
    }

    /// What lies where.
    pub fn regions(&self) -> &Regions {
        &self.regions
    }
}
