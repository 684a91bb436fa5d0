//! Files that are on a medium and not in its manifest: those that a host put there.

use std::collections::BTreeSet;

use formats::files::{Files, Kind};
use formats::manifest::{Volume, paths};

use super::{Change, Looking};

/// How many entries of directories are looked at: more than a medium has, and an end where damage has made a circle.
const MOST_ENTRIES: usize = 4 << 20;
/// How long their paths may be in all, in bytes: four times as long as a manifest.
const MOST_TEXT: usize = 256 << 20;

/// How much may still be looked at.
struct Left {
    entries: usize,
    text: usize,
}

impl Left {
    /// Whether there is room for one more path.
    fn take(&mut self, path: &str) -> bool {
        let left = self.entries.checked_sub(1).zip(self.text.checked_sub(path.len()));
        left.is_some_and(|(entries, text)| {
            *self = Self { entries, text };
            path.len() <= paths::MAX_PATH
        })
    }
}

impl Looking<'_> {
    pub(super) fn find_others(&self) {
        for volume in [Volume::Seed, Volume::Esp] {
            let Some(files) = self.medium.volume(volume) else { continue };
            let own = [paths::MANIFEST, paths::SIGNATURE].into_iter().filter(|_| volume == Volume::Seed);
            let listed = self.manifest.files.iter().filter(|file| file.volume == volume);
            let known: BTreeSet<&str> = listed.map(|file| &*file.path).chain(own).collect();
            self.findings.guard("directories", || self.walk(volume, files, &known));
        }
    }

    fn walk(&self, volume: Volume, files: &dyn Files, known: &BTreeSet<&str>) {
        let mut left = Left { entries: MOST_ENTRIES, text: MOST_TEXT };
        let mut files = files.finder();
        let mut open = vec![String::new()];
        while let Some(directory) = open.pop() {
            let unreadable = |reason| {
                let name = format!("directory /{directory}");
                self.findings.change(Change::Unreadable { name, reason });
            };
            let entries = match files.list(&directory) {
                Ok(entries) => entries,
                Err(error) => {
                    unreadable(error.to_string());
                    continue;
                }
            };
            for entry in entries {
                let path =
                    if directory.is_empty() { entry.name } else { format!("{directory}/{}", entry.name) };
                if !left.take(&path) {
                    return unreadable("too many directories".into());
                }
                match entry.kind {
                    Kind::Directory => open.push(path),
                    Kind::File if known.contains(&*path) => {}
                    Kind::File => self.findings.change(Change::File { volume, path, len: entry.len }),
                }
            }
        }
    }
}
