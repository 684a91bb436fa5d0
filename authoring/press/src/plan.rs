//! Plan: which files a medium will have, each with its size and digest. No byte of it has a place yet.

use std::collections::BTreeMap;

use formats::digest::Sha256;
use formats::document;
use formats::identity::Identities;
use formats::manifest::{self, File, Image, Manifest, PathError, Set, Volume, paths, sums};
use formats::time::Timestamp;
use formats::tree::{Data, Directory, TreeError};
use formats::units::{ByteLen, ByteOffset};
use host::ErrorKind;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::bios;
use crate::boot::Bios;
use crate::payload::Payload;
use crate::readme::Texts;
use crate::request::{LONGEST_LABEL, Request, TOOL};
use crate::sources::{Layer, Share, Sources};
use crate::template::{Kind, Payload as Boots, Template};

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
    /// A label that the medium's volumes cannot have.
    #[error("the label {label:?} has {found} characters of UTF-16, expected at most {LONGEST_LABEL}")]
    Label {
        /// The label.
        label: String,
        /// How long it is, in UTF-16 units.
        found: usize,
    },
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
    /// What a BIOS starts.
    pub(crate) bios: Bios,
}

/// What follows from the request and the sources, and gives the medium its identity.
#[derive(Serialize)]
struct Identity<'a> {
    tool: &'a str,
    kind: Kind,
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
    texts: &'a [(Volume, String, String)],
    bios: Option<[Sha256; 2]>,
}

/// Plans a medium.
///
/// # Errors
/// [`PlanError`].
pub fn plan(request: Request, sources: Sources) -> Result<Plan, PlanError> {
    let draft = Draft::of(&request, &sources)?;
    let identities = draft.identify(&request, &sources);
    draft.finish(request, sources, identities, None)
}

/// The identities of what is asked for, however many media it takes.
pub(crate) fn identities(request: &Request, sources: &Sources) -> Result<Identities, PlanError> {
    Ok(Draft::of(request, sources)?.identify(request, sources))
}

/// Plans a medium of a set. Its own identities are among those of `whole`, which the set was asked for under.
pub(crate) fn plan_member(
    request: Request,
    sources: Sources,
    whole: &Identities,
    set: Set,
) -> Result<Plan, PlanError> {
    let identities = member_identities(whole, set.number);
    Draft::of(&request, &sources)?.finish(request, sources, identities, Some(set))
}

/// The identities of medium `number` of a set.
pub(crate) fn member_identities(whole: &Identities, number: u32) -> Identities {
    Identities::of(format!("{} medium {number}", whole.uuid("set")).as_bytes())
}

/// The identity of a medium.
pub(crate) fn medium_id(identities: &Identities) -> Uuid {
    identities.uuid("medium")
}

