//! A client's folder without a service: what it has, and what it is to have.

use std::fs;
use std::path::{Path, PathBuf};

use formats::layer::ImageDocument;
use host::Ignore;
use remote::api::{Role, TargetImage, TargetState};
use store::Store;
use sync::client::disks::{self, Disk, Form, Order, Removed, State};

use crate::stores::{Stocked, crew, stocked};
use crate::workshop::Workshop;

/// A client that has the layers of all versions of a stocked store.
pub struct Client {
    /// Where everything lies.
    pub workshop: Workshop,
    /// Its store, and the disks of the versions.
    pub stocked: Stocked,
    /// What it is to have.
    pub target: TargetState,
    /// How versions become files.
    pub form: Form,
    /// Whether files are read and compared.
    pub rehash: bool,
}

impl Client {
    /// A client that is to have nothing yet.
    pub fn new(form: Form) -> Self {
        let workshop = Workshop::new();
        let stocked = stocked(&workshop);
        Self::of(workshop, stocked, form)
    }

    /// The same, with a store of one's own in the workshop.
    pub fn of(workshop: Workshop, stocked: Stocked, form: Form) -> Self {
        let target = TargetState {
            format: 1,
            device: "pc-17".into(),
            removed: false,
            config: Vec::new(),
            images: Vec::new(),
            layers: Vec::new(),
        };
        Self { workshop, stocked, target, form, rehash: false }
    }

    /// It is to have these versions of `Win7`, and no others.
    ///
    /// # Panics
    /// When there is no such version.
    pub fn assign(&mut self, versions: &[&str]) {
        self.target.images.clear();
        self.target.layers.clear();
        for version in versions {
            let located = self.stocked.store.locate("Win7", Some(version)).expect("a version");
            for layer in located.layers {
                if self.target.layer(layer.uuid()).is_none() {
                    self.target.layers.push(layer.descriptor.clone());
                }
            }
            self.target.images.push(TargetImage {
                document: located.document,
                role: if self.target.images.is_empty() { Role::Current } else { Role::Staged },
                locked: false,
                removed: false,
                policies: Vec::new(),
            });
        }
    }

    /// What is made of all that.
    pub fn order(&self) -> Order<'_> {
        let Self { workshop, stocked, target, form, rehash } = self;
        Order { client: workshop.folder(), store: &stocked.store, target, form: *form, rehash: *rehash }
    }

    /// Makes the disks; what became of each file.
    ///
    /// # Panics
    /// When nothing can be made at all.
    pub fn make(&self) -> Vec<Disk> {
        disks::materialize(&self.order(), &crew(), &Ignore).expect("disks")
    }

    /// Makes the disks; a word for what became of each file.
    ///
    /// # Panics
    /// When nothing can be made at all.
    pub fn states(&self) -> Vec<&'static str> {
        self.make().iter().map(|disk| word(&disk.state)).collect()
    }

    /// Removes what is not needed.
    ///
    /// # Panics
    /// When that does not work.
    pub fn clear(&self) -> Vec<Removed> {
        disks::clear(&self.order()).expect("room")
    }

    /// The path of a disk.
    pub fn disk(&self, name: &str) -> PathBuf {
        self.workshop.path(disks::FOLDER).join(name)
    }

    /// The path of the file of a version's layer, from 1.
    pub fn layer_disk(&self, number: usize) -> PathBuf {
        self.disk(&format!("{}.vhd", self.newest().chain[number - 1]))
    }

    /// The document of the newest version, which has all layers.
    ///
    /// # Panics
    /// When it is gone.
    pub fn newest(&self) -> &ImageDocument {
        &self.target.images.last().expect("an image").document
    }

    /// The names in a folder, in order.
    ///
    /// # Panics
    /// When it cannot be read.
    pub fn names(&self, folder: &str) -> Vec<String> {
        names(&self.workshop.path(folder))
    }

    /// The client's store, opened again.
    ///
    /// # Panics
    /// When it cannot be.
    pub fn store(&self) -> Store {
        Store::open(self.stocked.store.root()).expect("a store")
    }
}

/// The names in a folder, in order; none where there is no folder.
///
/// # Panics
/// When it cannot be read.
pub fn names(folder: &Path) -> Vec<String> {
    if !folder.exists() {
        return Vec::new();
    }
    let entries = fs::read_dir(folder).expect("a folder");
    let mut names: Vec<_> =
        entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("a name")).collect();
    names.sort();
    names
}

/// A word for what became of a file.
pub fn word(state: &State) -> &'static str {
    match state {
        State::Kept => "kept",
        State::Made => "made",
        State::Mended => "mended",
        State::InUse => "in use",
        State::Changed => "changed",
        State::Missing => "missing",
        State::Failed(_) => "failed",
    }
}
