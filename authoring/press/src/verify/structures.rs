//! File systems and partition table, as they were pressed.

use formats::digest::Hasher;
use formats::io::{ReadAt, ReadError};
use formats::manifest::{Kind, Structure};
use formats::units::{ByteOffset, MIB};
use host::{Crew, Event, Interrupted, Unit};

use super::{Change, Looking, Problem};

/// How much of a structure is read at a time, in bytes.
const PIECE: u64 = MIB;

impl Looking<'_> {
    pub(super) fn check_structures(&self, disk: &dyn ReadAt) -> Result<(), Interrupted> {
        let structures = &self.manifest.structures;
        let (expected, found) = (self.manifest.size, disk.size());
        // A medium that was copied to a larger disk ends before the disk does.
        if expected > found {
            self.findings.change(Change::Size { expected, found });
        }
        let total = structures.iter().map(|structure| structure.len.0).fold(0, u64::saturating_add);
        self.observer.event(Event::Begin { task: "verifying structures", total, unit: Unit::Bytes });
        self.crew.each(structures.iter(), Vec::new, |buf, structure| {
            match is_pristine(disk, structure, buf, self.crew)? {
                Ok(true) => {}
                Ok(false) => self.differs(structure, None),
                Err(error) => self.differs(structure, Some(error)),
            }
            self.observer.event(Event::Advance(structure.len.0));
            Ok(())
        })?;
        self.observer.event(Event::End);
        Ok(())
    }

    /// Tells of a structure that changed, or cannot be read. No host writes to a disc.
    fn differs(&self, structure: &Structure, error: Option<ReadError>) {
        let Structure { name, start, len, .. } = structure.clone();
        match (self.manifest.kind, error) {
            (Kind::Disc, None) => self.findings.problem(Problem::Structure { name, start, len }),
            (Kind::Disc, Some(source)) => {
                self.findings.problem(Problem::UnreadableStructure { name, start, len, source });
            }
            (Kind::Usb, None) => self.findings.change(Change::Structure { name, start, len }),
            (Kind::Usb, Some(error)) => {
                self.findings.change(Change::Unreadable { name, reason: error.to_string() });
            }
        }
    }
}

fn is_pristine(
    disk: &dyn ReadAt,
    structure: &Structure,
    buf: &mut Vec<u8>,
    crew: &Crew,
) -> Result<Result<bool, ReadError>, Interrupted> {
    let mut hasher = Hasher::new();
    let mut done = 0;
    while done < structure.len.0 {
        crew.stop().check()?;
        buf.resize(PIECE.min(structure.len.0 - done) as usize, 0);
        // Cannot overflow: the manifest was seen to keep its structures inside the medium.
        if let Err(error) = disk.read_at(ByteOffset(structure.start.0 + done), buf) {
            return Ok(Err(error));
        }
        hasher.update(buf);
        done += buf.len() as u64;
    }
    Ok(Ok(hasher.finish() == structure.sha256))
}
