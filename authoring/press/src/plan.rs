//! Plan: which files a medium will have, each with its size and digest. No byte of it has a place yet.

use std::collections::BTreeMap;

use formats::document;
use formats::identity::Identities;
use formats::manifest::{self, File, Image, Manifest, PathError, Volume, paths, sums};
use formats::time::Timestamp;
use formats::tree::{Data, Directory, TreeError};
use formats::units::{ByteLen, ByteOffset};
use host::ErrorKind;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::payload::Payload;
use crate::readme;
use crate::request::{Request, TOOL};
use crate::sources::Sources;
use crate::template::{Kind, Template};

/// Why there is no plan for a request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// Two things want the same path, or a path is none.
    #[error("the {} volume cannot hold a file", volume_name(*volume))]
    Tree {
        /// The volume.
        volume: Volume,
        /// What is wrong.
        source: TreeError,
    },
    /// A path that manifests cannot name.
    #[error("a file cannot be listed")]
    Path(#[source] PathError),
    /// A medium that expires before it is made.
    #[error("the medium would expire at {expires}, and is pressed at {time}")]
    Expired {
        /// When it would expire.
        expires: Timestamp,
        /// When it is pressed.
        time: Timestamp,
    },
}

impl PlanError {
    /// What it means for whoever asked.
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Usage
    }
}

/// A medium's files. The manifest and its signature are not among them: they come with the layout.
#[must_use]
#[derive(Debug)]
pub struct Plan {
    pub(crate) request: Request,
    pub(crate) identities: Identities,
    /// Without the structures, which the layout adds.
    pub(crate) manifest: Manifest,
    pub(crate) seed: Directory,
    pub(crate) esp: Directory,
    /// What the trees name by number.
    pub(crate) payloads: Vec<Payload>,
}

/// What follows from the request and the sources, and gives the medium its identity.
#[derive(Serialize)]
struct Identity<'a> {
    tool: &'a str,
    template: &'a Template,
    label: &'a str,
    size: Option<ByteLen>,
    sector_size: u32,
    cluster_size: Option<u32>,
    time: Timestamp,
    expires: Option<Timestamp>,
    signed: bool,
    images: &'a [Image],
    layers: &'a [Value],
    files: Vec<&'a File>,
    directories: Vec<(Volume, &'a str)>,
}

/// Plans a medium.
///
/// # Errors
/// [`PlanError`].
pub fn plan(request: Request, sources: Sources) -> Result<Plan, PlanError> {
    if let Some(expires) = request.expires.filter(|expires| *expires <= request.time) {
        return Err(PlanError::Expired { expires, time: request.time });
    }
    let layers = sources.layer_documents();
    let mut draft = Draft::default();
    draft.add_sources(&sources)?;
    let identities = draft.identify(&request, &sources, &layers);
    let descriptors: Vec<_> = sources.layers.iter().map(|layer| &layer.descriptor).collect();
    let medium = identities.uuid("medium");
    let readme = readme::text(&request, medium, &sources.images, &descriptors);
    let Sources { images, mut payloads, .. } = sources;
    draft.add_document(paths::README, readme.into_bytes(), &mut payloads)?;
    let sums = draft.sums()?;
    draft.add_document(paths::SUMS, sums.into_bytes(), &mut payloads)?;
    let Draft { files, seed, esp, .. } = draft;
    let files = files.into_values().collect();
    let manifest = Manifest { images, layers, files, ..empty_manifest(&request, medium) };
    Ok(Plan { request, identities, manifest, seed, esp, payloads })
}

/// The manifest of a medium that has nothing on it.
fn empty_manifest(request: &Request, medium: Uuid) -> Manifest {
    Manifest {
        format: manifest::FORMAT,
        medium,
        kind: match request.template.kind {
            Kind::Usb => manifest::Kind::Usb,
            Kind::Disc => manifest::Kind::Disc,
        },
        label: request.label.clone(),
        created: request.time,
        expires: request.expires,
        tool: TOOL.into(),
        template: request.template.name.clone(),
        size: ByteLen::ZERO,
        sector_size: request.sector_size,
        images: Vec::new(),
        layers: Vec::new(),
        files: Vec::new(),
        structures: Vec::new(),
    }
}

