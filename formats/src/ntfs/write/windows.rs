//! The names of a tree, whatever volume it is for, as Windows sees them: it keeps to its own rules on all of them.

use alloc::string::String;
use alloc::vec::Vec;

use super::names;
use super::upcase::UpCase;
use crate::tree::{Directory, Node, join};

/// The paths that Windows cannot open: their names are none for it ([MS-FSCC] 2.1.5.2), or differ from another one of
/// their directory in case alone.
pub fn lost_in_windows(tree: &Directory) -> Vec<String> {
    let upcase = UpCase::new();
    let mut lost = Vec::new();
    let mut waiting = alloc::vec![(String::new(), tree)];
    while let Some((path, directory)) = waiting.pop() {
        for name in lost_names(directory, &upcase) {
            lost.push(join(&path, name));
        }
        waiting.extend(directory.entries().filter_map(|(name, node)| match node {
            Node::Directory(directory) => Some((join(&path, name), directory)),
            Node::File(_) => None,
        }));
    }
    lost.sort();
    lost
}

fn lost_names<'t>(directory: &'t Directory, upcase: &UpCase) -> Vec<&'t str> {
    let units = |name: &'t str| (name, name.encode_utf16().collect::<Vec<u16>>());
    let mut entries: Vec<_> = directory.entries().map(|(name, _)| units(name)).collect();
    entries.sort_by(|one, other| upcase.compare(&one.1, &other.1));
    let are_one = |one: usize, other: usize| {
        let pair = entries.get(one).zip(entries.get(other));
        pair.is_some_and(|(one, other)| upcase.compare(&one.1, &other.1).is_eq())
    };
    let is_lost = |index: usize, name: &str| {
        names::check(name).is_err() || are_one(index, index + 1) || index > 0 && are_one(index - 1, index)
    };
    (0..)
        .zip(&entries)
        .filter(|(index, (name, _))| is_lost(*index, name))
        .map(|(_, (name, _))| *name)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::Data;

    #[test]
    fn names_that_windows_does_not_open_are_listed_with_their_paths() {
        let mut tree = Directory::new();
        for path in [
            "README.txt",
            "a/CON",
            "a/console",
            "blank ",
            "a:b?",
            "SEED",
            "seed/readme.TXT",
            "a/b/é",
            "a/b/É",
        ] {
            tree.add_file(path, Data::Bytes([].into())).unwrap();
        }
        assert_eq!(lost_in_windows(&tree), ["SEED", "a/CON", "a/b/É", "a/b/é", "a:b?", "blank ", "seed"]);
    }
}
