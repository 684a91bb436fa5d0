//! A medium as a folder, as if its seed volume were mounted there: what is in it can be changed.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use deploy::Medium;
use formats::files::{Files, Kind, read_file};
use formats::manifest::{Manifest, paths};
use formats::minisign::{SecretKey, sign};
use host::FileSource;

/// A medium as a folder.
pub struct Spread {
    /// The folder.
    pub folder: PathBuf,
}

impl Spread {
    /// Spreads the seed volume of a medium in a new folder.
    ///
    /// # Panics
    /// When it cannot be read or written.
    pub fn new(medium: &Path, folder: &Path) -> Self {
        let source = Arc::new(FileSource::open(medium).expect("a medium"));
        let medium = Medium::open(source).expect("a medium");
        copy(medium.seed(), "", folder);
        Self { folder: folder.into() }
    }

    /// The path of a file.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Changes what the manifest says, and has it signed by `key`.
    ///
    /// # Panics
    /// When a reader would refuse the manifest, or it cannot be written.
    pub fn rewrite(&self, key: Option<&SecretKey>, change: impl FnOnce(&mut Manifest)) {
        let text = fs::read(self.path(paths::MANIFEST)).expect("a manifest");
        let mut manifest = Manifest::parse(&text).expect("a manifest");
        change(&mut manifest);
        let text = manifest.print().expect("a manifest that readers take");
        fs::write(self.path(paths::MANIFEST), &text).expect("room");
        let signature = key.map(|key| sign(key, text.as_bytes(), "tampered").expect("a signature").print());
        match signature {
            Some(signature) => fs::write(self.path(paths::SIGNATURE), signature).expect("room"),
            None => fs::remove_file(self.path(paths::SIGNATURE)).unwrap_or_default(),
        }
    }
}

fn copy(files: &dyn Files, path: &str, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in files.list(path).expect("a directory") {
        let inner = if path.is_empty() { entry.name.clone() } else { format!("{path}/{}", entry.name) };
        let target = to.join(&entry.name);
        match entry.kind {
            Kind::Directory => copy(files, &inner, &target),
            Kind::File => {
                let bytes = read_file(files, &inner, 1 << 30).expect("a file");
                fs::write(target, bytes).expect("room");
            }
        }
    }
}
