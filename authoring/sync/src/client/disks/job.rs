//! A file that there is to be: kept where it is right, made where it is not.

use std::path::Path;

use formats::digest::Sha256;
use formats::units::ByteLen;
use host::{HostError, Operation};
use rustix::fs::statvfs;
use store::{Layer, Located};

use super::busy::Busy;
use super::piece::Hands;
use super::record::{self, Look};
use super::{DiskError, Form, State, Version, chain, flat};

/// A file that there is to be.
pub struct Job<'a> {
    /// Its name.
    pub name: String,
    /// The versions that it belongs to.
    pub images: Vec<String>,
    /// Whether all of them are to be left as they are.
    locked: bool,
    made_of: Sha256,
    work: Work<'a>,
}

/// What a file is made of.
#[derive(Clone, Copy)]
enum Work<'a> {
    /// A layer, and its parent.
    Layer(&'a Layer, Option<&'a Layer>),
    /// A version, in one of the flat forms.
    Version(&'a Located, Form),
}

/// All files of these versions, parents before their children.
pub fn all(versions: &[Version], form: Form) -> Vec<Job<'_>> {
    if form != Form::Chain {
        return versions.iter().map(|version| Job::of_version(version, form)).collect();
    }
    let mut jobs: Vec<Job<'_>> = Vec::new();
    for version in versions {
        let layers = &version.located.layers;
        let parents = [None].into_iter().chain(layers.iter().map(Some));
        for (layer, parent) in layers.iter().zip(parents) {
            let job = Job::of_layer(version, layer, parent);
            match jobs.iter_mut().find(|known| known.name == job.name) {
                Some(known) => known.join(job),
                None => jobs.push(job),
            }
        }
    }
    jobs
}

impl<'a> Job<'a> {
    fn of_layer(version: &Version, layer: &'a Layer, parent: Option<&'a Layer>) -> Self {
        Self {
            name: chain::name(layer.uuid()),
            images: vec![version.located.document.title()],
            locked: version.locked,
            made_of: chain::made_of(layer, parent),
            work: Work::Layer(layer, parent),
        }
    }

    fn of_version(version: &'a Version, form: Form) -> Self {
        let document = &version.located.document;
        Self {
            name: flat::name(&document.name, &document.version, form),
            images: vec![document.title()],
            locked: version.locked,
            made_of: flat::made_of(&version.located, form),
            work: Work::Version(&version.located, form),
        }
    }

    /// Takes in the same file of another version.
    fn join(&mut self, other: Self) {
        self.images.extend(other.images);
        self.locked &= other.locked;
    }

    /// Whether whoever runs it may write into it: the file of a layer never is to be changed.
    fn is_flat(&self) -> bool {
        matches!(self.work, Work::Version(..))
    }

    /// Whether the file is there, and is what it is to be as far as its record says. Into that of a whole version its
    /// user may have written, and one that is locked stays as it is.
    pub fn is_there(&self, path: &Path) -> bool {
        match record::look(path, self.made_of, None) {
            Ok(Look::Right) => true,
            Ok(Look::Wrong) => self.locked,
            Ok(Look::Changed) => (self.locked || self.is_flat()) && path.is_file(),
            Ok(Look::Absent) | Err(_) => false,
        }
    }

    /// Refuses what cannot fit: what is compressed as it is stored does not get shorter.
    fn check_room(&self, path: &Path) -> Result<(), DiskError> {
        let layer = match self.work {
            Work::Layer(layer, _) => Some(layer),
            // The leaf hides what lies below; how much of that, reading would tell.
            Work::Version(version, _) => version.layers.last(),
        };
        let needed = layer.map_or(ByteLen::ZERO, |layer| layer.descriptor.stored.len);
        has_room(path.parent().unwrap_or(path), needed)
    }

    /// Makes the file, unless it is there and right, or somebody uses it.
    ///
    /// # Errors
    /// [`DiskError`].
    pub fn run(
        &self,
        path: &Path,
        rehash: bool,
        (hands, busy): (Hands<'_>, &Busy),
    ) -> Result<State, DiskError> {
        let look = record::look(path, self.made_of, rehash.then_some(hands))?;
        match look {
            Look::Right => return Ok(State::Kept),
            Look::Wrong | Look::Changed if self.locked => return Ok(State::Kept),
            Look::Wrong | Look::Changed if busy.uses(path) => return Ok(State::InUse),
            Look::Changed if self.is_flat() => return Ok(State::Changed),
            Look::Wrong | Look::Changed | Look::Absent => {}
        }
        self.check_room(path)?;
        let (output, pieces) = match self.work {
            Work::Layer(layer, parent) => chain::make(path, layer, parent, hands)?,
            Work::Version(version, form) => flat::make(path, version, form, hands)?,
        };
        // That took a while: somebody may have begun to use it.
        if Busy::new().uses(path) {
            return Ok(State::InUse);
        }
        if self.is_flat() && record::look(path, self.made_of, None)? == Look::Changed {
            return Ok(State::Changed);
        }
        record::commit(path, output, (self.made_of, pieces))?;
        Ok(if look == Look::Absent { State::Made } else { State::Mended })
    }
}

fn has_room(folder: &Path, needed: ByteLen) -> Result<(), DiskError> {
    let found = statvfs(folder).map_err(|error| HostError::io(Operation::Open, folder)(error.into()))?;
    let free = ByteLen(found.f_bavail.saturating_mul(found.f_frsize));
    match needed <= free {
        true => Ok(()),
        false => Err(DiskError::Full { path: folder.into(), free, needed }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use formats::kind::ErrorKind;

    #[test]
    fn a_disk_that_cannot_fit_is_not_begun() {
        let folder = tempfile::tempdir().unwrap();
        assert!(has_room(folder.path(), ByteLen(1)).is_ok());
        let refused = has_room(folder.path(), ByteLen(1 << 60)).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Fit);
        assert!(refused.to_string().contains("at least 1048576 TiB"), "{refused}");
    }
}
