//! A folder to work in, gone when the test ends, and volumes written into it without the press.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use formats::io::ReadAt;
use formats::region::Regions;
use formats::units::ByteOffset;
use tempfile::TempDir;

use crate::paper::OnPaper;

/// How much is written at a time, in bytes.
const PIECE: usize = 1 << 20;

/// A scratch folder.
pub struct Workshop {
    folder: TempDir,
}

impl Workshop {
    /// A new, empty folder: in `SEEDPRESS_SCRATCH`, or in cargo's target folder.
    ///
    /// # Panics
    /// When it cannot be made.
    #[expect(clippy::new_without_default, reason = "it makes a folder")]
    pub fn new() -> Self {
        let base = scratch();
        std::fs::create_dir_all(&base).unwrap_or_else(|e| panic!("{}: {e}", base.display()));
        let folder = tempfile::Builder::new().prefix("test-").tempdir_in(&base).expect("a scratch folder");
        Self { folder }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The path of `name` in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file of the folder, with the folders that it needs, and gives its path.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        let parent = path.parent().expect("a file in the scratch folder");
        std::fs::create_dir_all(parent).expect("folders in the scratch folder");
        std::fs::write(&path, bytes).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        path
    }

    /// Writes a medium into the folder as a sparse file, slowly and simply, and gives its path.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn press(&self, name: &str, regions: &Regions, sources: &[&dyn ReadAt]) -> PathBuf {
        let path = self.path(name);
        write_regions(&path, regions, sources);
        path
    }
}

/// A file of the host, read as a source.
pub struct HostFile(File);

impl HostFile {
    /// Opens `path`.
    ///
    /// # Panics
    /// When it cannot be opened.
    pub fn open(path: &Path) -> Self {
        Self(File::open(path).unwrap_or_else(|e| panic!("{}: {e}", path.display())))
    }
}

impl ReadAt for HostFile {
    fn size(&self) -> formats::units::ByteLen {
        formats::units::ByteLen(self.0.metadata().expect("the size of an open file").len())
    }

    fn read_at(&self, offset: ByteOffset, buf: &mut [u8]) -> Result<(), formats::io::ReadError> {
        formats::io::check_range(self.size(), offset, buf.len())?;
        self.0.read_exact_at(buf, offset.0).map_err(|e| formats::io::ReadError::unreadable(offset, e))
    }
}

/// Writes `regions`, with the payloads that they name by number, into a new sparse file at `path`.
///
/// # Panics
/// When it cannot be written, or a payload cannot be read.
pub fn write_regions(path: &Path, regions: &Regions, sources: &[&dyn ReadAt]) {
    let file = File::create(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    file.set_len(regions.total().0).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let medium = OnPaper::new(regions, sources);
    let mut piece = vec![0; PIECE];
    let mut at = ByteOffset::ZERO;
    while let Some(data) = medium.next_data(at).expect("the next data of the medium") {
        let len = PIECE.min((data.end - data.start) as usize);
        medium.read_at(ByteOffset(data.start), &mut piece[..len]).expect("the bytes of the medium");
        if piece[..len].iter().any(|byte| *byte != 0) {
            file.write_all_at(&piece[..len], data.start)
                .unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        }
        at = ByteOffset(data.start + len as u64);
    }
}

fn scratch() -> PathBuf {
    if let Some(folder) = std::env::var_os("SEEDPRESS_SCRATCH") {
        return folder.into();
    }
    // A test runs from target/debug/deps.
    let test = std::env::current_exe().expect("the path of the running test");
    test.ancestors().nth(3).expect("cargo's target folder").join("tmp")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paper::Noise;
    use formats::region::{Content, Region};
    use formats::units::{ByteLen, MIB};
    use std::os::unix::fs::MetadataExt;

    #[test]
    fn regions_are_written_where_they_lie_and_holes_stay_holes() {
        let noise = Noise { seed: 7, len: ByteLen(3 * MIB) };
        let payload = Region {
            content: Content::Payload { source: 0, offset: ByteOffset(MIB) },
            ..Region::zero("payload", ByteOffset(MIB + 5), ByteLen(2 * MIB))
        };
        let regions = Regions::cover(vec![payload], ByteLen(64 * MIB)).unwrap();
        let workshop = Workshop::new();
        let path = workshop.press("medium", &regions, &[&noise]);
        let written = std::fs::read(&path).unwrap();
        let at = MIB as usize + 5;
        assert_eq!(written.len() as u64, 64 * MIB);
        assert_eq!(written[at..at + 2 * MIB as usize], noise.bytes()[MIB as usize..]);
        assert!(written[..at].iter().all(|byte| *byte == 0));
        assert!(path.metadata().unwrap().blocks() * 512 < 8 * MIB);
    }
}
