//! The medium that the station was started from, and the others of its set.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use deploy::{Loaded, Medium, MediumError, Set, Signed, Trust, TrustError, load};
use formats::io::ReadAt;
use formats::manifest::Manifest;
use uuid::Uuid;

use crate::error::Refusal;
use crate::machine::Disk;
use crate::text;

/// The media that are used: the one that the station was started from, and those of its set.
pub(crate) struct Media {
    first: Attached,
    others: Vec<Attached>,
    /// The disk that holds the one that the station was started from.
    pub(crate) disk: usize,
    /// The disks that hold a medium that is used, or a copy of one.
    pub(crate) disks: Vec<usize>,
    /// What media of the set that are not used lack.
    pub(crate) left_out: Vec<String>,
    /// Every disk that holds a seed medium, or what is left of one.
    pub(crate) seeds: Vec<usize>,
    /// Those of them whose manifest can be read: the number among the disks, and the medium's label.
    pub(crate) labels: Vec<(usize, String)>,
}

/// A medium that is used.
struct Attached {
    medium: Medium,
    loaded: Loaded,
}

/// A disk that holds a medium, or what was one.
struct Seen {
    disk: usize,
    name: String,
    started_from: bool,
    /// What its manifest says, trusted or not.
    identity: Option<Identity>,
    state: Result<(Medium, Loaded), Fault>,
}

/// Which medium a manifest describes.
#[derive(Clone)]
struct Identity {
    medium: Uuid,
    set: Option<Uuid>,
    label: String,
}

enum Fault {
    Medium(MediumError),
    Trust(TrustError),
}

impl Media {
    /// Looks for the medium `wanted`, or for the only one there is.
    ///
    /// # Errors
    /// [`Refusal`].
    pub(crate) fn find(
        disks: &[Arc<dyn Disk>],
        wanted: Option<Uuid>,
        trust: &Trust,
    ) -> Result<Self, Refusal> {
        let mut seen: Vec<_> =
            disks.iter().enumerate().filter_map(|(number, disk)| look(number, disk, trust)).collect();
        let labels = seen.iter().filter_map(|seen| Some((seen.disk, seen.identity.clone()?.label))).collect();
        let seeds = seen.iter().map(|seen| seen.disk).collect();
        let first = seen.swap_remove(choose(&seen, wanted)?);
        let is_ours = |seen: &&Seen| match (&seen.identity, &first.identity) {
            (Some(one), Some(first)) => {
                one.medium == first.medium || one.set.is_some() && one.set == first.set
            }
            _ => false,
        };
        let disks = seen.iter().filter(is_ours).map(|seen| seen.disk).chain([first.disk]).collect();
        let (name, disk) = (first.name, first.disk);
        let (medium, loaded) = first.state.map_err(|fault| fault.refusal(&name))?;
        let first = Attached { medium, loaded };
        let (others, left_out) = (Vec::new(), Vec::new());
        let mut media = Self { disk, first, others, disks, left_out, seeds, labels };
        media.gather(seen);
        Ok(media)
    }

    /// Takes those that belong to the first one's set.
    fn gather(&mut self, seen: Vec<Seen>) {
        let Some(set) = self.manifest().set.as_ref().map(|set| set.id) else { return };
        for seen in seen {
            if seen.identity.as_ref().and_then(|identity| identity.set) != Some(set) {
                continue;
            }
            match seen.state {
                Ok((medium, loaded)) => self.others.push(Attached { medium, loaded }),
                Err(fault) => self.left_out.push(fault.refusal(&seen.name).text()),
            }
        }
    }

    /// The manifest of the medium that the station was started from.
    pub(crate) fn manifest(&self) -> &Manifest {
        &self.first.loaded.manifest
    }

    /// The medium that the station was started from.
    pub(crate) fn medium(&self) -> &Medium {
        &self.first.medium
    }

