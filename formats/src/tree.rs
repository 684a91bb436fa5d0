//! The files and directories that a volume is to hold, as a planner gives them to a format's writer.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::sync::Arc;

use crate::units::{ByteLen, ByteOffset};

/// What a file holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Data {
    /// These bytes.
    Bytes(Arc<[u8]>),
    /// All bytes of a payload.
    Payload {
        /// Which payload: its index in the list that came with the request.
        source: u32,
        /// Where in the payload the file starts.
        offset: ByteOffset,
        /// How long the file is.
        len: ByteLen,
    },
}

/// A file or a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// A file.
    File(Data),
    /// A directory.
    Directory(Directory),
}

/// A directory: its entries by name. Names compare by code point here; a format may find two of them equal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Directory {
    entries: BTreeMap<Box<str>, Node>,
}

/// A path that cannot be put into a tree.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TreeError {
    /// The path is empty or has an empty part, `.` or `..`.
    #[error("{path:?} is no path of a file on a medium: its parts must be names, with `/` between them")]
    NotAPath {
        /// The path.
        path: String,
    },
    /// Something else has this path, or a file stands where a directory is needed.
    #[error("{path:?} is there twice")]
    Twice {
        /// The path.
        path: String,
    },
}

impl Data {
    /// How long the file is.
    pub fn len(&self) -> ByteLen {
        match self {
            Self::Bytes(bytes) => ByteLen(bytes.len() as u64),
            Self::Payload { len, .. } => *len,
        }
    }

    /// Whether the file has no bytes.
    pub fn is_empty(&self) -> bool {
        self.len() == ByteLen::ZERO
    }
}

impl Directory {
    /// An empty directory.
    pub fn new() -> Self {
        Self::default()
    }

    /// The entries with their names, in the order of code points.
    pub fn entries(&self) -> impl ExactSizeIterator<Item = (&str, &Node)> {
        self.entries.iter().map(|(name, node)| (&**name, node))
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Puts a file at `path`, whose parts are divided by `/`, with the directories that it needs.
    ///
    /// # Errors
    /// [`TreeError`].
    pub fn add_file(&mut self, path: &str, data: Data) -> Result<(), TreeError> {
        let (directory, name) = self.parent_of(path)?;
        match directory.entries.insert(name.into(), Node::File(data)) {
            None => Ok(()),
            Some(_) => Err(TreeError::Twice { path: path.into() }),
        }
    }

    /// Makes the directory `path`, and those above it, where they are not there.
    ///
    /// # Errors
    /// [`TreeError`] when the path is none or a file stands in it.
    pub fn add_directory(&mut self, path: &str) -> Result<&mut Directory, TreeError> {
        path.split('/').try_fold(self, |directory, name| directory.enter(name, path))
    }

    fn parent_of<'a, 'p>(&'a mut self, path: &'p str) -> Result<(&'a mut Directory, &'p str), TreeError> {
        let (parent, name) = match path.rsplit_once('/') {
            Some((parent, name)) => (self.add_directory(parent)?, name),
            None => (self, path),
        };
        check_name(name, path)?;
        Ok((parent, name))
    }

    fn enter(&mut self, name: &str, path: &str) -> Result<&mut Directory, TreeError> {
        check_name(name, path)?;
        let node = self.entries.entry(name.into()).or_insert_with(|| Node::Directory(Directory::new()));
        match node {
            Node::Directory(directory) => Ok(directory),
            Node::File(_) => Err(TreeError::Twice { path: path.into() }),
        }
    }
}

/// The path of `name` in the directory `path`; that of the root is empty.
pub fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.into() } else { alloc::format!("{path}/{name}") }
}

fn check_name(name: &str, path: &str) -> Result<(), TreeError> {
    match name {
        "" | "." | ".." => Err(TreeError::NotAPath { path: path.into() }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn empty() -> Data {
        Data::Bytes(Arc::from([]))
    }

    #[test]
    fn directories_come_with_their_files() {
        let mut root = Directory::new();
        root.add_file("a/b/c", empty()).unwrap();
        root.add_directory("a/d").unwrap();
        let Some(("a", Node::Directory(a))) = root.entries().next() else { panic!("a is a directory") };
        assert_eq!(a.entries().map(|(name, _)| name).collect::<alloc::vec::Vec<_>>(), ["b", "d"]);
    }

    #[test]
    fn a_path_is_there_once_and_leads_downwards() {
        let mut root = Directory::new();
        root.add_file("a", empty()).unwrap();
        assert!(matches!(root.add_file("a", empty()), Err(TreeError::Twice { .. })));
        assert!(matches!(root.add_file("a/b", empty()), Err(TreeError::Twice { .. })));
        for path in ["", "/", "x//y", "../x", "x/.", "/x"] {
            assert!(matches!(root.add_file(path, empty()), Err(TreeError::NotAPath { .. })), "{path}");
        }
    }
}
