//! Files that are on a medium and not in its manifest: those that a host put there.

use std::collections::BTreeSet;

use formats::files::{Files, Kind};
use formats::manifest::{Volume, paths};

use super::{Change, Looking};

/// How many directories are looked into: more than a medium has, and an end where damage has made a circle.
const MOST_DIRECTORIES: usize = 4 << 20;

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
        let mut open = vec![String::new()];
        let mut seen = 0;
        while let Some(directory) = open.pop() {
            seen += 1;
            if seen > MOST_DIRECTORIES || directory.len() > paths::MAX_PATH {
                let name = format!("directory {directory}");
                self.findings.change(Change::Unreadable { name, reason: "too many directories".into() });
                return;
            }
            let entries = match files.list(&directory) {
                Ok(entries) => entries,
                Err(error) => {
                    let name = format!("directory /{directory}");
                    self.findings.change(Change::Unreadable { name, reason: error.to_string() });
                    continue;
                }
            };
            for entry in entries {
                let path =
                    if directory.is_empty() { entry.name } else { format!("{directory}/{}", entry.name) };
                match entry.kind {
                    Kind::Directory => open.push(path),
                    Kind::File if known.contains(&*path) => {}
                    Kind::File => self.findings.change(Change::File { volume, path, len: entry.len }),
                }
            }
        }
    }
}
