//! Filling a formatted volume: directories and empty files of the right length through the crate, then regions.

use std::sync::Arc;

use hadris_fat::sync::FatFs;
use hadris_fat::{FatKind, Geometry};
use hadris_fs::{Ascii, DateTime, ErrorKind, Extent, MountOptions, Name, NodeId, SetAttr};

use super::sparse::Sparse;
use super::{Fault, WriteError};
use crate::region::{Content, Region, Stage};
use crate::tree::{Data, Directory, Node, join};
use crate::units::{ByteLen, ByteOffset};

/// How many runs of a file are asked for at once.
const RUNS: usize = 64;
/// The longest file (FAT 1.03, "DIR_FileSize").
const MAX_FILE: u64 = u32::MAX as u64;

/// A volume that is being filled.
pub(super) struct Filler {
    fs: FatFs<Sparse>,
    times: SetAttr,
    regions: Vec<Region>,
    directories: Vec<(String, Extent)>,
}

/// A fault and the path where it showed.
type At = (String, Fault);

impl Filler {
    /// A filler for the volume on `device`, stamping `time` on everything.
    pub(super) fn mount(device: Sparse, time: DateTime) -> Result<Self, WriteError> {
        // A short name's other characters would depend on the reader's code page.
        let options = MountOptions::new().with_code_page(&Ascii);
        let fs = FatFs::mount(device, options).map_err(|e| refused(e.kind()))?;
        let times = SetAttr::new().with_created(time).with_modified(time).with_accessed(time);
        Ok(Self { fs, times, regions: Vec::new(), directories: Vec::new() })
    }

    /// Makes everything in `root`.
    pub(super) fn fill(&mut self, root: &Directory) -> Result<(), At> {
        let mut open = vec![(self.fs.root(), String::new(), root)];
        while let Some((node, path, directory)) = open.pop() {
            for (name, entry) in directory.entries() {
                let path = join(&path, name);
                let made = match entry {
                    Node::File(data) => self.file(node, name, &path, data),
                    Node::Directory(inner) => {
                        self.directory(node, name).map(|child| open.push((child, path.clone(), inner)))
                    }
                };
                made.map_err(|fault| (path, fault))?;
            }
            // No more entries come: the directory has its final length.
            let runs = self.runs(node).map_err(|fault| (path.clone(), fault))?;
            self.directories.extend(runs.into_iter().map(|run| (path.clone(), run)));
        }
        Ok(())
    }

    fn directory(&mut self, parent: NodeId, name: &str) -> Result<NodeId, Fault> {
        self.fs.mkdir(parent, Name::new(name), &self.times).map_err(|e| Fault::Kind(e.kind()))
    }

    fn file(&mut self, parent: NodeId, name: &str, path: &str, data: &Data) -> Result<(), Fault> {
        if data.len().0 > MAX_FILE {
            return Err(Fault::TooLong(data.len()));
        }
        let kind = |e: hadris_fs::Error<_>| Fault::Kind(e.kind());
        let node = self.fs.create(parent, Name::new(name), &self.times).map_err(kind)?;
        self.fs.truncate(node, data.len().0).map_err(kind)?;
        self.fs.fsync(node).map_err(kind)?;
        // Making it longer stamped it with the crate's own time.
        self.fs.setattr(node, &self.times).map_err(kind)?;
        for run in self.runs(node)? {
            self.regions.push(region(path, &run, data));
        }
        self.fs.forget(node, 1);
        Ok(())
    }

    /// Where a file or directory lies on the volume.
    fn runs(&mut self, node: NodeId) -> Result<Vec<Extent>, Fault> {
        let mut runs: Vec<Extent> = Vec::new();
        loop {
            let from = runs.last().map_or(0, |run| run.file_offset() + run.len());
            let mut next = [Extent::new(0, 0); RUNS];
            let found = self.fs.extents(node, from, &mut next).map_err(|e| Fault::Kind(e.kind()))?;
            if found == 0 {
                return Ok(runs);
            }
            runs.extend_from_slice(&next[..found]);
        }
    }

    /// The regions of the volume.
    pub(super) fn finish(self, geometry: &Geometry) -> Result<Vec<Region>, WriteError> {
        let Self { fs, mut regions, directories, .. } = self;
        let device = fs.unmount().map_err(|e| refused(e.kind()))?;
        let sector = u64::from(geometry.sector_size());
        if geometry.kind() == FatKind::Fat32 {
            // FAT 1.03, "BPB_BkBootSec": three sectors at 0, and their copies at 6.
            regions.extend(cut(&device, "boot sector and FSInfo", 0..3 * sector).map(Region::anchor));
            regions.extend(cut(&device, "backup boot sector", 6 * sector..9 * sector).map(Region::anchor));
        } else {
            regions.extend(cut(&device, "boot sector", 0..sector).map(Region::anchor));
        }
        for copy in 0..geometry.fat_count() {
            let start = geometry.fat_copy(copy);
            regions.extend(cut(&device, &format!("FAT {}", copy + 1), start..start + geometry.fat_size()));
        }
        for (path, run) in directories {
            let range = run.offset()..run.offset() + run.len();
            regions.extend(cut(&device, &format!("directory /{path}"), range));
        }
        regions.sort_by_key(|region| region.start);
        Ok(regions)
    }
}

fn cut(device: &Sparse, name: &str, range: std::ops::Range<u64>) -> impl Iterator<Item = Region> {
    let name: Arc<str> = name.into();
    device.runs(range.start, range.end).into_iter().map(move |(start, bytes)| Region {
        start: ByteOffset(start),
        len: ByteLen(bytes.len() as u64),
        name: name.clone(),
        content: Content::Bytes(bytes.into()),
        stage: Stage::Body,
    })
}

/// The region for a run of a file.
fn region(path: &str, run: &Extent, data: &Data) -> Region {
    let content = match data {
        Data::Bytes(bytes) if run.len() == bytes.len() as u64 => Content::Bytes(bytes.clone()),
        Data::Bytes(bytes) => {
            let from = run.file_offset() as usize;
            Content::Bytes(bytes[from..from + run.len() as usize].into())
        }
        Data::Payload { source, offset, .. } => {
            Content::Payload { source: *source, offset: ByteOffset(offset.0 + run.file_offset()) }
        }
    };
    Region {
        start: ByteOffset(run.offset()),
        len: ByteLen(run.len()),
        name: path.into(),
        content,
        stage: Stage::Body,
    }
}

fn refused(kind: ErrorKind) -> WriteError {
    WriteError::Refused { path: String::new(), reason: kind.to_string() }
}