/// The manifest of a medium that has nothing on it.
fn empty_manifest(request: &Request, medium: Uuid, set: Option<Set>) -> Manifest {
    Manifest {
        format: manifest::FORMAT,
        medium,
        kind: match request.kind {
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
        set,
        images: Vec::new(),
        layers: Vec::new(),
        boot: Vec::new(),
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
    fn of(request: &Request, sources: &Sources) -> Result<Self, PlanError> {
        if let Some(expires) = request.expires.filter(|expires| *expires <= request.time) {
            return Err(PlanError::Expired { expires, time: request.time });
        }
        let found = request.label.encode_utf16().count();
        if found > LONGEST_LABEL {
            return Err(PlanError::Label { label: request.label.clone(), found });
        }
        let mut draft = Self::default();
        for layer in &sources.layers {
            draft.add_layer(layer, &sources.payloads)?;
        }
        for added in &sources.added {
            let place = (added.volume, added.path.clone());
            match added.payload {
                Some(number) => draft.add_file(place, number, &sources.payloads)?,
                None => draft.add_directory(place)?,
            }
        }
        Ok(draft)
    }

    /// Adds what is about the medium itself.
    fn finish(
        mut self,
        request: Request,
        sources: Sources,
        identities: Identities,
        set: Option<Set>,
    ) -> Result<Plan, PlanError> {
        let medium = medium_id(&identities);
        let layers = sources.layer_documents();
        let texts = Texts { request: &request, medium, sources: &sources, set: set.as_ref() }.all();
        let Sources { images, mut payloads, bios, components, .. } = sources;
        for (volume, path, text) in texts {
            self.add_document((volume, &path), text.into_bytes(), &mut payloads)?;
        }
        let bios = bios.unwrap_or_else(|| says(&request));
        if request.has_el_torito() && bios.core.is_empty() {
            // A file like others, so that the manifest lists it, and programs that copy discs know how long it is.
            let program = bios.bootstrap.clone();
            self.add_document((Volume::Seed, paths::BIOS_IMAGE), program, &mut payloads)?;
        }
        let sums = self.sums()?;
        self.add_document((Volume::Seed, paths::SUMS), sums.into_bytes(), &mut payloads)?;
        let Self { files, seed, esp, .. } = self;
        let files = files.into_values().collect();
        let manifest =
            Manifest { images, layers, boot: components, files, ..empty_manifest(&request, medium, set) };
        Ok(Plan { request, identities, manifest, seed, esp, payloads, bios })
    }

    fn add_layer(&mut self, layer: &Layer, payloads: &[Payload]) -> Result<(), PlanError> {
        let uuid = layer.descriptor.uuid;
        let (path, offset) = match layer.share {
            Share::Nothing => return Ok(()),
            Share::Whole => (paths::layer_disk(uuid), None),
            Share::Part { number, offset, table } => {
                self.add_file((Volume::Seed, paths::layer_seek_table(uuid)), table, payloads)?;
                (paths::layer_part(uuid, number), Some(offset))
            }
        };
        let disk = (Volume::Seed, path);
        self.add_file(disk.clone(), layer.disk, payloads)?;
        self.files.entry(disk).and_modify(|file| (file.layer, file.offset) = (Some(uuid), offset));
        self.add_file((Volume::Seed, paths::layer_frames(uuid)), layer.frames, payloads)
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
        let file =
            File { volume, path, len: payload.len(), sha256: payload.sha256, layer: None, offset: None };
        self.files.insert(place, file);
        Ok(())
    }

    /// Adds a file that is made here.
    fn add_document(
        &mut self,
        (volume, path): (Volume, &str),
        bytes: Vec<u8>,
        payloads: &mut Vec<Payload>,
    ) -> Result<(), PlanError> {
        payloads.push(Payload::of_bytes(path, bytes));
        // Cannot cut: every payload takes memory.
        self.add_file((volume, path.into()), (payloads.len() - 1) as u32, payloads)
    }

    /// `SHA256SUMS` of all files of the seed volume so far.
    fn sums(&self) -> Result<String, PlanError> {
        let seed = self.files.values().filter(|file| file.volume == Volume::Seed);
        sums::print(seed.map(|file| (&*file.path, file.sha256))).map_err(PlanError::Path)
    }

    fn identify(&self, request: &Request, sources: &Sources) -> Identities {
        let layers = &sources.layer_documents()[..];
        let identity = Identity {
            tool: TOOL,
            kind: request.kind,
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
            texts: &sources.texts,
            bios: sources
                .bios
                .as_ref()
                .map(|bios| [&bios.bootstrap, &bios.core].map(|code| Sha256::of(code))),
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

/// What a BIOS starts of a medium that has nothing for it: a message.
fn says(request: &Request) -> Bios {
    let message = match request.template.boot.payload {
        Boots::None => bios::STARTS_NOTHING,
        _ => bios::NEEDS_UEFI,
    };
    Bios { bootstrap: bios::program(message), core: Vec::new() }
}

fn volume_name(volume: Volume) -> &'static str {
    match volume {
        Volume::Seed => "seed",
        Volume::Esp => "EFI system",
    }
}