    /// Who signed it.
    pub(crate) fn signed(&self) -> &Signed {
        &self.first.loaded.signed
    }

    /// All media that are used, as one.
    pub(crate) fn set(&self) -> Set<'_> {
        let mut set = Set::new(&self.first.medium, self.first.loaded.manifest.clone());
        for other in &self.others {
            // They were taken because they belong to it.
            let _ = set.add(&other.medium, other.loaded.manifest.clone());
        }
        set
    }
}

/// What a disk holds, when it is a medium or the one that this was started from.
fn look(number: usize, disk: &Arc<dyn Disk>, trust: &Trust) -> Option<Seen> {
    let about = disk.about();
    let source: Arc<dyn ReadAt> = disk.clone();
    let seen = |identity, state| {
        let name = text::name(&about.name);
        Some(Seen { disk: number, name, started_from: about.started_from, identity, state })
    };
    let medium = match Medium::open(source) {
        Ok(medium) => medium,
        Err(error) if about.started_from => return seen(None, Err(Fault::Medium(error))),
        Err(_) => return None,
    };
    match load(&medium, trust) {
        Ok(loaded) => seen(Some(Identity::of(&loaded)), Ok((medium, loaded))),
        Err(TrustError::NoManifest) if !about.started_from => None,
        Err(error) => {
            let untrusted = load(&medium, &Trust::default()).ok();
            seen(untrusted.as_ref().map(Identity::of), Err(Fault::Trust(error)))
        }
    }
}

/// The number of the one to use. Where a disk is known that this was started from, no other one has it.
fn choose(seen: &[Seen], wanted: Option<Uuid>) -> Result<usize, Refusal> {
    let is_wanted = |seen: &Seen| match (&seen.identity, wanted) {
        (Some(identity), Some(wanted)) => identity.medium == wanted,
        (identity, _) => identity.is_some(),
    };
    let found: Vec<usize> =
        seen.iter().enumerate().filter(|(_, seen)| is_wanted(seen)).map(|(number, _)| number).collect();
    let nothing = || broken(seen).ok_or_else(|| Refusal::NoMedium { wanted, seen: names(seen) });
    if seen.iter().any(|seen| seen.started_from) {
        let started = seen.iter().position(|seen| seen.started_from && is_wanted(seen));
        return started.map_or_else(nothing, Ok);
    }
    match (found.as_slice(), wanted) {
        ([number], _) | ([number, ..], Some(_)) => Ok(*number),
        ([_, _, ..], None) => Err(Refusal::ManyMedia { found: names(seen) }),
        ([], _) => nothing(),
    }
}

/// One whose manifest cannot even be read: it is refused for that.
fn broken(seen: &[Seen]) -> Option<usize> {
    let is_broken = |seen: &Seen| seen.identity.is_none();
    match seen.iter().any(|seen| seen.started_from) {
        true => seen.iter().position(|seen| seen.started_from && is_broken(seen)),
        false => seen.iter().position(is_broken),
    }
}

fn names(seen: &[Seen]) -> String {
    let name = |seen: &Seen| match &seen.identity {
        Some(identity) => format!("{} on {}", identity.medium, seen.name),
        None => format!("an unreadable one on {}", seen.name),
    };
    match seen {
        [] => "there is no medium".into(),
        seen => seen.iter().map(name).collect::<Vec<_>>().join(", "),
    }
}

impl Identity {
    fn of(loaded: &Loaded) -> Self {
        let Manifest { medium, set, label, .. } = &loaded.manifest;
        Self { medium: *medium, set: set.as_ref().map(|set| set.id), label: text::name(label) }
    }
}

impl Fault {
    fn refusal(self, disk: &str) -> Refusal {
        let disk = disk.into();
        match self {
            Self::Medium(source) => Refusal::Medium { disk, source: Box::new(source) },
            Self::Trust(source) => Refusal::Untrusted { disk, source: Box::new(source) },
        }
    }
}