/// A plan in the making.
#[derive(Default)]
struct Draft {
    seed: Directory,
    esp: Directory,
    files: BTreeMap<(Volume, String), File>,
    directories: Vec<(Volume, String)>,
}

impl Draft {
    fn add_sources(&mut self, sources: &Sources) -> Result<(), PlanError> {
        for layer in &sources.layers {
            let uuid = layer.descriptor.uuid;
            let disk = (Volume::Seed, paths::layer_disk(uuid));
            self.add_file(disk.clone(), layer.disk, &sources.payloads)?;
            self.files.entry(disk).and_modify(|file| file.layer = Some(uuid));
            self.add_file((Volume::Seed, paths::layer_frames(uuid)), layer.frames, &sources.payloads)?;
        }
        for added in &sources.added {
            let place = (added.volume, added.path.clone());
            match added.payload {
                Some(number) => self.add_file(place, number, &sources.payloads)?,
                None => self.add_directory(place)?,
            }
        }
        Ok(())
    }

    fn tree(&mut self, volume: Volume) -> &mut Directory {
        match volume {
            Volume::Seed => &mut self.seed,
            Volume::Esp => &mut self.esp,
        }
    }

    fn add_directory(&mut self, place: (Volume, String)) -> Result<(), PlanError> {
        let volume = place.0;
        let added = self.tree(volume).add_directory(&place.1).map(drop);
        added.map_err(|source| PlanError::Tree { volume, source })?;
        self.directories.push(place);
        Ok(())
    }

    fn add_file(
        &mut self,
        place: (Volume, String),
        number: u32,
        payloads: &[Payload],
    ) -> Result<(), PlanError> {
        let Some(payload) = payloads.get(number as usize) else { return Ok(()) };
        let (volume, path) = place.clone();
        // These two come with the layout.
        let is_taken = volume == Volume::Seed && [paths::MANIFEST, paths::SIGNATURE].contains(&&*path);
        let added = match is_taken {
            true => Err(TreeError::Twice { path: path.clone() }),
            false => self.tree(volume).add_file(&path, data(number, payload.len())),
        };
        added.map_err(|source| PlanError::Tree { volume, source })?;
        let file = File { volume, path, len: payload.len(), sha256: payload.sha256, layer: None };
        self.files.insert(place, file);
        Ok(())
    }

    /// Adds a file of the seed volume that is made here.
    fn add_document(
        &mut self,
        path: &str,
        bytes: Vec<u8>,
        payloads: &mut Vec<Payload>,
    ) -> Result<(), PlanError> {
        payloads.push(Payload::of_bytes(path, bytes));
        // Cannot cut: every payload takes memory.
        self.add_file((Volume::Seed, path.into()), (payloads.len() - 1) as u32, payloads)
    }

    /// `SHA256SUMS` of all files of the seed volume so far.
    fn sums(&self) -> Result<String, PlanError> {
        let seed = self.files.values().filter(|file| file.volume == Volume::Seed);
        sums::print(seed.map(|file| (&*file.path, file.sha256))).map_err(PlanError::Path)
    }

    fn identify(&self, request: &Request, sources: &Sources, layers: &[Value]) -> Identities {
        let identity = Identity {
            tool: TOOL,
            template: &request.template,
            label: &request.label,
            size: request.size,
            sector_size: request.sector_size,
            cluster_size: request.cluster_size,
            time: request.time,
            expires: request.expires,
            signed: request.signed,
            images: &sources.images,
            layers,
            files: self.files.values().collect(),
            directories: self.directories.iter().map(|(volume, path)| (*volume, &**path)).collect(),
        };
        Identities::of(document::print(&identity).as_bytes())
    }
}

/// All of a payload, as a file.
pub(crate) fn data(number: u32, len: ByteLen) -> Data {
    match len {
        ByteLen::ZERO => Data::Bytes([].into()),
        len => Data::Payload { source: number, offset: ByteOffset::ZERO, len },
    }
}

fn volume_name(volume: Volume) -> &'static str {
    match volume {
        Volume::Seed => "seed",
        Volume::Esp => "EFI system",
    }
}
