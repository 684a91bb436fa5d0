//! Finding programs on a volume: by what they are, and by the names that firmware looks for.

use formats::files::{Entry, Files, Kind, read_file};
use formats::io::{ReadAt, ReadError, read_vec};
use formats::kind::with_causes;
use formats::pe::raw::{DOS_MAGIC, EFI_SUBSYSTEMS, PE_MAGIC, PE_OFFSET, SUBSYSTEM};
use formats::pe::{Certificate, Pe};
use formats::units::{ByteLen, ByteOffset};

use super::program::Program;

/// The longest program that is read: the largest kernels with everything in them have half of it.
pub const LONGEST: ByteLen = ByteLen(256 << 20);
/// How deep folders are looked into.
const DEEPEST: usize = 32;
/// How many files and folders of a volume are looked at.
const MOST: usize = 100_000;
/// From a file's PE signature to its optional header: the signature and the COFF header.
const OPTIONAL: usize = 24;

/// What was found under a path.
#[derive(Debug)]
pub struct Found {
    /// Its path, parts divided by `/`.
    pub path: String,
    /// The program, or why it was not looked at.
    pub program: Result<Program, String>,
}

/// Programs for UEFI on a volume, in the order of their paths, and what kept from looking further.
pub fn programs(files: &dyn Files, own: &[Certificate]) -> (Vec<Found>, Vec<String>) {
    let mut walk = Walk { files, own, found: Vec::new(), remarks: Vec::new(), seen: 0 };
    walk.folder(String::new(), 0);
    walk.found.sort_by(|a, b| a.path.cmp(&b.path));
    (walk.found, walk.remarks)
}

struct Walk<'a> {
    files: &'a dyn Files,
    own: &'a [Certificate],
    found: Vec<Found>,
    remarks: Vec<String>,
    seen: usize,
}

impl Walk<'_> {
    /// Looks into a folder, at most [`DEEPEST`] calls deep.
    fn folder(&mut self, path: String, depth: usize) {
        let entries = match self.files.list(&path) {
            Ok(entries) => entries,
            Err(error) => return self.remarks.push(with_causes(&error)),
        };
        for entry in entries {
            let path = if path.is_empty() { entry.name.clone() } else { format!("{path}/{}", entry.name) };
            if self.seen >= MOST {
                return;
            }
            self.seen += 1;
            if self.seen == MOST {
                self.remarks.push(format!("only {MOST} files and folders were looked at, up to {path:?}"));
            }
            match entry.kind {
                Kind::Directory if depth < DEEPEST => self.folder(path, depth + 1),
                Kind::Directory => self.remarks.push(format!("{path:?} is too deep to be looked into")),
                Kind::File => self.file(path, &entry),
            }
        }
    }

    fn file(&mut self, path: String, entry: &Entry) {
        let program = match self.is_program(&path) {
            Ok(true) if entry.len > LONGEST => Err(format!(
                "it has {}, programs of at most {} are looked at",
                entry.len.human(),
                LONGEST.human()
            )),
            Ok(true) => self.program(&path),
            Ok(false) if is_named_as_program(&entry.name) => Err("it is no program for UEFI".into()),
            Ok(false) => return,
            Err(error) => Err(error),
        };
        self.found.push(Found { path, program });
    }

    fn program(&self, path: &str) -> Result<Program, String> {
        let bytes = read_file(self.files, path, LONGEST.0 as usize).map_err(|e| with_causes(&e))?;
        let pe = Pe::parse(&bytes).map_err(|e| with_causes(&e))?;
        Ok(Program::of(&pe, self.own))
    }

    /// Whether a file is one, by its headers.
    fn is_program(&self, path: &str) -> Result<bool, String> {
        let source = self.files.open(path).map_err(|e| with_causes(&e))?;
        subsystem(&*source)
            .map(|subsystem| subsystem.is_some_and(|subsystem| EFI_SUBSYSTEMS.contains(&subsystem)))
            .map_err(|e| with_causes(&e))
    }
}

/// The subsystem of a PE file; `None` of other files.
fn subsystem(source: &dyn ReadAt) -> Result<Option<u16>, ReadError> {
    let Some(head) = piece(source, 0, PE_OFFSET + 4)? else { return Ok(None) };
    let Some(offset) = head.get(PE_OFFSET..).and_then(|field| field.first_chunk()) else { return Ok(None) };
    let at = u32::from_le_bytes(*offset);
    if !head.starts_with(&DOS_MAGIC) {
        return Ok(None);
    }
    let header =
        piece(source, at.into(), OPTIONAL + SUBSYSTEM + 2)?.filter(|header| header.starts_with(&PE_MAGIC));
    let field = header.as_ref().and_then(|header| header.get(OPTIONAL + SUBSYSTEM..)?.first_chunk());
    Ok(field.map(|field| u16::from_le_bytes(*field)))
}

/// Some bytes of a source; `None` where it ends before them.
fn piece(source: &dyn ReadAt, at: u64, len: usize) -> Result<Option<Vec<u8>>, ReadError> {
    match read_vec(source, ByteOffset(at), len) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(ReadError::PastEnd { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether a name ends as those of programs do.
fn is_named_as_program(name: &str) -> bool {
    name.len() > 4
        && name.is_char_boundary(name.len() - 4)
        && name[name.len() - 4..].eq_ignore_ascii_case(".efi")
}
