//! What a volume holds, as paths and digests: what was put on it, and what a reader found there.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use formats::digest::{Hasher, Sha256};
use formats::files::{Files, Kind};
use formats::io::ReadAt;
use formats::tree::{Data, Directory};
use formats::units::{ByteLen, ByteOffset};

use crate::paper::Noise;

/// How much is read at a time, in bytes.
const PIECE: usize = 1 << 20;

/// Files by path with their digests, and directories by path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Content {
    /// The digest of each file.
    pub files: BTreeMap<String, Sha256>,
    /// All directories but the root.
    pub directories: BTreeSet<String>,
}

/// A tree for a writer, with its payloads and what a reader must find.
#[derive(Default)]
pub struct Sample {
    /// For the writer.
    pub tree: Directory,
    /// What a reader must find.
    pub content: Content,
    payloads: Vec<Box<dyn ReadAt>>,
}

impl Sample {
    /// Nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Some of everything: no bytes, few and many, names of several scripts, a directory of several levels of index.
    pub fn some_of_everything() -> Self {
        let mut sample = Self::new();
        sample.file("empty", b"");
        sample.file("README.txt", b"Read me.\r\n");
        for len in [1, 511, 512, 600, 700, 800, 4095, 4096, 4097, 65536] {
            sample.file(&format!("sizes/{len}"), &Noise { seed: len, len: ByteLen(len) }.bytes());
        }
        for (index, len) in [1, 4096, 1_048_576, 1_048_577, 3_000_000].into_iter().enumerate() {
            sample.payload(&format!("payloads/{index}.bin"), Noise { seed: 99 + len, len: ByteLen(len) });
        }
        for name in [
            "Grüße",
            "世界",
            "Ελλάδα",
            "🦀🌍",
            "a b c",
            "UPPER.TXT",
            "lower.txt",
            "long name with spaces.text",
        ] {
            sample.file(&format!("names/{name}"), name.as_bytes());
        }
        for number in 0..700 {
            sample.file(&format!("many/file number {number:04}.dat"), format!("{number}").as_bytes());
        }
        sample.directory("a/b/c/d/e/f/g");
        sample
    }

    /// Adds a file whose bytes the writer gets.
    ///
    /// # Panics
    /// When the path is none.
    pub fn file(&mut self, path: &str, bytes: &[u8]) {
        self.tree.add_file(path, Data::Bytes(Arc::from(bytes))).expect("a path that is free");
        self.note(path, Sha256::of(bytes));
    }

    /// Adds a file whose bytes the writer never sees.
    ///
    /// # Panics
    /// When the path is none.
    pub fn payload(&mut self, path: &str, payload: impl ReadAt + 'static) {
        self.note(path, digest(&payload));
        self.unhashed(path, payload);
    }

    /// Adds a file that is too long to be hashed; readers must find it, the content does not name it.
    ///
    /// # Panics
    /// When the path is none.
    pub fn unhashed(&mut self, path: &str, payload: impl ReadAt + 'static) {
        let source = u32::try_from(self.payloads.len()).expect("few payloads");
        let data = Data::Payload { source, offset: ByteOffset::ZERO, len: payload.size() };
        self.tree.add_file(path, data).expect("a path that is free");
        self.payloads.push(Box::new(payload));
    }

    /// Adds a directory.
    ///
    /// # Panics
    /// When the path is none.
    pub fn directory(&mut self, path: &str) {
        self.tree.add_directory(path).expect("a path that is free");
        self.content.note_directory(path);
    }

    /// The payloads, by number.
    pub fn sources(&self) -> Vec<&dyn ReadAt> {
        self.payloads.iter().map(|payload| &**payload).collect()
    }

    fn note(&mut self, path: &str, digest: Sha256) {
        if let Some((parent, _)) = path.rsplit_once('/') {
            self.content.note_directory(parent);
        }
        self.content.files.insert(path.into(), digest);
    }
}

