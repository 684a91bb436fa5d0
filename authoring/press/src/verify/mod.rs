//! Verify: looks at a medium as a customer does, with nothing but the medium and public keys.
//!
//! | module | checks |
//! |---|---|
//! | `documents` | the manifest, its signature, its expiry |
//! | `files` | that every file of the manifest is there, with its digest; layers frame by frame |
//! | `others` | which files are there that the manifest does not list |
//! | `structures` | that file systems and partition table are as they were pressed |
//! | `zeros` | that everything else is still zero |
//! | `report` | what was found, in words |
//!
//! A host that mounts a USB medium may write to it; then structures differ, files appear, and free space is no longer
//! zero. That is told apart from damage: no file that the manifest names may change. No host writes to a disc: there
//! the structures that the manifest names may not change either.

mod documents;
mod files;
mod others;
mod report;
mod structures;
mod zeros;

use std::sync::{Mutex, PoisonError};

use deploy::{Medium, Trust};
use formats::io::ReadAt;
use formats::kind::ErrorKind;
use formats::manifest::Manifest;
use host::{Crew, Interrupted, Observer, contain};

pub use report::{Change, Problem, Report, Verdict};
pub use zeros::PLACE;

/// How much is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// Documents, structures, and that every file is there with its length.
    Quick,
    /// Every byte.
    Full,
}

/// What a medium is checked against.
#[derive(Clone, Debug)]
pub struct Check {
    /// The public keys, and what time it is.
    pub trust: Trust,
    /// How much is looked at.
    pub depth: Depth,
}

/// What is found, as it is found, from all threads.
#[derive(Default)]
struct Findings {
    problems: Mutex<Vec<Problem>>,
    changes: Mutex<Vec<Change>>,
}

/// A medium that is being looked at.
struct Looking<'a> {
    medium: &'a Medium,
    manifest: &'a Manifest,
    depth: Depth,
    crew: &'a Crew,
    observer: &'a dyn Observer,
    findings: &'a Findings,
}

/// Verifies a medium. Whatever is wrong with it is in the report.
///
/// # Errors
/// [`Interrupted`] when the user asked to stop.
pub fn verify(
    medium: &Medium,
    check: &Check,
    crew: &Crew,
    observer: &dyn Observer,
) -> Result<Report, Interrupted> {
    let findings = Findings::default();
    let documents = documents::read(medium, &check.trust, &findings);
    if let Some(manifest) = &documents.manifest {
        let looking = Looking { medium, manifest, depth: check.depth, crew, observer, findings: &findings };
        looking.look()?;
    }
    let mut problems = findings.problems.into_inner().unwrap_or_else(PoisonError::into_inner);
    problems.sort_by_cached_key(Problem::order);
    let mut changes = findings.changes.into_inner().unwrap_or_else(PoisonError::into_inner);
    changes.sort();
    let verdict = match (problems.iter().any(|p| is_damage(p.kind())), changes.is_empty()) {
        (true, _) => Verdict::PayloadChanged,
        (false, true) if whole(medium).is_some() => Verdict::Pristine,
        (false, _) => Verdict::PayloadIntact,
    };
    let documents::Documents { manifest, manifest_digest, signed } = documents;
    Ok(Report { verdict, signed, manifest, manifest_digest, problems, changes })
}

/// All bytes of a medium, where the medium is all there: not of a folder where it is mounted, nor of its seed volume
/// alone. Of those only the files of the seed volume can be checked.
fn whole(medium: &Medium) -> Option<&dyn ReadAt> {
    medium.disk().filter(|_| medium.table().is_some())
}

/// Whether a problem of this kind says that bytes changed, as opposed to whom they are from and how old they are.
fn is_damage(kind: ErrorKind) -> bool {
    !matches!(kind, ErrorKind::Trust | ErrorKind::Expired)
}

impl Looking<'_> {
    fn look(&self) -> Result<(), Interrupted> {
        self.check_files()?;
        self.find_others();
        if let Some(disk) = whole(self.medium) {
            self.check_structures(disk)?;
            if self.depth == Depth::Full {
                self.check_zeros(disk)?;
            }
        }
        Ok(())
    }
}

impl Findings {
    fn problem(&self, problem: Problem) {
        self.problems.lock().unwrap_or_else(PoisonError::into_inner).push(problem);
    }

    fn change(&self, change: Change) {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner).push(change);
    }

    /// Runs a reader that damaged structures might make give up.
    fn guard<T>(&self, what: &str, work: impl FnOnce() -> T) -> Option<T> {
        let done = contain(work).map_err(|source| Problem::Panicked { what: what.into(), source });
        done.map_err(|problem| self.problem(problem)).ok()
    }
}