impl Content {
    /// What a reader of ours finds.
    ///
    /// # Panics
    /// When it cannot read something.
    pub fn of(volume: &dyn Files) -> Self {
        let mut content = Self::default();
        let mut directories = vec![String::new()];
        while let Some(directory) = directories.pop() {
            let entries = volume.list(&directory).unwrap_or_else(|e| panic!("{e}"));
            for entry in entries {
                let path = join(&directory, &entry.name);
                match entry.kind {
                    Kind::Directory => {
                        content.directories.insert(path.clone());
                        directories.push(path);
                    }
                    Kind::File => {
                        let file = volume.open(&path).unwrap_or_else(|e| panic!("{e}"));
                        assert_eq!(file.size(), entry.len, "{path}");
                        content.files.insert(path, digest(&*file));
                    }
                }
            }
        }
        content
    }

    /// What a folder of the host holds: a mounted volume.
    ///
    /// # Panics
    /// When it cannot read something.
    pub fn of_folder(folder: &Path) -> Self {
        let mut content = Self::default();
        let mut directories = vec![String::new()];
        while let Some(directory) = directories.pop() {
            for entry in std::fs::read_dir(folder.join(&directory)).expect("a readable folder") {
                let entry = entry.expect("a readable entry");
                let name = entry.file_name().into_string().expect("a name in UTF-8");
                let path = join(&directory, &name);
                if entry.file_type().expect("the kind of an entry").is_dir() {
                    content.directories.insert(path.clone());
                    directories.push(path);
                } else {
                    let file = crate::workshop::HostFile::open(&entry.path());
                    content.files.insert(path, digest(&file));
                }
            }
        }
        content
    }

    /// What a foreign reader lists: `./PATH` for a directory, `DIGEST  ./PATH` for a file.
    ///
    /// # Panics
    /// When it says anything else.
    pub fn of_listing<'a>(lines: impl IntoIterator<Item = &'a str>, who: &str) -> Self {
        let mut content = Self::default();
        for line in lines {
            if let Some(path) = line.strip_prefix("./") {
                content.directories.insert(path.into());
            } else if let Some((digest, path)) = line.split_once("  ./")
                && let Ok(digest) = digest.parse()
            {
                content.files.insert(path.into(), digest);
            } else {
                assert_eq!(line, ".", "{who}: it said {line:?}");
            }
        }
        content
    }

    /// Says where `self` and `other` first differ.
    ///
    /// # Panics
    /// When they do.
    pub fn agrees(&self, other: &Self, who: &str) {
        for (path, digest) in &self.files {
            assert_eq!(other.files.get(path), Some(digest), "{who}: {path:?}");
        }
        let extra: Vec<_> = other.files.keys().filter(|path| !self.files.contains_key(*path)).collect();
        assert!(extra.is_empty(), "{who}: files that should not be there: {extra:?}");
        assert_eq!(self.directories, other.directories, "{who}: directories");
    }

    /// As [`Self::agrees`], where a reader knows other names: as many directories, and files with the same bytes.
    ///
    /// # Panics
    /// When they differ.
    pub fn agrees_but_for_names(&self, other: &Self, who: &str) {
        let sorted = |content: &Self| {
            let mut digests: Vec<_> = content.files.values().copied().collect();
            digests.sort_unstable();
            digests
        };
        assert_eq!(other.files.len(), self.files.len(), "{who}: files");
        assert!(sorted(self) == sorted(other), "{who}: bytes of files");
        assert_eq!(other.directories.len(), self.directories.len(), "{who}: directories");
    }

    fn note_directory(&mut self, path: &str) {
        let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
        self.directories.extend(ends.map(|end| path[..end].to_owned()));
    }
}

/// The digest of all bytes of a source.
///
/// # Panics
/// When they cannot be read.
pub fn digest(source: &(impl ReadAt + ?Sized)) -> Sha256 {
    let mut hasher = Hasher::new();
    let mut piece = vec![0; PIECE];
    let len = source.size().0;
    for at in (0..len).step_by(PIECE) {
        let piece = &mut piece[..PIECE.min((len - at) as usize)];
        source.read_at(ByteOffset(at), piece).unwrap_or_else(|e| panic!("{e}"));
        hasher.update(piece);
    }
    hasher.finish()
}

/// `name` in `directory`, whose path is empty for the root.
pub fn join(directory: &str, name: &str) -> String {
    if directory.is_empty() { name.into() } else { format!("{directory}/{name}") }
}
